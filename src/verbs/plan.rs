//! `fgtkey plan`: log in, compare, show what a mint would change; change nothing.

use crate::fortios::difference::Difference;
use crate::fortios::edit::Edit;
use crate::fortios::facts::Facts;
use crate::fortios::objects::Objects;
use crate::fortios::plan::{Consent, Plan, PlanError};
use crate::fortios::render::{RenderError, Templates};
use crate::fortios::request::Request;
use crate::fortios::saved_plan::SavedPlan;
use crate::fortios::script::Script;
use crate::fortios::status::Status;

use super::console::{Console, Line};
use super::event::{Event, Observer, Warning};
use super::failure::{Failure, MintError};
use super::order::{Requested, decide, tell_plan};
use super::survey::{self, Names, SurveyError, Surveyed};

/// What a plan may take for allowed: it changes nothing, and what a mint would be refused for is told beside it.
const ALL: Consent = Consent { replace_key: true, change_shared_profile: true, save: true };

/// A comparison of a request with one device.
pub struct Compare {
    /// The device.
    pub line: Line,
    /// What is wanted.
    pub request: Request,
    /// What the operator would allow a mint.
    pub consent: Consent,
    /// The templates.
    pub templates: Templates,
}

/// What was compared.
#[derive(Debug)]
pub struct Compared {
    /// The operator's name for the device.
    pub device: String,
    /// Who it is.
    pub status: Status,
    /// The access profile of the request.
    pub profile: String,
    /// Both objects as they are.
    pub before: Objects,
    /// What a mint would do, were it allowed to.
    pub plan: Plan,
    /// What a mint would change; empty: nothing.
    pub differences: Vec<Difference>,
    /// Why a mint would not do it as it stands.
    pub refused: Option<MintError>,
}

impl Compare {
    /// Logs in, reads, compares.
    ///
    /// # Errors
    /// When the device cannot be read, or can never have what is requested; nothing was changed.
    pub async fn run(&self, observer: &mut (dyn Observer + Send)) -> Result<Compared, Box<Failure>> {
        let mut console = self.line.open(observer).await.map_err(MintError::from)?;
        for warning in &console.route.warnings {
            observer.on(&self.line.endpoint.name, Event::Warning(Warning::Said(warning.clone())));
        }
        let compared = self.compare(&mut console, observer).await;
        console.close().await;
        Ok(compared?)
    }

    async fn compare(
        &self,
        console: &mut Console,
        observer: &mut (dyn Observer + Send),
    ) -> Result<Compared, MintError> {
        let names = Names::of(&self.request);
        let mut surveyed = survey::survey(console, &self.line, &self.templates, names, observer).await?;
        let order = Requested { request: &self.request, consent: ALL, backstop: None };
        let plan = decide(&order, &self.templates, &self.line, console, &mut surveyed, observer).await?;
        let differences = self.differences(&plan, &surveyed.facts);
        if !differences.is_empty() {
            tell_plan(&plan, &self.line, observer);
            survey::tell_cluster(&surveyed.status, &surveyed.facts, &self.line, observer);
            survey::tell_managed(&surveyed.central_management, &self.line, observer);
        }
        let refused = if differences.is_empty() { None } else { self.refused(&surveyed) };
        let Surveyed { status, facts, .. } = surveyed;
        Ok(Compared {
            device: self.line.endpoint.name.clone(),
            status,
            profile: names.profile.to_owned(),
            before: facts.objects,
            plan,
            differences,
            refused,
        })
    }

    fn differences(&self, plan: &Plan, facts: &Facts) -> Vec<Difference> {
        let wanted = Objects {
            // A profile that is used as it is stays.
            profile: plan.wanted.profile.clone().or_else(|| facts.objects.profile.clone()),
            user: plan.wanted.user.clone(),
        };
        let mut differences = Difference::between(&facts.objects, &wanted, plan.version);
        if !plan.replaces_key || self.consent.replace_key {
            differences.push(Difference::key(&plan.key.user, plan.replaces_key));
        }
        differences
    }

    fn refused(&self, surveyed: &Surveyed) -> Option<MintError> {
        let with = |consent| Plan::mint(&self.request, &surveyed.facts, consent).err();
        let refused: Option<PlanError> =
            with(Consent { replace_key: true, ..self.consent }).or_else(|| with(self.consent));
        let rights: Option<SurveyError> = surveyed.check_rights().err();
        rights.map(MintError::from).or_else(|| refused.map(MintError::from))
    }
}

impl Compared {
    /// Whether a mint would generate a key.
    pub fn makes_key(&self) -> bool {
        self.differences.iter().any(|difference| difference.attribute.as_deref() == Some("key"))
    }

    /// The lines that a mint would send to change the device: nothing when there is nothing to change.
    ///
    /// # Errors
    /// A template that cannot be used.
    pub fn script(&self, templates: &Templates) -> Result<Script, RenderError> {
        let edits: &[Edit] = &self.plan.edits;
        if self.makes_key() { templates.dry_run(&self.plan) } else { templates.edits(self.plan.vdoms, edits) }
    }

    /// The plan on paper.
    pub fn to_saved(&self) -> SavedPlan {
        SavedPlan::new(&self.plan, &self.status, &self.profile, &self.before)
    }
}
