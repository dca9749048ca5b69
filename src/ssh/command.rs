//! Commands that print a secret on their first line: of a password store, of a generator of one-time passwords.

use std::io;
use std::process::{ExitStatus, Stdio};

use tokio::io::AsyncReadExt;
use tokio::process::Command;
use zeroize::Zeroizing;

use super::password::PASSWORD_VARIABLE;
use crate::secret::Secret;

/// Enough for any password; more output is most likely not a password.
pub(super) const LONGEST: u64 = 64 * 1024;

/// Why a command gave no secret. The command itself is never shown: people write passwords into it.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The first line is empty.
    #[error("its first line is empty")]
    Empty,
    /// A byte that is not UTF-8, or a control character.
    #[error("what it printed is not plain text")]
    NotText,
    /// It could not be started, or its output not be read.
    #[error("it cannot be run")]
    Start(#[source] io::Error),
    /// It failed.
    #[error("it ended with {0}")]
    Status(ExitStatus),
}

/// The first line that `command` prints, run by the shell with `variables` and without our own password.
pub(super) async fn first_line_of(command: &str, variables: &[(&str, &str)]) -> Result<Secret, CommandError> {
    let mut child = Command::new("/bin/sh")
        .args(["-c", command])
        .env_remove(PASSWORD_VARIABLE)
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(CommandError::Start)?;
    let mut bytes = Zeroizing::new(Vec::new());
    if let Some(stdout) = child.stdout.take() {
        stdout.take(LONGEST).read_to_end(&mut bytes).await.map_err(CommandError::Start)?;
    }
    let status = child.wait().await.map_err(CommandError::Start)?;
    if !status.success() {
        return Err(CommandError::Status(status));
    }
    first_line(&bytes)
}

/// The first line of `bytes`, without its end.
pub(super) fn first_line(bytes: &[u8]) -> Result<Secret, CommandError> {
    let line = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    plain(std::str::from_utf8(line).map_err(|_| CommandError::NotText)?)
}

/// Some text without control characters.
pub(super) fn plain(text: &str) -> Result<Secret, CommandError> {
    match text {
        "" => Err(CommandError::Empty),
        text if text.chars().any(char::is_control) => Err(CommandError::NotText),
        text => Ok(Secret::new(text)),
    }
}
