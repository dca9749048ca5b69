//! `-l/--limit`: which devices of an inventory, in the patterns of Ansible.
//!
//! Read from Ansible's `inventory/manager.py` (ansible-core 2.19). As there: a comma separates patterns, without one a
//! colon does; those that add come first, then those that must match too (`&`), then those that must not (`!`); without
//! one that adds, it is all devices. Other than there, a plain name that is no device and no group is an error: one that is
//! misspelt behind a `!` would let through what it was meant to keep out.

use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::str::FromStr;

use regex::Regex;

use super::{Entry, Inventory};
use crate::fortios::suggestion::nearest;
use crate::pattern::pattern;

/// Which devices.
#[derive(Debug, Clone)]
pub struct Limit {
    text: String,
    terms: Vec<Term>,
}

/// Why a limit cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// There is no pattern in it.
    #[error("`{0}` is no pattern")]
    Empty(String),
    /// A bracket is opened and not closed, or closed and not opened.
    #[error("`{0}` has a bracket without its other half")]
    Bracket(String),
    /// A regular expression that is none.
    #[error("`{pattern}` is no regular expression: {reason}")]
    Regex {
        /// As it was given, with its `~`.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file of names that cannot be read.
    #[error("@{file}: {reason}")]
    File {
        /// The file.
        file: String,
        /// The operating system's words.
        reason: String,
    },
    /// No device and no group has that name.
    #[error("there is no device and no group {name}")]
    Unknown {
        /// The name.
        name: String,
        /// What was probably meant.
        nearest: Option<String>,
    },
    /// Fewer devices than the index asks for.
    #[error("`{pattern}` asks for more devices than there are: {count}")]
    Index {
        /// The pattern with its index.
        pattern: String,
        /// How many there are.
        count: usize,
    },
    /// No device is left.
    #[error("`{0}` leaves no device")]
    Nothing(String),
}

impl LimitError {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        match self {
            LimitError::Unknown { nearest: Some(nearest), .. } => Some(format!("did you mean {nearest}?")),
            LimitError::Unknown { .. } | LimitError::Nothing(_) => {
                Some("`fgtkey inventory` shows the devices and their groups".into())
            }
            LimitError::Empty(_) | LimitError::Bracket(_) => {
                Some("patterns are those of Ansible: site_berlin:&prod:!lab, fw*, ~fw[0-9]+, berlin[0:9]".into())
            }
            _ => None,
        }
    }
}

/// How a term goes together with those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Joining {
    Union,
    Intersection,
    Exclusion,
}

#[derive(Debug, Clone)]
struct Term {
    joining: Joining,
    /// Without what joins it.
    text: String,
    /// Matches names.
    names: Regex,
    /// No wildcard: some device or group must have that name.
    plain: bool,
    /// Whether devices are looked at although a group has matched.
    devices_too: bool,
    slice: Option<Slice>,
}

/// Which of those that match, counted from 0; from the end when negative.
#[derive(Debug, Clone, Copy)]
enum Slice {
    One(i64),
    /// Both included; open at the end.
    Range(usize, Option<usize>),
}

impl FromStr for Limit {
    type Err = LimitError;

    /// Reads a limit, and the files that it names with `@`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut patterns = Vec::new();
        for pattern in split(text)? {
            match pattern.strip_prefix('@') {
                Some(file) => patterns.extend(lines(file)?),
                None => patterns.push(pattern),
            }
        }
        let mut terms = patterns.iter().map(|pattern| Term::parse(pattern)).collect::<Result<Vec<_>, _>>()?;
        if terms.is_empty() {
            return Err(LimitError::Empty(text.to_owned()));
        }
        if terms.iter().all(|term| term.joining != Joining::Union) {
            terms.push(Term::parse("all")?);
        }
        terms.sort_by_key(|term| term.joining);
        Ok(Limit { text: text.to_owned(), terms })
    }
}

