//! Whether a certificate is the one that a device printed over SSH, and how sure that is.

use std::fmt;

use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use super::names::Attributes;
use super::presented::{Presented, significant};
use crate::fortios::certificate::ShownCertificate;

/// By what a certificate was recognised, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// The device printed the certificate itself.
    Whole,
    /// Its SHA-256.
    Sha256,
    /// Its SHA-1, and serial number, validity and issuer. SHA-1 alone would not do: collisions can be made (2017).
    Sha1,
    /// Its MD5, and serial number, validity and issuer. MD5 alone would not do: collisions can be made (2004).
    Md5,
}

impl fmt::Display for Strength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Strength::Whole => "byte for byte",
            Strength::Sha256 => "SHA-256",
            Strength::Sha1 => "SHA-1, which is weak; serial number, validity and issuer agree",
            Strength::Md5 => "MD5, which is weak; serial number, validity and issuer agree",
        })
    }
}

/// How sure it is that `presented` is what was shown; `None` when it is not, or when too little was shown.
pub(super) fn likeness(shown: &ShownCertificate, presented: &Presented) -> Option<Strength> {
    if let Some(pem) = &shown.pem {
        let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
        return (*certificate == *presented.der()).then_some(Strength::Whole);
    }
    let strength = hashed(&shown.fingerprint, presented.der())?;
    (strength == Strength::Sha256 || agrees(shown, presented)).then_some(strength)
}

/// Which hash of the certificate these bytes are.
fn hashed(fingerprint: &[u8], der: &[u8]) -> Option<Strength> {
    use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
    let (hash, strength) = match fingerprint.len() {
        32 => (digest(&SHA256, der).as_ref().to_vec(), Strength::Sha256),
        20 => (digest(&SHA1_FOR_LEGACY_USE_ONLY, der).as_ref().to_vec(), Strength::Sha1),
        16 => (md5::compute(der).to_vec(), Strength::Md5),
        _ => return None,
    };
    (hash == fingerprint).then_some(strength)
}

/// Everything else that is printed has to be the same, and to be printed.
fn agrees(shown: &ShownCertificate, presented: &Presented) -> bool {
    is_serial(&shown.serial, &presented.serial)
        && shown.valid_from == Some(presented.valid_from)
        && shown.valid_to == Some(presented.valid_to)
        && presented.issuer.agrees_with(&Attributes::printed(&shown.issuer))
}

/// Serial numbers are printed as hexadecimal, with colons or without, or as openssl does: `4096 (0x1000)`.
fn is_serial(printed: &str, serial: &str) -> bool {
    let printed = printed.to_ascii_lowercase();
    let hex = printed.split_once("(0x").map_or(printed.as_str(), |(_, behind)| behind.trim_end_matches(')'));
    let hex: String = hex.trim_start_matches("0x").chars().filter(|c| !matches!(c, ':' | ' ')).collect();
    !hex.is_empty() && significant(&hex) == serial
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rest::trust::tests::{certificate, shown};

    #[test]
    fn each_hash_is_recognised_by_its_length() {
        let presented = certificate();
        for (length, strength) in [(16, Strength::Md5), (20, Strength::Sha1), (32, Strength::Sha256)] {
            assert_eq!(likeness(&shown(&presented, length), &presented), Some(strength));
        }
    }

    #[test]
    fn a_weak_hash_needs_everything_else_to_agree() {
        let presented = certificate();
        type Change = fn(&mut ShownCertificate);
        let changes: [Change; 7] = [
            |shown| shown.serial = "01".into(),
            |shown| shown.serial.clear(),
            |shown| shown.issuer = "CN = another".into(),
            |shown| shown.issuer.clear(),
            |shown| shown.valid_to = shown.valid_from,
            |shown| shown.valid_from = None,
            |shown| shown.fingerprint = vec![0; 20],
        ];
        for (at, change) in changes.into_iter().enumerate() {
            let mut weak = shown(&presented, 20);
            change(&mut weak);
            assert_eq!(likeness(&weak, &presented), None, "change {at}");
        }
        let mut strong = shown(&presented, 32);
        strong.serial.clear();
        assert_eq!(likeness(&strong, &presented), Some(Strength::Sha256));
    }

    #[test]
    fn serial_numbers_are_compared_as_numbers() {
        for printed in ["0a:bc", "ABC", "0x0abc", "2748 (0xabc)", "0A BC"] {
            assert!(is_serial(printed, "abc"), "{printed}");
        }
        assert!(!is_serial("", ""));
        assert!(!is_serial("abd", "abc"));
    }
}
