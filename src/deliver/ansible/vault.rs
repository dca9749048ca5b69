//! Ansible Vault, formats 1.1 and 1.2: text that `ansible-vault` opens, and that of `ansible-vault` opened.
//!
//! Source: ansible-core's user guide, "Format of files encrypted with Ansible Vault": PBKDF2 with HMAC-SHA-256 and 10 000
//! rounds over the password and 32 bytes of salt gives 80 bytes: the key of AES-256 in counter mode, the key of
//! HMAC-SHA-256 over what was encrypted, and the first counter. The plain text is padded as PKCS #7 says.

use std::num::NonZeroU32;

use aes::Aes256;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use ring::rand::{SecureRandom, SystemRandom};
use ring::{hmac, pbkdf2};
use zeroize::Zeroizing;

use crate::secret::Secret;

/// What every text of Ansible Vault begins with.
const MARK: &str = "$ANSIBLE_VAULT;";

/// The only cipher that there is.
const CIPHER: &str = "AES256";

/// The label that needs no mention: with it a text is of format 1.1.
pub(super) const DEFAULT_LABEL: &str = "default";

const ROUNDS: NonZeroU32 = NonZeroU32::MIN.saturating_add(9_999);
const SALT: usize = 32;
const BLOCK: usize = 16;
/// Two keys and the first counter.
const DERIVED: usize = 32 + 32 + BLOCK;
/// Characters on a line.
const WIDTH: usize = 80;

/// Why a text cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum VaultError {
    /// Not AES256, or a format that is not 1.1 or 1.2.
    #[error("`{0}` is not a format of Ansible Vault that is known here")]
    Format(String),
    /// Cut, or altered by hand.
    #[error("the encrypted text is damaged")]
    Damaged,
    /// The password is another one; or somebody has altered the text.
    #[error("the vault password does not open it")]
    WrongPassword,
    /// There is no password.
    #[error("it is encrypted, and there is no vault password")]
    NoPassword,
    /// The system gives no random bytes.
    #[error("there are no random bytes to be had")]
    NoRandom,
}

/// A text that was opened.
pub(super) struct Opened {
    /// The plain text.
    pub(super) text: Zeroizing<String>,
    /// The label of its password.
    pub(super) label: Option<String>,
}

/// Whether `text` is an encrypted text as a whole.
pub(super) fn is_encrypted(text: &str) -> bool {
    text.starts_with(MARK)
}

/// Encrypts `text` for whoever has `password`: a header and lines of 80 characters, each with its line end.
///
/// Fails when the system gives no random bytes.
pub(super) fn seal(text: &str, password: &Secret, label: Option<&str>) -> Result<String, VaultError> {
    let mut salt = [0; SALT];
    SystemRandom::new().fill(&mut salt).map_err(|_| VaultError::NoRandom)?;
    let keys = Keys::derive(password, &salt);
    let mut bytes = padded(text.as_bytes());
    keys.apply(&mut bytes);
    let tag = hmac::sign(&keys.hmac(), &bytes);
    let body = [hex(&salt), hex(tag.as_ref()), hex(&bytes)].join("\n");
    let body = hex(body.as_bytes());
    let mut sealed = header(label) + "\n";
    // Every character is a hexadecimal digit, so every cut is between characters.
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, below) = rest.split_at_checked(WIDTH).unwrap_or((rest, ""));
        sealed += line;
        sealed.push('\n');
        rest = below;
    }
    Ok(sealed)
}

/// Format 1.2 names a label, format 1.1 has none.
fn header(label: Option<&str>) -> String {
    match label {
        Some(label) => format!("{MARK}1.2;{CIPHER};{label}"),
        None => format!("{MARK}1.1;{CIPHER}"),
    }
}

/// Opens a text with `password`. The HMAC is compared in constant time, before anything is decrypted.
pub(super) fn open(text: &str, password: &Secret) -> Result<Opened, VaultError> {
    let mut lines = text.lines().map(str::trim);
    let label = label_of(lines.next().unwrap_or_default())?;
    let body = unhex(&lines.collect::<String>())?;
    let body = String::from_utf8(body).map_err(|_| VaultError::Damaged)?;
    let parts: Vec<Vec<u8>> = body.split('\n').map(unhex).collect::<Result<_, _>>()?;
    let Ok([salt, tag, bytes]) = <[Vec<u8>; 3]>::try_from(parts) else { return Err(VaultError::Damaged) };
    let keys = Keys::derive(password, &salt);
    hmac::verify(&keys.hmac(), &bytes, &tag).map_err(|_| VaultError::WrongPassword)?;
    let mut bytes = Zeroizing::new(bytes);
    keys.apply(&mut bytes);
    let length = unpadded(&bytes).ok_or(VaultError::Damaged)?;
    bytes.truncate(length);
    let text = std::str::from_utf8(&bytes).map_err(|_| VaultError::Damaged)?;
    Ok(Opened { text: Zeroizing::new(text.to_owned()), label })
}

