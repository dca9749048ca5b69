//! Whether a setting takes a value, and in which form it is kept.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::definition::{Field, Kind, Source};
use super::refusal::Refusal;
use super::tree::Values;
use super::words::{Abbreviation, Word, expand};

/// Characters that names and comments refuse even when quoted (-173).
const XSS: [char; 7] = ['<', '>', '(', ')', '#', '\'', '"'];

/// Looks up whether a referenced object exists and may be used.
pub(super) type Exists<'a> = &'a dyn Fn(Source, &str) -> bool;

/// Checks the words after `set FIELD`; the form in which they are stored.
pub(super) fn check(field: &Field, words: &[Word], exists: Exists<'_>) -> Result<Values, Refusal> {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    match (&field.kind, texts.as_slice()) {
        (_, []) => Err(Refusal::incomplete()),
        (Kind::ApiKey, _) => Err(Refusal::parse(&field.name)),
        (Kind::Words, words) => Ok(words.iter().map(|word| (*word).to_owned()).collect()),
        (Kind::References(max, source), names) => {
            names.iter().map(|name| reference(name, *max, *source, exists)).collect()
        }
        (Kind::Ipv4Net, [address, mask]) => one(ipv4(address, Some(mask))),
        (Kind::Ipv4Net, [address]) => one(ipv4(address, None)),
        (Kind::Password, ["ENC", _] | [_]) => Ok(vec!["set".into()]),
        (_, [_, extra, ..]) => Err(Refusal::parse(extra)),
        (Kind::Text(max), [text]) => one(clean(text, *max)),
        (Kind::Reference(max, source), [name]) => one(reference(name, *max, *source, exists)),
        (Kind::Choice(values), [word]) => one(choice(values, word)),
        (Kind::Integer(min, max), [number]) => one(integer(number, *min, *max)),
        (Kind::Ipv6Net, [prefix]) => one(ipv6(prefix)),
    }
}

fn one(value: Result<String, Refusal>) -> Result<Values, Refusal> {
    value.map(|value| vec![value])
}

/// A free text or a name: its length in bytes and its characters.
pub(super) fn clean(text: &str, max: usize) -> Result<String, Refusal> {
    if text.len() > max {
        let reason = format!("string value is too long. the size is {}, the limit is {max}", text.len());
        return Err(Refusal::value_because(&reason, text, -1));
    }
    if text.contains(XSS) {
        return Err(Refusal::value_because("The string contains XSS vulnerability characters", text, -173));
    }
    Ok(text.to_owned())
}

fn reference(name: &str, max: usize, source: Source, exists: Exists<'_>) -> Result<String, Refusal> {
    let name = clean(name, max)?;
    if exists(source, &name) { Ok(name) } else { Err(Refusal::not_in_datasource(&name)) }
}

fn choice(values: &[String], word: &str) -> Result<String, Refusal> {
    match expand(word, values.iter().map(String::as_str)) {
        Abbreviation::Of(value) => Ok(value.to_owned()),
        Abbreviation::Ambiguous => Err(Refusal::ambiguous(word)),
        Abbreviation::Unknown => Err(Refusal::parse(word)),
    }
}

fn integer(text: &str, min: u64, max: u64) -> Result<String, Refusal> {
    let number = text.parse().ok().filter(|number| (min..=max).contains(number));
    number.map(|number: u64| number.to_string()).ok_or_else(|| Refusal::value(text, -651))
}

/// `10.0.0.0 255.0.0.0` or `10.0.0.0/8`, kept as network and dotted mask.
fn ipv4(text: &str, mask: Option<&str>) -> Result<String, Refusal> {
    let (address, mask) = match (text.split_once('/'), mask) {
        (None, None) => return Err(Refusal::incomplete()),
        (None, Some(mask)) => (text, dotted_mask(mask)),
        (Some((address, length)), None) => (address, mask_of_length(length)),
        (Some(_), Some(extra)) => return Err(Refusal::parse(extra)),
    };
    let bad_address = |_| Refusal::value_because("invalid ip address", text, -8);
    let address: Ipv4Addr = address.parse().map_err(bad_address)?;
    let mask = mask.ok_or_else(|| Refusal::value_because("invalid netmask", text, -9))?;
    Ok(format!("{} {}", Ipv4Addr::from(u32::from(address) & mask), Ipv4Addr::from(mask)))
}

fn dotted_mask(text: &str) -> Option<u32> {
    let mask = u32::from(text.parse::<Ipv4Addr>().ok()?);
    (mask.leading_ones() + mask.trailing_zeros() >= 32).then_some(mask)
}

fn mask_of_length(text: &str) -> Option<u32> {
    let length = text.parse::<u32>().ok().filter(|length| *length <= 32)?;
    Some(u32::MAX.checked_shl(32 - length).unwrap_or(0))
}

/// `2001:db8::/32`, kept as network and length.
fn ipv6(text: &str) -> Result<String, Refusal> {
    let bad = || Refusal::value_because("invalid ip address", text, -8);
    let (address, length) = text.split_once('/').ok_or_else(bad)?;
    let address: Ipv6Addr = address.parse().map_err(|_| bad())?;
    let length = length.parse::<u32>().ok().filter(|length| *length <= 128).ok_or_else(bad)?;
    let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
    Ok(format!("{}/{length}", Ipv6Addr::from(u128::from(address) & mask)))
}

#[cfg(test)]
mod tests {
    use super::super::words::{Split, split};
    use super::*;

    fn set(kind: Kind, typed: &str) -> Result<Values, Refusal> {
        let Split::Words(words) = split(typed) else { panic!("{typed} is open") };
        check(&Field::new("field", kind), &words, &|_, name| name == "root")
    }

    #[test]
    fn a_network_is_kept_without_its_host_bits() {
        for (typed, kept) in [
            ("10.1.1.5 255.255.255.0", "10.1.1.0 255.255.255.0"),
            ("10.1.1.5/32", "10.1.1.5 255.255.255.255"),
            ("0.0.0.0/0", "0.0.0.0 0.0.0.0"),
        ] {
            assert_eq!(set(Kind::Ipv4Net, typed), Ok(vec![kept.to_owned()]));
        }
        assert_eq!(set(Kind::Ipv6Net, "2001:DB8::1/32"), Ok(vec!["2001:db8::/32".to_owned()]));
        assert_eq!(set(Kind::Ipv6Net, "::/0"), Ok(vec!["::/0".to_owned()]));
    }

    #[test]
    fn bad_values_are_refused_with_the_code_that_fortios_gives() {
        let cases = [
            (Kind::Ipv4Net, "10.1.1.300 255.255.255.0", -8),
            (Kind::Ipv4Net, "10.1.1.1 255.0.255.0", -9),
            (Kind::Ipv4Net, "10.1.1.1", -160),
            (Kind::Text(3), "four", -1),
            (Kind::Text(9), "'a(b)'", -173),
            (Kind::Integer(0, 480), "481", -651),
            (Kind::Reference(9, Source::Vdom), "nowhere", -3),
            (Kind::Choice(vec!["read".into(), "read-write".into()]), "all", -61),
            (Kind::Text(9), "two words", -61),
        ];
        for (kind, typed, code) in cases {
            let refusal = set(kind, typed).unwrap_err().render(&Default::default());
            assert!(refusal.ends_with(&format!("\nCommand fail. Return code {code}\n")), "{typed}: {refusal}");
        }
    }
}
