//! `fgtkey mint`: make the profile and the API user as requested, generate a key, deliver it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::deliver::escrow::wipe;
use crate::deliver::{Record, Reservation};
use crate::fortios::admin_session::{AdminSession, OwnSession};
use crate::fortios::edit;
use crate::fortios::expires::Expires;
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
use crate::journal::{KeyState, Lent, Planned, Run, State};

use super::console::Line;
use super::custody::{Custody, Held, Intended, obtain, planned};
use super::event::{Event, Observer, Taken};
use super::failure::{Failure, MintError};
use super::hand_over::{Proof, hand_over, settled};
use super::lend::{Loan, leaves_key};
use super::order::{self, Order, Requested, decide, tell_plan};
use super::push::push;
use super::site::{Seen, Site, Start};
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

/// What a mint is asked for. The devices of a fleet share it.
#[derive(Debug, Clone)]
pub enum Asked {
    /// What the operator wants, compared with what the device has.
    Request(Arc<Request>),
    /// A plan that was saved: exactly that.
    Saved(Arc<SavedPlan>),
}

impl Asked {
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
    /// Whether the objects are made in one transaction.
    pub transaction: Transaction,
    /// What the operator allows.
    pub consent: Consent,
    /// The templates.
    pub templates: Templates,
    /// Where the key goes, and how that is made sure.
    pub custody: Custody,
    /// What the key is for.
    pub errand: Errand,
}

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errand {
    /// For its destinations, until it is replaced.
    Keep,
    /// The same, and for a command that is run at once.
    Run,
    /// For a command alone: it goes with the command, and after so long in any case.
    Lend {
        /// How long.
        ttl: Option<Duration>,
    },
}

impl Errand {
    /// The verb, for the journal.
    const fn verb(self) -> &'static str {
        match self {
            Errand::Keep => "mint",
            Errand::Run | Errand::Lend { .. } => "exec",
        }
    }
}

/// A key that is where it is used, with the API user still in our hands.
pub(super) struct Made {
    pub(super) minted: Minted,
    pub(super) journal: Run,
    pub(super) held: Held,
    pub(super) lent: Option<Lent>,
}

impl Mint {
    /// Mints: the way of the key from the request to its destinations.
    ///
    /// # Errors
    /// What went wrong and what that left on the device.
    pub async fn run(&self, observer: &mut (dyn Observer + Send)) -> Result<Minted, Box<Failure>> {
        let began = Instant::now();
        let made = self.make(observer).await?;
        self.tell(observer, Event::Done { elapsed: began.elapsed() });
        Ok(made.minted)
    }

    /// The same, without letting go of the API user.
    pub(super) async fn make(&self, observer: &mut (dyn Observer + Send)) -> Result<Made, Box<Failure>> {
        let claim = self.custody.claim(&self.line, &[self.names().user]).await?;
        let slot = self.custody.reserve(&self.line).await?;
        let ((mut console, mut surveyed), mut held) = self.enter(observer).await?;
        held.with(claim);
        held.tell(&self.line, observer);
        let order = self.order(&held);
        let order = order.as_ref();
        self.transaction.on(surveyed.facts.version).map_err(MintError::from)?;
        let plan = decide(order, &self.templates, &self.line, &mut console, &mut surveyed, observer).await?;
        tell_plan(&plan, &self.line, observer);
        let lent = self.lent(&plan, &held, &surveyed);
        let planned = self.planned(&plan, &surveyed, &slot, lent.clone());
        self.line.pass(&surveyed.status).await?;
        let journal = held.begin(&self.custody.journal, planned).await?;
        let start = Start { line: &self.line, templates: &self.templates, order, transaction: self.transaction };
        let mut site = Site::new(start, &held, (console, surveyed), plan, journal);
        let minted = self.issue(&mut site, slot, &mut held, lent.is_some(), observer).await;
        site.close().await;
        let mut journal = site.journal;
        match (minted, lent) {
            (Ok(minted), lent) => Ok(Made { minted, journal, held, lent }),
            (Err(failure), Some(lent)) if leaves_key(&failure.left) => {
                Err(Box::pin(self.loan(&lent).end_after(*failure, &mut journal, observer)).await)
            }
            (Err(failure), _) => Err(failure),
        }
    }

    /// From the plan to a key that is where it is used.
    async fn issue(
        &self,
        site: &mut Site<'_>,
        slot: Reservation,
        held: &mut Held,
        lends: bool,
        observer: &mut (dyn Observer + Send),
    ) -> Result<Minted, Box<Failure>> {
        push(site, observer).await?;
        site.tell_objects(observer);
        let mut record = site.record();
        let secured = obtain(site, slot, held.kept.take(), &mut record, &self.custody, observer).await?;
        let handed = hand_over(site, &self.custody, secured, &mut record, Proof::AsAsked, observer).await?;
        let saved = site.save(observer).await;
        // What can still go wrong behind the last line of the journal is next to nothing.
        site.close().await;
        // What is lent is not over yet.
        let state = if lends { State::Delivered } else { State::Done };
        let (delivered, verified) = settled(site, handed, saved, state, observer).await?;
        delivered.finish();
        Ok(Minted { record, verified })
    }

