//! `fgtkey mint`: make the profile and the API user as requested, generate a key, deliver it.

use std::time::Instant;

use crate::deliver::{Record, Reservation};
use crate::fortios::admin_session::{AdminSession, OwnSession};
use crate::fortios::edit;
use crate::fortios::facts::Facts;
use crate::fortios::objects::{Objects, Profile};
use crate::fortios::plan::{Consent, Plan, PlanError};
use crate::fortios::render::{Paging, Templates};
use crate::fortios::request::{self, Request};
use crate::fortios::script::Script;
use crate::fortios::status::VdomMode;
use crate::fortios::version::{NEWEST, Version};
use crate::journal::{Planned, State};

use super::console::Line;
use super::custody::{Custody, Held, Intended, obtain, planned};
use super::event::{Event, Observer, Warning};
use super::failure::{Failure, MintError};
use super::hand_over::{Proof, hand_over, settled};
use super::order::{Requested, decide};
use super::push::push;
use super::site::{Site, Start};
use super::survey::{self, Names, Surveyed};
use super::verified::Verified;

/// A key that was minted.
#[derive(Debug)]
pub struct Minted {
    /// What its consumer needs to know.
    pub record: Record,
    /// What the API says to it.
    pub verified: Verified,
}

/// A mint on one device.
pub struct Mint {
    /// The device.
    pub line: Line,
    /// What to make.
    pub request: Request,
    /// What the operator allows.
    pub consent: Consent,
    /// The templates.
    pub templates: Templates,
    /// Where the key goes, and how that is made sure.
    pub custody: Custody,
}

impl Mint {
    /// Mints: the way of the key from the request to its destinations.
    ///
    /// # Errors
    /// What went wrong and what that left on the device.
    pub async fn run(&self, observer: &mut (dyn Observer + Send)) -> Result<Minted, Box<Failure>> {
        let began = Instant::now();
        let api_users = [self.names().user];
        let _claim = self.custody.claim(&self.line, &api_users)?;
        let slot = self.custody.reserve(&self.line).await?;
        let (mut console, mut surveyed) = survey::log_in(&self.line, &self.templates, self.names(), observer).await?;
        let mut held = self.custody.hold(&surveyed.status.serial, &api_users, self.consent.replace_key)?;
        held.tell(&self.line, observer);
        let order = self.order(&held);
        let plan = decide(&order, &self.templates, &self.line, &mut console, &mut surveyed, observer).await?;
        self.tell_plan(&plan, observer);
        let journal = held.begin(&self.custody.journal, self.planned(&plan, &surveyed, &slot))?;
        let start = Start { line: &self.line, templates: &self.templates, order: &order };
        let mut site = Site::new(start, &held, (console, surveyed), plan, journal);
        push(&mut site, observer).await?;
        site.tell_objects(observer);
        let mut record = site.record();
        let secured = obtain(&mut site, slot, held.kept.take(), &mut record, &self.custody, observer).await?;
        let handed = hand_over(&mut site, &self.custody, secured, &mut record, Proof::AsAsked, observer).await?;
        let saved = site.save(observer).await;
        // What can still go wrong behind the last line of the journal is next to nothing.
        site.close().await;
        let verified = settled(&mut site, handed, saved, State::Done, observer)?;
        self.tell(observer, Event::Done { elapsed: began.elapsed() });
        Ok(Minted { record, verified })
    }

    fn names(&self) -> Names<'_> {
        Names::of(&self.request)
    }

    /// A key that an earlier run made and nobody got is replaced unasked.
    fn order(&self, held: &Held) -> Requested<'_> {
        let replace_key = self.consent.replace_key || held.may_replace();
        Requested { request: &self.request, consent: Consent { replace_key, ..self.consent } }
    }

    fn planned(&self, plan: &Plan, surveyed: &Surveyed, slot: &Reservation) -> Planned {
        let intended = Intended { plan, before: &surveyed.facts.objects, retires: None, destinations: slot.labels() };
        planned("mint", &self.line, &surveyed.status.serial, &intended)
    }

    /// What would be typed on a device that has neither of the objects; opens no connection.
    ///
    /// # Errors
    /// When the request cannot be had on that version.
    pub fn dry_run(
        request: &Request,
        version: Version,
        vdom_mode: VdomMode,
        templates: &Templates,
    ) -> Result<(Plan, Script), MintError> {
        let mut facts = Facts::assumed(version, vdom_mode);
        facts.objects.profile = assumed_profile(request);
        let plan = Plan::mint(request, &facts, Consent::default()).map_err(|error| match error {
            PlanError::AutoUnclear(_) => PlanError::AutoNeedsDevice,
            other => other,
        })?;
        let script = templates.dry_run(&plan)?;
        Ok((plan, script))
    }

    /// Renders everything once for an assumed device, so that a broken template is found before anything is contacted.
    /// What only a device can tell is not judged here.
    ///
    /// # Errors
    /// [`MintError::Render`].
    pub fn rehearse(&self) -> Result<(), MintError> {
        let mut facts = Facts::assumed(NEWEST, VdomMode::Disable);
        facts.objects.profile = assumed_profile(&self.request);
        facts.session = OwnSession::Found(AdminSession::example());
        let names = Names::of(&self.request);
        let Ok(plan) = Plan::mint(&self.request, &facts, self.consent) else { return Ok(()) };
        self.templates.status()?;
        self.templates.status_and_survey(names.profile, names.user)?;
        self.templates.push(&plan, Paging::Avoided, names.profile)?;
        self.templates.dry_run(&plan)?;
        self.templates.edits(plan.vdoms, &edit::back(&Objects::default(), &plan.wanted, NEWEST))?;
        self.templates.save(plan.vdoms)?;
        Ok(())
    }

    pub(super) fn tell(&self, observer: &mut (dyn Observer + Send), event: Event) {
        observer.on(&self.line.endpoint.name, event);
    }

    fn tell_plan(&self, plan: &Plan, observer: &mut (dyn Observer + Send)) {
        for warning in &plan.warnings {
            let warning = match warning {
                request::Warning::NewerThanKnown(version) => Warning::NewerThanKnown(*version),
                other => Warning::Said(other.to_string()),
            };
            self.tell(observer, Event::Warning(warning));
        }
        if let Some(vdom) = &plan.assumed_vdom {
            self.tell(observer, Event::Warning(Warning::VdomAssumed { vdom: vdom.clone() }));
        }
    }
}

/// A dry run takes the word of the request that a profile it only names is there.
fn assumed_profile(request: &Request) -> Option<Profile> {
    match &request.profile {
        request::ProfileRequest::Existing(name) => Some(Profile { name: name.to_string(), ..Default::default() }),
        request::ProfileRequest::Made { .. } => None,
    }
}
