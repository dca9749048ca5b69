//! `get vpn certificate local details` and its kin: one block of lines for each certificate.

use std::fmt::Write;

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};

use super::issue::Issued;
use crate::sim::https_traps::{Fingerprint, HttpsTraps};

/// The block of one certificate. The labels and the column of the values are those of published output; which blank it
/// is indented with is not known.
pub(in crate::sim) fn details(name: &str, certificate: &Issued, traps: &HttpsTraps) -> String {
    let Issued { der, subject, issuer, from, to, serial, .. } = certificate;
    let mut out = format!("== [ {name} ]\n");
    let mut row = |label: &str, value: &str| {
        let _ = writeln!(out, "\t{label:<13}{value}");
    };
    row("Name:", name);
    row("Subject:", subject);
    row("Issuer:", issuer);
    row("Valid from:", &format!("{from} 00:00:00 GMT"));
    row("Valid to:", &format!("{to} 00:00:00 GMT"));
    row("Fingerprint:", &fingerprint(der, traps.fingerprint));
    let serial = joined(serial, |octet| format!("{octet:02x}"));
    if traps.serial_on_next_line {
        let _ = writeln!(out, "\tSerial Num:\n\t\t{serial}");
    } else {
        let _ = writeln!(out, "\t{:<13}{serial}", "Serial Num:");
    }
    out
}

fn fingerprint(der: &[u8], hash: Fingerprint) -> String {
    let upper = |octet: &u8| format!("{octet:02X}");
    match hash {
        Fingerprint::Md5 => joined(&md5::compute(der).0, upper),
        Fingerprint::Sha1 => joined(digest(&SHA1_FOR_LEGACY_USE_ONLY, der).as_ref(), upper),
        Fingerprint::Sha256 => joined(digest(&SHA256, der).as_ref(), upper),
    }
}

fn joined(octets: &[u8], written: impl Fn(&u8) -> String) -> String {
    octets.iter().map(written).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_told_by_its_length() {
        let octets = |hash| fingerprint(b"certificate", hash).split(':').count();
        assert_eq!([Fingerprint::Md5, Fingerprint::Sha1, Fingerprint::Sha256].map(octets), [16, 20, 32]);
        assert!(fingerprint(b"", Fingerprint::Md5).starts_with("D4:1D:8C:D9:8F:00:B2:04"));
    }
}