    /// Logs in and takes the API user. What an earlier run has lent, and did not live to take back, goes first.
    async fn enter(&self, observer: &mut (dyn Observer + Send)) -> Result<(Seen, Held), Box<Failure>> {
        let (seen, held) = self.look(observer).await?;
        let lent = held.past.as_ref().and_then(|past| Some((past, past.lent()?.clone())));
        let Some((past, lent)) = lent else {
            self.check_errand(&held)?;
            return Ok((seen, held));
        };
        seen.0.close().await;
        self.tell(observer, Event::TakenUp { began: past.began, key: Taken::Lent });
        let mut journal = Run::reopen(&past.path).map_err(MintError::from)?;
        Box::pin(self.loan(&lent).end(&mut journal, observer)).await?;
        held.void.iter().for_each(|escrow| wipe(escrow));
        drop(held);
        Ok(self.look(observer).await?)
    }

    async fn look(&self, observer: &mut (dyn Observer + Send)) -> Result<(Seen, Held), MintError> {
        let (console, surveyed) = survey::log_in(&self.line, &self.templates, self.names(), observer).await?;
        let api_users = [self.names().user];
        let held = self.custody.hold(&surveyed.status.serial, &api_users, self.consent.replace_key)?;
        Ok(((console, surveyed), held))
    }

    /// A key that an earlier run made for others is not lent.
    fn check_errand(&self, held: &Held) -> Result<(), MintError> {
        let past = held.past.as_ref().filter(|past| past.key() != KeyState::None);
        match past.filter(|_| matches!(self.errand, Errand::Lend { .. })) {
            Some(past) => Err(MintError::unfinished(past)),
            None => Ok(()),
        }
    }

    /// What has to go again, of what was not there before this run or the one that it takes up.
    fn lent(&self, plan: &Plan, held: &Held, surveyed: &Surveyed) -> Option<Lent> {
        let Errand::Lend { .. } = self.errand else { return None };
        let before = held.half_done().map_or(&surveyed.facts.objects, |past| &past.planned.before);
        Some(Lent {
            vdoms: plan.vdoms,
            profile: self.names().profile.to_owned(),
            made_user: before.user.is_none(),
            made_profile: before.profile.is_none(),
        })
    }

    pub(super) fn loan<'a>(&'a self, lent: &'a Lent) -> Loan<'a> {
        let (line, templates, consent) = (&self.line, &self.templates, self.consent);
        Loan { line, templates, consent, api_user: self.names().user, lent }
    }

    fn names(&self) -> Names<'_> {
        self.asked.names()
    }

    /// A key that an earlier run made and nobody got is replaced unasked.
    fn order(&self, held: &Held) -> Box<dyn Order + '_> {
        let consent = Consent { replace_key: self.consent.replace_key || held.may_replace(), ..self.consent };
        let backstop = match self.errand {
            Errand::Lend { ttl } => ttl.map(Expires::beyond),
            Errand::Keep | Errand::Run => None,
        };
        match &self.asked {
            Asked::Request(request) => Box::new(Requested { request, consent, backstop }),
            Asked::Saved(saved) => Box::new(order::Planned { saved, consent }),
        }
    }

    fn planned(&self, plan: &Plan, surveyed: &Surveyed, slot: &Reservation, lent: Option<Lent>) -> Planned {
        let before = &surveyed.facts.objects;
        let intended = Intended { plan, before, retires: None, destinations: slot.labels(), lent };
        planned(self.errand.verb(), &self.line, &surveyed.status.serial, &intended)
    }

    /// What would be typed on a device that has neither of the objects; opens no connection.
    ///
    /// # Errors
    /// When the request cannot be had on that version.
    pub fn dry_run(
        request: &Request,
        version: Version,
        vdom_mode: VdomMode,
        transaction: Transaction,
        templates: &Templates,
    ) -> Result<(Plan, Script), MintError> {
        let within = transaction.on(version)?;
        let mut facts = Facts::assumed(version, vdom_mode);
        facts.objects.profile = assumed_profile(request);
        let plan = Plan::mint(request, &facts, Consent::default()).map_err(|error| match error {
            PlanError::AutoUnclear(_) => PlanError::AutoNeedsDevice,
            other => other,
        })?;
        let script = templates.dry_run_within(&plan, within)?;
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
