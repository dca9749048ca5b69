//! Logging in, with as few attempts as possible: FortiOS counts each refused key and password as a failed login, and
//! three of them lock the address out (`admin-lockout-threshold`, `admin-lockout-duration`: 60 s by default).
//!
//! Keys first, of which a few may be refused; then one password, once: by the `password` method, or by
//! keyboard-interactive where the device takes only that. A device may want several of these, one after the other. What
//! was refused is never tried again.

use std::collections::VecDeque;
use std::fmt;
use std::path::PathBuf;

use russh::client::AuthResult;
use russh::keys::{Algorithm, HashAlg};
use russh::{MethodKind, MethodSet};

use super::agent::{Agent, AgentError};
use super::algorithms::Signatures;
use super::client::Connection;
use super::deadline::Deadline;
use super::error::{DialError, Phase};
use super::interactive::Rounds;
use super::offer::{Offer, Shows, SignError};
use super::password::{Password, PasswordError};
use super::prompt::Person;
use super::second_factor::SecondFactor;
use super::trial::Turn;
use crate::secret::Secret;

/// How many keys a FortiGate may refuse in one login: one less than its lockout threshold of 3.
pub const MOST_KEYS: usize = 2;

/// How many methods a server may want one after the other before it is called broken.
const MOST_FACTORS: usize = 4;

/// What got in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// A certificate of the agent, by its comment.
    AgentCertificate(String),
    /// A key of the agent, by its comment.
    AgentKey(String),
    /// A certificate in a file.
    Certificate(PathBuf),
    /// A key file.
    Key(PathBuf),
    /// The answers to keyboard-interactive's questions.
    KeyboardInteractive,
    /// The password, by the `password` method.
    Password,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Method::AgentCertificate(comment) => write!(f, "certificate {comment} of the agent"),
            Method::AgentKey(comment) => write!(f, "key {comment} of the agent"),
            Method::Certificate(file) => write!(f, "certificate {}", file.display()),
            Method::Key(file) => write!(f, "key {}", file.display()),
            Method::KeyboardInteractive => f.write_str("keyboard-interactive"),
            Method::Password => f.write_str("password"),
        }
    }
}

/// What one login is done with.
pub(super) struct Credentials<'a> {
    pub(super) user: &'a str,
    /// The device's name, for questions to a person.
    pub(super) whose: &'a str,
    /// What a person is asked for the password with.
    pub(super) question: &'a str,
    pub(super) offers: Vec<Offer>,
    /// How many of them may be refused.
    pub(super) most_refused: usize,
    pub(super) signatures: Signatures,
    pub(super) agent: Option<Agent>,
    pub(super) password: &'a Password,
    pub(super) second_factor: SecondFactor<'a>,
    pub(super) person: &'a Person,
    /// The methods to use, in this order.
    pub(super) preferred: Vec<MethodKind>,
}

/// Keys, then the password. (`ssh` has keyboard-interactive before the password; this way costs a round trip less.)
pub(super) fn usual_methods() -> Vec<MethodKind> {
    vec![MethodKind::PublicKey, MethodKind::Password, MethodKind::KeyboardInteractive]
}

/// One login.
pub(super) struct Login<'a> {
    pub(super) connection: &'a mut Connection,
    pub(super) with: Credentials<'a>,
    pub(super) deadline: &'a Deadline,
    offers: VecDeque<Offer>,
    /// The methods that the device said it takes; unknown until it has refused something.
    accepted: Option<MethodSet>,
    pub(super) tried: Vec<String>,
    passed: Vec<Method>,
    refused_keys: usize,
    rsa_sha2: bool,
    /// The agent did not sign.
    unwilling: Option<AgentError>,
    /// The password was sent and judged, or answered a question: it is not sent again.
    pub(super) password_used: bool,
    /// The `password` method is of no use: there is no password, or the device did not judge it.
    no_password: bool,
    /// How often keyboard-interactive was started.
    rounds: usize,
    /// Leave to use the password, until the device has judged it.
    turn: Option<Turn<'a>>,
}

/// What became of one method.
pub(super) enum Outcome {
    In,
    /// Right, but the device wants more.
    Partial,
    /// Refused; `judged` when something secret was judged, so that nothing more is tried.
    Refused {
        judged: bool,
    },
}

impl<'a> Login<'a> {
    pub(super) fn new(connection: &'a mut Connection, mut with: Credentials<'a>, deadline: &'a Deadline) -> Self {
        let offers = std::mem::take(&mut with.offers).into();
        Login {
            connection,
            with,
            deadline,
            offers,
            accepted: None,
            tried: Vec::new(),
            passed: Vec::new(),
            refused_keys: 0,
            rsa_sha2: false,
            unwilling: None,
            password_used: false,
            no_password: false,
            rounds: 0,
            turn: None,
        }
    }

