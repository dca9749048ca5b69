//! Key files: offered by their public half, unlocked only when the server wants a signature.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use russh::keys::signature::Signer as _;
use russh::keys::ssh_encoding::Encode;
use russh::keys::ssh_key::private::KeypairData;
use russh::keys::{Algorithm, Certificate, HashAlg, PrivateKey, PublicKey, decode_secret_key, ssh_key};
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use super::deadline::Deadline;
use super::prompt::{Person, PromptError, Question};
use crate::secret::Secret;

/// The keys that are tried when none is named, in `ssh`'s order of preference.
const DEFAULT_NAMES: [&str; 5] = ["id_rsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk"];

/// How often a mistyped passphrase may be entered, as in `ssh`.
const PASSPHRASE_ATTEMPTS: usize = 3;

/// Why a key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// Not a certificate that a key can be offered with.
    #[error("{} is not a user certificate: {why}", file.display())]
    Certificate {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Not a private key in any format that is known: OpenSSH, PKCS #8, PKCS #1, PuTTY.
    #[error("{} is not a private key that can be read: {why}", file.display())]
    Format {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The private key is not in a file: in a security token, or only its public half is there.
    #[error("{} has no private key in it, and the agent does not hold it", file.display())]
    Elsewhere {
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
                Some("run it on a terminal, put the key into the agent, or use one without a passphrase".to_owned())
            }
            IdentityError::Elsewhere { file } => Some(format!(
                "ssh-add {}: keys of security tokens and of smart cards are used through the agent",
                file.display()
            )),
            _ => None,
        }
    }
}

/// A key that a file names.
pub(super) struct Identity {
    file: PathBuf,
    public: PublicKey,
    private: Private,
}

/// Where the private half is.
enum Private {
    /// In the file; the key itself once it is unlocked: a run that connects twice asks once.
    File {
        /// The text of an encrypted file.
        locked: Option<Secret>,
        key: OnceCell<Box<PrivateKey>>,
    },
    /// Not with us: in a security token, or in the agent only.
    Elsewhere,
}

/// The usual files under `home` that exist.
pub(super) fn default_files(home: Option<PathBuf>) -> Vec<PathBuf> {
    let directory = home.map(|home| home.join(".ssh"));
    let files = directory.iter().flat_map(|directory| DEFAULT_NAMES.map(|name| directory.join(name)));
    files.filter(|file| file.exists()).collect()
}

impl Identity {
    /// Reads a key file. An encrypted one is not unlocked yet when its public half is known from the file or from the
    /// `.pub` file beside it; of a public key, alone or beside a missing file, the private half is elsewhere.
    pub(super) async fn read(file: &Path, person: &Person) -> Result<Self, IdentityError> {
        let text = match read_private(file) {
            Ok(text) => text,
            Err(IdentityError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Identity::elsewhere(file, beside(file))
                    .ok_or(IdentityError::Read { file: file.into(), source });
            }
            Err(error) => return Identity::elsewhere(file, public_in(file)).ok_or(error),
        };
        match decode_secret_key(&text, None) {
            Ok(key) => Ok(Identity::open(file, key)),
            Err(error) => Identity::closed(file, &text, error, person).await,
        }
    }

    async fn closed(
        file: &Path,
        text: &str,
        error: russh::keys::Error,
        person: &Person,
    ) -> Result<Self, IdentityError> {
        let locked = Secret::new(text);
        match public_half(file, text) {
            Some(public) if is_token(&public) => {
                Ok(Identity { file: file.into(), public, private: Private::Elsewhere })
            }
            Some(public) if is_encrypted(text) => {
                let private = Private::File { locked: Some(locked), key: OnceCell::new() };
                Ok(Identity { file: file.to_owned(), public, private })
            }
            None if is_encrypted(text) => Ok(Identity::open(file, unlock(file, &locked, person).await?)),
            _ => Identity::elsewhere(file, public_in(file))
                .ok_or_else(|| IdentityError::Format { file: file.to_owned(), why: error.to_string() }),
        }
    }

    fn elsewhere(file: &Path, public: Option<PublicKey>) -> Option<Self> {
        Some(Identity { file: file.to_owned(), public: public?, private: Private::Elsewhere })
    }

