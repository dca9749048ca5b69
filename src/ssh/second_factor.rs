//! What a server asks besides the password (a one-time password, a token's code), and who answers.

use russh::client::Prompt;

use super::command;
use super::deadline::Deadline;
use super::error::{DialError, one_line};
use super::prompt::{Person, PromptError, Question};
use crate::secret::Secret;

/// The variable in which `--otp-command` finds the question.
pub const QUESTION_VARIABLE: &str = "FGTKEY_QUESTION";

/// What a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The administrator's password.
    Password,
    /// A new password: nothing that is decided on the way in.
    NewPassword,
    /// Anything else: a second factor.
    Other,
}

/// What a prompt of keyboard-interactive is about: the password's is hidden and says so.
pub(super) fn kind(prompt: &Prompt) -> Kind {
    let text = prompt.prompt.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if !text.contains("password") || prompt.echo {
        return Kind::Other;
    }
    if has(&["new ", "retype", "again", "confirm"]) {
        return Kind::NewPassword;
    }
    if has(&["one-time", "one time", "otp", "token"]) { Kind::Other } else { Kind::Password }
}

/// Who answers in one login: the command if there is one, else the person. The command answers each question once: a
/// question that comes again means that its answer was wrong.
pub(super) struct SecondFactor<'a> {
    command: Option<&'a str>,
    person: &'a Person,
    answered: Vec<String>,
}

impl<'a> SecondFactor<'a> {
    pub(super) fn new(command: Option<&'a str>, person: &'a Person) -> Self {
        SecondFactor { command, person, answered: Vec::new() }
    }

    /// Whether anybody is there to answer.
    pub(super) fn can_answer(&self) -> bool {
        self.has_command() || self.person.is_there()
    }

    /// Whether a command is there to answer.
    pub(super) fn has_command(&self) -> bool {
        self.command.is_some()
    }

    /// Shows what the server says without asking anything.
    pub(super) async fn tell(&self, text: &str) {
        let lines = lines(text);
        if !lines.is_empty() {
            self.person.tell(lines).await;
        }
    }

    /// The answer to `prompt`; `whose` names the device to a person, `introduction` is what the server says first.
    pub(super) async fn answer(
        &mut self,
        prompt: &Prompt,
        whose: &str,
        introduction: &str,
        deadline: &Deadline,
    ) -> Result<Secret, DialError> {
        let text = one_line(&prompt.prompt);
        match self.command {
            Some(_) if self.answered.contains(&text) => {
                Err(DialError::OneTimePassword { question: text, source: None })
            }
            Some(command) => {
                self.answered.push(text.clone());
                let variables = [(QUESTION_VARIABLE, text.as_str())];
                let output = deadline.stopped(command::first_line_of(command, &variables)).await;
                output.map_err(|source| DialError::OneTimePassword { question: text, source: Some(source) })
            }
            None => {
                let introduction = lines(introduction);
                let shown = Question { introduction, text: format!("{whose} asks: {text} "), echo: prompt.echo };
                let answer = deadline.stopped(self.person.ask(shown)).await;
                answer.map_err(|error| unanswered(error, text))
            }
        }
    }
}

fn unanswered(error: PromptError, question: String) -> DialError {
    match error {
        PromptError::NoTerminal => DialError::Question { questions: vec![question] },
        PromptError::Broken(source) => DialError::Unanswered { question, source },
    }
}

/// What a server says, fit for a terminal: a few lines without control characters.
fn lines(text: &str) -> String {
    let lines = text.lines().map(one_line).filter(|line| !line.is_empty()).take(20);
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(text: &str, echo: bool) -> Kind {
        kind(&Prompt { prompt: text.to_owned(), echo })
    }

    #[test]
    fn only_a_hidden_question_for_the_password_is_about_the_password() {
        for text in ["Password: ", "(admin@fw1) Password:", "admin's password: "] {
            assert_eq!(kind_of(text, false), Kind::Password, "{text}");
        }
        assert_eq!(kind_of("Password: ", true), Kind::Other);
        for text in ["FortiToken Code: ", "One-time password: ", "OTP password: ", "Passcode: ", ""] {
            assert_eq!(kind_of(text, false), Kind::Other, "{text}");
        }
        for text in ["New Password: ", "Retype new password: ", "Password again: "] {
            assert_eq!(kind_of(text, false), Kind::NewPassword, "{text}");
        }
    }

    #[test]
    fn what_a_server_says_cannot_act_on_the_terminal() {
        assert_eq!(lines("\u{1b}[2JA push\tis under way\r\n\r\n\0Approve it\n"), "[2JA push is under way\nApprove it");
    }
}
