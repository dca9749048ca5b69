//! Sealing with age: only who holds an identity reads it again.

use std::fmt;
use std::io::{self, Read, Write};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use zeroize::Zeroizing;

/// Whom something is sealed to: age's own recipients (`age1…`) and SSH public keys (`ssh-ed25519 …`, `ssh-rsa …`).
#[derive(Clone, Default)]
pub struct Recipients(Vec<(String, Arc<dyn age::Recipient + Send + Sync>)>);

/// A text that names no recipient.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no age recipient: age1…, or an SSH public key of the kind ssh-ed25519 or ssh-rsa")]
pub struct UnknownRecipient(String);

/// Why something sealed cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenSealError {
    /// The identity file cannot be read, or holds no identity.
    #[error("the identity {file} cannot be used")]
    Identity {
        /// The file.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// None of the identities opens it, or it is damaged.
    #[error("it cannot be opened with this identity")]
    Sealed(#[from] age::DecryptError),
    /// It breaks off.
    #[error("it cannot be read to its end")]
    Cut(#[from] io::Error),
}

impl Recipients {
    /// Fails on the first text that names no recipient.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Recipients, UnknownRecipient> {
        texts.into_iter().map(|text| Ok((text.to_owned(), recipient(text)?))).collect::<Result<_, _>>().map(Recipients)
    }

    /// Whether there is nobody: then nothing can be sealed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The recipients as they were written.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(text, _)| text.as_str())
    }

    /// Seals `bytes`, in age's binary format.
    ///
    /// # Errors
    /// When there is no recipient.
    pub fn seal(&self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        self.seal_as(Format::Binary, bytes)
    }

    /// Seals `bytes` as lines of text between two marks, which survive mail and terminals.
    ///
    /// # Errors
    /// When there is no recipient.
    pub fn seal_armored(&self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        self.seal_as(Format::AsciiArmor, bytes)
    }

    fn seal_as(&self, format: Format, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let recipients = self.0.iter().map(|(_, recipient)| recipient.as_ref() as &dyn age::Recipient);
        let encryptor = age::Encryptor::with_recipients(recipients).map_err(io::Error::other)?;
        let mut sealed = Vec::new();
        let mut writer = encryptor.wrap_output(ArmoredWriter::wrap_output(&mut sealed, format)?)?;
        writer.write_all(bytes)?;
        writer.finish()?.finish()?;
        Ok(sealed)
    }
}

fn recipient(text: &str) -> Result<Arc<dyn age::Recipient + Send + Sync>, UnknownRecipient> {
    let text = text.trim();
    if let Ok(recipient) = age::x25519::Recipient::from_str(text) {
        return Ok(Arc::new(recipient));
    }
    match age::ssh::Recipient::from_str(text) {
        Ok(recipient) => Ok(Arc::new(recipient)),
        Err(_) => Err(UnknownRecipient(text.to_owned())),
    }
}

impl PartialEq for Recipients {
    fn eq(&self, other: &Self) -> bool {
        self.texts().eq(other.texts())
    }
}

impl Eq for Recipients {}

impl fmt::Debug for Recipients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.texts()).finish()
    }
}

/// An identity of our own: who holds it opens what is sealed to its recipient.
#[cfg(feature = "nats")]
pub struct Identity;

#[cfg(feature = "nats")]
impl Identity {
    /// Makes one, in a private file (0600) that must not exist yet; returns its recipient, `age1…`.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create(path: &Path) -> io::Result<String> {
        use std::os::unix::fs::OpenOptionsExt;

        use age::secrecy::ExposeSecret;

        let identity = age::x25519::Identity::generate();
        let mut file = std::fs::File::options().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(identity.to_string().expose_secret().as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        Ok(identity.to_public().to_string())
    }

    /// The recipient of the first identity in a file of age's own.
    ///
    /// # Errors
    /// When it cannot be read, or holds no such identity: of an SSH key the public half is the recipient.
    pub fn recipient(path: &Path) -> io::Result<String> {
        let text = Zeroizing::new(std::fs::read_to_string(path)?);
        let identity = text.lines().find_map(|line| age::x25519::Identity::from_str(line.trim()).ok());
        let none = || io::Error::new(io::ErrorKind::InvalidData, "it holds no identity of age's own");
        Ok(identity.ok_or_else(none)?.to_public().to_string())
    }
}

/// Opens what was sealed, with the identities of a file: age's own, or an SSH private key without passphrase.
///
/// # Errors
/// [`OpenSealError`].
pub fn open(sealed: &[u8], identity: &Path) -> Result<Zeroizing<Vec<u8>>, OpenSealError> {
    let identities = identities(identity)
        .map_err(|source| OpenSealError::Identity { file: identity.display().to_string(), source })?;
    let decryptor = age::Decryptor::new_buffered(ArmoredReader::new(sealed))?;
    let mut reader = decryptor.decrypt(identities.iter().map(AsRef::as_ref))?;
    // What is opened is never longer than what was sealed, so the buffer never moves.
    let mut bytes = Zeroizing::new(Vec::with_capacity(sealed.len()));
    reader.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn identities(file: &Path) -> io::Result<Vec<Box<dyn age::Identity>>> {
    let text = Zeroizing::new(std::fs::read_to_string(file)?);
    if text.contains("-----BEGIN") {
        let identity = age::ssh::Identity::from_buffer(text.as_bytes(), Some(file.display().to_string()))?;
        return Ok(vec![Box::new(identity)]);
    }
    let own = age::IdentityFile::from_buffer(text.as_bytes())?;
    own.into_identities().map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use age::secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn what_is_sealed_is_opened_by_the_identity_alone() {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str| {
            let identity = age::x25519::Identity::generate();
            let path = directory.path().join(name);
            std::fs::write(&path, identity.to_string().expose_secret()).unwrap();
            (identity.to_public().to_string(), path)
        };
        let ((ours, identity), (_, stranger)) = (file("ours"), file("stranger"));
        let sealed = Recipients::parse([ours.as_str()]).unwrap().seal(b"fccys3").unwrap();
        assert!(!sealed.windows(6).any(|window| window == b"fccys3"));
        assert_eq!(&**open(&sealed, &identity).unwrap(), b"fccys3");
        assert!(open(&sealed, &stranger).is_err());
    }

    #[test]
    fn a_recipient_that_is_none_is_named() {
        let error = Recipients::parse(["age1qqq"]).unwrap_err();
        assert!(error.to_string().contains("`age1qqq` is no age recipient"), "{error}");
    }
}
