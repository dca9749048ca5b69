//! Logging in, with as few attempts as possible: FortiOS counts each refused key and password as a failed login, and
//! three of them lock the address out (`admin-lockout-threshold`, `admin-lockout-duration`: 60 s by default).
//!
//! Keys first, at most [`MOST_KEYS`] of them; then one password, once: by the `password` method, or by
//! keyboard-interactive where the device takes only that. Nothing is ever tried again.

use std::fmt;
use std::path::PathBuf;

use russh::client::{AuthResult, KeyboardInteractiveAuthResponse as Interactive, Prompt};
use russh::keys::HashAlg;
use russh::{MethodKind, MethodSet};

use super::client::Connection;
use super::deadline::Deadline;
use super::endpoint::Endpoint;
use super::error::{DialError, Phase, one_line};
use super::identity::{Identity, SignError};
use super::password::{Password, PasswordError, PasswordSource};
use super::{DialOptions, password_question};
use crate::secret::Secret;

/// How many keys are offered: one less than FortiOS's lockout threshold of 3.
pub const MOST_KEYS: usize = 2;

/// Rounds of keyboard-interactive without a question that are answered before the device is called broken.
const MOST_EMPTY_ROUNDS: usize = 4;

/// What got in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// A key file.
    Key(PathBuf),
    /// The password, by the `password` method.
    Password,
    /// The password, as the answer to keyboard-interactive's one question.
    KeyboardInteractive,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Method::Key(file) => write!(f, "key {}", file.display()),
            Method::Password => f.write_str("password"),
            Method::KeyboardInteractive => f.write_str("keyboard-interactive"),
        }
    }
}

/// One login.
pub(super) struct Login<'a> {
    connection: &'a mut Connection,
    endpoint: &'a Endpoint,
    options: &'a DialOptions,
    deadline: &'a Deadline,
    /// The methods that the device said it takes; unknown until it has refused something.
    accepted: Option<MethodSet>,
    tried: Vec<String>,
    kept_back: usize,
}

impl<'a> Login<'a> {
    pub(super) fn new(
        connection: &'a mut Connection,
        endpoint: &'a Endpoint,
        options: &'a DialOptions,
        deadline: &'a Deadline,
    ) -> Self {
        Login { connection, endpoint, options, deadline, accepted: None, tried: Vec::new(), kept_back: 0 }
    }

    /// Tries `identities`, then `password`.
    pub(super) async fn run(mut self, identities: &[Identity], password: &Password) -> Result<Method, DialError> {
        self.kept_back = identities.len().saturating_sub(MOST_KEYS);
        for identity in identities.iter().take(MOST_KEYS) {
            if !self.takes(MethodKind::PublicKey) {
                break;
            }
            if self.offer_key(identity).await? {
                return Ok(Method::Key(identity.file().to_owned()));
            }
        }
        if !self.takes(MethodKind::Password) && !self.takes(MethodKind::KeyboardInteractive) {
            return Err(self.refused());
        }
        let question = password_question(self.endpoint);
        let secret = match self.deadline.stopped(password.get(&question)).await {
            Ok(secret) => secret,
            Err(error) => return Err(self.without_password(error, password.source())),
        };
        self.use_password(&secret).await
    }

    async fn use_password(&mut self, secret: &Secret) -> Result<Method, DialError> {
        if self.takes(MethodKind::Password) {
            if self.send_password(secret.expose()).await? {
                return Ok(Method::Password);
            }
            // A device that does not list the method has not judged the password either: it is still unused.
            let judged = self.takes(MethodKind::Password);
            if judged || !self.takes(MethodKind::KeyboardInteractive) {
                return Err(self.refused());
            }
            self.tried.pop();
        }
        if self.answer_question(secret.expose()).await? {
            return Ok(Method::KeyboardInteractive);
        }
        Err(self.refused())
    }

    /// Whether the device takes a method, as far as is known.
    fn takes(&self, method: MethodKind) -> bool {
        self.accepted.as_ref().is_none_or(|accepted| accepted.contains(&method))
    }

    async fn offer_key(&mut self, identity: &Identity) -> Result<bool, DialError> {
        self.tried.push(format!("key {}", identity.file().display()));
        let hash = if identity.is_rsa() { self.rsa_hash().await? } else { None };
        let mut signer = identity.signer(&self.options.person, self.deadline);
        let handle = &mut self.connection.handle;
        let offer =
            handle.authenticate_publickey_with(&self.endpoint.user, identity.public().clone(), hash, &mut signer);
        match self.deadline.within(Phase::Authentication, offer).await? {
            Ok(result) => self.note(result).await,
            Err(SignError::Key(error)) => Err(error.into()),
            Err(SignError::Ended) => self.note_refusal(MethodSet::empty(), false).await.map(|()| false),
        }
    }

    /// The best hash that the device announces for RSA signatures. One that announces nothing gets SHA-512, or SHA-1
    /// where old algorithms are allowed: FortiOS before 7.0.14 and 7.2.8 knows no other.
    async fn rsa_hash(&self) -> Result<Option<HashAlg>, DialError> {
        let announced = self.connection.handle.best_supported_rsa_hash();
        let announced = self.deadline.within(Phase::Authentication, announced).await?;
        Ok(match announced.ok().flatten() {
            Some(Some(hash)) => Some(hash),
            _ if self.options.legacy_algorithms => None,
            _ => Some(HashAlg::Sha512),
        })
    }

