//! `fgtkey rotate`: replace a key without an outage, then retire the old one.
//!
//! The new key is another API user's, `NAME-a` or `NAME-b` in turn, so that both work until every consumer has the new one.
//! Nothing of the old one is touched before that, and what has to be done afterwards stands in the journal.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::deliver::{Delivered, Record, Reservation};
use crate::fortios::expires::Expires;
use crate::fortios::facts::Facts;
use crate::fortios::names::ApiUser;
use crate::fortios::objects::{Objects, User};
use crate::fortios::plan::{Consent, Plan, PlanError};
use crate::fortios::render::Templates;
use crate::fortios::rotation::{Leftover, Pair, Remembered, Rotation, RotationError, Users};
use crate::fortios::transaction::Transaction;
use crate::journal::{KeyState, Planned, Run, State};

use super::console::{Console, Line};
use super::custody::{Custody, Held, Intended, obtain, planned};
use super::event::{Event, Observer, Warning};
use super::failure::{Failure, MintError};
use super::hand_over::{Proof, hand_over, settled};
use super::memory::{age_source, remembered};
use super::order::Order;
use super::push::push;
use super::site::{Seen, Site, Start};
use super::survey::{self, Names, SurveyError, Surveyed};
use super::verified::Verified;

/// A rotation on one device.
pub struct Rotate {
    /// The device.
    pub line: Line,
    /// The API user, as the operator names it: the plain name, or one of the pair.
    pub api_user: ApiUser,
    /// The one that is used, where the operator says so.
    pub current: Option<String>,
    /// How long the new key lives.
    pub expires: Option<Expires>,
    /// What is to be done.
    pub way: Way,
    /// Whether the new API user is made in a transaction.
    pub transaction: Transaction,
    /// Only a key that is older.
    pub if_older_than: Option<Duration>,
    /// What the operator allows.
    pub consent: Consent,
    /// The templates.
    pub templates: Templates,
    /// Where the key goes, and how that is made sure.
    pub custody: Custody,
}

/// What a rotation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A new key on the other API user; the old one is retired after so long.
    Grace(Duration),
    /// The same, and the old one stays until [`Way::Finish`].
    Later,
    /// No new key: what an earlier rotation left is retired.
    Finish,
    /// A new key on the same API user: its consumers are cut off until they have it.
    InPlace,
}

/// What a rotation came to.
#[derive(Debug)]
pub enum Rotated {
    /// The key is not old enough.
    Fresh,
    /// There is a new key; these API users are gone.
    New {
        /// What its consumer needs to know.
        record: Box<Record>,
        /// What the API says to it.
        verified: Verified,
        /// Whether the operator stopped it in the time of grace: the old API user is still there.
        interrupted: bool,
    },
    /// There is no new key, and nothing is left of an earlier rotation; these API users are gone.
    Finished {
        /// Their names.
        retired: Vec<String>,
    },
}

/// The order of a rotation.
struct Rotating<'a> {
    rotation: &'a Rotation,
    expires: Option<Expires>,
    consent: Consent,
}

impl Order for Rotating<'_> {
    fn names(&self) -> Names<'_> {
        Names { profile: profile_of(&self.rotation.in_use), user: self.rotation.idle.as_str() }
    }

    fn plan(&self, facts: &Facts) -> Result<Plan, PlanError> {
        Plan::rotate(facts, self.rotation, self.expires, self.consent)
    }
}

/// The order of a new key on the same API user.
struct Replacing<'a> {
    user: &'a User,
    expires: Option<Expires>,
    consent: Consent,
}

impl Order for Replacing<'_> {
    fn names(&self) -> Names<'_> {
        Names { profile: profile_of(self.user), user: &self.user.name }
    }

    fn plan(&self, facts: &Facts) -> Result<Plan, PlanError> {
        Plan::in_place(facts, self.user, self.expires, self.consent)
    }
}

/// An API user always has one; where none was shown, no other table has an entry of its name.
pub(super) fn profile_of(user: &User) -> &str {
    user.value("accprofile").unwrap_or(&user.name)
}

