//! Asking the person: at the terminal, or whoever answers in their place.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::sync::Arc;

use tokio::sync::Mutex;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// Why nobody answered.
#[derive(Debug)]
pub enum PromptError {
    /// The process has no controlling terminal.
    NoTerminal,
    /// The terminal broke, or the person ended the input.
    Broken(io::Error),
}

/// What a person is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What is to be read first, in lines; without control characters. May be empty.
    pub introduction: String,
    /// The question itself, with the space before the answer.
    pub text: String,
    /// Whether the answer may be seen on the terminal.
    pub echo: bool,
}

impl Question {
    /// A question for a secret, without an introduction.
    pub(super) fn hidden(text: &str) -> Self {
        Question { introduction: String::new(), text: text.to_owned(), echo: false }
    }
}

type Answer = dyn Fn(&Question) -> Result<Secret, PromptError> + Send + Sync;
type Notice = dyn Fn(&str) + Send + Sync;

/// Who is asked for passwords, passphrases and second factors: one question at a time, however many devices are opened
/// at once.
#[derive(Clone)]
pub struct Person {
    answer: Arc<Answer>,
    notice: Arc<Notice>,
    presence: fn() -> bool,
    turn: Arc<Mutex<()>>,
}

impl Person {
    /// The person at the controlling terminal. Not stdin: a transcript or a request may be piped in there.
    pub fn at_terminal() -> Self {
        Person { notice: Arc::new(write_notice), presence: || terminal().is_ok(), ..Person::asked(ask_at_terminal) }
    }

    /// Nobody: every question fails as it does without a terminal.
    pub fn nobody() -> Self {
        Person { presence: || false, ..Person::answering(|_| Err(PromptError::NoTerminal)) }
    }

    /// Somebody whose answers come from `answer`, which is given the text of the question and may block.
    pub fn answering(answer: impl Fn(&str) -> Result<Secret, PromptError> + Send + Sync + 'static) -> Self {
        Person::asked(move |question| answer(&question.text))
    }

    /// As [`Person::answering`], with all there is to know about the question.
    pub fn asked(answer: impl Fn(&Question) -> Result<Secret, PromptError> + Send + Sync + 'static) -> Self {
        Person { answer: Arc::new(answer), notice: Arc::new(|_| {}), presence: || true, turn: Arc::default() }
    }

    /// Whether there is anybody to ask.
    pub(super) fn is_there(&self) -> bool {
        (self.presence)()
    }

    /// Asks `question`, and waits as long as the answer takes.
    pub(super) async fn ask(&self, question: Question) -> Result<Secret, PromptError> {
        let _turn = self.turn.lock().await;
        let answer = self.answer.clone();
        let answered = tokio::task::spawn_blocking(move || answer(&question)).await;
        answered.unwrap_or_else(|error| Err(PromptError::Broken(io::Error::other(error))))
    }

    /// Shows the person some lines, where there is a terminal.
    pub(super) async fn tell(&self, lines: String) {
        let _turn = self.turn.lock().await;
        let notice = self.notice.clone();
        // Nobody waits for a person to have read something, so there is nothing to be done when it fails.
        let _ = tokio::task::spawn_blocking(move || notice(&lines)).await;
    }
}

fn terminal() -> Result<File, PromptError> {
    OpenOptions::new().read(true).write(true).open("/dev/tty").map_err(|_| PromptError::NoTerminal)
}

fn ask_at_terminal(question: &Question) -> Result<Secret, PromptError> {
    let mut terminal = terminal()?;
    if !question.introduction.is_empty() {
        writeln!(terminal, "{}", question.introduction).map_err(PromptError::Broken)?;
    }
    if question.echo { visible(terminal, &question.text) } else { hidden(&question.text) }
}

fn hidden(text: &str) -> Result<Secret, PromptError> {
    rpassword::prompt_password(text).map(Secret::new).map_err(PromptError::Broken)
}

fn visible(mut terminal: File, text: &str) -> Result<Secret, PromptError> {
    write!(terminal, "{text}").and_then(|()| terminal.flush()).map_err(PromptError::Broken)?;
    let mut line = Zeroizing::new(String::new());
    if BufReader::new(terminal).read_line(&mut line).map_err(PromptError::Broken)? == 0 {
        return Err(PromptError::Broken(io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(Secret::new(line.trim_end_matches(['\r', '\n'])))
}

fn write_notice(lines: &str) {
    if let Ok(mut terminal) = terminal() {
        // A terminal that is gone meanwhile has no reader either.
        let _ = writeln!(terminal, "{lines}");
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
