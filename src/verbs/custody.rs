//! What happens to a key between its birth and its destinations: escrow, journal, delivery.

use std::path::PathBuf;

use crate::deliver::{self, Destination, Device, EscrowError, EscrowPlace, Format, Kept, Record, Reservation, Secured};
use crate::journal::{Journal, KeyState, Lock, Past, Planned, Run, State};

use super::console::Line;
use super::event::{Event, Observer, Taken};
use super::failure::{Failure, MintError};
use super::key::generate;
use super::site::Site;
use super::undo::object;
use super::verification::Verification;

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
    _lock: Lock,
    /// The run that came to no end.
    pub(super) past: Option<Past>,
    /// Its key, where it is in the escrow and can be taken out.
    pub(super) kept: Option<Kept>,
}

impl Custody {
    /// Proves that the key can be kept. Destinations may be services that take their time, so this does not hold up others.
    pub(super) async fn reserve(&self, line: &Line) -> Result<Reservation, MintError> {
        let device = Device { name: line.endpoint.name.clone(), address: line.endpoint.host.clone() };
        let (destinations, format, escrow) = (self.destinations.clone(), self.format, self.escrow.clone());
        let reserved = aside(move || deliver::reserve(&destinations, &device, format, &escrow)).await;
        Ok(reserved?)
    }

    /// Takes an API user of a device for this run, or several under one name, and with it what an earlier run left.
    ///
    /// # Errors
    /// When another run has it, or its key is sealed in the escrow and consumers use it already.
    pub(super) fn hold(&self, serial: &str, name: &str, api_users: &[&str]) -> Result<Held, MintError> {
        let lock = self.journal.lock(serial, name)?;
        let past = self.journal.unfinished(serial, api_users);
        let kept = match past.as_ref().map(Past::key) {
            Some(KeyState::Escrowed { escrow, .. }) => match self.escrow.take(&escrow, self.escrow_identity.as_deref())
            {
                Ok(kept) => Some(kept),
                // Nobody has a key that was never stored, so another one takes its place.
                Err(EscrowError::Sealed(_) | EscrowError::Unread { .. })
                    if past.as_ref().is_none_or(|past| !past.delivery_began()) =>
                {
                    None
                }
                Err(error) => return Err(error.into()),
            },
            _ => None,
        };
        Ok(Held { _lock: lock, past, kept })
    }
}

impl Held {
    /// An API user of which nothing is taken up.
    pub(super) fn alone(lock: Lock) -> Held {
        Held { _lock: lock, past: None, kept: None }
    }

    /// Whether the key that the API user may have now is one that nobody uses: then it is no key to be careful of.
    pub(super) fn may_replace(&self) -> bool {
        let Some(past) = &self.past else { return false };
        let had_key = past.planned.before.user.as_ref().is_some_and(|user| user.has_key);
        match past.key() {
            KeyState::Escrowed { .. } => self.kept.is_some() || !had_key,
            KeyState::Unknown | KeyState::Astray => !had_key && !past.delivery_began(),
            KeyState::None | KeyState::Delivered { .. } => false,
        }
    }

    /// What is taken up, for the story.
    pub(super) fn tell(&self, line: &Line, observer: &mut (dyn Observer + Send)) {
        let Some(past) = &self.past else { return };
        let key = if self.kept.is_some() {
            Taken::FromEscrow
        } else {
            match past.key() {
                KeyState::None => Taken::NoKey,
                KeyState::Delivered { .. } => Taken::Delivered,
                _ => Taken::Lost,
            }
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
    pub(super) fn begin(&self, journal: &Journal, planned: Planned) -> Result<Run, MintError> {
        match &self.past {
            None => Ok(journal.begin(planned)?),
            Some(past) => {
                let mut run = Run::reopen(&past.path)?;
                run.enter(State::Planned(Box::new(planned)))?;
                Ok(run)
            }
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
    }
}

/// What a run has decided.
pub(super) struct Intended<'a> {
    pub(super) plan: &'a crate::fortios::plan::Plan,
    pub(super) before: &'a crate::fortios::objects::Objects,
    pub(super) retires: Option<String>,
    pub(super) destinations: Vec<String>,
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
        return Ok(aside(move || slot.take_over(kept, format)).await);
    }
    let key = generate(site, observer).await?;
    record.born(site.plan.key.expires);
    let (secured, told) = aside({
        let record = record.clone();
        move || {
            let secured = slot.secure(&record, key);
            let escrow = secured.escrow().map(std::path::Path::to_owned);
            (secured, State::Issued { escrow, generated_at: record.generated_at })
        }
    })
    .await;
    // The key is on disk. A journal that fails now costs the next run the knowledge of it, and this one nothing.
    let _ = site.journal.enter(told);
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
