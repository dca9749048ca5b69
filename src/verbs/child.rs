//! A command that runs with a key in its environment: the one place where a key goes there, because it was asked for.
//!
//! It has our streams and our process group, so that what the terminal sends (Ctrl-C, Ctrl-Z) reaches it as if we were
//! not there. What is sent to us alone is handed on. We outlive it, whatever comes: somebody has to tidy up behind it.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;
use tokio::process::{Child, Command};

use super::program::Program;
use super::signals::Signals;
use crate::deliver::format::{HOSTNAME, TOKEN};
use crate::secret::Secret;
use crate::ssh::PASSWORD_VARIABLE;

/// What a command needs to call the API.
#[derive(Debug)]
pub struct Access {
    /// The host part of the API's URL, an IPv6 address in brackets.
    pub hostname: String,
    /// The key.
    pub token: Secret,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this exit status.
    Status(u8),
    /// By this signal.
    Signal(u8),
}

impl Ended {
    /// The exit status that tells it to a shell: 128 and the signal's number.
    pub const fn status(self) -> u8 {
        match self {
            Ended::Status(status) => status,
            Ended::Signal(number) => number.saturating_add(128),
        }
    }
}

impl From<ExitStatus> for Ended {
    fn from(status: ExitStatus) -> Ended {
        let small = |number: i32| u8::try_from(number).unwrap_or(u8::MAX);
        match status.signal() {
            Some(number) => Ended::Signal(small(number)),
            None => Ended::Status(small(status.code().unwrap_or_default())),
        }
    }
}

/// A command that runs. Dropping it leaves the command alone.
pub struct Running {
    child: Child,
    signals: Signals,
}

impl Running {
    /// Starts `program` with `access` in its environment and without our own password.
    ///
    /// # Errors
    /// When the system refuses, although the program was there a moment ago.
    pub fn start(program: &Program, access: &Access) -> io::Result<Running> {
        // Listening begins first: a signal in between must not end us while the command lives.
        let signals = Signals::listen(&HEARD)?;
        let mut command = Command::new(&program.path);
        command.arg0(&program.name).args(&program.arguments).env_remove(PASSWORD_VARIABLE);
        command.env(HOSTNAME, &access.hostname).env(TOKEN, access.token.expose());
        Ok(Running { child: command.spawn()?, signals })
    }

    /// Waits until the command ends, and hands on to it what is sent to us alone. May be called again when it was dropped.
    ///
    /// # Errors
    /// When the system loses track of the command.
    pub async fn wait(&mut self) -> io::Result<Ended> {
        loop {
            tokio::select! {
                ended = self.child.wait() => return ended.map(Ended::from),
                received = self.signals.next() => self.hand_on(received),
            }
        }
    }

    fn hand_on(&self, received: Signal) {
        if is_for_us_alone(received) {
            let id = self.child.id().and_then(|id| i32::try_from(id).ok());
            // A command that has just ended needs no signal any more.
            let _ = id.map(|id| signal::kill(Pid::from_raw(id), received));
        }
    }
}

/// Ctrl-C and Ctrl-\ come from the terminal to everybody in the group. Without a terminal somebody sent them to us.
fn is_for_us_alone(received: Signal) -> bool {
    !matches!(received, Signal::SIGINT | Signal::SIGQUIT) || !has_terminal()
}

fn has_terminal() -> bool {
    std::fs::File::open("/dev/tty").is_ok()
}

/// The signals that would end us.
const HEARD: [Signal; 6] =
    [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM, Signal::SIGUSR1, Signal::SIGUSR2];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exit_status_is_kept_and_a_signal_is_told_as_shells_do() {
        let ended = |raw| Ended::from(ExitStatus::from_raw(raw)).status();
        assert_eq!(ended(0), 0);
        assert_eq!(ended(3 << 8), 3);
        assert_eq!(ended(255 << 8), 255);
        assert_eq!(ended(9), 137);
        assert_eq!(ended(15), 143);
    }
}
