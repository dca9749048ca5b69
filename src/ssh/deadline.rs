//! The one deadline of a login: name resolution, TCP, key exchange, authentication and shell share it.
//!
//! It stands still while a person is asked for something, since nobody types a passphrase against a clock.

use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::error::{DialError, Phase};

/// A point in time by which a login has to be done; `None` in the channel while it stands still.
pub(super) struct Deadline {
    at: watch::Sender<Option<Instant>>,
    span: Duration,
}

impl Deadline {
    /// A deadline `span` from now.
    pub(super) fn after(span: Duration) -> Self {
        let (at, _) = watch::channel(Instant::now().checked_add(span));
        Deadline { at, span }
    }

    /// Runs `step`, and fails with the phase's name once the deadline passes.
    pub(super) async fn within<T>(&self, phase: Phase, step: impl Future<Output = T>) -> Result<T, DialError> {
        tokio::select! {
            done = step => Ok(done),
            () = self.passed() => Err(DialError::TimedOut { phase, after: self.span }),
        }
    }

    /// Runs `step`, which waits for a person, with the clock stopped.
    pub(super) async fn stopped<T>(&self, step: impl Future<Output = T>) -> T {
        let from = Instant::now();
        let at = self.at.send_replace(None);
        let answer = step.await;
        self.at.send_replace(at.and_then(|at| at.checked_add(from.elapsed())));
        answer
    }

    async fn passed(&self) {
        let mut moved = self.at.subscribe();
        loop {
            let at = *moved.borrow_and_update();
            tokio::select! {
                () = reached(at) => return,
                _ = moved.changed() => {}
            }
        }
    }
}

async fn reached(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_step_that_never_ends_is_cut_off_with_its_phase() {
        let deadline = Deadline::after(Duration::from_millis(20));
        let error = deadline.within(Phase::KeyExchange, std::future::pending::<()>()).await.unwrap_err();
        assert!(error.to_string().contains("key exchange"), "{error}");
    }

    #[tokio::test]
    async fn the_clock_stands_still_while_a_person_answers() {
        let deadline = Deadline::after(Duration::from_millis(100));
        let step = async {
            deadline.stopped(tokio::time::sleep(Duration::from_millis(250))).await;
            7
        };
        assert_eq!(deadline.within(Phase::Authentication, step).await.unwrap(), 7);
    }
}
