//! Private key files: offered by their public half, unlocked only when the server wants a signature.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use russh::Signer;
use russh::keys::agent::AgentIdentity;
use russh::keys::signature::Signer as _;
use russh::keys::ssh_encoding::Encode;
use russh::keys::ssh_key::private::KeypairData;
use russh::keys::{Algorithm, HashAlg, PrivateKey, PublicKey, decode_secret_key, ssh_key};
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use super::deadline::Deadline;
use super::prompt::{Person, PromptError};
use crate::secret::Secret;

/// The keys that are tried when none is named, in `ssh`'s order of preference.
const DEFAULT_NAMES: [&str; 3] = ["id_ed25519", "id_ecdsa", "id_rsa"];

/// How often a mistyped passphrase may be entered, as in `ssh`.
const PASSPHRASE_ATTEMPTS: usize = 3;

/// Why a key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// Not a private key in any format that is known: OpenSSH, PKCS #8, PKCS #1, PuTTY.
    #[error("{} is not a private key that can be read: {why}", file.display())]
    Format {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The key lives in a FIDO token.
    #[error("{} is a key of a security token", file.display())]
    Hardware {
        /// The file.
        file: PathBuf,
    },
    /// The key is encrypted, and nobody can be asked for its passphrase.
    #[error("{} is encrypted, and there is no terminal to ask for its passphrase", file.display())]
    NoTerminal {
        /// The file.
        file: PathBuf,
    },
    /// The passphrase was wrong, or the input ended.
    #[error("{} cannot be unlocked: the passphrase is wrong", file.display())]
    Passphrase {
        /// The file.
        file: PathBuf,
    },
    /// The file cannot be read.
    #[error("the key file {} cannot be read", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others can read the private key.
    #[error("{} can be read by others (mode {mode:04o})", file.display())]
    TooOpen {
        /// The file.
        file: PathBuf,
        /// Its permissions.
        mode: u32,
    },
}

impl IdentityError {
    /// What to type next.
    pub fn hint(&self) -> Option<String> {
        match self {
            IdentityError::TooOpen { file, .. } => Some(format!("chmod 600 {}", file.display())),
            IdentityError::NoTerminal { .. } => {
                Some("run it on a terminal, or use a key without a passphrase".to_owned())
            }
            _ => None,
        }
    }
}

/// A key to offer.
pub(super) struct Identity {
    file: PathBuf,
    public: PublicKey,
    /// The text of an encrypted file.
    locked: Option<Secret>,
    /// The key itself, once it is unlocked: a run that connects twice asks once.
    key: OnceCell<PrivateKey>,
}

/// The usual files under `home` that exist.
pub(super) fn default_files(home: Option<PathBuf>) -> Vec<PathBuf> {
    let directory = home.map(|home| home.join(".ssh"));
    let files = directory.iter().flat_map(|directory| DEFAULT_NAMES.map(|name| directory.join(name)));
    files.filter(|file| file.exists()).collect()
}

impl Identity {
    /// Reads a key file. An encrypted one is not unlocked yet when its public half is known from the file or from the
    /// `.pub` file beside it.
    pub(super) async fn read(file: &Path, person: &Person) -> Result<Self, IdentityError> {
        let text = read_private(file)?;
        match decode_secret_key(&text, None) {
            Ok(key) => Identity::open(file, key),
            Err(error) => match public_half(file, &text) {
                Some(public) if is_encrypted(&text) => {
                    let (file, locked) = (file.to_owned(), Some(Secret::new(text.as_str())));
                    Ok(Identity { file, public, locked, key: OnceCell::new() })
                }
                None if is_encrypted(&text) => {
                    Identity::open(file, unlock(file, &Secret::new(text.as_str()), person).await?)
                }
                _ => Err(IdentityError::Format { file: file.to_owned(), why: error.to_string() }),
            },
        }
    }

