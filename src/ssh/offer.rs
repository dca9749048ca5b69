//! Which keys are offered, and in what order: that of `ssh`.
//!
//! Certificates that are named come first; then keys that are named and that the agent holds, the agent's other keys,
//! and keys that are in files only. `IdentitiesOnly` leaves the agent's other keys out. Where more keys are there than
//! may be refused, those that are named go before the others: `ssh` would lock itself out with the agent's.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use russh::Signer;
use russh::keys::agent::AgentIdentity;
use russh::keys::{Algorithm, Certificate, HashAlg, PublicKey};
use tokio::sync::Mutex;

use super::agent::{self, Agent, AgentError};
use super::auth::Method;
use super::deadline::Deadline;
use super::identity::{self, Identity, IdentityError};
use super::prompt::Person;

/// A key or a certificate that can be offered.
pub(super) struct Offer {
    pub(super) shows: Shows,
    pub(super) method: Method,
    holder: Holder,
    /// Whether the person named it.
    named: bool,
}

/// What the server is shown.
pub(super) enum Shows {
    Key(PublicKey),
    Certificate(Box<Certificate>),
}

/// Who signs.
enum Holder {
    File(Arc<Identity>),
    Agent(Box<AgentIdentity>),
}

impl Offer {
    /// The type of the key, without the hash of its signature.
    pub(super) fn algorithm(&self) -> Algorithm {
        match &self.shows {
            Shows::Key(key) => key.algorithm(),
            Shows::Certificate(certificate) => certificate.algorithm(),
        }
    }

    pub(super) fn is_certificate(&self) -> bool {
        matches!(self.shows, Shows::Certificate(_))
    }

    /// The signer of one authentication.
    pub(super) fn signer<'a>(
        &'a self,
        agent: Option<&'a mut Agent>,
        person: &'a Person,
        deadline: &'a Deadline,
    ) -> OfferSigner<'a> {
        OfferSigner { offer: self, agent, person, deadline }
    }
}

/// What went wrong while signing: our own error, or the session that ended meanwhile.
pub(super) enum SignError {
    Agent(AgentError),
    Ended,
    Key(IdentityError),
}

impl From<russh::SendError> for SignError {
    fn from(_: russh::SendError) -> Self {
        SignError::Ended
    }
}

/// Signs with what an offer holds.
pub(super) struct OfferSigner<'a> {
    offer: &'a Offer,
    agent: Option<&'a mut Agent>,
    person: &'a Person,
    deadline: &'a Deadline,
}

impl Signer for OfferSigner<'_> {
    type Error = SignError;

    async fn auth_sign(
        &mut self,
        _: &AgentIdentity,
        hash: Option<HashAlg>,
        request: Vec<u8>,
    ) -> Result<Vec<u8>, SignError> {
        match (&self.offer.holder, &mut self.agent) {
            (Holder::File(identity), _) => {
                identity.sign(hash, request, self.person, self.deadline).await.map_err(SignError::Key)
            }
            // A person may have to touch a token: that takes as long as it takes.
            (Holder::Agent(key), Some(agent)) => {
                self.deadline.stopped(agent.sign(key, hash, request)).await.map_err(SignError::Agent)
            }
            (Holder::Agent(_), None) => Err(SignError::Ended),
        }
    }
}

/// The key files of a run, each read once however many devices want it.
#[derive(Default)]
pub(super) struct KeyFiles {
    read: Mutex<HashMap<PathBuf, Arc<Identity>>>,
}

impl KeyFiles {
    async fn get(&self, file: &Path, person: &Person) -> Result<Arc<Identity>, IdentityError> {
        let mut read = self.read.lock().await;
        if let Some(identity) = read.get(file) {
            return Ok(identity.clone());
        }
        let identity = Arc::new(Identity::read(file, person).await?);
        read.insert(file.to_owned(), identity.clone());
        Ok(identity)
    }
}

/// What is named for one login.
pub(super) struct Named<'a> {
    /// Keys that must be usable.
    pub(super) demanded: &'a [PathBuf],
    /// Keys that are passed over with a warning when they are not.
    pub(super) wanted: &'a [PathBuf],
    /// The usual keys, which nobody named.
    pub(super) usual: &'a [PathBuf],
    /// Certificates.
    pub(super) certificates: &'a [PathBuf],
    /// Whether the agent's keys are left out where no file names them.
    pub(super) only: bool,
}

/// The offers of a login, and what is to be said about what cannot be offered.
#[derive(Default)]
pub(super) struct Offers {
    pub(super) list: Vec<Offer>,
    pub(super) warnings: Vec<String>,
}

/// A key in a file, or a certificate that stands beside one.
struct FileKey {
    identity: Arc<Identity>,
    certificate: Option<(PathBuf, Certificate)>,
    /// The file must be usable.
    demanded: bool,
    named: bool,
}

impl Offers {
    /// Collects what is `named` and what the agent holds.
    pub(super) async fn collect(
        named: &Named<'_>,
        files: &KeyFiles,
        held: &[AgentIdentity],
        person: &Person,
    ) -> Result<Offers, IdentityError> {
        let mut offers = Offers::default();
        let mut keys = offers.file_keys(named, files, person).await?;
        offers.named_certificates(named, &keys, held)?;
        let mut others = Vec::new();
        for key in held {
            match keys.iter().position(|file| file.is(key)) {
                Some(at) => offers.list.push(Offer::of_agent(key, keys.remove(at).named)),
                None if named.only => {}
                None => others.push(Offer::of_agent(key, false)),
            }
        }
        offers.list.append(&mut others);
        for key in keys {
            offers.file_key(key, held)?;
        }
        offers.pass_over_old_certificates();
        Ok(offers)
    }

