//! `fgtkey mint`: make the profile and the API user as requested, generate a key, deliver it.

use std::time::Instant;

use jiff::ToSpan;

use crate::deliver::{self, Action, Change, Destination, Device, EscrowPlace, Format, Record, Reservation};
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
use crate::secret::Secret;

use super::console::{Console, Line};
use super::event::{Event, Observer, Warning};
use super::failure::{Failure, Left, MintError};
use super::key::generate;
use super::push::push;
use super::site::Site;
use super::survey::{self, Names, Surveyed};

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
    /// Where the key goes.
    pub destinations: Vec<Destination>,
    /// How it is written to stdout.
    pub format: Format,
    /// Where it is until they have it.
    pub escrow: EscrowPlace,
}

impl Mint {
    /// Mints: the way of the key from the request to its destinations.
    ///
    /// # Errors
    /// What went wrong and what that left on the device.
    pub async fn run(&self, observer: &mut (dyn Observer + Send)) -> Result<Record, Box<Failure>> {
        let began = Instant::now();
        let slot = self.reserve()?;
        let mut console = self.line.open(observer).await.map_err(MintError::from)?;
        self.tell_route(&console, observer);
        let mut surveyed = self.survey(&mut console, observer).await?;
        let plan = self.decide(&mut console, &mut surveyed, observer).await?;
        self.tell_plan(&plan, observer);
        let mut site = Site::new(self, console, surveyed, plan);
        push(&mut site, observer).await?;
        self.tell_objects(&site, observer);
        let key = generate(&mut site, observer).await?;
        let kept = self.keep(slot, &site, key, observer);
        let saved = self.save(&mut site, observer).await;
        site.close().await;
        let record = self.told(kept, saved, observer)?;
        self.tell(observer, Event::Done { elapsed: began.elapsed() });
        Ok(record)
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

    fn reserve(&self) -> Result<Reservation, MintError> {
        let device = Device { name: self.line.endpoint.name.clone(), address: self.line.endpoint.host.clone() };
        Ok(deliver::reserve(&self.destinations, &device, self.format, &self.escrow)?)
    }

    async fn survey(&self, console: &mut Console, observer: &mut (dyn Observer + Send)) -> Result<Surveyed, MintError> {
        Ok(survey::survey(console, &self.line, &self.templates, &self.request, observer).await?)
    }

    /// The plan; who else uses a profile is read only when the plan would alter one.
    pub(super) async fn decide(
        &self,
        console: &mut Console,
        surveyed: &mut Surveyed,
        observer: &mut (dyn Observer + Send),
    ) -> Result<Plan, MintError> {
        let facts = &mut surveyed.facts;
        let plan = Plan::mint(&self.request, facts, self.consent)?;
        if plan.alters_profile().is_none() {
            return Ok(plan);
        }
        let script = self.templates.profile_users(plan.vdoms, surveyed.paging)?;
        let names = Names::of(&self.request);
        survey::profile_users(console, &self.line, &script, names, facts, observer).await?;
        Ok(Plan::mint(&self.request, facts, self.consent)?)
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
        kept: Result<Record, Box<Failure>>,
        saved: Result<(), MintError>,
        observer: &mut (dyn Observer + Send),
    ) -> Result<Record, Box<Failure>> {
        match (kept, saved) {
            (kept, Ok(())) => kept,
            (Ok(_), Err(error)) => Err(Failure::boxed(error, Left::Unsaved)),
            (Err(failure), Err(_)) => {
                self.tell(observer, Event::Warning(Warning::NotSaved));
                Err(failure)
            }
        }
    }

    fn keep(
        &self,
        slot: Reservation,
        site: &Site<'_>,
        key: Secret,
        observer: &mut (dyn Observer + Send),
    ) -> Result<Record, Box<Failure>> {
        let mut record = self.record(site);
        match slot.store(&mut record, key) {
            Ok(stored) => {
                self.tell(observer, Event::Key(stored));
                Ok(record)
            }
            Err(undelivered) => Err(Failure::boxed(MintError::Undelivered(undelivered), Left::Minted)),
        }
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
        record.expires_at = site
            .plan
            .key
            .expires
            .and_then(|minutes| record.generated_at.checked_add(i64::from(minutes).minutes()).ok());
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

    fn tell_route(&self, console: &Console, observer: &mut (dyn Observer + Send)) {
        self.tell(observer, Event::Connected(console.connected(&self.line)));
        for warning in &console.route.warnings {
            self.tell(observer, Event::Warning(Warning::Said(warning.clone())));
        }
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
