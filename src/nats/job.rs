//! What travels to a worker: what is to be done on which device, and never a credential.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::fortios::plan::Consent;
use crate::fortios::retirement::Claim;
use crate::fortios::transaction::Transaction;

/// The site of a device whose inventory names none.
pub const DEFAULT_SITE: &str = "default";

/// One device and what is to be done there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// The name of the run.
    pub run: String,
    /// The name of this submission: of a run that is taken up again it is another one. What a worker learns of its password
    /// holds for one submission.
    pub submission: String,
    /// The device, as a line of an inventory in NDJSON has it.
    pub device: Value,
    /// What is to be done.
    pub task: Task,
    /// Whom the key is sealed to: `age1…`, or an SSH public key.
    pub recipient: String,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "kebab-case")]
pub enum Task {
    /// A key is minted.
    Mint {
        /// The request, as a request file has it.
        request: Value,
        /// Whether what is weak was allowed.
        allow_weak: bool,
        /// What the operator allows.
        consent: Consent,
        /// Whether the objects are made in one transaction.
        transaction: Transaction,
    },
    /// A key is replaced; the old one works on until a run with `finish`, or is void at once with `in_place`.
    Rotate {
        /// The API user.
        api_user: String,
        /// The one in use, where the operator says so.
        current: Option<String>,
        /// How long the new key lives.
        expires: Option<String>,
        /// Whether the API user's name stays.
        in_place: bool,
        /// Whether no key is made, and what an earlier rotation left is retired.
        finish: bool,
        /// Only a key that is older.
        if_older_than: Option<Duration>,
        /// What the operator allows.
        consent: Consent,
        /// Whether the new API user is made in a transaction.
        transaction: Transaction,
    },
    /// An API user is taken away.
    Revoke {
        /// The API user.
        api_user: String,
        /// Its profile.
        profile: String,
        /// What may go.
        claim: Claim,
        /// What the operator allows.
        consent: Consent,
    },
}

impl Task {
    /// Whether a key comes back.
    pub fn makes_key(&self) -> bool {
        matches!(self, Task::Mint { .. } | Task::Rotate { finish: false, .. })
    }
}

/// The `Nats-Msg-Id` of a job: the run and the device; and how often the run has tried it before, so that what has failed can
/// be submitted again.
pub fn id(run: &str, device: &str, attempt: usize) -> String {
    format!("{run}/{device}/{attempt}")
}

/// Where jobs of a run for a site go.
pub fn subject(site: &str, run: &str) -> String {
    format!("fgtkey.jobs.{site}.{run}")
}
