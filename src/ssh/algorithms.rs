//! What is offered in the key exchange.
//!
//! FortiOS 7.x speaks `curve25519-sha256@libssh.org` (by that name only), the NIST curves, and group exchange; a
//! hardened unit offers `diffie-hellman-group-exchange-sha256` and nothing else (oxidized issue 3123, FortiOS 7.2).
//! FortiOS 5 and early 6 want SHA-1 and CBC (`set strong-crypto disable`, `ssh-cbc-cipher`, `ssh-kex-sha1`), which are
//! offered on request only.

use std::borrow::Cow;
use std::sync::LazyLock;

use russh::keys::{Algorithm, EcdsaCurve, HashAlg};
use russh::{Preferred, cipher, compression, kex, mac};

use super::config::{AlgorithmList, Change, Settings};
use super::error::DialError;

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

/// Offered when they are asked for by name only.
const OTHER_KEX: &[kex::Name] = &[kex::DH_G15_SHA512, kex::DH_G17_SHA512, kex::DH_G1_SHA1];

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

/// Keys of security tokens: people have them, hosts do not.
const TOKEN_KEYS: &[Algorithm] = &[Algorithm::SkEd25519, Algorithm::SkEcdsaSha2NistP256];

/// The lists of `ssh_config` for one host; without one, the default holds.
#[derive(Default)]
pub(super) struct Lists<'a> {
    pub(super) kex: Option<&'a AlgorithmList>,
    pub(super) host_key: Option<&'a AlgorithmList>,
    pub(super) ciphers: Option<&'a AlgorithmList>,
    pub(super) macs: Option<&'a AlgorithmList>,
    pub(super) pubkey: Option<&'a AlgorithmList>,
    /// Whether old algorithms are among the defaults.
    pub(super) legacy: bool,
}

impl<'a> Lists<'a> {
    pub(super) fn of(settings: &'a Settings, legacy: bool) -> Self {
        Lists {
            kex: settings.kex_algorithms.as_ref().map(|list| &list.value),
            host_key: settings.host_key_algorithms.as_ref().map(|list| &list.value),
            ciphers: settings.ciphers.as_ref().map(|list| &list.value),
            macs: settings.macs.as_ref().map(|list| &list.value),
            pubkey: settings.pubkey_accepted_algorithms.as_ref().map(|list| &list.value),
            legacy,
        }
    }
}

/// What is known of the host before its keys are asked for.
pub(super) struct Known<'a> {
    /// The types of its keys, as `known_hosts` spells them.
    pub(super) key_types: &'a [&'a str],
    /// Whether an authority is known that may have signed them.
    pub(super) authority: bool,
}

/// The offer: modern algorithms, old ones behind them when they are allowed, changed as `lists` says. Host keys of the
/// known types come first, so that a device with several keys shows one that can be checked; before them, certificates
/// where an authority is known.
pub(super) fn offer(lists: &Lists<'_>, known: &Known<'_>) -> Result<Preferred, DialError> {
    let legacy = lists.legacy;
    let mut kex = choose("KexAlgorithms", lists.kex, legacy, [KEX, LEGACY_KEX, OTHER_KEX])?;
    kex.extend(KEX_EXTENSIONS);
    let (certificates, keys) = host_keys(lists.host_key, legacy, known)?;
    Ok(Preferred {
        kex: kex.into(),
        key: keys.into(),
        host_key_certificates: certificates.into(),
        cipher: choose("Ciphers", lists.ciphers, legacy, [CIPHERS, LEGACY_CIPHERS, &[]])?.into(),
        mac: choose("MACs", lists.macs, legacy, [MACS, LEGACY_MACS, &[]])?.into(),
        compression: (&[compression::NONE]).into(),
    })
}

/// The names of an option: `modern` ones by default, `old` ones by the flag, `other` ones by name.
fn choose<N: AsRef<str> + Copy>(
    option: &'static str,
    list: Option<&AlgorithmList>,
    legacy: bool,
    [modern, old, other]: [&[N]; 3],
) -> Result<Vec<N>, DialError> {
    let default = if legacy { [modern, old].concat() } else { modern.to_vec() };
    let Some(list) = list else { return Ok(default) };
    let all = [modern, old, other].concat();
    let chosen = list.applied(&spelled(&default), &spelled(&all));
    let found = chosen.iter().filter_map(|name| all.iter().find(|known| known.as_ref() == *name).copied());
    usable(option, Some(list), found.collect())
}

