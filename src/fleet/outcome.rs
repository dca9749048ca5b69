//! How a device ended, for tables, records and the ledger.

use serde::{Deserialize, Serialize};

use super::class::Class;
use super::timeline::Span;

/// How a device ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The operator's name for it.
    pub device: String,
    /// How it ended.
    pub end: End,
    /// What kind of failure it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<Class>,
    /// The exit status that a run on this device alone would have.
    pub exit: u8,
    /// The failure in words, without secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Its model, where the run came so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Its serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Its release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fortios: Option<String>,
    /// What was done when; empty for a device that was never started.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<Span>,
}

/// How a device ended, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// All that was asked is done.
    Done,
    /// It was done before by the same run, which was taken up again.
    Before,
    /// It was looked at, and there is something to say: `plan` would change it, `audit` has findings.
    Differs,
    /// It failed; the device is as it was.
    Failed,
    /// The key is in the escrow, and not everywhere it should be.
    Escrowed,
    /// A person has to look at it.
    NeedsPerson,
    /// The run was stopped before it was changed.
    NotStarted,
}

impl End {
    /// The name in tables and records.
    pub const fn name(self) -> &'static str {
        match self {
            End::Done => "done",
            End::Before => "done before",
            End::Differs => "differs",
            End::Failed => "failed",
            End::Escrowed => "escrowed",
            End::NeedsPerson => "needs a person",
            End::NotStarted => "not started",
        }
    }

    /// Whether a run that is taken up again has nothing to do there.
    pub const fn is_done(self) -> bool {
        matches!(self, End::Done | End::Before | End::Differs)
    }
}

impl Outcome {
    /// How long it took, in milliseconds, the waiting for others included.
    pub fn took(&self) -> u64 {
        let began = self.spans.first().map_or(0, |span| span.from);
        self.spans.last().map_or(0, |span| span.to.saturating_sub(began))
    }
}
