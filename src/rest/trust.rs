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

/// The authority that was shown: out of the chain, or printed whole by the device.
fn candidate(shown: &ShownCertificate, above: &[CertificateDer<'_>]) -> Option<(CertificateDer<'static>, Strength)> {
    let found = above.iter().find_map(|certificate| {
        let strength = likeness(shown, &Presented::parse(certificate)?)?;
        Some((certificate.clone().into_owned(), strength))
    });
    found.or_else(|| {
        let certificate = CertificateDer::from_pem_slice(shown.pem.as_ref()?.as_bytes()).ok()?;
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
pub(super) mod tests {
    use std::fmt::Write;

    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

    use super::*;

    const SERIAL: &str = "FG100FTK00000000";

    /// An authority of this name.
    struct Signer {
        der: CertificateDer<'static>,
        issuer: Issuer<'static, KeyPair>,
    }

    fn params(name: &str, hosts: &[&str], years: [i32; 2]) -> CertificateParams {
        let mut params =
            CertificateParams::new(hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>()).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, "Fortinet, Inc");
        params.distinguished_name.push(DnType::CommonName, name);
        (params.not_before, params.not_after) =
            (rcgen::date_time_ymd(years[0], 1, 1), rcgen::date_time_ymd(years[1], 1, 1));
        params
    }

    fn signer(name: &str) -> Signer {
        let mut params = params(name, &[], [2020, 2040]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let der = params.self_signed(&key).unwrap().der().clone();
        Signer { der, issuer: Issuer::new(params, key) }
    }

    impl Signer {
        fn sign(&self, hosts: &[&str], years: [i32; 2]) -> CertificateDer<'static> {
            let key = KeyPair::generate().unwrap();
            params(SERIAL, hosts, years).signed_by(&key, &self.issuer).unwrap().der().clone()
        }
    }

    fn self_signed(hosts: &[&str], years: [i32; 2]) -> CertificateDer<'static> {
        params("self-sign", hosts, years).self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()
    }

    /// Some certificate.
    pub(in crate::rest) fn certificate() -> Presented {
        Presented::parse(&signer("an authority").sign(&["fw1"], [2025, 2030])).unwrap()
    }

    /// What a device prints of it, with a fingerprint of that many bytes.
    pub(in crate::rest) fn shown(presented: &Presented, length: usize) -> ShownCertificate {
        let der = presented.der();
        let fingerprint = match length {
            16 => md5::compute(der).to_vec(),
            20 => ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, der).as_ref().to_vec(),
            _ => presented.fingerprint().as_bytes().to_vec(),
        };
        let mut issuer = String::from("O = Fortinet, Inc");
        let _ = write!(issuer, ", CN = {}", presented.issuer.common_name().unwrap());
        ShownCertificate {
            name: "shown".into(),
            issuer,
            valid_from: Some(presented.valid_from),
            valid_to: Some(presented.valid_to),
            fingerprint,
            serial: format!("00{}", presented.serial),
            ..ShownCertificate::default()
        }
    }

    fn printed(der: &CertificateDer<'_>) -> ShownCertificate {
        shown(&Presented::parse(der).unwrap(), 32)
    }

    fn learned(own: Vec<ShownCertificate>, authorities: Vec<ShownCertificate>) -> Trust {
        Trust::Learned(Learned { device: SERIAL.into(), own, authorities })
    }

    fn bundle(certificates: &[&CertificateDer<'_>]) -> Trust {
        let file = tempfile::NamedTempFile::new().unwrap();
        let pem: String = certificates.iter().map(|der| crate::sim::pem(der)).collect();
        std::fs::write(file.path(), pem).unwrap();
        Trust::Authorities(Authorities::read(file.path()).unwrap())
    }

    fn judge(trust: &Trust, chain: &[&CertificateDer<'static>]) -> Result<Assurance, CertificateFault> {
        let chain: Vec<CertificateDer<'static>> = chain.iter().map(|der| (*der).clone()).collect();
        let names = ["fw1", "192.0.2.1"].map(|name| ServerName::try_from(name).unwrap());
        trust.judge(&chain, &names, "2026-06-01T00:00:00Z".parse().unwrap())
    }

    fn by(trust: &Trust, chain: &[&CertificateDer<'static>]) -> Recognised {
        judge(trust, chain).unwrap().by
    }

    const NOW: [i32; 2] = [2025, 2030];

    #[test]
    fn the_certificate_that_was_shown_is_the_devices_whoever_signed_it() {
        let (leaf, other) = (self_signed(&[], NOW), self_signed(&[], NOW));
        let trust = learned(vec![printed(&other), printed(&leaf)], Vec::new());
        assert_eq!(by(&trust, &[&leaf]), Recognised::Shown(Strength::Sha256));
        let stranger = self_signed(&["fw1"], NOW);
        assert!(matches!(judge(&trust, &[&stranger]), Err(CertificateFault::NotShown { .. })));
        let nothing = learned(Vec::new(), Vec::new());
        assert!(matches!(judge(&nothing, &[&leaf]), Err(CertificateFault::NothingShown { .. })));
    }

    #[test]
    fn one_that_was_shown_and_is_out_of_date_is_the_devices_and_told() {
        let leaf = self_signed(&[], [2020, 2025]);
        let assurance = judge(&learned(vec![printed(&leaf)], Vec::new()), &[&leaf]).unwrap();
        assert_eq!(assurance.out_of_date, Some(OutOfDate::Since("2025-01-01T00:00:00Z".parse().unwrap())));
        assert!(assurance.to_string().ends_with("(SHA-256), but it expired at 2025-01-01T00:00:00Z"));
    }

    #[test]
    fn the_devices_own_authority_vouches_for_any_name_and_others_for_the_right_one() {
        let (own, shared) = (signer(SERIAL), signer("Fortinet CA"));
        let trust = learned(vec![printed(&own.der)], vec![printed(&shared.der)]);
        let signed = Recognised::Signed { by: "shown".into(), strength: Strength::Sha256 };
        assert_eq!(by(&trust, &[&own.sign(&["other"], NOW), &own.der]), signed);
        assert_eq!(by(&trust, &[&shared.sign(&["fw1"], NOW), &shared.der]), signed);
        let anothers = judge(&trust, &[&shared.sign(&["fw2"], NOW), &shared.der]);
        assert!(matches!(anothers, Err(CertificateFault::NotShown { .. })), "{anothers:?}");
    }

    #[test]
    fn an_authority_that_only_bears_the_name_vouches_for_nothing() {
        let (own, forged) = (signer(SERIAL), signer(SERIAL));
        let trust = learned(vec![printed(&own.der)], Vec::new());
        for chain in [[&forged.sign(&["fw1"], NOW), &forged.der], [&forged.sign(&["fw1"], NOW), &own.der]] {
            assert!(matches!(judge(&trust, &chain), Err(CertificateFault::NotShown { .. })));
        }
    }

    #[test]
    fn an_authority_that_was_printed_whole_need_not_be_presented() {
        let own = signer(SERIAL);
        let whole = ShownCertificate { pem: Some(crate::sim::pem(&own.der)), ..printed(&own.der) };
        let trust = learned(Vec::new(), vec![whole]);
        let expected = Recognised::Signed { by: "shown".into(), strength: Strength::Whole };
        assert_eq!(by(&trust, &[&own.sign(&[], NOW)]), expected);
    }

    #[test]
    fn a_file_of_authorities_needs_signature_time_and_name() {
        let (ours, foreign) = (signer("ours"), signer("foreign"));
        let trust = bundle(&[&foreign.der, &ours.der]);
        let leaf = |hosts: &[&str], years| ours.sign(hosts, years);
        assert!(matches!(by(&trust, &[&leaf(&["fw1"], NOW)]), Recognised::Authority(_)));
        assert!(matches!(by(&trust, &[&leaf(&["192.0.2.1"], NOW)]), Recognised::Authority(_)));
        let at = |year: i32| format!("{year}-01-01T00:00:00Z").parse().unwrap();
        let fault = |der: &CertificateDer<'static>| judge(&trust, &[der]).unwrap_err();
        assert_eq!(fault(&leaf(&["fw1"], [2020, 2025])), CertificateFault::Expired(at(2025)));
        assert_eq!(fault(&leaf(&["fw1"], [2028, 2030])), CertificateFault::NotYetValid(at(2028)));
        let names = CertificateFault::Name(vec!["fw1".into(), "192.0.2.1".into()]);
        assert_eq!(fault(&leaf(&["fw2"], NOW)), names);
        let stranger = signer("stranger").sign(&["fw1"], NOW);
        assert!(matches!(fault(&stranger), CertificateFault::UnknownIssuer(_)));
    }

    #[test]
    fn a_self_signed_certificate_is_its_own_authority() {
        let leaf = self_signed(&["fw1"], NOW);
        assert!(matches!(by(&bundle(&[&leaf]), &[&leaf]), Recognised::Authority(_)));
        let late = self_signed(&["fw1"], [2020, 2025]);
        assert!(matches!(judge(&bundle(&[&late]), &[&late]), Err(CertificateFault::Expired(_))));
        let unnamed = self_signed(&["fw2"], NOW);
        assert!(matches!(judge(&bundle(&[&unnamed]), &[&unnamed]), Err(CertificateFault::Name(_))));
    }

    #[test]
    fn a_pinned_fingerprint_is_the_whole_judgement() {
        let (leaf, other) = (self_signed(&[], [2020, 2025]), self_signed(&["fw1"], NOW));
        let trust = Trust::Fingerprint(Fingerprint::of(&leaf));
        assert_eq!(by(&trust, &[&leaf]), Recognised::Pinned);
        assert!(matches!(judge(&trust, &[&other]), Err(CertificateFault::OtherFingerprint { .. })));
    }

    #[test]
    fn what_is_no_certificate_is_refused_even_when_nothing_is_checked() {
        let garbage = CertificateDer::from(vec![0x30, 0x03, 1, 2, 3]);
        for trust in [Trust::Anything, learned(Vec::new(), Vec::new())] {
            assert_eq!(judge(&trust, &[&garbage]), Err(CertificateFault::Unreadable));
            assert_eq!(judge(&trust, &[]), Err(CertificateFault::Unreadable));
        }
    }
}
