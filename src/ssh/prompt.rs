//! Asking the person at the terminal, without echo.

use std::fs::OpenOptions;
use std::io;

use crate::secret::Secret;

/// Why nobody could be asked.
pub(super) enum PromptError {
    /// The process has no controlling terminal.
    NoTerminal,
    /// The terminal broke, or the person ended the input.
    Broken(io::Error),
}

/// Asks `question` on the terminal itself, not on stdin, so that a transcript or a request may be piped in.
pub(super) async fn ask(question: &str) -> Result<Secret, PromptError> {
    if OpenOptions::new().read(true).write(true).open("/dev/tty").is_err() {
        return Err(PromptError::NoTerminal);
    }
    let question = question.to_owned();
    let answer = tokio::task::spawn_blocking(move || rpassword::prompt_password(question)).await;
    match answer {
        Ok(Ok(text)) => Ok(Secret::new(text)),
        Ok(Err(error)) => Err(PromptError::Broken(error)),
        Err(error) => Err(PromptError::Broken(io::Error::other(error))),
    }
}