/// What is known when it has to be decided.
pub(super) struct Look {
    pub(super) seen: Seen,
    pub(super) users: Users,
    pub(super) held: Held,
    pub(super) pair: Pair,
}

impl Rotate {
    /// Rotates, or finishes what an earlier rotation has left.
    ///
    /// # Errors
    /// What went wrong, and what is on the device.
    pub async fn run(&self, observer: &mut (dyn Observer + Send)) -> Result<Rotated, Box<Failure>> {
        let began = Instant::now();
        let pair = self.pair()?;
        let of_pair: Vec<&str> = pair.names().map(ApiUser::as_str).collect();
        let _claim = self.custody.claim(&self.line, &of_pair).await?;
        let slot = if self.way == Way::Finish { None } else { Some(self.custody.reserve(&self.line).await?) };
        let look = self.look(pair, observer).await?;
        // Boxed: the three together would make a future that is too large for the stack of a small thread.
        let rotated = match (slot, self.way) {
            (Some(slot), Way::InPlace) => Box::pin(self.replace(look, slot, observer)).await,
            (Some(slot), _) if !self.has_left_over(&look) => Box::pin(self.renew(look, slot, observer)).await,
            (slot, _) => Box::pin(self.finish(look, slot, observer)).await,
        };
        let rotated = rotated?;
        observer.on(&self.line.endpoint.name, Event::Done { elapsed: began.elapsed() });
        Ok(rotated)
    }

    /// In place the name stands for itself, however long it is.
    fn pair(&self) -> Result<Pair, MintError> {
        match Pair::of(&self.api_user) {
            Err(_) if self.way == Way::InPlace => Ok(Pair::only(&self.api_user)),
            pair => Ok(pair?),
        }
    }

    async fn look(&self, pair: Pair, observer: &mut (dyn Observer + Send)) -> Result<Look, MintError> {
        let names = Names { profile: pair.base(), user: self.api_user.as_str() };
        let (mut console, mut surveyed) = survey::log_in(&self.line, &self.templates, names, observer).await?;
        let users = self.users(&mut console, &surveyed, &pair, observer).await?;
        surveyed.facts.objects = Objects::default();
        let of_pair: Vec<&str> = pair.names().map(ApiUser::as_str).collect();
        let held = self.custody.hold(&surveyed.status.serial, &of_pair, false)?;
        if let Some(past) = held.past.as_ref().filter(|past| past.lent().is_some()) {
            return Err(MintError::unfinished(past));
        }
        Ok(Look { seen: (console, surveyed), users, held, pair })
    }

    async fn users(
        &self,
        console: &mut Console,
        surveyed: &Surveyed,
        pair: &Pair,
        observer: &mut (dyn Observer + Send),
    ) -> Result<Users, MintError> {
        let vdoms = surveyed.facts.vdom_mode.has_vdoms();
        let script = self.templates.rotation_survey(vdoms, surveyed.paging, pair.names().map(ApiUser::as_str))?;
        let replies = console.run(&self.line, &script, observer).await?;
        let mut users = Users::default();
        let shows = replies.iter().filter(|reply| reply.line.starts_with("show system api-user"));
        for (name, reply) in pair.names().zip(shows) {
            survey::check_shown(reply)?;
            let read = users.read(name, &reply.body);
            read.map_err(|error| SurveyError::Show { line: reply.line.clone(), error })?;
        }
        Ok(users)
    }

    /// Whether the last rotation has delivered its key and not retired the old one, and this one may do that.
    fn has_left_over(&self, look: &Look) -> bool {
        let past = look.held.past.as_ref();
        let delivered = past.is_some_and(|past| matches!(past.key(), KeyState::Delivered { .. }));
        delivered && self.way != Way::Later
    }