    /// No more than `most`, and those that are named before the others when some have to stay back.
    pub(super) fn limit(&mut self, most: usize) {
        if self.list.len() > most {
            self.list.sort_by_key(|offer| !offer.named);
        }
    }

    /// A certificate that is out of date is sure to be refused, and a refusal counts as a failed login.
    fn pass_over_old_certificates(&mut self) {
        let (current, old) = std::mem::take(&mut self.list).into_iter().partition(Offer::is_current);
        self.list = current;
        let old: Vec<Offer> = old;
        self.warnings.extend(old.iter().map(|offer| format!("{} is out of date", offer.method)));
    }

    async fn file_keys(
        &mut self,
        named: &Named<'_>,
        files: &KeyFiles,
        person: &Person,
    ) -> Result<Vec<FileKey>, IdentityError> {
        let mut keys = Vec::new();
        let lists = [(named.demanded, true, true), (named.wanted, false, true), (named.usual, false, false)];
        for (list, demanded, is_named) in lists {
            for file in list {
                match files.get(file, person).await {
                    Ok(identity) => keys.extend(FileKey::all(identity, demanded, is_named, named.certificates)),
                    Err(error) if demanded => return Err(error),
                    Err(error) => self.warnings.push(error.to_string()),
                }
            }
        }
        Ok(keys)
    }

    /// A certificate needs its private key, from a file or from the agent.
    fn named_certificates(
        &mut self,
        named: &Named<'_>,
        keys: &[FileKey],
        held: &[AgentIdentity],
    ) -> Result<(), IdentityError> {
        for file in named.certificates {
            let certificate = match identity::read_certificate(file) {
                Ok(certificate) => certificate,
                Err(error) => {
                    self.warnings.push(error.to_string());
                    continue;
                }
            };
            let holder = holder_of(&certificate, keys.iter().map(|key| &key.identity), held);
            match holder {
                Some(holder) => self.list.push(Offer::of_certificate(file, certificate, holder, true)),
                None => self.warnings.push(format!("nobody holds the private key of {}", file.display())),
            }
        }
        Ok(())
    }

    fn file_key(&mut self, key: FileKey, held: &[AgentIdentity]) -> Result<(), IdentityError> {
        let file = key.identity.file().to_owned();
        if let Some((path, certificate)) = key.certificate {
            let holder = holder_of(&certificate, std::iter::once(&key.identity), held);
            self.list.extend(holder.map(|holder| Offer::of_certificate(&path, certificate, holder, key.named)));
        } else if key.identity.has_private() {
            let (shows, holder) = (Shows::Key(key.identity.public().clone()), Holder::File(key.identity));
            self.list.push(Offer { shows, method: Method::Key(file), holder, named: key.named });
        } else if key.demanded {
            return Err(IdentityError::Elsewhere { file });
        } else if key.named {
            self.warnings.push(IdentityError::Elsewhere { file }.to_string());
        }
        Ok(())
    }
}

fn holder_of<'a>(
    certificate: &Certificate,
    mut files: impl Iterator<Item = &'a Arc<Identity>>,
    held: &[AgentIdentity],
) -> Option<Holder> {
    let is_its = |key: &PublicKey| key.key_data() == certificate.public_key();
    let in_agent = held.iter().find(|key| matches!(key, AgentIdentity::PublicKey { key, .. } if is_its(key)));
    let mut in_file = || files.find(|identity| identity.has_private() && is_its(identity.public()));
    in_agent.cloned().map(Box::new).map(Holder::Agent).or_else(|| in_file().cloned().map(Holder::File))
}

impl FileKey {
    /// The key, and the certificate beside it unless certificates are named.
    fn all(identity: Arc<Identity>, demanded: bool, named: bool, certificates: &[PathBuf]) -> Vec<FileKey> {
        let beside = identity::certificate_beside(identity.file()).filter(|_| certificates.is_empty());
        let certificate = beside.and_then(|file| Some((file.clone(), identity::read_certificate(&file).ok()?)));
        let mut all = vec![FileKey { identity: identity.clone(), certificate: None, demanded, named }];
        all.extend(certificate.map(|found| FileKey { identity, certificate: Some(found), demanded: false, named }));
        all
    }

    /// Whether this is what the agent holds.
    fn is(&self, held: &AgentIdentity) -> bool {
        match (held, &self.certificate) {
            (AgentIdentity::PublicKey { key, .. }, None) => key.key_data() == self.identity.public().key_data(),
            // Comments may differ.
            (AgentIdentity::Certificate { certificate, .. }, Some((_, own))) => {
                certificate.to_bytes().is_ok_and(|bytes| own.to_bytes().is_ok_and(|own| own == bytes))
            }
            _ => false,
        }
    }
}

impl Offer {
    fn of_agent(key: &AgentIdentity, named: bool) -> Offer {
        let (shows, method) = match key {
            AgentIdentity::PublicKey { key: public, .. } => {
                (Shows::Key(public.clone()), Method::AgentKey(agent::shown(key)))
            }
            AgentIdentity::Certificate { certificate, .. } => {
                let shows = Shows::Certificate(Box::new(certificate.clone()));
                (shows, Method::AgentCertificate(agent::shown(key)))
            }
        };
        Offer { shows, method, holder: Holder::Agent(Box::new(key.clone())), named }
    }

    fn of_certificate(file: &Path, certificate: Certificate, holder: Holder, named: bool) -> Offer {
        let shows = Shows::Certificate(Box::new(certificate));
        Offer { shows, method: Method::Certificate(file.to_owned()), holder, named }
    }

    /// Whether it is valid now, if it is a certificate.
    fn is_current(&self) -> bool {
        let Shows::Certificate(certificate) = &self.shows else { return true };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        (certificate.valid_after()..certificate.valid_before()).contains(&now)
    }
}
