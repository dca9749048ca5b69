//! What a verb wants of a device, decided from its facts as often as they change.

use crate::fortios::expires::Expires;
use crate::fortios::facts::Facts;
use crate::fortios::plan::{Consent, Plan, PlanError};
use crate::fortios::render::Templates;
use crate::fortios::request::{self, Request};
use crate::fortios::saved_plan::SavedPlan;

use super::console::{Console, Line};
use super::event::{Event, Observer, Warning};
use super::failure::MintError;
use super::survey::{self, Names, Surveyed};

/// What a verb wants.
pub(super) trait Order: Send + Sync {
    /// The two objects.
    fn names(&self) -> Names<'_>;

    /// What has to be done on the device that `facts` describe, or why it must not be done.
    fn plan(&self, facts: &Facts) -> Result<Plan, PlanError>;
}

/// The order of a request, as `mint` takes it.
pub(super) struct Requested<'a> {
    pub(super) request: &'a Request,
    pub(super) consent: Consent,
    /// How long the key lives at the most, where the release takes that and the request does not say it.
    pub(super) backstop: Option<Expires>,
}

impl Order for Requested<'_> {
    fn names(&self) -> Names<'_> {
        Names::of(self.request)
    }

    fn plan(&self, facts: &Facts) -> Result<Plan, PlanError> {
        let mut plan = Plan::mint(self.request, facts, self.consent)?;
        let backstop = self.backstop.filter(|expires| expires.check(facts.version).is_ok());
        plan.key.expires = plan.key.expires.or(backstop.map(Expires::minutes));
        Ok(plan)
    }
}

/// The order of a plan that was saved.
pub(super) struct Planned<'a> {
    pub(super) saved: &'a SavedPlan,
    pub(super) consent: Consent,
}

impl Order for Planned<'_> {
    fn names(&self) -> Names<'_> {
        Names { profile: &self.saved.profile, user: &self.saved.api_user }
    }

    fn plan(&self, facts: &Facts) -> Result<Plan, PlanError> {
        Plan::saved(self.saved, facts, self.consent)
    }
}

/// What the operator should know of a plan.
pub(super) fn tell_plan(plan: &Plan, line: &Line, observer: &mut (dyn Observer + Send)) {
    let warning = |warning: &request::Warning| match warning {
        request::Warning::NewerThanKnown(version) => Warning::NewerThanKnown(*version),
        other => Warning::Said(other.to_string()),
    };
    let assumed = plan.assumed_vdom.iter().map(|vdom| Warning::VdomAssumed { vdom: vdom.clone() });
    for warning in plan.warnings.iter().map(warning).chain(assumed) {
        observer.on(&line.endpoint.name, Event::Warning(warning));
    }
}

/// The plan; who else uses a profile is read only when the plan would alter one.
pub(super) async fn decide(
    order: &dyn Order,
    templates: &Templates,
    line: &Line,
    console: &mut Console,
    surveyed: &mut Surveyed,
    observer: &mut (dyn Observer + Send),
) -> Result<Plan, MintError> {
    let plan = order.plan(&surveyed.facts)?;
    if plan.alters_profile().is_none() {
        return Ok(plan);
    }
    let script = templates.profile_users(plan.vdoms, surveyed.paging)?;
    survey::profile_users(console, line, &script, order.names(), &mut surveyed.facts, observer).await?;
    Ok(order.plan(&surveyed.facts)?)
}