    /// A new key on the idle API user.
    async fn renew(
        &self,
        look: Look,
        slot: Reservation,
        observer: &mut (dyn Observer + Send),
    ) -> Result<Rotated, Box<Failure>> {
        let Look { seen: (console, mut surveyed), users, held, pair } = look;
        if self.way == Way::Later {
            self.custody.check_delivered_in_this_run(&held)?;
        }
        let runs = self.custody.journal.runs(&surveyed.status.serial);
        let remembered = remembered(&runs, &pair);
        let rotation = Rotation::next(&pair, &users, &remembered, self.current.as_deref()).map_err(MintError::from)?;
        check_delivered(&held, &rotation.in_use.name)?;
        self.tell_others(&rotation.others, observer);
        let held = held.of(rotation.idle.as_str());
        held.tell(&self.line, observer);
        if held.past.is_none() && self.is_fresh(&rotation.in_use.name, &runs, observer).await {
            console.close().await;
            return Ok(Rotated::Fresh);
        }
        surveyed.facts.objects.user.clone_from(&rotation.idle_now);
        let order = Rotating { rotation: &rotation, expires: self.expires, consent: self.consent };
        let old = Some(rotation.in_use.name.clone());
        let made = self.make(&order, (console, surveyed), held, slot, old, observer).await?;
        let Made { record, verified, delivered, journal, held } = made;
        let interrupted = !self.wait(&rotation.in_use.name, observer).await;
        let mut retired = Ok(());
        if self.way != Way::Later && !interrupted {
            let journal = (journal, State::Done);
            retired = self.retire(&rotation.retire, profile_of(&rotation.in_use), journal, observer).await;
        }
        delivered.finish();
        retired?;
        drop(held);
        Ok(Rotated::New { record: Box::new(record), verified, interrupted })
    }

    /// A new key on the API user in use.
    async fn replace(
        &self,
        look: Look,
        slot: Reservation,
        observer: &mut (dyn Observer + Send),
    ) -> Result<Rotated, Box<Failure>> {
        let Look { seen: (console, mut surveyed), users, held, pair } = look;
        let runs = self.custody.journal.runs(&surveyed.status.serial);
        let user = self.in_place(&users, &pair, &remembered(&runs, &pair)).map_err(MintError::from)?;
        check_finished(&held, &users).map_err(MintError::from)?;
        let held = held.of(&user.name);
        held.tell(&self.line, observer);
        if held.past.is_none() && self.is_fresh(&user.name, &runs, observer).await {
            console.close().await;
            return Ok(Rotated::Fresh);
        }
        surveyed.facts.objects.user = Some(user.clone());
        let order = Replacing { user: &user, expires: self.expires, consent: self.consent };
        let made = self.make(&order, (console, surveyed), held, slot, None, observer).await?;
        made.delivered.finish();
        Ok(Rotated::New { record: Box::new(made.record), verified: made.verified, interrupted: false })
    }

    /// The API user whose key is replaced: the one of the pair that is in use; where that cannot be told, the one that is
    /// named.
    fn in_place(&self, users: &Users, pair: &Pair, remembered: &Remembered) -> Result<User, RotationError> {
        match Leftover::of(pair, users, remembered, self.current.as_deref()) {
            Ok(leftover) => Ok(leftover.in_use),
            Err(error) => users.get(self.api_user.as_str()).filter(|user| user.has_key).cloned().ok_or(error),
        }
    }

    /// From the decision to a key that is where it is used.
    async fn make(
        &self,
        order: &dyn Order,
        seen: Seen,
        mut held: Held,
        slot: Reservation,
        retires: Option<String>,
        observer: &mut (dyn Observer + Send),
    ) -> Result<Made, Box<Failure>> {
        self.transaction.on(seen.1.facts.version).map_err(MintError::from)?;
        let plan = order.plan(&seen.1.facts).map_err(MintError::from)?;
        self.line.pass(&seen.1.status).await?;
        let journal = held.begin(&self.custody.journal, self.planned(&plan, &seen.1, &slot, retires.clone())).await?;
        let start = Start { line: &self.line, templates: &self.templates, order, transaction: self.transaction };
        let mut site = Site::new(start, &held, seen, plan, journal);
        push(&mut site, observer).await?;
        site.tell_objects(observer);
        let mut record = site.record();
        let secured = obtain(&mut site, slot, held.kept.take(), &mut record, &self.custody, observer).await?;
        // In place the old key is void already: whoever waits for the new one is served first.
        let when = if retires.is_some() { Proof::First } else { Proof::AsAsked };
        let handed = hand_over(&mut site, &self.custody, secured, &mut record, when, observer).await?;
        let saved = site.save(observer).await;
        let state = if retires.is_some() { State::Delivered } else { State::Done };
        let settled = settled(&mut site, handed, saved, state, observer).await;
        site.close().await;
        let (delivered, verified) = settled?;
        Ok(Made { record, verified, delivered, journal: site.journal, held })
    }

