//! A password that many devices share is tried on one of them first.
//!
//! Administrators of a fleet often come from one directory (RADIUS, TACACS+, LDAP), which locks an account after a few wrong
//! passwords, and each FortiGate locks the address that they came from. So until a password has got in somewhere, one login
//! at a time uses it; and once it was refused, nobody uses it any more.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

/// What is known of a password, for each user that it was tried for.
#[derive(Debug)]
pub(super) struct Trial {
    known: Mutex<HashMap<String, Known>>,
    turn: Semaphore,
}

#[derive(Debug, Clone)]
enum Known {
    GotIn,
    /// By this device.
    Refused(String),
}

/// Leave to use the password in one login. Dropped without a verdict, it leaves what is known as it was.
#[derive(Debug)]
#[must_use = "the next login waits until it is known what became of this one"]
pub(super) struct Turn<'a> {
    trial: &'a Trial,
    user: String,
    device: String,
    _permit: Option<SemaphorePermit<'a>>,
}

impl Default for Trial {
    fn default() -> Self {
        Trial { known: Mutex::default(), turn: Semaphore::new(1) }
    }
}

impl Trial {
    /// Waits until the password may be used for `user` on `device`.
    ///
    /// # Errors
    /// The name of the device that has refused it.
    pub(super) async fn turn(&self, user: &str, device: &str) -> Result<Turn<'_>, String> {
        let turn = |permit| Turn { trial: self, user: user.to_owned(), device: device.to_owned(), _permit: permit };
        if self.may_use(user)? {
            return Ok(turn(None));
        }
        let permit = self.turn.acquire().await.ok();
        // It has got in meanwhile, or was refused.
        let proven = self.may_use(user)?;
        Ok(turn(permit.filter(|_| !proven)))
    }

    /// Whether it has got in before.
    fn may_use(&self, user: &str) -> Result<bool, String> {
        match self.known.lock().unwrap_or_else(PoisonError::into_inner).get(user) {
            Some(Known::GotIn) => Ok(true),
            Some(Known::Refused(device)) => Err(device.clone()),
            None => Ok(false),
        }
    }

    fn learn(&self, user: String, known: Known) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(user, known);
    }
}

impl Turn<'_> {
    /// The device took it.
    pub(super) fn got_in(self) {
        self.trial.learn(self.user, Known::GotIn);
    }

    /// The device judged it, and refused.
    pub(super) fn refused(self) {
        self.trial.learn(self.user, Known::Refused(self.device));
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use super::*;

    #[tokio::test]
    async fn until_it_has_got_in_one_login_at_a_time_uses_it() {
        let trial = Trial::default();
        let first = trial.turn("admin", "fw1").await.unwrap();
        let mut second = std::pin::pin!(trial.turn("admin", "fw2"));
        let waits = std::future::poll_fn(|context| Poll::Ready(second.as_mut().poll(context).is_pending()));
        assert!(waits.await);
        first.got_in();
        let (second, third) = (second.await.unwrap(), trial.turn("admin", "fw3").await.unwrap());
        drop((second, third));
    }

    #[tokio::test]
    async fn after_one_refusal_nobody_uses_it_any_more() {
        let trial = Trial::default();
        let first = trial.turn("admin", "fw1").await.unwrap();
        let waiting = trial.turn("admin", "fw2");
        first.refused();
        assert_eq!(waiting.await.unwrap_err(), "fw1");
        assert_eq!(trial.turn("admin", "fw3").await.unwrap_err(), "fw1");
        drop(trial.turn("other", "fw3").await.unwrap());
    }

    #[tokio::test]
    async fn a_login_that_broke_off_says_nothing() {
        let trial = Trial::default();
        drop(trial.turn("admin", "fw1").await.unwrap());
        drop(trial.turn("admin", "fw2").await.unwrap());
    }

    #[tokio::test]
    async fn a_refusal_after_it_got_in_elsewhere_ends_it_too() {
        let trial = Trial::default();
        trial.turn("admin", "fw1").await.unwrap().got_in();
        let (second, third) = (trial.turn("admin", "fw2").await.unwrap(), trial.turn("admin", "fw3").await.unwrap());
        second.refused();
        drop(third);
        assert_eq!(trial.turn("admin", "fw4").await.unwrap_err(), "fw2");
    }
}