    async fn send_password(&mut self, password: &str) -> Result<bool, DialError> {
        self.tried.push("password".to_owned());
        let attempt = self.connection.handle.authenticate_password(&self.endpoint.user, password);
        match self.deadline.within(Phase::Authentication, attempt).await? {
            Ok(result) => self.note(result).await,
            Err(_) => self.note_refusal(MethodSet::empty(), false).await.map(|()| false),
        }
    }

    /// Whether it got in.
    async fn note(&mut self, result: AuthResult) -> Result<bool, DialError> {
        let AuthResult::Failure { remaining_methods, partial_success } = result else { return Ok(true) };
        self.note_refusal(remaining_methods, partial_success).await.map(|()| false)
    }

    /// Notes what the device still takes. A refusal that leaves nothing, and the end of the connection, look alike here
    /// and are told apart by how the connection ended.
    async fn note_refusal(&mut self, remaining: MethodSet, partial: bool) -> Result<(), DialError> {
        if remaining.is_empty()
            && let Some(end) = self.connection.end(Phase::Authentication, self.deadline).await?
        {
            return Err(end);
        }
        let password_used = self.tried.last().is_some_and(|last| !last.starts_with("key "));
        if partial && password_used {
            return Err(DialError::Question { questions: vec!["a second factor after the password".to_owned()] });
        }
        self.accepted = Some(remaining);
        Ok(())
    }

    /// Keyboard-interactive, when all it asks is the password.
    async fn answer_question(&mut self, password: &str) -> Result<bool, DialError> {
        self.tried.push("keyboard-interactive".to_owned());
        let start = self.connection.handle.authenticate_keyboard_interactive_start(&self.endpoint.user, None);
        let mut reply = self.deadline.within(Phase::Authentication, start).await?;
        let mut answered = false;
        let mut empty_rounds = 0;
        loop {
            let answers = match self.interactive(reply).await? {
                Round::In => return Ok(true),
                Round::Refused => return Ok(false),
                Round::Asked(prompts) if prompts.is_empty() && empty_rounds < MOST_EMPTY_ROUNDS => {
                    empty_rounds += 1;
                    Vec::new()
                }
                Round::Asked(prompts) if !answered && is_password_question(&prompts) => {
                    answered = true;
                    vec![password.to_owned()]
                }
                Round::Asked(prompts) => return Err(DialError::Question { questions: words(&prompts) }),
            };
            let respond = self.connection.handle.authenticate_keyboard_interactive_respond(answers);
            reply = self.deadline.within(Phase::Authentication, respond).await?;
        }
    }

    async fn interactive(&mut self, reply: Result<Interactive, russh::Error>) -> Result<Round, DialError> {
        match reply {
            Ok(Interactive::Success) => Ok(Round::In),
            Ok(Interactive::InfoRequest { prompts, .. }) => Ok(Round::Asked(prompts)),
            Ok(Interactive::Failure { remaining_methods, partial_success }) => {
                self.note_refusal(remaining_methods, partial_success).await.map(|()| Round::Refused)
            }
            Err(_) => self.note_refusal(MethodSet::empty(), false).await.map(|()| Round::Refused),
        }
    }

    /// When keys were refused, that is the news; that there is no password besides is not.
    fn without_password(&self, error: PasswordError, source: &PasswordSource) -> DialError {
        if self.tried.is_empty() || source.is_explicit() { error.into() } else { self.refused() }
    }

    fn refused(&self) -> DialError {
        let accepted = self.accepted.iter().flat_map(|accepted| accepted.iter());
        DialError::Refused {
            user: self.endpoint.user.clone(),
            tried: self.tried.clone(),
            accepted: accepted.map(String::from).collect(),
            kept_back: self.kept_back,
        }
    }
}

/// One round of keyboard-interactive.
enum Round {
    In,
    Refused,
    Asked(Vec<Prompt>),
}

/// One hidden question that asks for the password, and not for a new one or for one that is used once.
fn is_password_question(prompts: &[Prompt]) -> bool {
    let [prompt] = prompts else { return false };
    let text = prompt.prompt.to_lowercase();
    let other = ["new", "retype", "again", "one-time", "one time", "otp", "token"];
    !prompt.echo && text.contains("password") && !other.iter().any(|word| text.contains(word))
}

fn words(prompts: &[Prompt]) -> Vec<String> {
    prompts.iter().map(|prompt| one_line(&prompt.prompt)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(text: &str, echo: bool) -> bool {
        is_password_question(&[Prompt { prompt: text.to_owned(), echo }])
    }

    #[test]
    fn only_a_single_hidden_password_question_is_answered() {
        assert!(asks("Password: ", false));
        assert!(asks("(admin@fw1) Password:", false));
        assert!(!asks("Password: ", true));
        assert!(!asks("FortiToken Code: ", false));
        assert!(!asks("New Password: ", false));
        assert!(!asks("One-time password: ", false));
        assert!(!is_password_question(&[]));
    }
}
