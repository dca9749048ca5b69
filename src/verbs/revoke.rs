//! Taking an API user away, and its profile where that is ours alone.

use std::sync::Arc;
use std::time::Instant;

use crate::fortios::facts::Facts;
use crate::fortios::names::ApiUser;
use crate::fortios::plan::Consent;
use crate::fortios::render::Templates;
use crate::fortios::retirement::{Claim, Retirement, Stays};
use crate::fortios::rotation::Pair;
use crate::secret::Secret;
use crate::session::Reply;
use crate::session::fault::{Aftermath, Fault, FaultKind};
use crate::ssh::PasswordError;

use super::console::{Console, Line};
use super::event::{Event, Observer, Warning};
use super::failure::{Failure, MintError};
use super::survey::{self, Names, Surveyed};

mod aftermath;

/// How often it is begun, the first time included: what is gone already is not taken away again.
const MOST_TRIES: usize = 3;

/// An API user that is to go.
pub struct Revoke<'a> {
    /// The device.
    pub line: &'a Line,
    /// The templates.
    pub templates: &'a Templates,
    /// The API user.
    pub api_user: String,
    /// Its profile.
    pub profile: String,
    /// Whether the profile may go too.
    pub claim: Claim,
    /// What the operator allows.
    pub consent: Consent,
}

/// The same for many devices, where nobody is asked about each.
#[derive(Clone)]
pub struct Removal {
    /// The device.
    pub line: Line,
    /// The templates.
    pub templates: Templates,
    /// The API user.
    pub api_user: String,
    /// Its profile.
    pub profile: String,
    /// Whether the profile may go too.
    pub claim: Claim,
    /// What the operator allows.
    pub consent: Consent,
}

impl Removal {
    /// The revocation on this device.
    pub fn revoke(&self) -> Revoke<'_> {
        Revoke {
            line: &self.line,
            templates: &self.templates,
            api_user: self.api_user.clone(),
            profile: self.profile.clone(),
            claim: self.claim,
            consent: self.consent,
        }
    }

    /// Looks, and takes away what is there.
    ///
    /// # Errors
    /// As for [`Revoke::look`] and [`Revoke::run`].
    pub async fn run(&self, observer: &mut (dyn Observer + Send)) -> Result<Sight, Box<Failure>> {
        let began = Instant::now();
        let revoke = self.revoke();
        let sight = revoke.look(observer).await?;
        if !sight.retirement.is_done() {
            revoke.run(observer).await?;
        }
        observer.on(&self.line.endpoint.name, Event::Done { elapsed: began.elapsed() });
        Ok(sight)
    }
}

/// What a look at a device says of a revocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// What would go.
    pub retirement: Retirement,
    /// The access profile that the API user has, where it is another one than that of the request.
    pub other_profile: Option<String>,
    /// The others of the pair between which a rotation goes, as far as they are there.
    pub others: Vec<String>,
}

/// What was taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// Whether the API user was there.
    pub user: bool,
    /// Whether the profile went.
    pub profile: bool,
    /// Why it stays, if it is there.
    pub profile_stays: Option<Stays>,
}

impl Revoked {
    fn by(retirement: &Retirement) -> Revoked {
        Revoked {
            user: retirement.delete_user.is_some(),
            profile: retirement.delete_profile.is_some(),
            profile_stays: retirement.profile_stays.clone(),
        }
    }
}

/// What was learned by tries that failed.
#[derive(Default)]
struct Lesson {
    careful: bool,
    password: Option<Arc<Secret>>,
    /// Whether anything was sent that changes the device.
    sent: bool,
    /// Whether the key that the API user had is void.
    voided: bool,
    /// Whether it may be, for all that is known.
    may_be_void: bool,
    /// What had to go when the first line that changes something was sent.
    begun: Option<Retirement>,
}

impl Lesson {
    fn note(&mut self, result: &Result<Vec<Reply>, Fault>) {
        match result {
            Ok(replies) => self.voided |= replies.iter().any(|reply| reply.key.is_some()),
            Err(fault) => self.may_be_void |= fault.left == Aftermath::KeyLost,
        }
    }