fn spelled<N: AsRef<str>>(names: &[N]) -> Vec<&str> {
    names.iter().map(AsRef::as_ref).collect()
}

fn applied(list: &AlgorithmList, default: &[&str], all: &[&str]) -> Vec<String> {
    list.applied(default, all).into_iter().map(str::to_owned).collect()
}

fn usable<T>(option: &'static str, list: Option<&AlgorithmList>, chosen: Vec<T>) -> Result<Vec<T>, DialError> {
    if chosen.is_empty() {
        let list = list.map(|list| list.names.join(",")).unwrap_or_default();
        return Err(DialError::NoUsableAlgorithm { option, list });
    }
    Ok(chosen)
}

/// Certificates and plain keys, in the order of preference.
fn host_keys(
    list: Option<&AlgorithmList>,
    legacy: bool,
    known: &Known<'_>,
) -> Result<(Vec<Algorithm>, Vec<Algorithm>), DialError> {
    let default = [HOST_KEYS, if legacy { LEGACY_HOST_KEYS } else { &[] }].concat();
    let (certificates, mut keys) = match list {
        Some(list) => listed(list, &default),
        None => (default.clone(), default),
    };
    // As in `ssh`: a list that is spelled out is the order, too.
    if list.is_none_or(|list| matches!(list.change, Change::Append | Change::Remove)) {
        keys.sort_by_key(|algorithm| !known.key_types.contains(&key_type(algorithm)));
    }
    let certificates = if known.authority { certificates } else { Vec::new() };
    let keys = if certificates.is_empty() { usable("HostKeyAlgorithms", list, keys)? } else { keys };
    Ok((certificates, keys))
}

/// What a list makes of the default: certificates, and plain keys.
fn listed(list: &AlgorithmList, default: &[Algorithm]) -> (Vec<Algorithm>, Vec<Algorithm>) {
    let all = [HOST_KEYS, LEGACY_HOST_KEYS].concat();
    let (default, names) = (key_names(default), key_names(&all));
    let (default, names) = (spelled(&default), spelled(&names));
    let chosen = list.applied(&default, &names);
    let pick = |name: fn(&Algorithm) -> String| {
        chosen.iter().filter_map(|chosen| all.iter().find(|known| name(known) == *chosen)).cloned().collect()
    };
    (pick(Algorithm::to_certificate_type), pick(|key| key.as_str().to_owned()))
}

/// The names of certificates and of plain keys.
fn key_names(algorithms: &[Algorithm]) -> Vec<String> {
    let certificates = algorithms.iter().map(Algorithm::to_certificate_type);
    certificates.chain(algorithms.iter().map(|algorithm| algorithm.as_str().to_owned())).collect()
}

/// The type of the key that an algorithm signs with: all RSA variants use `ssh-rsa` keys.
fn key_type(algorithm: &Algorithm) -> &str {
    match algorithm {
        Algorithm::Rsa { .. } => "ssh-rsa",
        other => other.as_str(),
    }
}

/// How our own keys may sign.
pub(super) struct Signatures {
    names: Cow<'static, [String]>,
}

/// The names of all that may sign by default, and of those and the old ones.
static SIGNATURES: LazyLock<[Vec<String>; 2]> = LazyLock::new(|| {
    let modern = [HOST_KEYS, TOKEN_KEYS].concat();
    [key_names(&modern), key_names(&[modern.as_slice(), LEGACY_HOST_KEYS].concat())]
});

impl Signatures {
    /// What `PubkeyAcceptedAlgorithms` makes of the default: everything but SHA-1.
    pub(super) fn allowed(lists: &Lists<'_>) -> Signatures {
        let [modern, all] = &*SIGNATURES;
        let default = if lists.legacy { all } else { modern };
        let names = match lists.pubkey {
            Some(list) => applied(list, &spelled(default), &spelled(all)).into(),
            None => default.into(),
        };
        Signatures { names }
    }

    /// Whether a key of this type, shown plainly or in a certificate, may sign in any way.
    pub(super) fn allow(&self, key: &Algorithm, certificate: bool) -> bool {
        match key {
            Algorithm::Rsa { .. } => !self.rsa(certificate).is_empty(),
            other => self.has(other, certificate),
        }
    }

