//! Keyboard-interactive: rounds of questions, until the device has heard enough.
//!
//! The question for the password is answered from its source, once in a login. Any other question is for the person, or
//! for `--otp-command`. Nothing is sent of a round in which a question stays unanswered.

use russh::MethodSet;
use russh::client::{KeyboardInteractiveAuthResponse as Reply, Prompt};

use super::auth::{Login, Outcome};
use super::error::{DialError, Phase, one_line};
use super::second_factor::{Kind, kind};
use zeroize::Zeroizing;

/// How many rounds a device may ask before it is called broken.
const MOST_ROUNDS: usize = 8;

/// How many questions a round may have.
const MOST_QUESTIONS: usize = 8;

/// The rounds of one keyboard-interactive authentication.
pub(super) struct Rounds<'r, 'a> {
    login: &'r mut Login<'a>,
    /// Whether something secret was sent.
    judged: bool,
}

impl<'r, 'a> Rounds<'r, 'a> {
    pub(super) fn new(login: &'r mut Login<'a>) -> Self {
        Rounds { login, judged: false }
    }

    pub(super) async fn run(mut self) -> Result<Outcome, DialError> {
        let (handle, user) = (&mut self.login.connection.handle, self.login.with.user);
        let start = handle.authenticate_keyboard_interactive_start(user, None);
        let mut reply = self.login.deadline.within(Phase::Authentication, start).await?;
        for _ in 0..MOST_ROUNDS {
            let answers = match reply {
                Ok(Reply::Success) => return Ok(Outcome::In),
                Ok(Reply::InfoRequest { name, instructions, prompts }) => {
                    self.answers(&format!("{name}\n{instructions}"), &prompts).await?
                }
                Ok(Reply::Failure { remaining_methods, partial_success }) => {
                    return self.refused(remaining_methods, partial_success).await;
                }
                Err(_) => return self.refused(MethodSet::empty(), false).await,
            };
            let respond = self.login.connection.handle.authenticate_keyboard_interactive_respond(answers);
            reply = self.login.deadline.within(Phase::Authentication, respond).await?;
        }
        Err(DialError::EndlessQuestions { asked: MOST_ROUNDS })
    }

    async fn refused(&mut self, remaining: MethodSet, partial: bool) -> Result<Outcome, DialError> {
        Ok(match self.login.note_refusal(remaining, partial).await? {
            Outcome::Refused { .. } => Outcome::Refused { judged: self.judged },
            outcome => outcome,
        })
    }

    /// The answers to one round, in its order.
    async fn answers(&mut self, introduction: &str, prompts: &[Prompt]) -> Result<Vec<String>, DialError> {
        if prompts.is_empty() {
            self.login.with.second_factor.tell(introduction).await;
        }
        let passwords = prompts.iter().filter(|prompt| kind(prompt) == Kind::Password).count();
        let renews = prompts.iter().any(|prompt| kind(prompt) == Kind::NewPassword);
        if renews || passwords > 1 || (passwords > 0 && self.login.password_used) || prompts.len() > MOST_QUESTIONS {
            return Err(DialError::Question { questions: words(prompts) });
        }
        let mut answers = Zeroizing::new(Vec::new());
        for prompt in prompts {
            answers.push(self.answer(introduction, prompt).await?);
        }
        self.judged |= !prompts.is_empty();
        self.login.password_used |= passwords > 0;
        Ok(std::mem::take(&mut *answers))
    }

    async fn answer(&mut self, introduction: &str, prompt: &Prompt) -> Result<String, DialError> {
        let deadline = self.login.deadline;
        let login = &mut *self.login;
        if kind(prompt) == Kind::Password {
            let secret = deadline.stopped(login.with.password.get(login.with.question)).await;
            let secret = secret.map_err(|error| login.without_password(error))?;
            login.take_turn().await?;
            return Ok(secret.expose().to_owned());
        }
        let factor = &mut login.with.second_factor;
        let answer = factor.answer(prompt, login.with.whose, introduction, deadline).await;
        Ok(answer?.expose().to_owned())
    }
}

fn words(prompts: &[Prompt]) -> Vec<String> {
    prompts.iter().take(MOST_QUESTIONS).map(|prompt| one_line(&prompt.prompt)).collect()
}
