//! What comes back from a worker.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::verbs::event::{Event, Found};
use crate::verbs::failure::Elsewhere;

/// The kind of a message with a sealed key.
pub const KEY: &str = "key";
/// The kind of a message with an [`End`].
pub const END: &str = "end";

/// What happens on a device, for whoever watches.
#[derive(Debug, Serialize, Deserialize)]
pub struct News {
    /// The device.
    pub device: String,
    /// What happened.
    pub what: What,
}

/// What happened.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// A worker has begun.
    Begun,
    /// A step.
    Event(Box<Event>),
}

/// How a job ended.
#[derive(Debug, Serialize, Deserialize)]
pub struct End {
    /// How.
    pub how: How,
    /// What the device is, where the worker came so far.
    pub found: Option<Found>,
}

/// How a job ended, in a word and more.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// All that was asked is done.
    Done {
        /// The exit status that a run on this device alone would have.
        exit: u8,
        /// What the person should hear, line by line.
        lines: Vec<String>,
    },
    /// It was done before by the same run: the worker died before it could say so.
    Before {
        /// When the key was generated.
        generated_at: Timestamp,
    },
    /// It failed.
    Failed(Elsewhere),
}

impl How {
    /// Why it failed, if it did.
    pub fn message(&self) -> Option<&str> {
        match self {
            How::Failed(elsewhere) => Some(&elsewhere.message),
            How::Done { .. } | How::Before { .. } => None,
        }
    }
}

/// Where the results of a run go.
pub fn results(run: &str) -> String {
    format!("fgtkey.results.{run}")
}

/// Where the news of a run go.
pub fn progress(run: &str) -> String {
    format!("fgtkey.progress.{run}")
}
