//! `fgtkey mint`: make the profile and the API user as requested, generate a key, deliver it.

use std::time::Instant;

use crate::deliver::{Action, Change, Record, Reservation};
use crate::fortios::admin_session::{AdminSession, OwnSession};
use crate::fortios::edit::{self, Edit};
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
use super::failure::{Failure, Left, MintError};
use super::hand_over::{Handed, hand_over, undelivered};
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
        let slot = self.custody.reserve(&self.line).await?;
        let (mut console, mut surveyed) = survey::log_in(&self.line, &self.templates, self.names(), observer).await?;
        let mut held = self.custody.hold(&surveyed.status.serial, self.names().user)?;
        held.tell(&self.line, observer);
        let order = self.order(&held);
        let plan = decide(&order, &self.templates, &self.line, &mut console, &mut surveyed, observer).await?;
        self.tell_plan(&plan, observer);
        let journal = held.begin(&self.custody.journal, self.planned(&plan, &surveyed, &slot))?;
        let start = Start { line: &self.line, templates: &self.templates, order: &order };
        let mut site = Site::new(start, &held, (console, surveyed), plan, journal);
        push(&mut site, observer).await?;
        self.tell_objects(&site, observer);
        let mut record = self.record(&site);
        let secured = obtain(&mut site, slot, held.kept.take(), &mut record, &self.custody, observer).await?;
        let handed = hand_over(&mut site, &self.custody, secured, &mut record, observer).await?;
        let saved = self.save(&mut site, observer).await;
        let verified = self.told(&mut site, handed, saved, observer);
        site.close().await;
        let verified = verified?;
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
        let intended = Intended { plan, before: &surveyed.facts.objects, retires: None, destinations: slot.specs() };
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

    /// Persists the change, where the device does not do that by itself. The key is delivered already.
    async fn save(&self, site: &mut Site<'_>, observer: &mut (dyn Observer + Send)) -> Result<(), MintError> {
        if !site.plan.save {
            return Ok(());
        }
        let script = self.templates.save(site.plan.vdoms)?;
        if !site.is_alive() && site.stand_up(observer).await.is_err() {
            site.close().await;
        }
        site.run_through(&script, observer).await.map_err(MintError::Unsaved)?;
        self.tell(observer, Event::Warning(Warning::SavedPending));
        Ok(())
    }

    /// What is worse is the error: a key that is not where it should be, then a change that a reboot would lose.
    fn told(
        &self,
        site: &mut Site<'_>,
        handed: Handed,
        saved: Result<(), MintError>,
        observer: &mut (dyn Observer + Send),
    ) -> Result<Verified, Box<Failure>> {
        let delivered = match handed.delivered {
            Ok(delivered) => delivered,
            Err(missing) => {
                if saved.is_err() {
                    self.tell(observer, Event::Warning(Warning::NotSaved));
                }
                return Err(undelivered(missing));
            }
        };
        // The journal first: a run that dies in between leaves a key in the escrow that every destination has.
        let _ = site.journal.enter(State::Done);
        delivered.finish();
        saved.map(|()| handed.verified).map_err(|error| Failure::boxed(error, Left::Unsaved))
    }

    fn record(&self, site: &Site<'_>) -> Record {
        let status = &site.surveyed.status;
        let user = site.plan.wanted.user.as_ref();
        let mut record = Record::new(self.line.endpoint.name.clone());
        record.address = Some(self.line.endpoint.host.clone());
        record.hostname = Some(status.hostname.clone());
        record.serial = Some(status.serial.clone());
        record.model = Some(status.model.clone());
        record.fortios = Some(status.version.to_string());
        record.vdom_mode = Some(status.vdom_mode.word().to_owned());
        record.api_user = Some(site.plan.key.user.clone());
        record.profile = Some(self.request.profile.name().to_string());
        record.trusted_hosts =
            user.map(|user| user.hosts().iter().map(ToString::to_string).collect()).unwrap_or_default();
        record.changes = self.changes(site);
        record
    }

    fn changes(&self, site: &Site<'_>) -> Vec<Change> {
        let names = Names::of(&self.request);
        let change = |object: &str, name: &str, action| Change { object: object.into(), name: name.into(), action };
        let profile = site
            .plan
            .wanted
            .profile
            .is_some()
            .then(|| change("system accprofile", names.profile, site.profile_action()));
        profile.into_iter().chain([change("system api-user", names.user, site.user_action())]).collect()
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

    fn tell_objects(&self, site: &Site<'_>, observer: &mut (dyn Observer + Send)) {
        if let Some(profile) = &site.plan.wanted.profile {
            let permissions = profile.permissions.clone();
            let event = Event::Profile { name: profile.name.clone(), action: site.profile_action(), permissions };
            self.tell(observer, event);
        }
        if let Some(user) = &site.plan.wanted.user {
            let event = Event::ApiUser {
                name: user.name.clone(),
                action: site.user_action(),
                trusted_hosts: user.hosts().iter().map(ToString::to_string).collect(),
                vdoms: user.settings.get("vdom").cloned().unwrap_or_default(),
            };
            self.tell(observer, event);
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

impl Site<'_> {
    fn profile_action(&self) -> Action {
        self.action(|edit| matches!(edit, Edit::Profile(_)), self.before.profile.is_some())
    }

    fn user_action(&self) -> Action {
        self.action(|edit| matches!(edit, Edit::User(_)), self.before.user.is_some())
    }

    fn action(&self, is_it: impl Fn(&Edit) -> bool, existed: bool) -> Action {
        match (existed, self.sent.iter().any(is_it)) {
            (false, _) => Action::Created,
            (true, true) => Action::Changed,
            (true, false) => Action::Unchanged,
        }
    }
}
