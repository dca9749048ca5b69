//! The judgement over certificates of every origin.

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
    let mut params = CertificateParams::new(hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>()).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "Fortinet, Inc");
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) =
        (rcgen::date_time_ymd(years[0], 1, 1), rcgen::date_time_ymd(years[1], 1, 1));
    params
}

fn signer(name: &str) -> Signer {
    signer_that(name, IsCa::Ca(BasicConstraints::Unconstrained))
}

fn signer_that(name: &str, is_ca: IsCa) -> Signer {
    let mut params = params(name, &[], [2020, 2040]);
    params.is_ca = is_ca;
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
fn a_certificate_that_may_not_sign_vouches_for_nothing_though_it_was_shown() {
    for is_ca in [IsCa::NoCa, IsCa::ExplicitNoCa] {
        let server = signer_that(SERIAL, is_ca);
        let forged = server.sign(&["fw1"], [2025, 2030]);
        let trust = learned(vec![printed(&server.der)], Vec::new());
        assert!(matches!(judge(&trust, &[&forged, &server.der]), Err(CertificateFault::NotShown { .. })));
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
