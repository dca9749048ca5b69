//! What a certificate says, in the terms in which FortiOS prints it.

use jiff::Timestamp;
use tokio_rustls::rustls::pki_types::CertificateDer;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::BasicConstraints;
use x509_cert::time::Time;

use super::fingerprint::Fingerprint;
use super::names::Attributes;
use crate::fortios::certificate::ShownCertificate;

/// A certificate that a server presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    der: Vec<u8>,
    /// Its serial number in hexadecimal, without leading zeros.
    pub serial: String,
    /// Whom it is for.
    pub subject: Attributes,
    /// Who signed it.
    pub issuer: Attributes,
    /// From when on it is valid.
    pub valid_from: Timestamp,
    /// Until when it is valid.
    pub valid_to: Timestamp,
    /// Whether it may sign others: `basicConstraints` says CA.
    pub is_ca: bool,
}

impl Presented {
    /// Reads a certificate; `None` when it is none.
    pub fn parse(der: &CertificateDer<'_>) -> Option<Presented> {
        let certificate = Certificate::from_der(der).ok()?;
        let told = certificate.tbs_certificate();
        Some(Presented {
            der: der.to_vec(),
            serial: significant(
                &told.serial_number().as_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
            ),
            subject: Attributes::of(told.subject()),
            issuer: Attributes::of(told.issuer()),
            valid_from: moment(&told.validity().not_before)?,
            valid_to: moment(&told.validity().not_after)?,
            is_ca: matches!(told.get_extension::<BasicConstraints>(), Ok(Some((_, constraints))) if constraints.ca),
        })
    }

    /// The certificate itself.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whether the issuer that it names is this authority, by its name only.
    pub fn names_as_issuer(&self, authority: &ShownCertificate) -> bool {
        self.issuer.agrees_with(&Attributes::printed(&authority.subject))
    }

    /// Its SHA-256.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.der)
    }
}

fn moment(time: &Time) -> Option<Timestamp> {
    Timestamp::from_second(i64::try_from(time.to_unix_duration().as_secs()).ok()?).ok()
}

/// A number in hexadecimal without leading zeros.
pub(super) fn significant(hex: &str) -> String {
    hex.trim_start_matches('0').to_owned()
}