    /// The hashes that an RSA key may sign with, the best first; `None` is SHA-1.
    pub(super) fn rsa(&self, certificate: bool) -> Vec<Option<HashAlg>> {
        let hashes = [Some(HashAlg::Sha512), Some(HashAlg::Sha256), None];
        hashes.into_iter().filter(|hash| self.has(&Algorithm::Rsa { hash: *hash }, certificate)).collect()
    }

    fn has(&self, algorithm: &Algorithm, certificate: bool) -> bool {
        let name = if certificate { algorithm.to_certificate_type() } else { algorithm.as_str().to_owned() };
        self.names.contains(&name)
    }
}

/// Whether we would understand this algorithm if it were asked for.
pub(super) fn is_supported(name: &str) -> bool {
    let kex = [KEX, LEGACY_KEX, OTHER_KEX].concat().iter().any(|known| known.as_ref() == name);
    let cipher = [CIPHERS, LEGACY_CIPHERS].concat().iter().any(|known| known.as_ref() == name);
    let mac = [MACS, LEGACY_MACS].concat().iter().any(|known| known.as_ref() == name);
    kex || cipher || mac || [HOST_KEYS, LEGACY_HOST_KEYS].concat().iter().any(|known| known.as_str() == name)
}

/// Whether `--legacy-algorithms` adds this one.
pub(super) fn is_legacy(name: &str) -> bool {
    let kex = LEGACY_KEX.iter().any(|known| known.as_ref() == name);
    let cipher = LEGACY_CIPHERS.iter().any(|known| known.as_ref() == name);
    let mac = LEGACY_MACS.iter().any(|known| known.as_ref() == name);
    kex || cipher || mac || LEGACY_HOST_KEYS.iter().any(|known| known.as_str() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names<N: AsRef<str>>(list: &[N]) -> Vec<&str> {
        list.iter().map(AsRef::as_ref).collect()
    }

    fn offer(legacy: bool, key_types: &[&str], authority: bool) -> Preferred {
        super::offer(&Lists { legacy, ..Lists::default() }, &Known { key_types, authority }).unwrap()
    }

    fn list(change: Change, names: &str) -> AlgorithmList {
        AlgorithmList { change, names: names.split(',').map(str::to_owned).collect() }
    }

    fn listed(lists: &Lists<'_>) -> Result<Preferred, DialError> {
        super::offer(lists, &Known { key_types: &["ssh-rsa"], authority: false })
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

    #[test]
    fn a_list_of_the_device_changes_what_is_offered_to_it() {
        let offered = listed(&Lists {
            kex: Some(&list(Change::Append, "diffie-hellman-group1-sha1")),
            host_key: Some(&list(Change::Replace, "ecdsa-*,ssh-rsa")),
            ciphers: Some(&list(Change::Replace, "aes128-cbc")),
            macs: Some(&list(Change::Remove, "hmac-sha2-512*")),
            ..Lists::default()
        });
        let offered = offered.unwrap();
        assert!(names(&offered.kex).contains(&"diffie-hellman-group1-sha1"));
        assert_eq!(names(&offered.cipher), ["aes128-cbc"]);
        assert_eq!(names(&offered.mac), ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-256"]);
        assert_eq!(offered.key.first(), Some(&Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 }));
        assert_eq!(offered.key.last(), Some(&Algorithm::Rsa { hash: None }));
    }

    #[test]
    fn a_list_of_which_we_have_nothing_is_an_error() {
        let kex = list(Change::Replace, "sntrup761x25519-sha512");
        assert_eq!(
            listed(&Lists { kex: Some(&kex), ..Lists::default() }).unwrap_err().to_string(),
            "we have none of the algorithms in KexAlgorithms: sntrup761x25519-sha512"
        );
    }

    #[test]
    fn keys_do_not_sign_with_sha1_unless_asked_to() {
        let rsa = |list: Option<&AlgorithmList>, legacy| {
            Signatures::allowed(&Lists { pubkey: list, legacy, ..Lists::default() }).rsa(false)
        };
        assert_eq!(rsa(None, false), [Some(HashAlg::Sha512), Some(HashAlg::Sha256)]);
        assert_eq!(rsa(None, true).last(), Some(&None));
        assert_eq!(rsa(Some(&list(Change::Append, "ssh-rsa")), false).last(), Some(&None));
        assert_eq!(rsa(Some(&list(Change::Replace, "rsa-sha2-256")), false), [Some(HashAlg::Sha256)]);
        assert!(rsa(Some(&list(Change::Replace, "ssh-ed25519*")), true).is_empty());
    }
}
