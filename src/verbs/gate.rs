//! The gate between looking at a device and changing it: in a fleet some devices go first, and the others wait for what
//! becomes of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{mpsc, oneshot};

use crate::fortios::version::Version;

/// What devices have in common that take the same lines in the same way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind {
    /// `FortiGate-100F`.
    pub model: String,
    /// The release.
    pub fortios: Version,
}

/// A device that has been looked at and asks whether it may be changed now.
#[derive(Debug)]
pub struct Asking {
    /// Its number in the fleet.
    pub device: usize,
    /// What it is.
    pub kind: Kind,
    /// Where the answer goes. Dropped, it means no.
    pub answer: oneshot::Sender<bool>,
}

/// Who is asked before a device is changed.
#[derive(Debug, Clone, Default)]
pub enum Gate {
    /// Nobody.
    #[default]
    Open,
    /// Whoever runs the fleet.
    Kept {
        /// The number of the device in the fleet.
        device: usize,
        /// Where questions go.
        keeper: mpsc::UnboundedSender<Asking>,
        /// Whether the answer was yes: it is asked once for a device.
        passed: Arc<AtomicBool>,
    },
}

impl Gate {
    /// The gate of one device of a fleet.
    pub fn kept(device: usize, keeper: mpsc::UnboundedSender<Asking>) -> Gate {
        Gate::Kept { device, keeper, passed: Arc::default() }
    }

    /// Waits until the device may be changed; false when it must not be any more.
    pub async fn pass(&self, kind: impl FnOnce() -> Kind) -> bool {
        let Gate::Kept { device, keeper, passed } = self else { return true };
        if passed.load(Ordering::Relaxed) {
            return true;
        }
        let (answer, answered) = oneshot::channel();
        let asking = Asking { device: *device, kind: kind(), answer };
        let passes = keeper.send(asking).is_ok() && answered.await.unwrap_or(false);
        passed.store(passes, Ordering::Relaxed);
        passes
    }
}
