//! What is offered in the key exchange.
//!
//! FortiOS 7.x speaks `curve25519-sha256@libssh.org` (by that name only), the NIST curves, and group exchange; a
//! hardened unit offers `diffie-hellman-group-exchange-sha256` and nothing else (oxidized issue 3123, FortiOS 7.2).
//! FortiOS 5 and early 6 want SHA-1 and CBC (`set strong-crypto disable`, `ssh-cbc-cipher`, `ssh-kex-sha1`), which are
//! offered on request only.

use std::borrow::Cow;

use russh::keys::{Algorithm, EcdsaCurve, HashAlg};
use russh::{Preferred, cipher, compression, kex, mac};

const KEX: &[kex::Name] = &[
    kex::MLKEM768X25519_SHA256,
    kex::CURVE25519,
    kex::CURVE25519_PRE_RFC_8731,
    kex::ECDH_SHA2_NISTP256,
    kex::ECDH_SHA2_NISTP384,
    kex::ECDH_SHA2_NISTP521,
    kex::DH_GEX_SHA256,
    kex::DH_G16_SHA512,
    kex::DH_G18_SHA512,
    kex::DH_G14_SHA256,
];

/// `dh-group1-sha1` is left out on purpose: FortiOS offers it, but its implementation does not work (paramiko issue
/// 687).
const LEGACY_KEX: &[kex::Name] = &[kex::DH_G14_SHA1, kex::DH_GEX_SHA1];

/// Not algorithms: that we understand `server-sig-algs`, and the strict key exchange against prefix truncation.
const KEX_EXTENSIONS: &[kex::Name] = &[kex::EXTENSION_SUPPORT_AS_CLIENT, kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT];

const CIPHERS: &[cipher::Name] = &[
    cipher::AES_256_GCM,
    cipher::AES_128_GCM,
    cipher::CHACHA20_POLY1305,
    cipher::AES_256_CTR,
    cipher::AES_192_CTR,
    cipher::AES_128_CTR,
];

const LEGACY_CIPHERS: &[cipher::Name] = &[cipher::AES_256_CBC, cipher::AES_192_CBC, cipher::AES_128_CBC];

const MACS: &[mac::Name] = &[mac::HMAC_SHA256_ETM, mac::HMAC_SHA512_ETM, mac::HMAC_SHA256, mac::HMAC_SHA512];

const LEGACY_MACS: &[mac::Name] = &[mac::HMAC_SHA1_ETM, mac::HMAC_SHA1];

const HOST_KEYS: &[Algorithm] = &[
    Algorithm::Ed25519,
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
    Algorithm::Rsa { hash: Some(HashAlg::Sha512) },
    Algorithm::Rsa { hash: Some(HashAlg::Sha256) },
];

/// RSA with SHA-1, which is what `ssh-rsa` means.
const LEGACY_HOST_KEYS: &[Algorithm] = &[Algorithm::Rsa { hash: None }];

/// The offer: modern algorithms, old ones behind them when `legacy` is set. Host keys of the `known` types (as
/// `known_hosts` spells them) come first, so that a device with several keys shows one that can be checked; before
/// them, certificates where an authority is known that may have signed them.
pub(super) fn offer(legacy: bool, known: &[&str], certificates: bool) -> Preferred {
    let mut host_keys = [HOST_KEYS, if legacy { LEGACY_HOST_KEYS } else { &[] }].concat();
    host_keys.sort_by_key(|algorithm| !known.contains(&key_type(algorithm)));
    Preferred {
        kex: Cow::Owned([KEX, if legacy { LEGACY_KEX } else { &[] }, KEX_EXTENSIONS].concat()),
        key: Cow::Owned(host_keys),
        host_key_certificates: if certificates { Cow::Borrowed(HOST_KEYS) } else { Cow::Borrowed(&[]) },
        cipher: Cow::Owned([CIPHERS, if legacy { LEGACY_CIPHERS } else { &[] }].concat()),
        mac: Cow::Owned([MACS, if legacy { LEGACY_MACS } else { &[] }].concat()),
        compression: Cow::Borrowed(&[compression::NONE]),
    }
}

/// The type of the key that an algorithm signs with: all RSA variants use `ssh-rsa` keys.
fn key_type(algorithm: &Algorithm) -> &str {
    match algorithm {
        Algorithm::Rsa { .. } => "ssh-rsa",
        other => other.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names<N: AsRef<str>>(list: &[N]) -> Vec<&str> {
        list.iter().map(AsRef::as_ref).collect()
    }

    #[test]
    fn nothing_of_sha1_or_cbc_is_offered_unless_asked_for() {
        let offered = offer(false, &[], false);
        let all = [names(&offered.kex), names(&offered.cipher), names(&offered.mac)].concat();
        assert!(all.iter().all(|name| !name.contains("sha1") && !name.contains("cbc")), "{all:?}");
        assert!(!offered.key.contains(&Algorithm::Rsa { hash: None }));
    }

    #[test]
    fn legacy_adds_old_algorithms_behind_the_modern_ones() {
        let offered = offer(true, &[], false);
        assert_eq!(names(&offered.kex).first(), Some(&"mlkem768x25519-sha256"));
        assert!(names(&offered.kex).contains(&"diffie-hellman-group14-sha1"));
        assert!(names(&offered.cipher).contains(&"aes256-cbc"));
        assert_eq!(offered.key.last(), Some(&Algorithm::Rsa { hash: None }));
    }

    #[test]
    fn what_a_hardened_fortigate_offers_is_offered() {
        let offered = offer(false, &[], false);
        assert!(names(&offered.kex).contains(&"diffie-hellman-group-exchange-sha256"));
        assert!(names(&offered.cipher).contains(&"aes256-ctr"));
        assert!(names(&offered.mac).contains(&"hmac-sha2-256"));
    }

    #[test]
    fn a_known_key_type_is_asked_for_first() {
        let offered = offer(false, &["ssh-rsa"], false);
        assert_eq!(offered.key.first(), Some(&Algorithm::Rsa { hash: Some(HashAlg::Sha512) }));
        assert_eq!(offered.key.get(2), Some(&Algorithm::Ed25519));
    }
}