    fn planned(&self, plan: &Plan, surveyed: &Surveyed, slot: &Reservation, retires: Option<String>) -> Planned {
        let intended =
            Intended { plan, before: &surveyed.facts.objects, retires, destinations: slot.labels(), lent: None };
        planned("rotate", &self.line, &surveyed.status.serial, &intended)
    }

    /// Gives the consumers their time. False: the operator does not want to wait.
    pub(super) async fn wait(&self, old: &str, observer: &mut (dyn Observer + Send)) -> bool {
        let grace = match self.way {
            Way::Grace(grace) => Some(grace),
            _ => None,
        };
        let Some(grace) = grace else {
            observer.on(&self.line.endpoint.name, Event::Grace { old: old.to_owned(), grace: None });
            return true;
        };
        observer.on(&self.line.endpoint.name, Event::Grace { old: old.to_owned(), grace: Some(grace) });
        let mut interrupt = self.line.interrupt.clone();
        tokio::select! {
            biased;
            () = interrupt.raised() => false,
            () = tokio::time::sleep(grace) => true,
        }
    }

    /// Whether the key is young enough to stay. One whose age nobody knows is taken for old.
    async fn is_fresh(
        &self,
        in_use: &str,
        runs: &[crate::journal::Past],
        observer: &mut (dyn Observer + Send),
    ) -> bool {
        let Some(limit) = self.if_older_than else { return false };
        let endpoint = &self.line.endpoint;
        let Some(generated_at) = age_source(in_use, runs, &self.custody, self.line.device()).await else {
            let text = format!("nobody knows how old the key of {in_use} is: it is taken for old");
            observer.on(&endpoint.name, Event::Warning(Warning::Said(text)));
            return false;
        };
        // A clock that was set back makes a key of tomorrow, which is young.
        let age = Duration::try_from(Timestamp::now().duration_since(generated_at)).unwrap_or_default();
        let fresh = age < limit;
        if fresh {
            observer.on(&endpoint.name, Event::Fresh { api_user: in_use.to_owned(), generated_at });
        }
        fresh
    }

    pub(super) fn tell_others(&self, others: &[String], observer: &mut (dyn Observer + Send)) {
        for other in others {
            let text = format!("{other} has a key too, of which nothing is known; it is left alone");
            observer.on(&self.line.endpoint.name, Event::Warning(Warning::Said(text)));
        }
    }
}

/// A key that is where it is used.
struct Made {
    record: Record,
    verified: Verified,
    /// As long as the old key works, the new one stays in the escrow: what went to standard output may be lost with the run.
    delivered: Delivered,
    journal: Run,
    held: Held,
}

/// A key that is in the escrow is not replaced: its consumers are to have it first.
fn check_delivered(held: &Held, in_use: &str) -> Result<(), MintError> {
    match held.escrowed().filter(|user| *user == in_use) {
        Some(user) => Err(RotationError::InEscrow { user: user.to_owned() }.into()),
        None => Ok(()),
    }
}

/// In place no rotation is finished; the run of this key would hide it.
fn check_finished(held: &Held, users: &Users) -> Result<(), RotationError> {
    let past = held.past.as_ref().filter(|past| matches!(past.key(), KeyState::Delivered { .. }));
    let old = past.and_then(|past| past.planned.retires.as_deref()).and_then(|old| users.get(old));
    match (past, old) {
        (Some(past), Some(old)) => {
            Err(RotationError::Unfinished { in_use: past.planned.api_user.clone(), old: old.name.clone() })
        }
        _ => Ok(()),
    }
}
