//! Certificates as a device prints them.
//!
//! Source: `get vpn certificate local details` and `get certificate local details` of the FortiOS 6.0.0 CLI reference
//! (82936); parsers of field output agree on the labels, and on a serial number that may stand on the line behind its
//! label. Which hash the fingerprint is differs and shows in its length.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use super::show::{self, ShowError};

/// A certificate as `details` prints it. What was not printed is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShownCertificate {
    /// Its name on the device: `Fortinet_GUI_Server`.
    pub name: String,
    /// Whom it is for, as printed: `C = US, O = Fortinet, CN = FG100FTK00000000`.
    pub subject: String,
    /// Who signed it, as printed.
    pub issuer: String,
    /// From when on it is valid.
    pub valid_from: Option<Timestamp>,
    /// Until when it is valid.
    pub valid_to: Option<Timestamp>,
    /// The bytes of its fingerprint: 16 for MD5, 20 for SHA-1, 32 for SHA-256.
    pub fingerprint: Vec<u8>,
    /// Its serial number, as printed.
    pub serial: String,
    /// The certificate itself, PEM, where the device prints it.
    pub pem: Option<String>,
}

/// The labels of `details`, the longest first where one begins like another.
const LABELS: [(&str, Label); 8] = [
    ("name", Label::Name),
    ("subject", Label::Subject),
    ("issuer", Label::Issuer),
    ("valid from", Label::ValidFrom),
    ("valid to", Label::ValidTo),
    ("fingerprint", Label::Fingerprint),
    ("serial num", Label::Serial),
    ("serial number", Label::Serial),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Label {
    Name,
    Subject,
    Issuer,
    ValidFrom,
    ValidTo,
    Fingerprint,
    Serial,
}

impl ShownCertificate {
    /// Reads what `details` printed, for one certificate or for all. Lines that are not known (ACME prints more) are passed
    /// over.
    pub fn parse(lines: &[String]) -> Vec<ShownCertificate> {
        let mut shown = Vec::new();
        let mut open = None;
        for line in lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty()) {
            open = match (head(line), labelled(line), open) {
                (Some(name), ..) => {
                    shown.push(ShownCertificate { name: name.to_owned(), ..ShownCertificate::default() });
                    None
                }
                (None, Some((label, "")), _) => Some(label),
                (None, Some((label, value)), _) => take(&mut shown, label, value),
                (None, None, Some(label)) => take(&mut shown, label, line),
                (None, None, None) => None,
            };
        }
        shown
    }

    /// Takes the certificate itself out of what `show full-configuration vpn certificate ca NAME` printed.
    ///
    /// # Errors
    /// When what was printed is not whole.
    pub fn read_pem(&mut self, printed: &[String]) -> Result<(), ShowError> {
        let blocks = show::parse(printed.iter().map(String::as_str))?;
        let entry = blocks.iter().find_map(|block| block.entry(&self.name));
        self.pem = entry.and_then(|entry| entry.value("ca").or_else(|| entry.value("certificate"))).map(str::to_owned);
        Ok(())
    }
}

/// Writes a value where it belongs; the label that the next line continues, if it does.
fn take(shown: &mut Vec<ShownCertificate>, label: Label, value: &str) -> Option<Label> {
    if shown.is_empty() || (label == Label::Name && shown.last().is_some_and(|last| !last.serial.is_empty())) {
        shown.push(ShownCertificate::default());
    }
    let last = shown.last_mut()?;
    match label {
        Label::Name => last.name = value.to_owned(),
        Label::Subject => last.subject = value.to_owned(),
        Label::Issuer => last.issuer = value.to_owned(),
        Label::ValidFrom => last.valid_from = moment(value),
        Label::ValidTo => last.valid_to = moment(value),
        Label::Fingerprint => last.fingerprint.extend(octets(value).unwrap_or_default()),
        Label::Serial => last.serial.push_str(value),
    }
    (matches!(label, Label::Fingerprint | Label::Serial) && value.ends_with(':')).then_some(label)
}

/// `NAME` out of `== [ NAME ]`.
fn head(line: &str) -> Option<&str> {
    Some(line.strip_prefix("==")?.trim().strip_prefix('[')?.strip_suffix(']')?.trim())
}

fn labelled(line: &str) -> Option<(Label, &str)> {
    let (label, value) = line.split_once(':')?;
    let label = label.trim().to_ascii_lowercase();
    LABELS.iter().find(|(known, _)| *known == label).map(|(_, label)| (*label, value.trim()))
}

