//! Keys and certificates, made on the spot: ECDSA P-256, a fraction of a millisecond each.

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{Span, Timestamp};
use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, SerialNumber, date_time_ymd,
};

use super::CertificateError;
use crate::sim::random::seed_bytes;

/// From which day to which day a certificate counts, in days from today.
#[derive(Debug, Clone, Copy)]
pub(super) struct Validity {
    pub(super) from: i32,
    pub(super) to: i32,
}

/// A certificate with its key, and what of it the CLI prints.
pub(in crate::sim) struct Issued {
    pub(in crate::sim) der: Vec<u8>,
    /// PKCS #8.
    pub(in crate::sim) key: Vec<u8>,
    pub(super) subject: String,
    pub(super) issuer: String,
    pub(super) from: Date,
    pub(super) to: Date,
    pub(super) serial: Vec<u8>,
}

/// A CA: what it signs with, and its own certificate.
pub(super) struct Authority {
    signer: Issuer<'static, KeyPair>,
    pub(super) certificate: Issued,
}

/// What is to be certified.
pub(super) struct Wanted<'a> {
    /// The attribute OU.
    pub(super) unit: &'a str,
    /// The attribute CN.
    pub(super) common: &'a str,
    pub(super) names: Vec<SanType>,
    pub(super) validity: Validity,
}

impl Authority {
    /// A CA that signs itself.
    pub(super) fn new(wanted: &Wanted<'_>) -> Result<Self, CertificateError> {
        let (mut params, serial) = params(wanted)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let der = params.self_signed(&key)?.der().to_vec();
        let certificate = issued(wanted, described(wanted), serial, der, &key);
        Ok(Authority { signer: Issuer::new(params, key), certificate })
    }

    /// Certifies a server.
    pub(super) fn issue(&self, wanted: &Wanted<'_>) -> Result<Issued, CertificateError> {
        let (params, serial) = server(wanted)?;
        let key = KeyPair::generate()?;
        let der = params.signed_by(&key, &self.signer)?.der().to_vec();
        Ok(issued(wanted, self.certificate.subject.clone(), serial, der, &key))
    }
}

/// A server that vouches for itself.
pub(super) fn self_signed(wanted: &Wanted<'_>) -> Result<Issued, CertificateError> {
    let (params, serial) = server(wanted)?;
    let key = KeyPair::generate()?;
    let der = params.self_signed(&key)?.der().to_vec();
    Ok(issued(wanted, described(wanted), serial, der, &key))
}

/// The DNS name as a subject alternative name.
pub(super) fn dns(name: &str) -> Result<SanType, CertificateError> {
    Ok(SanType::DnsName(Ia5String::try_from(name)?))
}

fn issued(wanted: &Wanted<'_>, issuer: String, serial: Vec<u8>, der: Vec<u8>, key: &KeyPair) -> Issued {
    Issued {
        der,
        key: key.serialize_der(),
        subject: described(wanted),
        issuer,
        from: day(wanted.validity.from),
        to: day(wanted.validity.to),
        serial,
    }
}

fn server(wanted: &Wanted<'_>) -> Result<(CertificateParams, Vec<u8>), CertificateError> {
    let (mut params, serial) = params(wanted)?;
    params.subject_alt_names.clone_from(&wanted.names);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok((params, serial))
}

fn params(wanted: &Wanted<'_>) -> Result<(CertificateParams, Vec<u8>), CertificateError> {
    let mut params = CertificateParams::new(Vec::new())?;
    for (end, from_today) in
        [(&mut params.not_before, wanted.validity.from), (&mut params.not_after, wanted.validity.to)]
    {
        let (year, month, day) = numbers(day(from_today));
        *end = date_time_ymd(year, month, day);
    }
    params.distinguished_name = DistinguishedName::new();
    for (_, attribute, value) in attributes(wanted) {
        params.distinguished_name.push(attribute, value);
    }
    let serial = serial();
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    Ok((params, serial))
}

/// The names as Fortinet fills them in.
fn attributes<'a>(wanted: &Wanted<'a>) -> [(&'static str, DnType, &'a str); 6] {
    [
        ("C", DnType::CountryName, "US"),
        ("ST", DnType::StateOrProvinceName, "California"),
        ("L", DnType::LocalityName, "Sunnyvale"),
        ("O", DnType::OrganizationName, "Fortinet"),
        ("OU", DnType::OrganizationalUnitName, wanted.unit),
        ("CN", DnType::CommonName, wanted.common),
    ]
}

/// `C = US, ST = California, …`.
fn described(wanted: &Wanted<'_>) -> String {
    attributes(wanted).map(|(short, _, value)| format!("{short} = {value}")).join(", ")
}

/// Ten octets; the first one keeps the number positive and its length fixed.
fn serial() -> Vec<u8> {
    let mut octets: Vec<u8> = seed_bytes().into_iter().take(10).collect();
    if let Some(first) = octets.first_mut() {
        *first = (*first & 0x3f) | 0x40;
    }
    octets
}

fn day(from_today: i32) -> Date {
    Offset::UTC.to_datetime(Timestamp::now()).date().saturating_add(Span::new().days(from_today))
}

fn numbers(date: Date) -> (i32, u8, u8) {
    (date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
}
