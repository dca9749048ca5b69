//! What FortiOS's own words mean, as far as a transcript needs it.

use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::pattern;

use super::front;
use crate::session::reply;

/// From how many characters on a text could be a key, and so be a mask of one.
const SHORTEST: usize = 20;

/// How many characters tell a mask from a key, which has at most 128.
const LOOKED_AT: usize = 160;

/// How few different characters a text of a key's length has when it is a mask such as `xxxxxxxx…`.
const FEWEST: usize = 4;

/// Whether `text` can be a key.
pub(super) fn is_key(text: &str) -> bool {
    reply::is_key(text) && !is_mask(text)
}

/// Whether `text`, announced as a key, hides one: stars, dots, a placeholder in quotes or brackets, one letter repeated.
pub(super) fn is_mask(text: &str) -> bool {
    let hides = text.starts_with(['*', '.', '•', '…', '<', '[', '\'', '"', '{', '(', '#', '-', '_']);
    let mut different: Vec<char> = text.chars().take(LOOKED_AT).collect();
    different.sort_unstable();
    different.dedup();
    hides || (text.len() >= SHORTEST && different.len() < FEWEST)
}

/// Whether the device says no in `line`, which must not be an echo. Printed configuration may hold any words and never
/// counts.
pub(super) fn refuses(line: &str) -> bool {
    let config = ["set ", "config ", "edit ", "unset "].iter().any(|verb| line.starts_with(verb));
    !config && reply::is_refusal(line)
}

static PASSWORD: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)current administrator password|^current password"));

/// Whether `line` is the question that FortiOS 7.6 asks before it changes an administrator.
pub(super) fn asks_password(line: &str) -> bool {
    PASSWORD.is_match(line)
}

/// What is shown of a typed command: of one that sets a secret (`set password …`, `set psksecret …`), not the secret.
pub(super) fn shown(command: &str) -> String {
    let mut words = command.split_whitespace();
    let (verb, field) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let secret = ["pass", "psk", "secret", "key"].iter().any(|part| field.contains(part));
    if verb == "set" && secret { format!("set {field} …") } else { command.to_owned() }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_secret_is_not_shown() {
        assert_eq!(shown("set password hunter2"), "set password …");
        assert_eq!(shown("set psksecret \"a b\""), "set psksecret …");
        assert_eq!(shown("set accprofile super_admin"), "set accprofile super_admin");
    }
}
