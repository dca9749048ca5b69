//! The judgement of a certificate, without I/O: is this the device, and how sure is that.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use tokio_rustls::rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{CertificateError, Error, RootCertStore};

use super::authorities::Authorities;
use super::fingerprint::Fingerprint;
use super::likeness::{Strength, likeness};
use super::presented::Presented;
use crate::fortios::certificate::ShownCertificate;

/// Which certificates are taken for the device's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// What the device showed over SSH.
    Learned(Learned),
    /// What these authorities signed, for one of the device's names: `--ca`.
    Authorities(Authorities),
    /// The one with this fingerprint: `--tls-fingerprint`.
    Fingerprint(Fingerprint),
    /// Any: `--insecure`.
    Anything,
}

/// What a device showed over SSH of its certificates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Learned {
    /// The serial number of the device.
    pub device: String,
    /// Certificates that it may present.
    pub own: Vec<ShownCertificate>,
    /// Certificates that may have signed those.
    pub authorities: Vec<ShownCertificate>,
}

/// Why a certificate is taken for the device's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assurance {
    /// By what it was recognised.
    pub by: Recognised,
    /// Since when it is not valid any more, or from when on it is; `None`: it is valid.
    pub out_of_date: Option<OutOfDate>,
}

/// By what a certificate was recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recognised {
    /// The device showed it over SSH.
    Shown(Strength),
    /// This authority signed it, and the device showed the authority over SSH.
    Signed {
        /// The name of the authority on the device.
        by: String,
        /// How sure it is that it is that one.
        strength: Strength,
    },
    /// An authority of this file signed it, or it stands in the file itself.
    Authority(PathBuf),
    /// The operator named its fingerprint.
    Pinned,
    /// Nothing was checked.
    Unchecked,
}

/// A certificate before or after its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutOfDate {
    /// It was valid until then.
    Since(Timestamp),
    /// It is valid from then on.
    Until(Timestamp),
}

impl fmt::Display for Assurance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.by {
            Recognised::Shown(strength) => {
                write!(f, "its certificate is the one this device showed over SSH ({strength})")?;
            }
            Recognised::Signed { by, strength } => {
                write!(f, "its certificate is signed by {by}, which this device showed over SSH ({strength})")?;
            }
            Recognised::Authority(file) => write!(f, "its certificate is vouched for by {}", file.display())?,
            Recognised::Pinned => f.write_str("its certificate has the fingerprint you named")?,
            Recognised::Unchecked => f.write_str("its certificate was not checked")?,
        }
        match self.out_of_date {
            None => Ok(()),
            Some(OutOfDate::Since(at)) => write!(f, ", but it expired at {at}"),
            Some(OutOfDate::Until(at)) => write!(f, ", but it is not valid before {at}"),
        }
    }
}

/// Why a certificate is not taken for the device's. The key was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFault {
    /// Its time is over.
    #[error("the certificate expired at {0}")]
    Expired(Timestamp),
    /// Something is wrong with it, or with one that signed it.
    #[error("the certificate cannot be accepted: {0}")]
    Invalid(String),
    /// It has none of the device's names.
    #[error("the certificate is not for {}", .0.join(" or "))]
    Name(Vec<String>),
    /// Its time has not come.
    #[error("the certificate is not valid before {0}")]
    NotYetValid(Timestamp),
    /// The device showed others over SSH.
    #[error("the certificate ({presented}) is not the one this device showed over SSH")]
    NotShown {
        /// What was presented.
        presented: Fingerprint,
    },
    /// The operator named another one.
    #[error("the certificate has the fingerprint {presented}, which is not the one you named")]
    OtherFingerprint {
        /// What was presented.
        presented: Fingerprint,
    },
    /// The device showed none over SSH.
    #[error("the device shows no certificate over SSH to compare with ({presented} was presented)")]
    NothingShown {
        /// What was presented.
        presented: Fingerprint,
    },
    /// No authority of the file signed it.
    #[error("the certificate is not signed by an authority in {}", .0.display())]
    UnknownIssuer(PathBuf),
    /// It is none.
    #[error("what is presented is no certificate")]
    Unreadable,
}

