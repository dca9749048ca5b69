//! What happens to a key between its birth and its destinations: escrow, journal, delivery.

use std::path::{Path, PathBuf};

use crate::deliver::escrow::wipe;
use crate::deliver::{self, Destination, EscrowError, EscrowPlace, Format, Kept, Record, Reservation, Secured};
use crate::journal::{self, Journal, KeyState, Lent, Lock, Past, Planned, Run, State};

use super::console::Line;
use super::event::{Event, Observer, Taken};
use super::failure::{Failure, MintError};
use super::key::generate;
use super::site::Site;
use super::undo::object;
use super::verification::{Mode, Verification};

/// Where keys go, and where it is remembered what became of them.
#[derive(Debug, Clone)]
pub struct Custody {
    /// Where the key goes.
    pub destinations: Vec<Destination>,
    /// How it is written to stdout.
    pub format: Format,
    /// Where it is until they have it.
    pub escrow: EscrowPlace,
    /// The age identity that opens what an earlier run left there, sealed.
    pub escrow_identity: Option<PathBuf>,
    /// What runs write down of themselves.
    pub journal: Journal,
    /// How a new key is proven over REST.
    pub verification: Verification,
}

/// An API user of a device in the hands of this run, and what an earlier run left of it.
pub(super) struct Held {
    locks: Vec<Lock>,
    /// The run that came to no end.
    pub(super) past: Option<Past>,
    /// Its key, where it is in the escrow and can be taken out.
    pub(super) kept: Option<Kept>,
    /// The files in the escrow whose keys another one replaces.
    pub(super) void: Vec<PathBuf>,
}

impl Custody {
    /// Takes API users at an address for this run, before anything is looked at.
    ///
    /// # Errors
    /// When another run has one.
    pub(super) async fn claim(&self, line: &Line, api_users: &[&str]) -> Result<Vec<Lock>, MintError> {
        let endpoint = &line.endpoint;
        let lock = |user: &&str| self.journal.lock_at(&endpoint.host, endpoint.port, user);
        let locks = api_users.iter().map(lock).collect::<Result<_, _>>()?;
        self.mend().await?;
        Ok(locks)
    }

    /// Takes over what programs that are gone have left. That may be the keys of thousands of devices, or somebody else may be
    /// at it: it does not hold up the other devices.
    async fn mend(&self) -> Result<(), MintError> {
        if self.escrow.needs_mending() || self.journal.needs_mending() {
            let (escrow, journal) = (self.escrow.clone(), self.journal.clone());
            aside(move || escrow.mend().map_err(MintError::from).and_then(|()| Ok(journal.mend()?))).await?;
        }
        Ok(())
    }

    /// Proves that the key can be kept. Destinations may be services that take their time, so this does not hold up others.
    pub(super) async fn reserve(&self, line: &Line) -> Result<Reservation, MintError> {
        let device = line.device();
        if self.escrow.pool.is_some() && self.destinations.iter().all(Destination::is_stdout) {
            return Ok(deliver::reserve(&self.destinations, &device, self.format, &self.escrow)?);
        }
        let (destinations, format, escrow) = (self.destinations.clone(), self.format, self.escrow.clone());
        let reserved = aside(move || deliver::reserve(&destinations, &device, format, &escrow)).await;
        Ok(reserved?)
    }

    /// Takes an API user of a device for this run, or both of a pair, and with it what an earlier run left. `replace`: its
    /// consumers may be cut off.
    ///
    /// # Errors
    /// When another run has it, or its key cannot be taken out of the escrow and consumers use it already.
    pub(super) fn hold(&self, serial: &str, api_users: &[&str], replace: bool) -> Result<Held, MintError> {
        let locks = api_users.iter().map(|user| self.journal.lock(serial, user)).collect::<Result<_, _>>()?;
        let runs = self.journal.runs(serial);
        forget_void(&runs, api_users);
        self.check_this_run(&runs, api_users)?;
        let Some(past) = journal::unfinished(&runs, api_users).cloned() else {
            return Ok(Held { locks, past: None, kept: None, void: Vec::new() });
        };
        let kept = if past.lent().is_some() { None } else { self.kept(&past, replace)? };
        let lives = past.escrow().filter(|_| kept.is_some()).map(Path::to_owned);
        let named = past.void().chain(past.escrow()).map(Path::to_owned);
        let void = named.filter(|escrow| Some(escrow) != lives.as_ref()).collect();
        // All that it had left to do was to empty the escrow.
        let past = Some(past).filter(|past| kept.is_some() || !past.is_finished());
        Ok(Held { locks, past, kept, void })
    }