    fn open(file: &Path, key: PrivateKey) -> Result<Self, IdentityError> {
        let file = file.to_owned();
        if matches!(key.algorithm(), Algorithm::SkEd25519 | Algorithm::SkEcdsaSha2NistP256) {
            return Err(IdentityError::Hardware { file });
        }
        Ok(Identity { file, public: key.public_key().clone(), locked: None, key: OnceCell::new_with(Some(key)) })
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    pub(super) fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Whether the signature needs a hash to be agreed on.
    pub(super) fn is_rsa(&self) -> bool {
        matches!(self.public.algorithm(), Algorithm::Rsa { .. })
    }

    /// The signer of one authentication; a locked key asks for its passphrase once the server has accepted its public
    /// half.
    pub(super) fn signer<'a>(&'a self, person: &'a Person, deadline: &'a Deadline) -> FileSigner<'a> {
        FileSigner { identity: self, person, deadline }
    }

    async fn private(&self, person: &Person, deadline: &Deadline) -> Result<&PrivateKey, IdentityError> {
        let unlock = || async {
            match &self.locked {
                Some(text) => unlock(&self.file, text, person).await,
                None => Err(IdentityError::Passphrase { file: self.file.clone() }),
            }
        };
        // Whoever is not the one who asks waits for the answer just as long.
        deadline.stopped(self.key.get_or_try_init(unlock)).await
    }
}

/// Signs with a key file.
pub(super) struct FileSigner<'a> {
    identity: &'a Identity,
    person: &'a Person,
    deadline: &'a Deadline,
}

/// What went wrong while signing: our own error, or the session that ended meanwhile.
pub(super) enum SignError {
    Key(IdentityError),
    Ended,
}

impl From<russh::SendError> for SignError {
    fn from(_: russh::SendError) -> Self {
        SignError::Ended
    }
}

impl Signer for FileSigner<'_> {
    type Error = SignError;

    async fn auth_sign(
        &mut self,
        _: &AgentIdentity,
        hash: Option<HashAlg>,
        mut request: Vec<u8>,
    ) -> Result<Vec<u8>, SignError> {
        let key = self.identity.private(self.person, self.deadline).await.map_err(SignError::Key)?;
        let format = |error: String| IdentityError::Format { file: self.identity.file.clone(), why: error };
        let signature = sign(key, hash, &request).map_err(|e| SignError::Key(format(e.to_string())))?;
        signature.encode(&mut request).map_err(|e| SignError::Key(format(e.to_string())))?;
        Ok(request)
    }
}

/// The signature blob of RFC 4253, section 6.6.
fn sign(key: &PrivateKey, hash: Option<HashAlg>, message: &[u8]) -> ssh_key::Result<Vec<u8>> {
    let signature = match key.key_data() {
        KeypairData::Rsa(rsa) => (rsa, hash).try_sign(message)?,
        _ => key.try_sign(message)?,
    };
    Ok(signature.encode_vec()?)
}

/// `ssh` refuses a private key that others can read, and so do we.
fn read_private(file: &Path) -> Result<Zeroizing<String>, IdentityError> {
    let failed = |source| IdentityError::Read { file: file.to_owned(), source };
    let metadata = std::fs::metadata(file).map_err(failed)?;
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(IdentityError::TooOpen { file: file.to_owned(), mode });
    }
    std::fs::read_to_string(file).map(Zeroizing::new).map_err(failed)
}

fn is_encrypted(text: &str) -> bool {
    let openssh = ssh_key::PrivateKey::from_openssh(text).is_ok_and(|key| key.is_encrypted());
    openssh || text.contains("ENCRYPTED") || (text.starts_with("PuTTY-") && !text.contains("Encryption: none"))
}

fn public_half(file: &Path, text: &str) -> Option<PublicKey> {
    if let Ok(key) = ssh_key::PrivateKey::from_openssh(text) {
        return Some(key.public_key().clone());
    }
    let beside = format!("{}.pub", file.display());
    PublicKey::from_openssh(std::fs::read_to_string(beside).ok()?.trim()).ok()
}

async fn unlock(file: &Path, text: &Secret, person: &Person) -> Result<PrivateKey, IdentityError> {
    let question = format!("Passphrase for {}: ", file.display());
    for _ in 0..PASSPHRASE_ATTEMPTS {
        let passphrase = match person.ask(&question).await {
            Ok(passphrase) => passphrase,
            Err(PromptError::NoTerminal) => return Err(IdentityError::NoTerminal { file: file.to_owned() }),
            Err(PromptError::Broken(source)) => return Err(IdentityError::Read { file: file.to_owned(), source }),
        };
        if let Ok(key) = decode_secret_key(text.expose(), Some(passphrase.expose())) {
            return Ok(key);
        }
    }
    Err(IdentityError::Passphrase { file: file.to_owned() })
}