    fn open(file: &Path, key: PrivateKey) -> Self {
        let (file, public) = (file.to_owned(), key.public_key().clone());
        let private = match is_token(&public) {
            true => Private::Elsewhere,
            false => Private::File { locked: None, key: OnceCell::new_with(Some(Box::new(key))) },
        };
        Identity { file, public, private }
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    pub(super) fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Whether the file can sign.
    pub(super) fn has_private(&self) -> bool {
        matches!(self.private, Private::File { .. })
    }

    /// Appends a signature over `request` to it, as the authentication wants it. A locked key asks for its passphrase.
    pub(super) async fn sign(
        &self,
        hash: Option<HashAlg>,
        mut request: Vec<u8>,
        person: &Person,
        deadline: &Deadline,
    ) -> Result<Vec<u8>, IdentityError> {
        let key = self.private(person, deadline).await?;
        let signed = signature(key, hash, &request).and_then(|signature| Ok(signature.encode(&mut request)?));
        let failed = |error: ssh_key::Error| IdentityError::Format { file: self.file.clone(), why: error.to_string() };
        signed.map(|()| request).map_err(failed)
    }

    async fn private(&self, person: &Person, deadline: &Deadline) -> Result<&PrivateKey, IdentityError> {
        let Private::File { locked, key } = &self.private else {
            return Err(IdentityError::Elsewhere { file: self.file.clone() });
        };
        let unlock = || async {
            match locked {
                Some(text) => unlock(&self.file, text, person).await.map(Box::new),
                None => Err(IdentityError::Passphrase { file: self.file.clone() }),
            }
        };
        // Whoever is not the one who asks waits for the answer just as long.
        deadline.stopped(key.get_or_try_init(unlock)).await.map(Box::as_ref)
    }
}

/// Reads a user certificate.
pub(super) fn read_certificate(file: &Path) -> Result<Certificate, IdentityError> {
    let failed = |source| IdentityError::Read { file: file.to_owned(), source };
    let unusable = |why: String| IdentityError::Certificate { file: file.to_owned(), why };
    let text = std::fs::read_to_string(file).map_err(failed)?;
    let certificate = Certificate::from_openssh(text.trim()).map_err(|error| unusable(error.to_string()))?;
    if !certificate.cert_type().is_user() {
        return Err(unusable("it is for a host".to_owned()));
    }
    Ok(certificate)
}

/// The certificate that stands beside a key, if there is one: `KEY-cert.pub`.
pub(super) fn certificate_beside(file: &Path) -> Option<PathBuf> {
    let mut beside = file.as_os_str().to_owned();
    beside.push("-cert.pub");
    Some(PathBuf::from(beside)).filter(|beside| beside.exists())
}

/// The signature blob of RFC 4253, section 6.6.
fn signature(key: &PrivateKey, hash: Option<HashAlg>, message: &[u8]) -> ssh_key::Result<Vec<u8>> {
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

fn is_token(key: &PublicKey) -> bool {
    matches!(key.algorithm(), Algorithm::SkEd25519 | Algorithm::SkEcdsaSha2NistP256)
}

fn is_encrypted(text: &str) -> bool {
    let openssh = ssh_key::PrivateKey::from_openssh(text).is_ok_and(|key| key.is_encrypted());
    openssh || text.contains("ENCRYPTED") || (text.starts_with("PuTTY-") && !text.contains("Encryption: none"))
}

fn public_half(file: &Path, text: &str) -> Option<PublicKey> {
    match ssh_key::PrivateKey::from_openssh(text) {
        Ok(key) => Some(key.public_key().clone()),
        Err(_) => beside(file),
    }
}

fn beside(file: &Path) -> Option<PublicKey> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(".pub");
    public_in(Path::new(&beside))
}

/// The public key that is all there is in a file.
fn public_in(file: &Path) -> Option<PublicKey> {
    PublicKey::from_openssh(std::fs::read_to_string(file).ok()?.trim()).ok()
}

async fn unlock(file: &Path, text: &Secret, person: &Person) -> Result<PrivateKey, IdentityError> {
    let question = Question::hidden(&format!("Passphrase for {}: ", file.display()));
    for _ in 0..PASSPHRASE_ATTEMPTS {
        let passphrase = match person.ask(question.clone()).await {
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
