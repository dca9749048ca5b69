//! Distinguished names: out of a certificate, and out of the text that FortiOS prints.

use std::sync::LazyLock;

use regex::Regex;
use x509_cert::name::Name;

use crate::pattern::pattern;

/// A name as its attributes, in their order: `("CN", "FG100FTK00000000")`. Attributes without a usual short name are left
/// out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes(Vec<(&'static str, String)>);

/// Object identifiers and the short names that openssl and FortiOS print for them (RFC 4519, RFC 2985).
const SHORT: [(&str, &str); 8] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.5", "SERIALNUMBER"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("1.2.840.113549.1.9.1", "EMAILADDRESS"),
];

/// Other spellings of the short names.
const ALIASES: [(&str, &str); 3] = [("E", "EMAILADDRESS"), ("EMAIL", "EMAILADDRESS"), ("S", "ST")];

static ATTRIBUTE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:^|[,/+]\s*)([A-Za-z]+)\s*=\s*"));

impl Attributes {
    /// Those of a name in a certificate.
    pub(super) fn of(name: &Name) -> Attributes {
        let attribute = |(oid, value): (String, &[u8])| {
            let (_, short) = SHORT.iter().find(|(known, _)| *known == oid)?;
            Some((*short, String::from_utf8_lossy(value).into_owned()))
        };
        Attributes(name.iter().map(|pair| (pair.oid.to_string(), pair.value.value())).filter_map(attribute).collect())
    }

    /// Those of a printed name: `C = US, O = Fortinet, CN = FG1`, `/C=US/O=Fortinet/CN=FG1`. A value may hold commas.
    pub(super) fn printed(text: &str) -> Attributes {
        let marks: Vec<_> =
            ATTRIBUTE.captures_iter(text).filter_map(|found| Some((found.get(0)?, found.get(1)?))).collect();
        let ends = marks.iter().skip(1).map(|(whole, _)| whole.start()).chain([text.len()]);
        let value = |((whole, name), end): (&(regex::Match<'_>, regex::Match<'_>), usize)| {
            Some((short(name.as_str())?, text.get(whole.end()..end)?.trim().to_owned()))
        };
        Attributes(marks.iter().zip(ends).filter_map(value).collect())
    }

    /// Whether a printed name is this one: it has a common name, the same, and nothing that this one has not. (What is
    /// printed may leave attributes out.)
    pub(super) fn agrees_with(&self, printed: &Attributes) -> bool {
        printed.common_name().is_some()
            && printed.common_name() == self.common_name()
            && printed.0.iter().all(|attribute| self.0.contains(attribute))
    }

    /// The common name.
    pub fn common_name(&self) -> Option<&str> {
        self.0.iter().find(|(name, _)| *name == "CN").map(|(_, value)| value.as_str())
    }
}

fn short(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_uppercase();
    let known = SHORT.iter().map(|(_, short)| (*short, *short)).chain(ALIASES);
    known.into_iter().find(|(spelling, _)| *spelling == name).map(|(_, short)| short)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(list: &[(&'static str, &str)]) -> Attributes {
        Attributes(list.iter().map(|(name, value)| (*name, (*value).to_owned())).collect())
    }

    #[test]
    fn a_printed_name_is_read_in_both_spellings() {
        let expected = attributes(&[("C", "US"), ("O", "Fortinet, Inc"), ("CN", "FG1"), ("EMAILADDRESS", "a@b")]);
        for text in ["C = US, O = Fortinet, Inc, CN = FG1, emailAddress = a@b", "/C=US/O=Fortinet, Inc/CN=FG1/E=a@b"] {
            assert_eq!(Attributes::printed(text), expected, "{text}");
        }
    }

    #[test]
    fn a_printed_name_agrees_when_it_says_nothing_else() {
        let whole = attributes(&[("C", "US"), ("O", "Fortinet"), ("CN", "FG1")]);
        for (text, agrees) in [
            ("C = US, O = Fortinet, CN = FG1", true),
            ("CN = FG1", true),
            ("CN = FG2", false),
            ("O = Fortinet", false),
            ("O = Other, CN = FG1", false),
            ("", false),
        ] {
            assert_eq!(whole.agrees_with(&Attributes::printed(text)), agrees, "{text}");
        }
    }
}
