//! The end of a rotation: the API users that an earlier one, or this one, has replaced are taken away.

use crate::deliver::{Kept, Part, Reservation};
use crate::fortios::objects::Objects;
use crate::fortios::retirement::Claim;
use crate::fortios::rotation::{Leftover, RotationError};
use crate::journal::{KeyState, Past, Planned, Run, State};

use super::console::interrupted;
use super::custody::aside;
use super::event::{Event, Observer};
use super::failure::{Failure, Left, MintError};
use super::hand_over::undelivered;
use super::memory::remembered;
use super::revoke::Revoke;
use super::rotate::{Look, Rotate, Rotated, Way, profile_of};
use super::survey::Surveyed;

impl Rotate {
    /// What an earlier rotation has left is retired.
    pub(super) async fn finish(
        &self,
        look: Look,
        slot: Option<Reservation>,
        observer: &mut (dyn Observer + Send),
    ) -> Result<Rotated, Box<Failure>> {
        let Look { seen: (console, surveyed), users, mut held, pair } = look;
        let remembered = remembered(&self.custody.journal.runs(&surveyed.status.serial), &pair);
        let leftover = Leftover::of(&pair, &users, &remembered, self.current.as_deref());
        console.close().await;
        let leftover = leftover.map_err(MintError::from)?;
        let past = held.past.as_ref().filter(|past| past.planned.retires.is_some());
        if let Some(user) = held.escrowed().filter(|_| past.is_some()) {
            return Err(MintError::from(RotationError::InEscrow { user: user.to_owned() }).into());
        }
        self.tell_others(&leftover.others, observer);
        let retired = retired(&leftover, past);
        let journal = match past {
            Some(past) => {
                held.tell(&self.line, observer);
                Run::reopen(&past.path).map_err(MintError::from)?
            }
            None if retired.is_empty() => return Ok(Rotated::Finished { retired }),
            None => self.begin_finish(&leftover, &surveyed).await?,
        };
        let kept = held.kept.take().filter(|_| past.is_some());
        // Where the new key reached nobody, it is the new one that goes.
        let delivered = past.is_none_or(|past| matches!(past.key(), KeyState::Delivered { .. }));
        let end = if delivered { State::Done } else { State::TakenBack };
        if !retired.is_empty() && self.way != Way::Finish && !self.wait(&retired.join(" and "), observer).await {
            return Err(MintError::from(interrupted()).into());
        }
        self.print_again(kept, slot).await?;
        self.retire(&retired, profile_of(&leftover.in_use), (journal, end), observer).await?;
        Ok(Rotated::Finished { retired })
    }

    /// Every destination had the key when the run died, but what standard output carried may be lost with the pipe: whoever
    /// wants it there gets it once more, before the old one goes.
    async fn print_again(&self, kept: Option<Kept>, slot: Option<Reservation>) -> Result<(), Box<Failure>> {
        let Some(kept) = kept else { return Ok(()) };
        let Some(slot) = slot.filter(Reservation::uses_stdout) else {
            kept.discard();
            return Ok(());
        };
        let (mut record, format) = (kept.record.clone(), self.custody.format);
        let delivered = aside(move || {
            let mut secured = slot.take_over(kept, format);
            secured.deliver(Part::All, &mut record, &mut |_| ());
            secured.settle(&record)
        });
        delivered.await.map_err(undelivered)?.finish();
        Ok(())
    }

    async fn begin_finish(&self, leftover: &Leftover, surveyed: &Surveyed) -> Result<Run, MintError> {
        let endpoint = &self.line.endpoint;
        let planned = Planned {
            verb: "rotate --finish".into(),
            device: endpoint.name.clone(),
            host: endpoint.host.clone(),
            port: endpoint.port,
            serial: surveyed.status.serial.clone(),
            api_user: leftover.in_use.name.clone(),
            retires: leftover.retire.first().cloned(),
            before: Objects::default(),
            edits: Vec::new(),
            destinations: Vec::new(),
            lent: None,
            run: None,
        };
        Ok(self.custody.journal.begin(planned).await?)
    }

    /// Takes the old API users away, each written down before and after, and writes down the end. The profile stays: the
    /// new one has it too.
    pub(super) async fn retire(
        &self,
        users: &[String],
        profile: &str,
        (mut journal, end): (Run, State),
        observer: &mut (dyn Observer + Send),
    ) -> Result<(), Box<Failure>> {
        for user in users {
            journal.enter(State::Retiring { api_user: user.clone() }).await.map_err(MintError::from)?;
            let revoke = Revoke {
                line: &self.line,
                templates: &self.templates,
                api_user: user.clone(),
                profile: profile.to_owned(),
                claim: Claim { user: true, owned: false, keep: true },
                consent: self.consent,
            };
            revoke.run(observer).await.map_err(|failure| after_delivery(*failure, user))?;
            journal.enter(State::Retired { api_user: user.clone() }).await.map_err(MintError::from)?;
            observer.on(&self.line.endpoint.name, Event::Retired { api_user: user.clone() });
        }
        Ok(journal.enter(end).await.map_err(MintError::from)?)
    }
}

/// Who is to go: those with keys, and those whose end an earlier run has begun and maybe not saved.
fn retired(leftover: &Leftover, past: Option<&Past>) -> Vec<String> {
    let begun = past.into_iter().flat_map(Past::retiring).map(str::to_owned);
    let begun = begun.filter(|user| *user != leftover.in_use.name && !leftover.retire.contains(user));
    leftover.retire.iter().cloned().chain(begun.collect::<Vec<_>>()).collect()
}

/// The new key is delivered and works; what failed is the end of the old one.
fn after_delivery(failure: Failure, user: &str) -> Box<Failure> {
    let Failure { error, left } = failure;
    let left = match left {
        Left::Untouched => Left::OldStays { user: user.to_owned() },
        other => other,
    };
    Failure::boxed(error, left)
}