/// The patterns of a text. Without a comma, a colon stands between them, but not inside brackets, nor in an IPv6 address.
fn split(text: &str) -> Result<Vec<String>, LimitError> {
    if text.contains(',') {
        return Ok(text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect());
    }
    if is_ipv6(text) {
        return Ok(vec![text.to_owned()]);
    }
    let (mut parts, mut depth) = (vec![String::new()], 0usize);
    for c in text.chars() {
        match c {
            ']' if depth == 0 => return Err(LimitError::Bracket(text.to_owned())),
            ']' => depth -= 1,
            '[' if depth == 0 => depth += 1,
            c if depth == 0 && (c == ':' || c.is_whitespace()) => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().unwrap_or(&mut String::new()).push(c);
    }
    if depth > 0 {
        return Err(LimitError::Bracket(text.to_owned()));
    }
    parts.retain(|part| !part.is_empty());
    Ok(parts)
}

/// With what joins it, in brackets or without.
fn is_ipv6(text: &str) -> bool {
    let bare = text.trim_start_matches(['!', '&']).trim_start_matches('[').trim_end_matches(']');
    bare.split('%').next().unwrap_or_default().parse::<std::net::Ipv6Addr>().is_ok()
}

/// The patterns of a file, a line each, as Ansible writes it for a retry.
fn lines(file: &str) -> Result<Vec<String>, LimitError> {
    let failed = |error: std::io::Error| LimitError::File { file: file.to_owned(), reason: error.to_string() };
    let text = fs::read_to_string(file).map_err(failed)?;
    Ok(text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect())
}

impl Term {
    fn parse(text: &str) -> Result<Term, LimitError> {
        let (joining, rest) = match text.split_at_checked(1) {
            Some(("!", rest)) => (Joining::Exclusion, rest),
            Some(("&", rest)) => (Joining::Intersection, rest),
            _ => (Joining::Union, text),
        };
        if rest.is_empty() {
            return Err(LimitError::Empty(text.to_owned()));
        }
        if let Some(expression) = rest.strip_prefix('~') {
            let names = Regex::new(&format!("^(?:{expression})")).map_err(|error| no_regex(rest, &error))?;
            return Ok(Term { joining, text: rest.to_owned(), names, plain: false, devices_too: true, slice: None });
        }
        let (name, slice) = subscript(rest);
        Ok(Term {
            joining,
            text: rest.to_owned(),
            names: glob(name).map_err(|error| no_regex(rest, &error))?,
            plain: !name.contains(['*', '?', '[']),
            devices_too: name.contains(['.', '?', '*', '[']),
            slice,
        })
    }

    /// The devices that match, by position, in the order in which they are found.
    fn matching(&self, inventory: &Inventory) -> Result<Vec<usize>, LimitError> {
        if let Some(device) = inventory.by_name.get(&self.text) {
            return Ok(vec![*device]);
        }
        let groups: Vec<_> = inventory.groups.iter().filter(|group| self.names.is_match(&group.name)).collect();
        let mut found: Vec<usize> = groups.iter().flat_map(|group| group.devices.iter().copied()).collect();
        if groups.is_empty() || self.devices_too {
            let is_meant = |id: &usize| inventory.devices.get(*id).is_some_and(|it| self.names.is_match(&it.name));
            found.extend(inventory.by_appearance.iter().copied().filter(is_meant));
        }
        if self.plain && groups.is_empty() && found.is_empty() {
            return Err(inventory.unknown(self.text.split('[').next().unwrap_or_default()));
        }
        self.sliced(found)
    }

    fn sliced(&self, found: Vec<usize>) -> Result<Vec<usize>, LimitError> {
        let count = found.len();
        match self.slice {
            None => Ok(found),
            Some(Slice::Range(first, last)) => {
                let length = last.map_or(count, |last| (last + 1).saturating_sub(first));
                Ok(found.into_iter().skip(first).take(length).collect())
            }
            // Ansible has nothing to take an index of then, and no complaint.
            Some(Slice::One(_)) if count == 0 => Ok(found),
            Some(Slice::One(at)) => {
                let from_end = || usize::try_from(at.unsigned_abs()).ok().and_then(|back| count.checked_sub(back));
                let position = if at < 0 { from_end() } else { usize::try_from(at).ok() };
                let one = position.and_then(|position| found.get(position)).copied();
                one.map(|one| vec![one]).ok_or_else(|| LimitError::Index { pattern: self.text.clone(), count })
            }
        }
    }
}

fn no_regex(text: &str, error: &regex::Error) -> LimitError {
    let error = error.to_string();
    let reason = error.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
    LimitError::Regex { pattern: text.to_owned(), reason }
}

/// `web[0]`, `web[-1]`, `web[2:]`, `web[2:5]`; with a `-` between, as in very old Ansible.
fn subscript(text: &str) -> (&str, Option<Slice>) {
    let parts = pattern(r"^(.+)\[(?:(-?[0-9]+)|([0-9]+)[:-]([0-9]*))\]$");
    let Some(found) = parts.captures(text) else { return (text, None) };
    let number = |at: usize| found.get(at).map(|number| number.as_str());
    let name = found.get(1).map_or(text, |name| name.as_str());
    let one = number(2).and_then(|number| number.parse().ok()).map(Slice::One);
    let range = || {
        let first = number(3)?.parse().ok()?;
        Some(Slice::Range(first, number(4).and_then(|last| last.parse().ok())))
    };
    match one.or_else(range) {
        Some(slice) => (name, Some(slice)),
        None => (text, None),
    }
}

/// `*`, `?`, `[ab]` and `[!ab]` as in a shell; the whole name must match.
fn glob(text: &str) -> Result<Regex, regex::Error> {
    let mut expression = String::from("(?s)^(?:");
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
        match c {
            '*' => expression.push_str(".*"),
            '?' => expression.push('.'),
            '[' => match class(rest) {
                Some((class, behind)) => {
                    expression.push_str(&class);
                    rest = behind;
                }
                None => expression.push_str(r"\["),
            },
            c => expression.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    expression.push_str(")$");
    Regex::new(&expression)
}

/// The class whose `[` was read, and what stands behind it; none when it is not closed. A `]` in front is one of it.
fn class(text: &str) -> Option<(String, &str)> {
    let (not, inner) = text.strip_prefix('!').map_or(("", text), |inner| ("^", inner));
    let first = inner.chars().next()?.len_utf8();
    let end = first + inner.get(first..)?.find(']')?;
    let members = inner.get(..end)?.replace('\\', r"\\").replace('[', r"\[").replace(']', r"\]");
    let members = members.replace("&&", r"&\&").replace("~~", r"~\~").replace('^', r"\^");
    Some((format!("[{not}{members}]"), inner.get(end + 1..)?))
}

/// As it was given.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Inventory {
    /// That there is no device and no group of that name.
    pub(super) fn unknown(&self, name: &str) -> LimitError {
        let devices = self.devices.iter().map(|device| device.name.as_str());
        LimitError::Unknown { name: name.to_owned(), nearest: nearest(name, self.groups().chain(devices)) }
    }

    /// The devices that `limit` leaves, in the order of the inventory. Not checked.
    ///
    /// # Errors
    /// A name that is no device and no group, an index that is too high, and when nothing is left.
    pub fn limited(&self, limit: &Limit) -> Result<Vec<&Entry>, LimitError> {
        let mut picked = HashSet::new();
        for term in &limit.terms {
            let matching: HashSet<usize> = term.matching(self)?.into_iter().collect();
            match term.joining {
                Joining::Union => picked.extend(matching),
                Joining::Intersection => picked.retain(|id| matching.contains(id)),
                Joining::Exclusion => picked.retain(|id| !matching.contains(id)),
            }
        }
        if picked.is_empty() {
            return Err(LimitError::Nothing(limit.text.clone()));
        }
        Ok(self.devices.iter().enumerate().filter(|(id, _)| picked.contains(id)).map(|(_, entry)| entry).collect())
    }
}