impl Trust {
    /// Judges what a server presented, the server's own certificate first. `names` are those of the device.
    ///
    /// # Errors
    /// When it is not the device's, or that cannot be told.
    pub fn judge(
        &self,
        chain: &[CertificateDer<'_>],
        names: &[ServerName<'_>],
        now: Timestamp,
    ) -> Result<Assurance, CertificateFault> {
        let (end, above) = chain.split_first().ok_or(CertificateFault::Unreadable)?;
        let leaf = Presented::parse(end).ok_or(CertificateFault::Unreadable)?;
        let by = match self {
            Trust::Learned(learned) => learned.recognise(&leaf, end, above, names, now)?,
            Trust::Authorities(authorities) => {
                vouched(authorities, &leaf, end, above, names, now)?;
                Recognised::Authority(authorities.file().to_owned())
            }
            Trust::Fingerprint(named) if leaf.fingerprint() == *named => Recognised::Pinned,
            Trust::Fingerprint(_) => {
                return Err(CertificateFault::OtherFingerprint { presented: leaf.fingerprint() });
            }
            Trust::Anything => Recognised::Unchecked,
        };
        Ok(Assurance { by, out_of_date: out_of_date(&leaf, now) })
    }
}

impl Learned {
    /// The one that was shown; else one that an authority signed which was shown.
    fn recognise(
        &self,
        leaf: &Presented,
        end: &CertificateDer<'_>,
        above: &[CertificateDer<'_>],
        names: &[ServerName<'_>],
        now: Timestamp,
    ) -> Result<Recognised, CertificateFault> {
        let presented = leaf.fingerprint();
        if let Some(strength) = self.own.iter().filter_map(|shown| likeness(shown, leaf)).min() {
            return Ok(Recognised::Shown(strength));
        }
        let authorities = || self.own.iter().chain(&self.authorities);
        for shown in authorities() {
            if let Some((authority, strength)) = candidate(shown, above) {
                let whose = Presented::parse(&authority).is_some_and(|authority| self.is_own(&authority));
                match signed(end, above, &authority, now) {
                    Ok(()) if whose || is_named(end, names) => {
                        return Ok(Recognised::Signed { by: shown.name.clone(), strength });
                    }
                    Err(fault @ (CertificateFault::Expired(_) | CertificateFault::NotYetValid(_))) => {
                        return Err(fault);
                    }
                    _ => {}
                }
            }
        }
        match authorities().next() {
            Some(_) => Err(CertificateFault::NotShown { presented }),
            None => Err(CertificateFault::NothingShown { presented }),
        }
    }

    /// Whether an authority signs for this device only: its common name is the serial number. Others sign for many
    /// devices, so that what they signed must have the right name too.
    ///
    /// Source: `Fortinet_CA_SSL` of a 7.6.7 unit.
    fn is_own(&self, authority: &Presented) -> bool {
        !self.device.is_empty() && authority.subject.common_name() == Some(self.device.as_str())
    }
}

/// The authority that was shown: out of the chain, or printed whole by the device. A certificate that may not sign others is
/// none, though the device shows it.
fn candidate(shown: &ShownCertificate, above: &[CertificateDer<'_>]) -> Option<(CertificateDer<'static>, Strength)> {
    let may_sign = |presented: &Presented| presented.is_ca;
    let found = above.iter().find_map(|certificate| {
        let strength = likeness(shown, &Presented::parse(certificate).filter(may_sign)?)?;
        Some((certificate.clone().into_owned(), strength))
    });
    found.or_else(|| {
        let certificate = CertificateDer::from_pem_slice(shown.pem.as_ref()?.as_bytes()).ok()?;
        Presented::parse(&certificate).filter(may_sign)?;
        Some((certificate, Strength::Whole))
    })
}

/// Whether `authority` signed the certificate, itself or through others.
fn signed(
    end: &CertificateDer<'_>,
    above: &[CertificateDer<'_>],
    authority: &CertificateDer<'static>,
    now: Timestamp,
) -> Result<(), CertificateFault> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.clone()).map_err(|error| invalid(&error))?;
    let leaf = Presented::parse(end).ok_or(CertificateFault::Unreadable)?;
    chained(&leaf, end, above, &roots, now)
}

/// Whether the authorities of a file signed the certificate, or it is one of them, for one of the names.
fn vouched(
    authorities: &Authorities,
    leaf: &Presented,
    end: &CertificateDer<'_>,
    above: &[CertificateDer<'_>],
    names: &[ServerName<'_>],
    now: Timestamp,
) -> Result<(), CertificateFault> {
    if authorities.has(end) {
        in_time(leaf, now)?;
    } else {
        chained(leaf, end, above, &authorities.roots(), now).map_err(|fault| match fault {
            CertificateFault::Invalid(why) if why == UNKNOWN_ISSUER => {
                CertificateFault::UnknownIssuer(authorities.file().to_owned())
            }
            fault => fault,
        })?;
    }
    if is_named(end, names) {
        return Ok(());
    }
    Err(CertificateFault::Name(names.iter().map(|name| name.to_str().into_owned()).collect()))
}

/// What [`invalid`] makes of a certificate that no root signed.
const UNKNOWN_ISSUER: &str = "nobody who is trusted has signed it";

fn chained(
    leaf: &Presented,
    end: &CertificateDer<'_>,
    above: &[CertificateDer<'_>],
    roots: &RootCertStore,
    now: Timestamp,
) -> Result<(), CertificateFault> {
    let parsed = ParsedCertificate::try_from(end).map_err(|error| invalid(&error))?;
    let algorithms = default_provider().signature_verification_algorithms;
    let seconds = u64::try_from(now.as_second()).unwrap_or_default();
    let now_there = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    match verify_server_cert_signed_by_trust_anchor(&parsed, roots, above, now_there, algorithms.all) {
        Ok(()) => Ok(()),
        Err(error) if is_about_time(&error) => in_time(leaf, now).and(Err(invalid(&error))),
        Err(error) => Err(invalid(&error)),
    }
}

fn is_about_time(error: &Error) -> bool {
    use CertificateError as E;
    let Error::InvalidCertificate(error) = error else { return false };
    matches!(error, E::Expired | E::ExpiredContext { .. } | E::NotValidYet | E::NotValidYetContext { .. })
}

fn invalid(error: &Error) -> CertificateFault {
    CertificateFault::Invalid(match error {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => UNKNOWN_ISSUER.into(),
        Error::InvalidCertificate(CertificateError::BadSignature) => "a signature in its chain is wrong".into(),
        error if is_about_time(error) => "one that signed it is out of date".into(),
        error => error.to_string(),
    })
}

fn is_named(end: &CertificateDer<'_>, names: &[ServerName<'_>]) -> bool {
    let Ok(parsed) = ParsedCertificate::try_from(end) else { return false };
    names.iter().any(|name| verify_server_name(&parsed, name).is_ok())
}

fn in_time(leaf: &Presented, now: Timestamp) -> Result<(), CertificateFault> {
    match out_of_date(leaf, now) {
        None => Ok(()),
        Some(OutOfDate::Since(at)) => Err(CertificateFault::Expired(at)),
        Some(OutOfDate::Until(at)) => Err(CertificateFault::NotYetValid(at)),
    }
}

fn out_of_date(leaf: &Presented, now: Timestamp) -> Option<OutOfDate> {
    if now > leaf.valid_to {
        Some(OutOfDate::Since(leaf.valid_to))
    } else if now < leaf.valid_from {
        Some(OutOfDate::Until(leaf.valid_from))
    } else {
        None
    }
}

#[cfg(test)]
pub(super) mod tests;
