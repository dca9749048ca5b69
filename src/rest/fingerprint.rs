//! `--tls-fingerprint`: the SHA-256 of a certificate, in the spellings in which tools print it.

use std::fmt;
use std::str::FromStr;

use crate::fortios::certificate::octets;

/// The SHA-256 of a certificate's DER.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

/// A text that is no SHA-256 fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FingerprintError {
    /// MD5 or SHA-1, by its length.
    #[error("`{0}` has {1} bytes, and the SHA-256 of a certificate has 32")]
    Short(String, usize),
    /// Neither hexadecimal nor base64.
    #[error("`{0}` is not the SHA-256 of a certificate, in hexadecimal or base64")]
    Form(String),
}

impl FingerprintError {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        Some(
            "openssl s_client -connect HOST:443 </dev/null | openssl x509 -noout -fingerprint -sha256 prints it".into(),
        )
    }
}

impl Fingerprint {
    /// That of a certificate in DER.
    pub fn of(der: &[u8]) -> Fingerprint {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, der).as_ref());
        Fingerprint(bytes)
    }

    /// Its 32 bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    /// `SHA256:AB:CD:…`, as `openssl` and FortiOS print the bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: Vec<String> = self.0.iter().map(|byte| format!("{byte:02X}")).collect();
        write!(f, "SHA256:{}", bytes.join(":"))
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    /// Reads hexadecimal, with colons or without, and base64, with padding or without; `SHA256:`, `sha256//` (curl's pins)
    /// or openssl's `sha256 Fingerprint=` may stand in front.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || FingerprintError::Form(text.to_owned());
        let body = without_label(text.trim());
        let bytes = octets(body).or_else(|| base64(body)).ok_or_else(form)?;
        let length = bytes.len();
        <[u8; 32]>::try_from(bytes).map(Fingerprint).map_err(|_| match length {
            16 | 20 => FingerprintError::Short(text.to_owned(), length),
            _ => form(),
        })
    }
}

fn without_label(text: &str) -> &str {
    let labels = ["sha256 fingerprint=", "sha256//", "sha256:"];
    let is_label = |label: &&str| text.get(..label.len()).is_some_and(|start| start.eq_ignore_ascii_case(label));
    labels.iter().find(|label| is_label(label)).and_then(|label| text.get(label.len()..)).unwrap_or(text)
}

/// The bytes of standard base64 (RFC 4648, section 4).
fn base64(text: &str) -> Option<Vec<u8>> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut buffer, mut bits) = (Vec::new(), 0_u32, 0);
    for digit in text.trim_end_matches('=').bytes() {
        let value = ALPHABET.iter().position(|known| *known == digit)?;
        buffer = (buffer << 6 | u32::try_from(value).ok()?) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(buffer >> bits & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The SHA-256 of `abc`, from FIPS 180-2.
    const HEX: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn every_usual_spelling_is_the_same_fingerprint() {
        let expected = Fingerprint::of(b"abc");
        let pairs: Vec<&str> = HEX.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap()).collect();
        let colons = pairs.join(":").to_uppercase();
        for text in [
            HEX.to_owned(),
            format!("SHA256:{HEX}"),
            format!("sha256:{colons}"),
            format!("SHA256 Fingerprint={colons}"),
            "SHA256:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0".to_owned(),
            "sha256//ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=".to_owned(),
            expected.to_string(),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_shorter_hash_and_what_is_none_are_told_apart() {
        let md5 = "90:01:50:98:3C:D2:4F:B0:D6:96:3F:7D:28:E1:7F:72";
        assert_eq!(md5.parse::<Fingerprint>(), Err(FingerprintError::Short(md5.into(), 16)));
        for text in ["", "SHA256:", "fw1", "SHA256:zz!", &HEX[1..], "é"] {
            assert_eq!(text.parse::<Fingerprint>(), Err(FingerprintError::Form(text.into())), "{text}");
        }
    }
}
