//! Asking the person, without echo: at the terminal, or whoever answers in their place.

use std::fmt;
use std::fs::OpenOptions;
use std::io;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::secret::Secret;

/// Why nobody answered.
#[derive(Debug)]
pub enum PromptError {
    /// The process has no controlling terminal.
    NoTerminal,
    /// The terminal broke, or the person ended the input.
    Broken(io::Error),
}

type Answer = dyn Fn(&str) -> Result<Secret, PromptError> + Send + Sync;

/// Who is asked for passwords and passphrases: one question at a time, however many devices are opened at once.
#[derive(Clone)]
pub struct Person {
    answer: Arc<Answer>,
    turn: Arc<Mutex<()>>,
}

impl Person {
    /// The person at the controlling terminal. Not stdin: a transcript or a request may be piped in there.
    pub fn at_terminal() -> Self {
        Person::answering(|question| {
            if OpenOptions::new().read(true).write(true).open("/dev/tty").is_err() {
                return Err(PromptError::NoTerminal);
            }
            rpassword::prompt_password(question).map(Secret::new).map_err(PromptError::Broken)
        })
    }

    /// Nobody: every question fails as it does without a terminal.
    pub fn nobody() -> Self {
        Person::answering(|_| Err(PromptError::NoTerminal))
    }

    /// Somebody whose answers come from `answer`, which may block.
    pub fn answering(answer: impl Fn(&str) -> Result<Secret, PromptError> + Send + Sync + 'static) -> Self {
        Person { answer: Arc::new(answer), turn: Arc::default() }
    }

    /// Asks `question`, and waits as long as the answer takes.
    pub(super) async fn ask(&self, question: &str) -> Result<Secret, PromptError> {
        let _turn = self.turn.lock().await;
        let (answer, question) = (self.answer.clone(), question.to_owned());
        let answered = tokio::task::spawn_blocking(move || answer(&question)).await;
        answered.unwrap_or_else(|error| Err(PromptError::Broken(io::Error::other(error))))
    }
}

impl Default for Person {
    fn default() -> Self {
        Person::at_terminal()
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Person")
    }
}
