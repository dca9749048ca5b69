//! Handing a key over: from the escrow to where it is used, proven over REST on the way.

use crate::deliver::{Delivered, Part, Record, Secured, Undelivered};
use crate::journal::State;
use crate::secret::Secret;

use super::custody::{Custody, aside};
use super::event::{Event, Observer, Warning};
use super::failure::{Failure, Left, MintError};
use super::site::Site;
use super::verification::Mode;
use super::verified::Verified;

/// A key that was handed over, and what the API says to it.
pub(super) struct Handed {
    pub(super) delivered: Result<Delivered, Box<Undelivered>>,
    pub(super) verified: Verified,
}

/// When a key is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// Before anybody has it: what the API refuses is not delivered.
    First,
    /// When the stores have it, unless it has to be proven.
    AsAsked,
}

/// The way of a key from the escrow to where it is used, proven on the way: after the stores have it, so that nobody waits
/// for that, and before standard output gets the record. A key that must be proven is proven before anybody has it.
pub(super) async fn hand_over(
    site: &mut Site<'_>,
    custody: &Custody,
    secured: Secured,
    record: &mut Record,
    when: Proof,
    observer: &mut (dyn Observer + Send),
) -> Result<Handed, Box<Failure>> {
    record.https_port = site.https_port(&custody.verification);
    let required = custody.verification.mode == Mode::Require;
    let mut verified = None;
    if required || when == Proof::First {
        let proof = prove(site, custody, secured.key(), record, observer).await;
        if proof.verified == Some(false) || (required && proof.verified.is_none()) {
            return Err(unproven(site, secured, record, proof, observer).await);
        }
        verified = Some(proof);
    }
    let mut secured = deliver(site, secured, Part::Stores, record).await;
    let told = secured.is_everywhere();
    if told {
        site.tell(observer, Event::Key(secured.stored().to_vec()));
    }
    let verified = match verified {
        Some(verified) => verified,
        None => prove(site, custody, secured.key(), record, observer).await,
    };
    if !told {
        secured = deliver(site, secured, Part::All, record).await;
    }
    let delivered = secured.settle(record);
    if let Ok(delivered) = delivered.as_ref()
        && !told
    {
        site.tell(observer, Event::Key(delivered.stored.clone()));
    }
    Ok(Handed { delivered, verified })
}

/// Writes the key to the destinations of this part.
async fn deliver(site: &mut Site<'_>, mut secured: Secured, part: Part, record: &mut Record) -> Secured {
    if !secured.has(part) {
        return secured;
    }
    // The key is in the escrow and on its way: a journal that fails now must not stop it.
    let _ = site.journal.enter(State::Delivering).await;
    let mut journal = site.journal.duplicate().ok();
    let mut note = move |state| drop(journal.as_mut().map(|journal| journal.note(state)));
    let mut own = record.clone();
    let (secured, own) = aside(move || {
        secured.deliver(part, &mut own, &mut |spec| note(State::Stored { destination: spec.to_owned() }));
        (secured, own)
    })
    .await;
    *record = own;
    secured
}

/// Proves the key over REST, and takes it down in the record and the journal.
async fn prove(
    site: &mut Site<'_>,
    custody: &Custody,
    key: &Secret,
    record: &mut Record,
    observer: &mut (dyn Observer + Send),
) -> Verified {
    let verified = site.verify(&custody.verification, key, record, observer).await;
    if custody.verification.mode != Mode::Off {
        record.verified = verified.verified;
        record.verify_detail = Some(verified.detail.clone());
        let _ = site.journal.enter(State::Verified { verified: verified.verified }).await;
    }
    verified
}

/// A key that had to be proven and was not: it is taken back with the API user that this run made. One of an API user that was
/// there before cannot be taken back; it stays in the escrow.
async fn unproven(
    site: &mut Site<'_>,
    secured: Secured,
    record: &Record,
    verified: Verified,
    observer: &mut (dyn Observer + Send),
) -> Box<Failure> {
    let error = MintError::NotProven(Box::new(verified));
    if site.before.user.is_some() || site.key_is_out {
        site.close().await;
        return Failure::boxed(error, Left::Escrowed(secured.keep(record)));
    }
    let failure = site.take_back(error, observer).await;
    if matches!(failure.left, Left::Untouched | Left::Undone(_)) {
        secured.discard();
    }
    failure
}

/// The end of a delivery, which enters `state` in the journal. What is worse is the error: a key that is not where it should
/// be, then a change that a reboot would lose.
pub(super) async fn settled(
    site: &mut Site<'_>,
    handed: Handed,
    saved: Result<(), MintError>,
    state: State,
    observer: &mut (dyn Observer + Send),
) -> Result<(Delivered, Verified), Box<Failure>> {
    let delivered = match handed.delivered {
        Ok(delivered) => delivered,
        Err(missing) => {
            if saved.is_err() {
                site.tell(observer, Event::Warning(Warning::NotSaved));
            }
            return Err(undelivered(missing));
        }
    };
    // The journal first: a run that dies in between leaves a key in the escrow that every destination has.
    let _ = site.journal.enter(state).await;
    match saved {
        Ok(()) => Ok((delivered, handed.verified)),
        Err(error) => {
            delivered.finish();
            Err(Failure::boxed(error, Left::Unsaved))
        }
    }
}

/// A key that is not everywhere.
pub(super) fn undelivered(undelivered: Box<Undelivered>) -> Box<Failure> {
    Failure::boxed(MintError::Undelivered(undelivered), Left::Minted)
}