    /// Tries one thing after the other; returns what got in, and what was accepted before.
    pub(super) async fn run(mut self) -> Result<(Method, Vec<Method>), DialError> {
        while let Some(kind) = self.next() {
            let (method, outcome) = match kind {
                MethodKind::PublicKey => match self.offers.pop_front() {
                    Some(offer) => (offer.method.clone(), self.offer_key(&offer).await?),
                    None => continue,
                },
                MethodKind::Password => (Method::Password, self.use_password().await?),
                _ => (Method::KeyboardInteractive, self.use_rounds().await?),
            };
            self.learn(&outcome);
            match outcome {
                Outcome::In => return Ok((method, self.passed)),
                Outcome::Partial if self.passed.len() < MOST_FACTORS => self.passed.push(method),
                Outcome::Partial => return Err(DialError::EndlessQuestions { asked: self.passed.len() }),
                Outcome::Refused { judged: false } => {}
                Outcome::Refused { judged: true } => {
                    self.unwilling = None;
                    return Err(self.refused());
                }
            }
        }
        Err(self.refused())
    }

    /// What the device says of the password holds for all who share it.
    fn learn(&mut self, outcome: &Outcome) {
        match (self.turn.take(), outcome) {
            (Some(turn), Outcome::In | Outcome::Partial) => turn.got_in(),
            (Some(turn), Outcome::Refused { judged: true }) => turn.refused(),
            (_, Outcome::Refused { judged: false }) | (None, _) => {}
        }
    }

    /// The first method that the device takes and that has something left to try.
    fn next(&self) -> Option<MethodKind> {
        let left = |kind: &MethodKind| match kind {
            MethodKind::PublicKey => !self.offers.is_empty() && self.refused_keys < self.with.most_refused,
            MethodKind::Password => !self.password_used && !self.no_password,
            // Once, and once more for each other method that was accepted.
            MethodKind::KeyboardInteractive => self.rounds <= self.passed.len() && self.can_answer(),
            _ => false,
        };
        self.with.preferred.iter().find(|kind| self.takes(**kind) && left(kind)).copied()
    }

    /// Whether questions can be answered: starting without it would be a failed login for nothing.
    fn can_answer(&self) -> bool {
        self.with.password.may_be_had() || self.with.second_factor.can_answer()
    }

    /// Whether the device takes a method, as far as is known.
    fn takes(&self, method: MethodKind) -> bool {
        self.accepted.as_ref().is_none_or(|accepted| accepted.contains(&method))
    }

    async fn offer_key(&mut self, offer: &Offer) -> Result<Outcome, DialError> {
        let Some(hash) = self.hash_for(offer).await? else { return Ok(Outcome::Refused { judged: false }) };
        self.tried.push(offer.method.to_string());
        let mut signer = offer.signer(self.with.agent.as_mut(), self.with.person, self.deadline);
        let (handle, user) = (&mut self.connection.handle, self.with.user);
        let attempt = async {
            match &offer.shows {
                Shows::Key(key) => handle.authenticate_publickey_with(user, key.clone(), hash, &mut signer).await,
                Shows::Certificate(certificate) => {
                    handle.authenticate_certificate_with(user, (**certificate).clone(), hash, &mut signer).await
                }
            }
        };
        let outcome = match self.deadline.within(Phase::Authentication, attempt).await? {
            Ok(result) => self.note(result).await?,
            Err(SignError::Key(error)) => return Err(error.into()),
            Err(SignError::Agent(error)) => {
                // Nothing was sent, so nothing was refused: what else there is may still get in.
                self.unwilling = Some(error);
                return Ok(Outcome::Refused { judged: false });
            }
            Err(SignError::Ended) => self.note_refusal(MethodSet::empty(), false).await?,
        };
        if matches!(outcome, Outcome::Refused { .. }) {
            self.refused_keys += 1;
        }
        Ok(outcome)
    }

    /// How the key would sign: `None` when in no way that is allowed; `Some(None)` for a type without a choice, and for
    /// SHA-1.
    async fn hash_for(&mut self, offer: &Offer) -> Result<Option<Option<HashAlg>>, DialError> {
        let (algorithm, certificate) = (offer.algorithm(), offer.is_certificate());
        if !matches!(algorithm, Algorithm::Rsa { .. }) {
            return Ok(self.with.signatures.allow(&algorithm, certificate).then_some(None));
        }
        let allowed = self.with.signatures.rsa(certificate);
        let announced = self.connection.handle.best_supported_rsa_hash();
        let announced = self.deadline.within(Phase::Authentication, announced).await?.ok().flatten();
        let hash = match announced {
            // What the device names is what it takes.
            Some(None) => allowed.iter().find(|hash| hash.is_none()),
            Some(best) => allowed.iter().find(|hash| **hash == best).or(allowed.first()),
            // FortiOS before 7.0.14 and 7.2.8 announces nothing and knows SHA-1 only.
            None => allowed.iter().find(|hash| hash.is_none()).or(allowed.first()),
        };
        self.rsa_sha2 |= !matches!(announced, Some(Some(_))) && hash != Some(&None) && !allowed.is_empty();
        Ok(hash.copied())
    }

