//! How a run ends.

use std::process::ExitCode;

/// The exit statuses of the command; scripts rely on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    /// 0: done; for `plan`, nothing to change.
    Done,
    /// 1: it failed; nothing was changed, or all of it was taken back.
    Failed,
    /// 2: bad usage or a bad request; nothing was contacted.
    Usage,
    /// 3: `plan` would change something; `audit` found something.
    Differs,
    /// 4: of several devices some are done and some failed.
    Partly,
    /// 5: a key was minted and could not be delivered everywhere; the message names the escrow file that has it.
    Escrowed,
    /// 6: the device was left in a state that needs a person; the message says what, and how to mend it.
    NeedsPerson,
    /// What the command of `exec` ended with: its own status, 128 and the number of the signal that ended it, 127 when it is
    /// not found, 126 when it cannot be executed.
    Command(u8),
    /// 130: interrupted (128 + SIGINT), with a clean device.
    Interrupted,
}

impl Exit {
    /// The one that has this number: what a run on one device may end with.
    pub const fn of_status(status: u8) -> Exit {
        match status {
            0 => Exit::Done,
            2 => Exit::Usage,
            3 => Exit::Differs,
            4 => Exit::Partly,
            5 => Exit::Escrowed,
            6 => Exit::NeedsPerson,
            130 => Exit::Interrupted,
            _ => Exit::Failed,
        }
    }

    /// The number.
    pub const fn status(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Differs => 3,
            Exit::Partly => 4,
            Exit::Escrowed => 5,
            Exit::NeedsPerson => 6,
            Exit::Command(status) => status,
            Exit::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.status())
    }
}
