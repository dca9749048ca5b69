//! What passes between a session and its caller: actions, outcomes, replies, options.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::prompt::Prompt;
use super::reply::Refusal;
use crate::secret::Secret;

/// What the caller has to do next.
#[must_use = "a session goes on only when its action is carried out"]
pub enum Action {
    /// Send these bytes. They may hold the password: do not log them.
    Write(Zeroizing<Vec<u8>>),
    /// Read more; call [`super::Session::expired`] if nothing comes within this time of the last progress.
    Read {
        /// Counted from the last progress, not from the last byte.
        within: Duration,
    },
    /// What was asked for is done.
    Done(Outcome),
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Write(bytes) => write!(f, "Write({} bytes)", bytes.len()),
            Action::Read { within } => f.debug_struct("Read").field("within", within).finish(),
            Action::Done(outcome) => f.debug_tuple("Done").field(outcome).finish(),
        }
    }
}

/// What a job brought.
#[derive(Debug)]
pub enum Outcome {
    /// The login is over: the first prompt.
    Ready(Prompt),
    /// The answers to a script, one a line. When something went wrong behind a key, they end with the key: it is not given
    /// up for a fault, and [`super::Session::is_at_prompt`] tells whether the session goes on.
    Replies(Vec<Reply>),
}

/// The answer to one line.
#[derive(Debug)]
pub struct Reply {
    /// The line.
    pub line: String,
    /// What the device printed, without echo and prompt. Empty for a key-yielding line.
    pub body: Vec<String>,
    /// Why a `show` or `get` was refused. (A refused change is a [`super::fault::Fault`].)
    pub refused: Option<Refusal>,
    /// The key, for a key-yielding line.
    pub key: Option<Secret>,
}

/// How a session behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// The login password, to answer a FortiOS that asks for it again at a commit (7.6 and later).
    pub password: Option<Arc<Secret>>,
    /// That password has logged in, so it is the right one.
    pub password_proven: bool,
    /// How long to wait for any one reply.
    pub within: Duration,
    /// How long to wait for the first prompt: some models take several seconds to verify a password.
    pub login_within: Duration,
}

/// Who the conversation is with, as far as it decides what may be typed ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manners {
    /// FortiOS 7.6 and later, or not known yet: a commit may ask for the password, so nothing is typed behind one.
    pub asks_at_commit: bool,
    /// Set after a question came in the middle of typed-ahead lines: nothing is typed behind any line that leaves a level.
    pub asks_anywhere: bool,
    /// An output of more than 24 rows came in one piece: this session is not paged.
    pub unpaged: bool,
}

impl Default for Manners {
    /// The cautious ones, for a device not known yet.
    fn default() -> Self {
        Manners { asks_at_commit: true, asks_anywhere: false, unpaged: false }
    }
}
