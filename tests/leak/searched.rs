//! What counts as a leak.

use crate::run::PASSWORD;

/// The symbols of the simulated keys, as they occur in published FortiOS keys: no vowel among them, so no word of a
/// language is made of them.
const KEY_SYMBOLS: &str = "013456789GHNQbcdfghjkmnpqrstwxyz";

/// A part of a key that is this long is a leak too.
const PART: usize = 10;

/// The keys, whole or in part, and the password in `text`.
pub fn secrets(text: &str) -> Vec<String> {
    // What is sealed is random text, where anything is found; tests look for the very key in it.
    let plain = if text.starts_with("age-encryption.org/") { String::new() } else { without_fingerprints(text) };
    let runs = plain.split(|c| !KEY_SYMBOLS.contains(c)).filter(|run| run.len() >= PART);
    let password = text.contains(PASSWORD).then(|| PASSWORD.to_owned());
    runs.map(str::to_owned).chain(password).collect()
}

/// Fingerprints are random text as well.
fn without_fingerprints(text: &str) -> String {
    let mut parts = text.split("SHA256:");
    let first = parts.next().unwrap_or_default().to_owned();
    let behind = parts.map(|part| part.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "+/".contains(c)));
    behind.fold(first, |text, part| text + " " + part)
}

#[test]
fn keys_and_passwords_are_found_and_nothing_else_is() {
    assert_eq!(secrets("key fccys3cfbhyhqbqghkyzm1QGNnm3ry"), ["fccys3cfbhyhqbqghkyzm1QGNnm3ry"]);
    assert_eq!(secrets("New API key: fccys3cfbhyhq"), ["fccys3cfbhyhq"]);
    assert_eq!(secrets(&format!("x{PASSWORD}x")), [PASSWORD]);
    assert!(secrets("sim  connected  SHA256:fccys3cfbhyhqbqghkyzm1QGNnm3ry of FG100FTK00000000").is_empty());
}
