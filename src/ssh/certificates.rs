//! Host certificates: a key that an authority of `known_hosts` (`@cert-authority`) vouches for. No I/O, no clock.
//!
//! The rules are those of OpenSSH's PROTOCOL.certkeys and of `sshkey_cert_check_host`: a host certificate, signed by
//! the authority (not with SHA-1), valid now, for this host by name, and without critical options, of which none is
//! defined for hosts.

use russh::keys::{Algorithm, Certificate, PublicKey};

/// Whether `certificate` holds for `host` at `now` (seconds since 1970). Whether its authority is trusted is another
/// question.
pub(super) fn holds(certificate: &Certificate, host: &str, now: u64) -> bool {
    certificate.cert_type().is_host()
        && (certificate.valid_after()..certificate.valid_before()).contains(&now)
        && names(certificate, host)
        && certificate.critical_options().is_empty()
        && certificate.signature().algorithm() != Algorithm::Rsa { hash: None }
        && certificate.verify_signature().is_ok()
}

/// A certificate without names is for every host of its authority.
fn names(certificate: &Certificate, host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    certificate.valid_principals().is_empty() || certificate.valid_principals().contains(&host)
}

/// The key of the authority that signed.
pub(super) fn authority(certificate: &Certificate) -> PublicKey {
    PublicKey::new(certificate.signature_key().clone(), "")
}

/// The host's own key, which the certificate is about.
pub(super) fn subject(certificate: &Certificate) -> PublicKey {
    PublicKey::new(certificate.public_key().clone(), "")
}
