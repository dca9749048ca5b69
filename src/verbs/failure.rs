//! What went wrong in a mint, and what that left on the device.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::deliver::{DeliverError, EscrowError, Escrowed, Undelivered};
use crate::fortios::plan::PlanError;
use crate::fortios::render::RenderError;
use crate::fortios::rotation::RotationError;
use crate::fortios::script::Script;
use crate::journal::{JournalError, Past};
use crate::session::fault::{Fault, FaultKind};
use crate::ssh::{DialError, PasswordError};

use super::console::OpenError;
use super::survey::SurveyError;
use super::verified::Verified;

/// A mint that did not do what was asked.
#[derive(Debug)]
pub struct Failure {
    /// What went wrong.
    pub error: MintError,
    /// What is on the device now.
    pub left: Left,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum MintError {
    /// A destination cannot take the key; nothing was contacted.
    #[error(transparent)]
    Deliver(#[from] DeliverError),
    /// A key of an earlier run is in the escrow and cannot be taken out.
    #[error(transparent)]
    Escrow(#[from] EscrowError),
    /// It failed on a worker, which tells this of it.
    #[error("{}", .0.message)]
    Elsewhere(Box<Elsewhere>),
    /// No connection, no trust, or no login.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// The session failed.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The journal cannot be written, or another run is at work.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The device answered generate-key with neither a key nor a refusal.
    #[error("the device generated no key")]
    NoKey,
    /// Nobody here knows what an API user was that another machine has switched off.
    #[error("what {user} was before it was disabled is not known on this machine")]
    NotRemembered {
        /// The API user.
        user: String,
    },
    /// The key had to be proven, and was not seen to work.
    #[error("the key was not seen to work: {}", .0.detail)]
    NotProven(Box<Verified>),
    /// This run has done it before: it is taken up again, and there is nothing left to do here.
    #[error("done before in this run: the key is of {}", generated_at.strftime("%Y-%m-%d %H:%M:%S UTC"))]
    DoneBefore {
        /// When the key was generated.
        generated_at: Timestamp,
    },
    /// We broke ourselves.
    #[error("fgtkey broke while it worked on this device")]
    Broken,
    /// The run was stopped before this device was changed.
    #[error("not started: the run was stopped before this device was changed")]
    NotStarted,
    /// Somebody else has made a key for the API user since this run looked.
    #[error("the API user {user} has got a key since this run looked: another run is at work on it")]
    Overtaken {
        /// The API user.
        user: String,
    },
    /// A password was needed and could not be had.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// It must not be done on this device.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A transaction was required, and the device opened none.
    #[error("the device opened no configuration transaction")]
    NoTransaction(#[source] Fault),
    /// Everything was accepted, and the device shows something else.
    #[error("every line was accepted, but the device shows something else than was sent: {}", .0.join("; "))]
    ReadBack(Vec<String>),
    /// A template cannot be used.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// It cannot be told which key is used.
    #[error(transparent)]
    Rotation(#[from] RotationError),
    /// The device could not be surveyed.
    #[error(transparent)]
    Survey(SurveyError),
    /// The key exists and is not everywhere it should be.
    #[error(transparent)]
    Undelivered(Box<Undelivered>),
    /// An earlier run has to be finished first.
    #[error("the `fgtkey {verb}` of {} for {api_user} came to no end", began.strftime("%Y-%m-%d %H:%M:%S UTC"))]
    Unfinished {
        /// The verb of the earlier run.
        verb: String,
        /// When it began.
        began: Timestamp,
        /// Its API user.
        api_user: String,
    },
    /// Everything is done but `execute cfg save`.
    #[error("the change is made but not saved")]
    Unsaved(#[source] Fault),
}

/// A failure in another process, in its words; no secret in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elsewhere {
    /// What went wrong, in one line.
    pub message: String,
    /// What kind of failure it was, as a class of a fleet's failures is written in JSON.
    pub class: String,
    /// The exit status that a run on this device alone would have there.
    pub exit: u8,
    /// What to type next.
    pub hint: Option<String>,
    /// All that was said of it there, line by line.
    pub lines: Vec<String>,
    /// Whether a password was refused that other devices are to get as well.
    pub refused_password: bool,
}

impl From<OpenError> for MintError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Dial(error) => MintError::Dial(error),
            OpenError::Fault(fault) => MintError::Fault(fault),
        }
    }
}

impl From<SurveyError> for MintError {
    fn from(error: SurveyError) -> Self {
        match error {
            SurveyError::Fault(fault) => MintError::Fault(fault),
            SurveyError::Render(error) => MintError::Render(error),
            other => MintError::Survey(other),
        }
    }
}

impl MintError {
    pub(super) fn unfinished(past: &Past) -> MintError {
        let (verb, api_user) = (past.planned.verb.clone(), past.planned.api_user.clone());
        MintError::Unfinished { verb, began: past.began, api_user }
    }

    /// Whether the operator stopped it.
    pub fn is_interrupt(&self) -> bool {
        matches!(self, MintError::Fault(fault) if fault.kind == FaultKind::Interrupted)
    }
}

impl Failure {
    pub(super) fn boxed(error: MintError, left: Left) -> Box<Failure> {
        Box::new(Failure { error, left })
    }
}

impl From<Elsewhere> for Box<Failure> {
    fn from(elsewhere: Elsewhere) -> Self {
        Failure::boxed(MintError::Elsewhere(Box::new(elsewhere)), Left::Elsewhere)
    }
}

impl Failure {
    /// Of a key that has come from elsewhere and is not everywhere it should be.
    pub fn undelivered(undelivered: Box<Undelivered>) -> Box<Failure> {
        Failure::boxed(MintError::Undelivered(undelivered), Left::Minted)
    }

    /// Of a device that something of ours broke on: what is left there has to be looked at.
    pub fn broken() -> Box<Failure> {
        Failure::boxed(MintError::Broken, Left::NeedsPerson { what: Remains::Unseen, mend: None })
    }
}

impl From<MintError> for Box<Failure> {
    /// An error before anything was changed.
    fn from(error: MintError) -> Self {
        Failure::boxed(error, Left::Untouched)
    }
}

/// What a failed mint left on the device.
#[derive(Debug)]
pub enum Left {
    /// Nothing: no line that saves was sent, or reading again showed what was there before.
    Untouched,
    /// Nothing any more: these objects were taken back, and reading again proved it.
    Undone(Vec<String>),
    /// The key and everything it needs: only the delivery is incomplete.
    Minted,
    /// The objects as they were asked for, and the key of another run.
    Overtaken,
    /// The new key, which is delivered, and the old API user with its key.
    OldStays {
        /// The old API user.
        user: String,
    },
    /// A key that is in the escrow and nowhere else.
    Escrowed(Escrowed),
    /// Everything but the save to flash.
    Unsaved,
    /// What the worker tells that was there.
    Elsewhere,
    /// Something that a person has to look at.
    NeedsPerson {
        /// What is known of it.
        what: Remains,
        /// The CLI that takes it back, where it is known.
        mend: Option<Script>,
    },
}

/// What is known of a device that could not be mended.
#[derive(Debug)]
pub enum Remains {
    /// It could not be reached again, so what was saved is not known.
    Unreached(Box<MintError>),
    /// Nobody looked.
    Unseen,
    /// Another device answered at its address.
    OtherDevice {
        /// The serial number that answered.
        serial: String,
    },
    /// Taking it back failed.
    NotTakenBack(Box<MintError>),
    /// It was taken back as far as the device let: this differs still.
    Differs(Vec<String>),
    /// All is as it was asked for, and a reboot takes it back.
    NotSaved,
    /// Of what was to go, some is gone and some is there: so the device showed it afterwards.
    Part {
        /// `the API user NAME`, `the access profile NAME`.
        gone: Vec<String>,
        /// The same of what is there.
        there: Vec<String>,
        /// What became of the key that the API user had, where it is not as it was.
        key: Option<KeyFate>,
    },
    /// An API user that was to go may be there, its key may be void: the device could not be looked at again.
    NotGone {
        /// The API user.
        user: String,
    },
    /// An access that was lent could not be taken away: its key still works.
    NotRevoked {
        /// The API user.
        user: String,
    },
    /// The API user that had no key has one now that nobody knows.
    KeyUnknown {
        /// The API user.
        user: String,
    },
    /// The API user's old key is void, or may be, and the new one was lost.
    KeyVoid {
        /// The API user.
        user: String,
    },
}

/// What became of the key of an API user that was not taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFate {
    /// It is void.
    Void,
    /// The line that voids it was sent, and its answer did not come.
    MaybeVoid,
}

impl Remains {
    /// What remains, in a word, for the journal.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Remains::Unreached(_) => "unreached",
            Remains::Unseen => "unseen",
            Remains::OtherDevice { .. } => "other device",
            Remains::NotTakenBack(_) => "not taken back",
            Remains::Differs(_) => "differs",
            Remains::NotGone { .. } => "not gone",
            Remains::NotSaved => "not saved",
            Remains::Part { .. } => "part",
            Remains::NotRevoked { .. } => "not revoked",
            Remains::KeyUnknown { .. } => "key unknown",
            Remains::KeyVoid { .. } => "key void",
        }
    }
}