/// `2025-01-01 10:00:00 GMT`, or openssl's `Jan  1 10:00:00 2025 GMT`.
fn moment(text: &str) -> Option<Timestamp> {
    let plain = text.trim().trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let words = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let parsed = strtime::parse("%Y-%m-%d %H:%M:%S", &words).or_else(|_| strtime::parse("%b %d %H:%M:%S %Y", &words));
    let civil: DateTime = parsed.ok()?.to_datetime().ok()?;
    TimeZone::UTC.to_timestamp(civil).ok()
}

/// The bytes of `AB:CD:…`, `ab cd …` or `abcd…`.
pub fn octets(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b':' | b' ')).collect();
    if digits.is_empty() || !digits.len().is_multiple_of(2) || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let byte = |pair: &[u8]| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
    digits.chunks(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Vec<ShownCertificate> {
        ShownCertificate::parse(&text.lines().map(str::to_owned).collect::<Vec<_>>())
    }

    const ONE: &str = "== [ Fortinet_GUI_Server ]\n\tName:        Fortinet_GUI_Server\n\
        \tSubject:     C = US, O = Fortinet, CN = FG1\n\tIssuer:      C = US, CN = FG1\n\
        \tValid from:  2025-01-01 10:00:00  GMT\n\tValid to:    2027-04-05 10:00:00  GMT\n\
        \tFingerprint: AA:BB:CC\n\tSerial Num:  06:df\n";

    #[test]
    fn one_certificate_is_read() {
        let shown = parsed(ONE);
        assert_eq!(shown.len(), 1);
        assert_eq!(shown[0].name, "Fortinet_GUI_Server");
        assert_eq!(shown[0].issuer, "C = US, CN = FG1");
        assert_eq!(shown[0].valid_from, "2025-01-01T10:00:00Z".parse().ok());
        assert_eq!((shown[0].fingerprint.as_slice(), shown[0].serial.as_str()), (&[0xaa, 0xbb, 0xcc][..], "06:df"));
    }

    #[test]
    fn a_serial_number_on_the_next_line_is_the_same() {
        assert_eq!(parsed(&ONE.replace("Serial Num:  06", "Serial Num:\n\t\t06")), parsed(ONE));
        assert_eq!(parsed(&ONE.replace("AA:BB:CC", "\n\t\tAA:BB:\n\t\tCC")), parsed(ONE));
    }

    #[test]
    fn more_lines_do_not_matter() {
        let acme = "\tACME details:\n\t\tStatus: The certificate for the managed domain has been renewed\n\t\tStaging status: Nothing in staging\n";
        assert_eq!(parsed(&format!("{ONE}{acme}")), parsed(ONE));
        assert_eq!(parsed(&ONE.replace('\t', "").replace('\n', "\n\n")), parsed(ONE));
    }

    #[test]
    fn several_certificates_are_told_apart_with_heads_and_without() {
        let two = format!("{ONE}\n{}", ONE.replace("Fortinet_GUI_Server", "Fortinet_CA_SSL"));
        let names = |text: &str| parsed(text).into_iter().map(|shown| shown.name).collect::<Vec<_>>();
        assert_eq!(names(&two), ["Fortinet_GUI_Server", "Fortinet_CA_SSL"]);
        let headless: String =
            two.lines().filter(|line| !line.starts_with("==")).map(|line| format!("{line}\n")).collect();
        assert_eq!(names(&headless), names(&two));
    }

    #[test]
    fn what_is_no_certificate_is_none() {
        for text in ["", "command parse error before 'certificate'", "Fingerprint", ":::"] {
            assert_eq!(parsed(text), [], "{text}");
        }
    }

    #[test]
    fn moments_are_read_as_fortios_and_openssl_print_them() {
        let expected = "2025-01-01T10:00:00Z".parse().ok();
        for text in ["2025-01-01 10:00:00 GMT", "2025-01-01 10:00:00", "Jan  1 10:00:00 2025 GMT"] {
            assert_eq!(moment(text), expected, "{text}");
        }
        assert_eq!(moment("never"), None);
    }

    #[test]
    fn the_pem_of_a_certificate_is_taken_out_of_the_configuration() {
        let printed = "config vpn certificate ca\n    edit \"CA_1\"\n        set ca \"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\"\n    next\nend";
        let mut shown = ShownCertificate { name: "CA_1".into(), ..ShownCertificate::default() };
        shown.read_pem(&printed.lines().map(str::to_owned).collect::<Vec<_>>()).unwrap();
        assert_eq!(shown.pem.as_deref(), Some("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----"));
    }
}
