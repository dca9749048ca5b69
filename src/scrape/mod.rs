//! Keys out of terminal transcripts: what somebody pasted, logged or was mailed.
//!
//! A transcript is read as it comes: any line ends, terminal escapes, a pager's remains, lines broken at the width of a
//! terminal, time stamps, quotation marks or prompts in front. [`read`] finds every key, whose it is and on which device;
//! it repeats what the device refused, and where there is no key it says what is missing.
//!
//! The order of the work: bytes to lines (`text`), what stands in front of a line (`front`), what a line is (`marks`),
//! and which belongs to which (`story`).

mod front;
mod key;
mod marks;
mod phrases;
mod story;
mod text;
mod user;

use crate::secret::Secret;

/// What a transcript holds.
#[derive(Debug)]
pub struct Scrape {
    /// The keys, in the order of the transcript; one that stands there twice is found once.
    pub found: Vec<Found>,
    /// What the device refused, in its own words.
    pub errors: Vec<DeviceError>,
    /// Why there is no key. None exactly when `found` is not empty.
    pub missing: Option<Missing>,
}

/// A key in a transcript.
#[derive(Debug)]
pub struct Found {
    /// Whose key it is, from the command that generated it or from the note behind it.
    pub api_user: Option<String>,
    /// The device's name as its prompt shows it: one over 24 characters is cut (`lab-fortigate-active~nce`).
    pub device: Option<String>,
    /// The key.
    pub key: Secret,
    /// The line where `New API key:` stands, from 1.
    pub line: usize,
    /// Whether no later key of the same API user is in the transcript: generating one voids those before it.
    pub live: bool,
    /// What makes this key less than certain.
    pub doubts: Vec<Doubt>,
}

/// A reason to look twice at a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// The transcript ends with the key, so nothing shows that it is whole.
    #[error("the transcript ends with the key: it may be cut off")]
    NothingFollows,
    /// The next line could be the rest of the key, and nothing proves that the line was broken there.
    #[error("the line below the key could be the rest of it")]
    MayContinue,
    /// The command names another API user than the note, which is the one believed.
    #[error("the command names the API user {command}, the device's note {note}")]
    UserDiffers {
        /// The name in the command.
        command: String,
        /// The name in the note.
        note: String,
    },
}

/// Something that the device refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceError {
    /// The line of its first word, from 1.
    pub line: usize,
    /// The device's words, several lines joined by `; `.
    pub text: String,
    /// The command before it, as it was echoed.
    pub command: Option<String>,
}

/// Why a transcript holds no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// There is nothing but blanks.
    #[error("the transcript is empty")]
    Empty,
    /// A key was announced, but what follows is stars or a placeholder.
    #[error("the key in line {line} is masked")]
    Masked {
        /// The line of the announcement, from 1.
        line: usize,
    },
    /// A key was announced, and the transcript ends before it does.
    #[error("the transcript ends in the middle of the key in line {line}")]
    CutOff {
        /// The line of the announcement, from 1.
        line: usize,
    },
    /// A key was announced, but what follows cannot be one.
    #[error("what follows `New API key:` in line {line} is no key: a key has 20 to 128 letters and digits")]
    NotAKey {
        /// The line of the announcement, from 1.
        line: usize,
    },
    /// The command is there, and the device refused it.
    #[error("the device refused to generate a key: {text} (line {line})")]
    Refused {
        /// The line of the refusal, from 1.
        line: usize,
        /// The device's words.
        text: String,
    },
    /// The command is there, and the transcript ends at the question for the administrator's password.
    #[error("the transcript ends at the question for the administrator's password (line {line})")]
    PasswordAsked {
        /// The line of the question, from 1.
        line: usize,
    },
    /// The command is there, and nothing that answers it.
    #[error("nothing answers the `generate-key` in line {line}")]
    NoAnswer {
        /// The line of the command, from 1.
        line: usize,
    },
    /// Only the stored hash of a key is there, as `show` prints it.
    #[error("line {line} holds the hash of a key, and a hash cannot be turned back")]
    OnlyHash {
        /// The line of the hash, from 1.
        line: usize,
    },
    /// Nothing was generated in this transcript.
    #[error("there is no `execute api-user generate-key` in the transcript, and no `New API key:`")]
    NoCommand,
}

impl Missing {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        let again = "generate the key again (the old one is void then) and copy everything from the command on";
        Some(match self {
            Missing::Empty => "paste the transcript, then press Ctrl-D".into(),
            Missing::Refused { text, .. } if text.contains("Could not find api-user") => {
                "create the API user first: fgtkey mint --dry-run prints how".into()
            }
            Missing::Refused { .. } => "mend what the device complains about, and generate the key again".into(),
            Missing::PasswordAsked { .. } => "answer it on the device, and copy what follows too".into(),
            Missing::NoCommand => "copy everything from `execute api-user generate-key` to the next prompt".into(),
            Missing::OnlyHash { .. } => "a key is shown once, when it is generated: generate it again".into(),
            Missing::Masked { .. } | Missing::CutOff { .. } | Missing::NotAKey { .. } | Missing::NoAnswer { .. } => {
                again.into()
            }
        })
    }
}

/// The largest transcript that a person plausibly has, in bytes: what a caller reads from a stream should end here.
pub const LARGEST: u64 = 16 << 20;

/// Reads a transcript. Takes any bytes; its time and memory grow with their number, not faster.
pub fn read(bytes: &[u8]) -> Scrape {
    let lines = text::lines(bytes);
    let marks = marks::find(&lines);
    story::tell(&lines, marks)
}