    async fn use_password(&mut self) -> Result<Outcome, DialError> {
        let Some(secret) = self.password().await? else {
            self.no_password = true;
            return Ok(Outcome::Refused { judged: false });
        };
        self.take_turn().await?;
        self.tried.push(Method::Password.to_string());
        let attempt = self.connection.handle.authenticate_password(self.with.user, secret.expose());
        let outcome = match self.deadline.within(Phase::Authentication, attempt).await? {
            Ok(result) => self.note(result).await?,
            Err(_) => self.note_refusal(MethodSet::empty(), false).await?,
        };
        // A device that does not list the method has not judged the password either: it is still unused.
        let asks = self.with.preferred.contains(&MethodKind::KeyboardInteractive);
        let unjudged = !self.takes(MethodKind::Password) && self.takes(MethodKind::KeyboardInteractive) && asks;
        match outcome {
            Outcome::Refused { .. } if unjudged => {
                self.tried.pop();
                self.no_password = true;
                Ok(Outcome::Refused { judged: false })
            }
            Outcome::Refused { .. } => Ok(Outcome::Refused { judged: true }),
            outcome => {
                self.password_used = true;
                Ok(outcome)
            }
        }
    }

    /// Waits until the password may be used here, with the clock stopped: another device may be trying it.
    pub(super) async fn take_turn(&mut self) -> Result<(), DialError> {
        let password: &'a Password = self.with.password;
        let turn = self.deadline.stopped(password.trial.turn(self.with.user, self.with.whose)).await;
        let withheld = |refused_by| DialError::PasswordWithheld { user: self.with.user.to_owned(), refused_by };
        self.turn = Some(turn.map_err(withheld)?);
        Ok(())
    }

    /// The password; `None` when there is none, but the device may ask for something else that can be answered.
    async fn password(&mut self) -> Result<Option<std::sync::Arc<Secret>>, DialError> {
        match self.deadline.stopped(self.with.password.get(self.with.question)).await {
            Ok(secret) => Ok(Some(secret)),
            Err(PasswordError::NoTerminal | PasswordError::NotGiven)
                if self.with.second_factor.has_command() && self.takes(MethodKind::KeyboardInteractive) =>
            {
                Ok(None)
            }
            Err(error) => Err(self.without_password(error)),
        }
    }

    async fn use_rounds(&mut self) -> Result<Outcome, DialError> {
        self.rounds += 1;
        self.tried.push(Method::KeyboardInteractive.to_string());
        Rounds::new(self).run().await
    }

    /// Notes what the device says to an attempt.
    pub(super) async fn note(&mut self, result: AuthResult) -> Result<Outcome, DialError> {
        let AuthResult::Failure { remaining_methods, partial_success } = result else { return Ok(Outcome::In) };
        self.note_refusal(remaining_methods, partial_success).await
    }

    /// Notes what the device still takes. A refusal that leaves nothing, and the end of the connection, look alike here
    /// and are told apart by how the connection ended.
    pub(super) async fn note_refusal(&mut self, remaining: MethodSet, partial: bool) -> Result<Outcome, DialError> {
        if remaining.is_empty()
            && let Some(end) = self.connection.end(Phase::Authentication, self.deadline).await?
        {
            return Err(end);
        }
        self.accepted = Some(remaining);
        Ok(if partial { Outcome::Partial } else { Outcome::Refused { judged: false } })
    }

    /// When keys were refused, that is the news; that there is no password besides is not.
    pub(super) fn without_password(&mut self, error: PasswordError) -> DialError {
        let explicit = self.with.password.source().is_explicit();
        let no_news = self.tried.is_empty() && !self.rsa_sha2;
        if no_news || explicit { error.into() } else { self.refused() }
    }

    pub(super) fn refused(&mut self) -> DialError {
        // A signature that the agent did not give is the news, unless something else was judged after it.
        if let Some(error) = self.unwilling.take() {
            return error.into();
        }
        let at_limit = self.refused_keys >= self.with.most_refused;
        let accepted = self.accepted.iter().flat_map(|accepted| accepted.iter());
        DialError::Refused {
            user: self.with.user.to_owned(),
            tried: self.tried.clone(),
            accepted: accepted.map(String::from).collect(),
            kept_back: if at_limit { self.offers.len() } else { 0 },
            rsa_sha2: self.rsa_sha2,
        }
    }
}
