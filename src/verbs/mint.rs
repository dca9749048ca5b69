//! `fgtkey mint`: make the profile and the API user as requested, generate a key, deliver it.

use std::time::Instant;

use crate::deliver::{Record, Reservation};
use crate::fortios::admin_session::{AdminSession, OwnSession};
use crate::fortios::edit;
use crate::fortios::facts::Facts;
use crate::fortios::objects::{Objects, Profile};
use crate::fortios::plan::{Consent, Plan, PlanError};
use crate::fortios::render::{Paging, Templates};
use crate::fortios::request::{ProfileRequest, Request};
use crate::fortios::saved_plan::SavedPlan;
use crate::fortios::script::Script;
use crate::fortios::status::VdomMode;
use crate::fortios::transaction::Transaction;
use crate::fortios::version::{NEWEST, Version};
use crate::journal::{self, State};

use super::console::Line;
use super::custody::{Custody, Held, Intended, obtain, planned};
use super::event::{Event, Observer};
use super::failure::{Failure, MintError};
use super::hand_over::{Proof, hand_over, settled};
use super::order::{Order, Planned, Requested, decide, tell_plan};
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

/// What a mint is asked for.
#[derive(Debug, Clone)]
pub enum Asked {
    /// What the operator wants, compared with what the device has.
    Request(Box<Request>),
    /// A plan that was saved: exactly that.
    Saved(Box<SavedPlan>),
}

impl Asked {
    /// The request, where it is one.
    pub fn request(&self) -> Option<&Request> {
        match self {
            Asked::Request(request) => Some(request),
            Asked::Saved(_) => None,
        }
    }

    fn names(&self) -> Names<'_> {
        match self {
            Asked::Request(request) => Names::of(request),
            Asked::Saved(saved) => Names { profile: &saved.profile, user: &saved.api_user },
        }
    }
}

/// A mint on one device.
pub struct Mint {
    /// The device.
    pub line: Line,
    /// What to make.
    pub asked: Asked,
    /// What the operator allows.
    pub consent: Consent,
    /// Whether the objects are made in one transaction.
    pub transaction: Transaction,
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
        let mut held = self.custody.hold(&surveyed.status.serial, self.names().user, &[self.names().user])?;
        held.tell(&self.line, observer);
        let order = self.order(&held);
        let order = order.as_ref();
        self.transaction.on(surveyed.facts.version).map_err(MintError::from)?;
        let plan = decide(order, &self.templates, &self.line, &mut console, &mut surveyed, observer).await?;
        tell_plan(&plan, &self.line, observer);
        let journal = held.begin(&self.custody.journal, self.planned(&plan, &surveyed, &slot))?;
        let start = Start { line: &self.line, templates: &self.templates, order, transaction: self.transaction };
        let mut site = Site::new(start, &held, (console, surveyed), plan, journal);
        push(&mut site, observer).await?;
        site.tell_objects(observer);
        let mut record = site.record();
        let secured = obtain(&mut site, slot, held.kept.take(), &mut record, &self.custody, observer).await?;
        let handed = hand_over(&mut site, &self.custody, secured, &mut record, Proof::AsAsked, observer).await?;
        let saved = site.save(observer).await;
        let verified = settled(&mut site, handed, saved, State::Done, observer);
        site.close().await;
        let verified = verified?;
        self.tell(observer, Event::Done { elapsed: began.elapsed() });
        Ok(Minted { record, verified })
    }

    fn names(&self) -> Names<'_> {
        self.asked.names()
    }

    /// A key that an earlier run made and nobody got is replaced unasked.
    fn order(&self, held: &Held) -> Box<dyn Order + '_> {
        let consent = Consent { replace_key: self.consent.replace_key || held.may_replace(), ..self.consent };
        match &self.asked {
            Asked::Request(request) => Box::new(Requested { request, consent }),
            Asked::Saved(saved) => Box::new(Planned { saved, consent }),
        }
    }

    fn planned(&self, plan: &Plan, surveyed: &Surveyed, slot: &Reservation) -> journal::Planned {
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
        let Some(plan) = self.assumed_plan() else { return Ok(()) };
        let names = self.names();
        self.templates.status()?;
        self.templates.status_and_survey(names.profile, names.user)?;
        self.templates.push(&plan, Paging::Avoided, names.profile)?;
        self.templates.dry_run(&plan)?;
        self.templates.edits(plan.vdoms, &edit::back(&Objects::default(), &plan.wanted, NEWEST))?;
        self.templates.save(plan.vdoms)?;
        Ok(())
    }

    fn assumed_plan(&self) -> Option<Plan> {
        let mut facts = Facts::assumed(NEWEST, VdomMode::Disable);
        facts.session = OwnSession::Found(AdminSession::example());
        match &self.asked {
            Asked::Request(request) => {
                facts.objects.profile = assumed_profile(request);
                Plan::mint(request, &facts, self.consent).ok()
            }
            Asked::Saved(saved) => {
                facts.version = saved.fortios.parse().ok()?;
                facts.objects = saved.before.clone();
                Plan::saved(saved, &facts, self.consent).ok()
            }
        }
    }

    pub(super) fn tell(&self, observer: &mut (dyn Observer + Send), event: Event) {
        observer.on(&self.line.endpoint.name, event);
    }
}

/// A dry run takes the word of the request that a profile it only names is there.
fn assumed_profile(request: &Request) -> Option<Profile> {
    match &request.profile {
        ProfileRequest::Existing(name) => Some(Profile { name: name.to_string(), ..Default::default() }),
        ProfileRequest::Made { .. } => None,
    }
}
