//! The kinds of values that keywords take.

use std::path::PathBuf;
use std::time::Duration;

use super::error::Problem;

/// `StrictHostKeyChecking`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StrictHostKeyChecking {
    /// `yes`: only hosts that are known.
    Yes,
    /// `accept-new`: a host that is not known is added.
    AcceptNew,
    /// `ask`: a person decides about a host that is not known. What `ssh` does when nothing is said.
    Ask,
    /// `no`, `off`: any key is accepted.
    Off,
}

/// `AddressFamily`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressFamily {
    /// `any`.
    Any,
    /// `inet`: IPv4 only.
    Inet,
    /// `inet6`: IPv6 only.
    Inet6,
}

/// `IdentityAgent`: which agent is asked for keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentityAgent {
    /// `none`: no agent, whatever the environment says.
    None,
    /// `SSH_AUTH_SOCK` or `$NAME`: the socket is what this variable holds when the agent is needed; none if it is unset.
    Variable(String),
    /// The path of its socket.
    Socket(PathBuf),
}

/// `CanonicalizeHostname`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Canonicalize {
    No,
    /// `yes`: not for a host behind a proxy.
    Direct,
    Always,
}

fn not(value: &str, expected: &'static str) -> Problem {
    Problem::Value { value: value.to_owned(), expected }
}

fn word<T: Copy>(value: &str, words: &[(&str, T)], expected: &'static str) -> Result<T, Problem> {
    let found = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(value));
    found.map(|(_, meaning)| *meaning).ok_or_else(|| not(value, expected))
}

pub(super) fn flag(value: &str) -> Result<bool, Problem> {
    word(value, &[("yes", true), ("true", true), ("no", false), ("false", false)], "yes or no")
}

pub(super) fn pubkey_authentication(value: &str) -> Result<bool, Problem> {
    // The two kinds of `yes` are about binding an agent's signature to the host key, which a server decides on.
    word(value, &[("unbound", true), ("host-bound", true)], "yes or no").or_else(|_| flag(value))
}

pub(super) fn strict_host_key_checking(value: &str) -> Result<StrictHostKeyChecking, Problem> {
    use StrictHostKeyChecking::{AcceptNew, Ask, Off, Yes};
    let words = [
        ("yes", Yes),
        ("true", Yes),
        ("no", Off),
        ("false", Off),
        ("off", Off),
        ("ask", Ask),
        ("accept-new", AcceptNew),
    ];
    word(value, &words, "yes, accept-new, ask, no or off")
}

pub(super) fn address_family(value: &str) -> Result<AddressFamily, Problem> {
    let words = [("any", AddressFamily::Any), ("inet", AddressFamily::Inet), ("inet6", AddressFamily::Inet6)];
    word(value, &words, "any, inet or inet6")
}

pub(super) fn canonicalize(value: &str) -> Result<Canonicalize, Problem> {
    let words = [("always", Canonicalize::Always)];
    word(value, &words, "yes, no or always")
        .or_else(|_| flag(value).map(|yes| if yes { Canonicalize::Direct } else { Canonicalize::No }))
        .map_err(|_| not(value, "yes, no or always"))
}

/// A variable's name has letters, digits and underscores. `${NAME}` is part of a path, and must be set where it applies.
pub(super) fn identity_agent(value: &str) -> Result<IdentityAgent, Problem> {
    if value == "none" {
        return Ok(IdentityAgent::None);
    }
    if value == "SSH_AUTH_SOCK" {
        return Ok(IdentityAgent::Variable(value.to_owned()));
    }
    match value.strip_prefix('$').filter(|name| !name.starts_with('{')) {
        Some(name) if is_variable(name) => Ok(IdentityAgent::Variable(name.to_owned())),
        Some(_) => Err(not(value, "the name of a variable")),
        None => Ok(IdentityAgent::Socket(PathBuf::from(value))),
    }
}

fn is_variable(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// 0 to 2147483647.
pub(super) fn number(value: &str) -> Result<u32, Problem> {
    let number = value.parse().ok().filter(|number| i32::try_from(*number).is_ok());
    number.ok_or_else(|| not(value, "a number from 0 to 2147483647"))
}

/// 1 to 65535; of the names of services only the one that matters.
pub(super) fn port(value: &str) -> Result<u16, Problem> {
    let number = if value == "ssh" { Some(22) } else { value.parse().ok() };
    number.filter(|port| *port != 0).ok_or_else(|| not(value, "a port (1 to 65535)"))
}

/// Seconds, or numbers with units such as `1h30m`. `none` sets nothing, so that a later line may.
pub(super) fn time(value: &str) -> Result<Option<Duration>, Problem> {
    if value == "none" {
        return Ok(None);
    }
    let seconds = seconds(value).filter(|seconds| i32::try_from(*seconds).is_ok());
    seconds
        .map(|seconds| Some(Duration::from_secs(seconds)))
        .ok_or_else(|| not(value, "a time, such as 30, 5m or none"))
}

fn seconds(mut rest: &str) -> Option<u64> {
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (digits, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
        let mut units = after.chars();
        let unit = match units.next().map(|unit| unit.to_ascii_lowercase()) {
            None | Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3600,
            Some('d') => 86_400,
            Some('w') => 604_800,
            Some(_) => return None,
        };
        total = digits.parse::<u64>().ok()?.checked_mul(unit).and_then(|part| total.checked_add(part))?;
        rest = units.as_str();
    }
    Some(total)
}

/// Every value of a list must be there, and `none` be alone; it stands for the empty list.
pub(super) fn list(values: &[String]) -> Result<Vec<String>, Problem> {
    if values.iter().any(String::is_empty) {
        return Err(Problem::EmptyArgument);
    }
    match values {
        [value] if is_none(value) => Ok(Vec::new()),
        _ if values.iter().any(|value| is_none(value)) => Err(Problem::NoneAmongOthers),
        _ => Ok(values.to_vec()),
    }
}

/// `none`, in either case.
pub(super) fn is_none(value: &str) -> bool {
    value.eq_ignore_ascii_case("none")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        for (text, expected) in [("30", 30), ("1h30m", 5400), ("2W", 1_209_600), ("1m5", 65), ("0", 0)] {
            assert_eq!(time(text), Ok(Some(Duration::from_secs(expected))), "{text}");
        }
        assert_eq!(time("none"), Ok(None));
        for text in ["x", "-1", "5x", "1m-1", "s", "9999999999", "99999999999999999999w"] {
            assert!(time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn ports_and_numbers_have_bounds() {
        assert_eq!(port("ssh"), Ok(22));
        assert_eq!(port("65535"), Ok(65535));
        for text in ["0", "65536", "-1", "", "22x"] {
            assert!(port(text).is_err(), "{text}");
        }
        assert_eq!(number("2147483647"), Ok(2_147_483_647));
        assert!(number("2147483648").is_err());
        assert!(number("-1").is_err());
    }

    #[test]
    fn none_stands_alone() {
        let words = |text: &str| list(&text.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(words("None"), Ok(Vec::new()));
        assert_eq!(words("a none"), Err(Problem::NoneAmongOthers));
        assert_eq!(words("a "), Err(Problem::EmptyArgument));
    }
}
