//! What a verb wants of a device, decided from its facts as often as they change.

use crate::fortios::expires::Expires;
use crate::fortios::facts::Facts;
use crate::fortios::plan::{Consent, Plan, PlanError};
use crate::fortios::render::Templates;
use crate::fortios::request::Request;

use super::console::{Console, Line};
use super::event::Observer;
use super::failure::MintError;
use super::survey::{self, Names, Surveyed};

/// What a verb wants.
pub(super) trait Order: Sync {
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