/// `$ANSIBLE_VAULT;1.1;AES256` has none, `$ANSIBLE_VAULT;1.2;AES256;LABEL` has one.
fn label_of(header: &str) -> Result<Option<String>, VaultError> {
    let fields: Vec<&str> = header.split(';').collect();
    match fields.as_slice() {
        [_, "1.1", CIPHER] => Ok(None),
        [_, "1.2", CIPHER, label] => Ok(Some((*label).to_owned())),
        _ => Err(VaultError::Format(header.chars().take(WIDTH).collect())),
    }
}

/// What the password and the salt give.
struct Keys(Zeroizing<[u8; DERIVED]>);

impl Keys {
    fn derive(password: &Secret, salt: &[u8]) -> Keys {
        let mut keys = Keys(Zeroizing::new([0; DERIVED]));
        let password = password.expose().as_bytes();
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, salt, password, keys.0.as_mut_slice());
        keys
    }

    fn hmac(&self) -> hmac::Key {
        let (_, rest) = self.0.split_at(32);
        let (key, _) = rest.split_at(32);
        hmac::Key::new(hmac::HMAC_SHA256, key)
    }

    /// Encrypts or decrypts: in counter mode that is the same.
    fn apply(&self, bytes: &mut [u8]) {
        let (key, counter) = (self.0.first_chunk::<32>(), self.0.last_chunk::<BLOCK>());
        if let (Some(key), Some(counter)) = (key, counter) {
            Ctr128BE::<Aes256>::new(key.into(), counter.into()).apply_keystream(bytes);
        }
    }
}

/// PKCS #7: as many bytes as are missing to a whole block, each of them that number; a whole block where none is missing.
fn padded(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let missing = BLOCK - text.len() % BLOCK;
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() + missing));
    bytes.extend_from_slice(text);
    bytes.resize(text.len() + missing, u8::try_from(missing).unwrap_or_default());
    bytes
}

fn unpadded(bytes: &[u8]) -> Option<usize> {
    let missing = usize::from(*bytes.last()?);
    let length = bytes.len().checked_sub(missing)?;
    let padding = bytes.get(length..)?;
    let is_sound = (1..=BLOCK).contains(&missing) && padding.iter().all(|byte| usize::from(*byte) == missing);
    is_sound.then_some(length)
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digit = |value: u8| DIGITS.get(usize::from(value)).copied();
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(digit).collect()
}

fn unhex(text: &str) -> Result<Vec<u8>, VaultError> {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
    let digits = digits.ok_or(VaultError::Damaged)?;
    let bytes = digits.chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(high * 16 + low).map_err(|_| VaultError::Damaged),
        _ => Err(VaultError::Damaged),
    });
    bytes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Secret {
        Secret::new(text)
    }

    #[test]
    fn what_is_sealed_opens_with_its_password_alone() {
        for (text, label) in
            [("", None), ("a: 1\n", Some("prod")), ("0123456789abcdef", None), (&*"é\n".repeat(99), None)]
        {
            let sealed = seal(text, &password("secret"), label).unwrap();
            assert!(sealed.lines().all(|line| line.len() <= WIDTH), "{sealed}");
            let opened = open(&sealed, &password("secret")).unwrap();
            assert_eq!((opened.text.as_str(), opened.label.as_deref()), (text, label));
            assert_eq!(open(&sealed, &password("other")).err(), Some(VaultError::WrongPassword));
        }
    }

    #[test]
    fn the_header_names_the_label() {
        let first_line = |label| seal("x", &password("p"), label).unwrap().lines().next().unwrap().to_owned();
        assert_eq!(first_line(None), "$ANSIBLE_VAULT;1.1;AES256");
        assert_eq!(first_line(Some("default")), "$ANSIBLE_VAULT;1.2;AES256;default");
        assert_eq!(first_line(Some("prod")), "$ANSIBLE_VAULT;1.2;AES256;prod");
    }

    #[test]
    fn what_was_altered_does_not_open() {
        let sealed = seal("text", &password("p"), Some("default")).unwrap();
        let altered = |from: &str, to: &str| open(&sealed.replacen(from, to, 1), &password("p")).err();
        let old = "$ANSIBLE_VAULT;1.0;AES256;default";
        assert_eq!(altered("1.2", "1.0"), Some(VaultError::Format(old.into())));
        assert_eq!(altered("default\n", "default\nx"), Some(VaultError::Damaged));
        let mut lines: Vec<&str> = sealed.lines().collect();
        lines.pop();
        assert!(open(&lines.join("\n"), &password("p")).is_err());
        // The last digit of the innermost text: a bit or two of what was encrypted. It is `3x` or `6x` twice over, and stays
        // a digit.
        let last = sealed.trim_end().chars().last().unwrap();
        let other = if last == '1' { "2\n" } else { "1\n" };
        let flipped = format!("{}{other}", &sealed.trim_end()[..sealed.trim_end().len() - 1]);
        assert_eq!(open(&flipped, &password("p")).err(), Some(VaultError::WrongPassword));
    }
}