    /// What was taken away by all tries together, of which `last` is the last.
    fn whole(&self, last: &Retirement) -> Revoked {
        let (whole, last) = (Revoked::by(self.begun.as_ref().unwrap_or(last)), Revoked::by(last));
        Revoked { user: whole.user || last.user, profile: whole.profile || last.profile, ..last }
    }
}

impl Revoke<'_> {
    /// Logs in, looks, takes away what is there, and reads again to prove it. That nothing is there is no error.
    ///
    /// # Errors
    /// What went wrong, and what is still there.
    pub async fn run(&self, observer: &mut (dyn Observer + Send)) -> Result<Revoked, Box<Failure>> {
        let mut lesson = Lesson::default();
        let mut tries = 1;
        loop {
            let error = match self.once(&mut lesson, observer).await {
                Ok(revoked) => return Ok(revoked),
                Err(error) => error,
            };
            if tries == MOST_TRIES || !self.learn(&mut lesson, &error).await {
                return self.aftermath(&lesson, error, observer).await;
            }
            tries += 1;
        }
    }

    /// Logs in and says what would go; changes nothing.
    ///
    /// # Errors
    /// When the device cannot be read, or must not be changed.
    pub async fn look(&self, observer: &mut (dyn Observer + Send)) -> Result<Sight, Box<Failure>> {
        let (mut console, mut surveyed) = survey::log_in(self.line, self.templates, self.names(), observer).await?;
        let sight = self.sight(&mut console, &mut surveyed, observer).await;
        console.close().await;
        Ok(sight?)
    }

    async fn sight(
        &self,
        console: &mut Console,
        surveyed: &mut Surveyed,
        observer: &mut (dyn Observer + Send),
    ) -> Result<Sight, MintError> {
        let retirement = self.decide(console, self.line, surveyed, observer).await?;
        let user = surveyed.facts.objects.user.as_ref();
        let profile = user.and_then(|user| user.value("accprofile")).filter(|profile| *profile != self.profile);
        let other_profile = profile.map(str::to_owned);
        let others = self.others(console, surveyed, observer).await?;
        Ok(Sight { retirement, other_profile, others })
    }

    async fn others(
        &self,
        console: &mut Console,
        surveyed: &Surveyed,
        observer: &mut (dyn Observer + Send),
    ) -> Result<Vec<String>, MintError> {
        let pair = self.api_user.parse::<ApiUser>().ok().and_then(|name| Pair::of(&name).ok());
        let names: Vec<ApiUser> = pair.iter().flat_map(Pair::names).cloned().collect();
        let others: Vec<&ApiUser> = names.iter().filter(|name| name.as_str() != self.api_user).collect();
        if others.is_empty() {
            return Ok(Vec::new());
        }
        let vdoms = surveyed.facts.vdom_mode.has_vdoms();
        let script = self.templates.rotation_survey(vdoms, surveyed.paging, others.iter().map(|name| name.as_str()))?;
        let replies = console.run(self.line, &script, observer).await?;
        let shows = replies.iter().filter(|reply| reply.line.starts_with("show system api-user"));
        let there = others.iter().zip(shows).filter(|(_, reply)| reply.refused.is_none());
        Ok(there.map(|(name, _)| name.to_string()).collect())
    }

    async fn once(&self, lesson: &mut Lesson, observer: &mut (dyn Observer + Send)) -> Result<Revoked, MintError> {
        // Once something was taken away there is no way back but to the end.
        let line = if lesson.sent { self.line.uninterrupted() } else { self.line.clone() };
        let mut console = log_in(&line, lesson, observer).await?;
        let revoked = self.at(&mut console, &line, lesson, observer).await;
        console.close().await;
        revoked
    }

    async fn at(
        &self,
        console: &mut Console,
        line: &Line,
        lesson: &mut Lesson,
        observer: &mut (dyn Observer + Send),
    ) -> Result<Revoked, MintError> {
        let mut surveyed = survey::survey(console, line, self.templates, self.names(), observer).await?;
        surveyed.check_rights()?;
        let retirement = self.decide(console, line, &mut surveyed, observer).await?;
        let done = lesson.whole(&retirement);
        // What is gone may have gone in a try, or a run, that did not come to save it.
        if retirement.is_done() && !retirement.save {
            return Ok(done);
        }
        let through = line.uninterrupted();
        for script in self.templates.retire(&retirement)?.into_iter().filter(|script| !script.is_empty()) {
            self.line.pass(&surveyed.status).await?;
            lesson.sent = true;
            lesson.begun.get_or_insert_with(|| retirement.clone());
            let result = console.run(&through, &script, observer).await;
            lesson.note(&result);
            result?;
        }
        self.prove_gone(console, &surveyed, &retirement, observer).await?;
        if retirement.save {
            observer.on(&line.endpoint.name, Event::Warning(Warning::SavedPending));
        }
        Ok(done)
    }

    fn names(&self) -> Names<'_> {
        Names { profile: &self.profile, user: &self.api_user }
    }

    /// Who else uses the profile is read only when it could go.
    async fn decide(
        &self,
        console: &mut Console,
        line: &Line,
        surveyed: &mut Surveyed,
        observer: &mut (dyn Observer + Send),
    ) -> Result<Retirement, MintError> {
        let facts = &mut surveyed.facts;
        if self.claim.owned && !self.claim.keep && facts.objects.profile.is_some() {
            let script = self.templates.profile_users(facts.vdom_mode.has_vdoms(), surveyed.paging)?;
            survey::profile_users(console, line, &script, self.names(), facts, observer).await?;
        }
        Ok(Retirement::of_objects(facts, self.claim, self.consent)?)
    }

    async fn prove_gone(
        &self,
        console: &mut Console,
        surveyed: &Surveyed,
        retirement: &Retirement,
        observer: &mut (dyn Observer + Send),
    ) -> Result<(), MintError> {
        let (line, names) = (self.line.uninterrupted(), self.names());
        let script = self.templates.read_back(retirement.vdoms, surveyed.paging, names.profile, names.user)?;
        let replies = console.run(&line, &script, observer).await?;
        let mut facts = Facts::of_status(&surveyed.status);
        survey::read_objects(&mut facts, names, &replies)?;
        let user = facts.objects.user.filter(|_| retirement.delete_user.is_some());
        let user = user.map(|user| format!("the API user {} is still there", user.name));
        let profile = facts.objects.profile.filter(|_| retirement.delete_profile.is_some());
        let profile = profile.map(|profile| format!("the profile {} is still there", profile.name));
        let left: Vec<String> = user.into_iter().chain(profile).collect();
        if left.is_empty() { Ok(()) } else { Err(MintError::ReadBack(left)) }
    }

    /// Whether another try may end better.
    async fn learn(&self, lesson: &mut Lesson, error: &MintError) -> bool {
        let kind = match error {
            MintError::Fault(Fault { kind, .. }) => kind,
            // An answer that was cut: the rest of it is looked at in a session of its own.
            MintError::Survey(_) => return lesson.sent,
            _ => return false,
        };
        match kind {
            FaultKind::Overrun => !std::mem::replace(&mut lesson.careful, true),
            FaultKind::NoPassword if lesson.password.is_none() => {
                match self.line.dial.password(&self.line.endpoint).await {
                    Ok(password) => lesson.password = Some(password),
                    Err(PasswordError::NoTerminal | PasswordError::NotGiven) | Err(_) => return false,
                }
                true
            }
            FaultKind::Dropped { .. } | FaultKind::Silent { .. } => true,
            _ => false,
        }
    }
}

/// A session that knows what the last one has taught.
async fn log_in(line: &Line, lesson: &Lesson, observer: &mut (dyn Observer + Send)) -> Result<Console, MintError> {
    let mut console = line.open(observer).await?;
    if lesson.careful {
        console.be_careful();
    }
    if let Some(password) = &lesson.password {
        console.set_password(Arc::clone(password));
    }
    Ok(console)
}
