//! The lines of the journal.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fortios::objects::Objects;

/// One line: when, and what.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) at: Timestamp,
    #[serde(flatten)]
    pub(super) state: State,
}

/// What a run is about to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// The verb: `mint`, `rotate`, `exec`.
    pub verb: String,
    /// The device as the operator calls it.
    pub device: String,
    /// Where it was dialled.
    pub host: String,
    /// The TCP port.
    pub port: u16,
    /// Its serial number.
    pub serial: String,
    /// The API user that gets the key.
    pub api_user: String,
    /// The API user that goes when the new key is in use.
    pub retires: Option<String>,
    /// Both objects as they were.
    pub before: Objects,
    /// The objects that will be made or altered: `system api-user terraform`.
    pub edits: Vec<String>,
    /// The destinations, as they are told.
    pub destinations: Vec<String>,
    /// What goes when its user is done with it, where the access is only lent.
    #[serde(default)]
    pub lent: Option<Lent>,
    /// The run over a fleet that it was part of; the journal fills it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

/// An access that is to go again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lent {
    /// Whether global tables stand under `config global`.
    pub vdoms: bool,
    /// The access profile of the API user.
    pub profile: String,
    /// Whether the API user was made for it; of one that was there before only the key goes.
    pub made_user: bool,
    /// Whether the profile was made for it.
    pub made_profile: bool,
}

/// How far a run has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// Nothing has been sent.
    Planned(Box<Planned>),
    /// The objects are as wanted, and were read back.
    Pushed,
    /// The line that makes a key is about to be sent.
    Generating {
        /// The file in the escrow that will hold it.
        escrow: PathBuf,
    },
    /// The key is in the escrow; nowhere, when that failed.
    Issued {
        /// The file.
        escrow: Option<PathBuf>,
        /// When the key was generated.
        generated_at: Timestamp,
    },
    /// The first destination is about to get it.
    Delivering,
    /// A destination has the key.
    Stored {
        /// As it is told.
        destination: String,
    },
    /// Every destination has the key; the old one is still to be retired.
    Delivered,
    /// What the API said to the key.
    Verified {
        /// Whether it works; unknown when it was not tried.
        verified: Option<bool>,
    },
    /// The old API user is about to go.
    Retiring {
        /// The API user.
        api_user: String,
    },
    /// The old API user is gone.
    Retired {
        /// The API user.
        api_user: String,
    },
    /// All that was asked for is done.
    Done,
    /// It failed, and the device is as it was before.
    TakenBack,
    /// It failed and left something; the message said what.
    Left {
        /// In the words of the message.
        what: String,
    },
}

impl State {
    /// Whether this is an end that leaves nothing to do.
    pub(super) const fn is_over(&self) -> bool {
        matches!(self, State::Done | State::TakenBack)
    }

    /// Whether it has to be on the disk before anything else happens: it announces what cannot be seen afterwards, or lets
    /// the escrow be emptied.
    pub(super) fn must_last(&self) -> bool {
        match self {
            State::Planned(_)
            | State::Generating { .. }
            | State::Delivering
            | State::Retiring { .. }
            | State::Done
            | State::TakenBack
            | State::Left { .. } => true,
            // The key is in the escrow, which is on the disk, and no destination gets it before `Delivering`.
            State::Issued { .. } => false,
            State::Pushed
            | State::Stored { .. }
            | State::Delivered
            | State::Verified { .. }
            | State::Retired { .. } => false,
        }
    }
}
