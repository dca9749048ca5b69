//! What FortiOS's own words mean, as far as a transcript needs it.

use std::sync::LazyLock;

use regex::{Regex, RegexSet};

use super::front;

/// The shortest and the longest key that is believed. Published FortiOS keys have 30 characters, and nothing promises
/// that the next one has.
const LENGTHS: std::ops::RangeInclusive<usize> = 20..=128;

/// How few different characters a text of a key's length has when it is a mask such as `xxxxxxxx…`.
const FEWEST: usize = 4;

/// Whether `text` can be a key.
pub(super) fn is_key(text: &str) -> bool {
    LENGTHS.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !is_mask(text)
}

/// Whether `text`, announced as a key, hides one: stars, dots, a placeholder in quotes or brackets, one letter repeated.
pub(super) fn is_mask(text: &str) -> bool {
    let hides = text.starts_with(['*', '.', '•', '…', '<', '[', '\'', '"', '{', '(', '#', '-', '_']);
    let mut different: Vec<char> = text.chars().collect();
    different.sort_unstable();
    different.dedup();
    hides || (text.len() >= *LENGTHS.start() && different.len() < FEWEST)
}

/// Phrases that mean "no"; looked for anywhere in a line, since FortiOS glues lines together.
const REFUSALS: [&str; 24] = [
    r"Command fail",
    r"Unknown action",
    r"(?:command|value) parse error",
    r"incomplete command",
    r"ambiguous command",
    r"node_check_object fail",
    r"entry not found in datasource",
    r"not found in table",
    r"string value is too long",
    r"MUST be set",
    r"checking fail",
    r"discard the setting",
    r"The entry is used by other",
    r"invalid (?:ip address|netmask|integer value|input)",
    r"value invalid",
    r"XSS vulnerability",
    r"Could not find api-user",
    r"does not have the permission",
    r"Unmatched (?:double|single) quote",
    r"password required",
    r"cannot be the same name",
    r"is reserved and cannot be edited",
    r"internal error",
    r"[Pp]ermission denied|Login incorrect",
];

static REFUSAL: LazyLock<Option<RegexSet>> = LazyLock::new(|| RegexSet::new(REFUSALS).ok());

/// Whether the device says no in `line`, which must not be an echo. Printed configuration may hold any words and never
/// counts.
pub(super) fn refuses(line: &str) -> bool {
    let config = ["set ", "config ", "edit ", "unset "].iter().any(|verb| line.starts_with(verb));
    !config && REFUSAL.as_ref().is_some_and(|phrases| phrases.is_match(line))
}

static PASSWORD: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)current administrator password|^current password").ok());

/// Whether `line` is the question that FortiOS 7.6 asks before it changes an administrator.
pub(super) fn asks_password(line: &str) -> bool {
    PASSWORD.as_ref().is_some_and(|question| question.is_match(line))
}

/// Whether `line` prints the stored hash of a key.
pub(super) fn is_hash(line: &str) -> bool {
    line.starts_with("set api-key ")
}

/// Whether `line` begins something new, and so cannot be the rest of the line above it. A prompt counts when it shows a
/// name: without one it could be the end of a longer prompt.
pub(super) fn begins_anew(line: &str) -> bool {
    let output = ["New API key", "NOTE:", "The bearer of", "Please enter"].iter().any(|start| line.starts_with(start));
    let prompted = front::prompt(line).is_some_and(|prompt| prompt.host.is_some());
    line.is_empty() || output || prompted || refuses(line)
}
