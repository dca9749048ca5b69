//! The signals that this program listens to instead of dying of them.

use std::io;

use nix::sys::signal::Signal;
use tokio::signal::unix::{SignalKind, signal};

/// Signals that are heard, except those that our parent has told us to ignore (`nohup`): what we start ignores them too,
/// which listening would undo.
pub struct Signals(Vec<(Signal, tokio::signal::unix::Signal)>);

impl Signals {
    /// Listens from now on. The program never dies of them again, even when this is dropped.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn listen(kinds: &[Signal]) -> io::Result<Signals> {
        let ignored = ignored();
        let heard = kinds.iter().copied().filter(|heard| ignored & bit(*heard) == 0);
        heard
            .map(|heard| Ok((heard, signal(SignalKind::from_raw(heard as i32))?)))
            .collect::<io::Result<_>>()
            .map(Signals)
    }

    /// The next one that comes.
    pub async fn next(&mut self) -> Signal {
        std::future::poll_fn(|context| {
            let come =
                self.0.iter_mut().find_map(|(heard, stream)| stream.poll_recv(context).is_ready().then_some(*heard));
            come.map_or(std::task::Poll::Pending, std::task::Poll::Ready)
        })
        .await
    }
}

fn bit(heard: Signal) -> u64 {
    1 << (heard as i32 - 1)
}

/// The signals that this process ignores, one bit each, as Linux tells it; elsewhere nobody does.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}
