//! What went wrong in a session, where, and what it left on the device.

use super::reply::Refusal;

/// A session that could not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {kind}")]
pub struct Fault {
    /// What happened.
    pub kind: FaultKind,
    /// While doing what.
    pub at: Step,
    /// What is known of the device now.
    pub left: Aftermath,
}

/// What a session was doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Waiting for the first prompt.
    Login,
    /// At this line of a script.
    Line(String),
    /// Getting back to the base prompt after a fault.
    Recovery,
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Step::Login => f.write_str("at the login"),
            Step::Line(line) => write!(f, "at `{line}`"),
            Step::Recovery => f.write_str("while going back to the base prompt"),
        }
    }
}

/// The ways in which a session fails.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultKind {
    /// The device said no.
    #[error("the device refused: {0}")]
    Refused(Refusal),
    /// No refusal, but the prompt is not the one that the line leads to.
    #[error("the prompt shows {shown} where {expected} was expected")]
    Level {
        /// What the line leads to.
        expected: String,
        /// What the prompt shows.
        shown: String,
    },
    /// A question that is not answered for the operator; it was answered with "no".
    #[error("the device asks something that fgtkey does not answer for you: {0}")]
    Question(String),
    /// The administrator has to choose a new password first; nothing was typed.
    #[error("the device demands a new password for this administrator before anything else")]
    NewPassword,
    /// The device asks for the administrator's password and there is none (a login with a key).
    #[error("the device asks for the administrator's password again, and there is none to give")]
    NoPassword,
    /// The password that the login took was refused at a commit.
    #[error("the device did not take the administrator's password that it asked for")]
    WrongPassword,
    /// A question came while more lines were on their way: they may have been taken as its answer.
    #[error("the device asked a question while further lines were on their way")]
    Overrun,
    /// Nothing more came.
    #[error("no answer within {seconds} s; waited for {awaited}, last seen: `{seen}`")]
    Silent {
        /// How long was waited.
        seconds: u64,
        /// What for.
        awaited: String,
        /// The end of what came, control characters taken out.
        seen: String,
    },
    /// The connection ended.
    #[error("the connection ended before {awaited}")]
    Dropped {
        /// What was waited for.
        awaited: String,
    },
    /// More output than any of our commands has.
    #[error("the device sends without end and without a prompt")]
    Endless,
    /// A prompt of something else.
    #[error("this is not a FortiGate: its prompt is `{0}`")]
    NotFortiGate(String),
    /// The answer to generate-key has neither a key nor a refusal.
    #[error("the answer holds no key: `{0}`")]
    NoKey(String),
    /// The configuration transaction that this session had opened ran out of time; the device dropped what it held.
    #[error("the configuration transaction expired before it was committed; the device has dropped what it held")]
    TransactionExpired,
    /// The operator interrupted.
    #[error("interrupted")]
    Interrupted,
}

/// What a fault left behind, as far as the session itself knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aftermath {
    /// No line that saves was sent.
    Untouched,
    /// Everything that had been saved was taken back, and reading it back proved it.
    Undone,
    /// So many objects were saved before the fault.
    Saved {
        /// Objects saved.
        blocks: usize,
    },
    /// The line that makes a key was sent and the key did not arrive: the old one may be void.
    KeyLost,
    /// A line that saves was sent and its answer did not arrive.
    Unknown,
}