    /// What this run has done before it was taken up again is not done a second time. It may have died before it had emptied
    /// the escrow.
    fn check_this_run(&self, runs: &[Past], api_users: &[&str]) -> Result<(), MintError> {
        let Some(past) = self.journal.done_in_this_run(runs, api_users) else { return Ok(()) };
        past.escrow().filter(|escrow| escrow.exists()).into_iter().for_each(wipe);
        match past.key() {
            KeyState::Delivered { generated_at } => Err(MintError::DoneBefore { generated_at }),
            _ => Ok(()),
        }
    }

    /// The same for a rotation whose old key somebody else retires: all that this run has to do is done with the delivery.
    pub(super) fn check_delivered_in_this_run(&self, held: &Held) -> Result<(), MintError> {
        let past = held.past.as_ref().filter(|past| self.journal.is_of_this_run(past));
        match past.map(Past::key) {
            Some(KeyState::Delivered { generated_at }) => Err(MintError::DoneBefore { generated_at }),
            _ => Ok(()),
        }
    }

    /// The key of a run that died.
    fn kept(&self, past: &Past, replace: bool) -> Result<Option<Kept>, MintError> {
        let Some(escrow) = past.escrow() else { return Ok(None) };
        let needed = past.delivery_began() && !replace && !matches!(past.key(), KeyState::Delivered { .. });
        match self.escrow.take(escrow, self.escrow_identity.as_deref()) {
            Ok(kept) => Ok(Some(kept)),
            // Another one takes its place, where nobody has it or whoever has it may be cut off.
            Err(EscrowError::Sealed(_) | EscrowError::Unread { .. } | EscrowError::Unopened { .. }) if !needed => {
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Wipes the keys of runs that took them back, and died before they could do that.
fn forget_void(runs: &[Past], api_users: &[&str]) {
    let over = runs.iter().filter(|past| past.is_for(api_users) && past.is_finished());
    over.flat_map(Past::void).filter(|escrow| escrow.exists()).for_each(wipe);
}

impl Held {
    /// An API user of which nothing is taken up.
    pub(super) fn alone(lock: Lock) -> Held {
        Held { locks: vec![lock], past: None, kept: None, void: Vec::new() }
    }

    /// Keeps these too, as long as the hold lasts.
    pub(super) fn with(&mut self, claim: Vec<Lock>) {
        self.locks.extend(claim);
    }

    /// Whether the key that the API user may have now is one that nobody uses: then it is no key to be careful of.
    pub(super) fn may_replace(&self) -> bool {
        let Some(past) = &self.past else { return false };
        let had_key = past.planned.before.user.as_ref().is_some_and(|user| user.has_key);
        self.kept.is_some() || (self.lost_key() && !had_key && !past.delivery_began())
    }

    /// The same hold for a new key of one API user: the earlier run is taken up only when it was for the same one and its
    /// key was not delivered yet. Another's steps must not be mixed with those of this run.
    pub(super) fn of(mut self, api_user: &str) -> Held {
        let is_same = |past: &Past| past.planned.api_user == api_user;
        let goes_on = |past: &Past| is_same(past) && !matches!(past.key(), KeyState::Delivered { .. });
        if !self.past.as_ref().is_some_and(goes_on) {
            (self.past, self.kept, self.void) = (None, None, Vec::new());
        }
        self
    }

    /// The API user whose key an earlier run has left in the escrow.
    pub(super) fn escrowed(&self) -> Option<&str> {
        let in_escrow = |past: &&Past| matches!(past.key(), KeyState::Escrowed { escrow, .. } if escrow.exists());
        self.past.as_ref().filter(in_escrow).map(|past| past.planned.api_user.as_str())
    }

    /// What is taken up, for the story.
    pub(super) fn tell(&self, line: &Line, observer: &mut (dyn Observer + Send)) {
        let Some(past) = &self.past else { return };
        let key = match past.key() {
            KeyState::Delivered { .. } if past.planned.retires.is_some() => Taken::Delivered,
            _ if self.kept.is_some() => Taken::FromEscrow,
            KeyState::None => Taken::NoKey,
            KeyState::Delivered { .. } => Taken::Delivered,
            _ if past.delivery_began() => Taken::Shut,
            _ => Taken::Lost,
        };
        observer.on(&line.endpoint.name, Event::TakenUp { began: past.began, key });
    }

    /// The earlier run, as far as its changes are still to be taken back should this one fail: not once its key is out.
    pub(super) fn half_done(&self) -> Option<&Past> {
        self.past.as_ref().filter(|_| self.kept.is_none())
    }

    /// Whether an earlier run may have made a key that nobody has.
    pub(super) fn lost_key(&self) -> bool {
        let key = self.past.as_ref().map(Past::key);
        self.kept.is_none() && !matches!(key, None | Some(KeyState::None | KeyState::Delivered { .. }))
    }

    /// Writes down what is about to be done, as the beginning of a run or as more of the one that died.
    pub(super) async fn begin(&self, journal: &Journal, planned: Planned) -> Result<Run, MintError> {
        match &self.past {
            None => Ok(journal.begin(planned).await?),
            Some(past) => Ok(journal.take_up(past, planned).await?),
        }
    }
}

/// What is about to be done on a device.
pub(super) fn planned(verb: &str, line: &Line, serial: &str, site: &Intended<'_>) -> Planned {
    Planned {
        verb: verb.to_owned(),
        device: line.endpoint.name.clone(),
        host: line.endpoint.host.clone(),
        port: line.endpoint.port,
        serial: serial.to_owned(),
        api_user: site.plan.key.user.clone(),
        retires: site.retires.clone(),
        before: site.before.clone(),
        edits: site.plan.edits.iter().map(object).collect(),
        destinations: site.destinations.clone(),
        lent: site.lent.clone(),
        run: None,
    }
}

/// What a run has decided.
pub(super) struct Intended<'a> {
    pub(super) plan: &'a crate::fortios::plan::Plan,
    pub(super) before: &'a crate::fortios::objects::Objects,
    pub(super) retires: Option<String>,
    pub(super) destinations: Vec<String>,
    pub(super) lent: Option<Lent>,
}

/// The key: the one that an earlier run left in the escrow, or a new one, which goes there before anything else.
pub(super) async fn obtain(
    site: &mut Site<'_>,
    slot: Reservation,
    kept: Option<Kept>,
    record: &mut Record,
    custody: &Custody,
    observer: &mut (dyn Observer + Send),
) -> Result<Secured, Box<Failure>> {
    let has_key = site.now.user.as_ref().is_some_and(|user| user.has_key);
    if let Some(kept) = kept.filter(|_| has_key) {
        record.generated_at = kept.record.generated_at;
        record.expires_at = kept.record.expires_at;
        let format = custody.format;
        site.forget_void();
        return Ok(aside(move || slot.take_over(kept, format)).await);
    }
    let escrow = slot.escrow_path(record);
    let key = generate(site, escrow.clone(), observer).await?;
    record.born(site.plan.key.expires);
    let secured = if slot.is_quick() {
        slot.secure(escrow, record, key)
    } else {
        let record = record.clone();
        aside(move || slot.secure(escrow, &record, key)).await
    };
    let escrow = secured.escrow().map(Path::to_owned);
    // The key is kept. A journal that fails now costs the next run the knowledge of it, and this one nothing.
    let _ = site.journal.note(State::Issued { escrow, generated_at: record.generated_at });
    if custody.escrow.pool.is_some() && custody.verification.mode != Mode::Off {
        // The proof takes its time; without one the next step waits for the disk at once.
        let _ = site.journal.lasts().await;
    }
    site.forget_void();
    Ok(secured)
}

/// Runs what waits for disks and services beside the runtime.
pub(super) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        // It panicked: so do we, with its own words.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
