//! Text that came from elsewhere, made fit for a terminal.

use std::error::Error;

/// `text` with every character escaped that a terminal would act on or that would reorder the line: control
/// characters, line separators, directional marks, the byte order mark.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            _ if acts(c) => shown.extend(c.escape_default()),
            other => shown.push(other),
        }
    }
    shown
}

fn acts(c: char) -> bool {
    let reorders = matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || reorders || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// An error and its causes in one text, `what: why: why`; a cause that its error already quotes is not repeated.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let words = cause.to_string();
        if !text.ends_with(&words) {
            text = format!("{text}: {words}");
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_acts_on_gets_through() {
        assert_eq!(printable("a\x1b[2Jb\rc\u{9b}d\u{202e}e\u{2028}é"), "a\\u{1b}[2Jb\\rc\\u{9b}d\\u{202e}e\\u{2028}é");
    }

    #[test]
    fn causes_follow_their_error_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("could not read the file")]
        struct Outer(#[source] std::io::Error);
        let outer = Outer(std::io::Error::other("no such file"));
        assert_eq!(with_causes(&outer), "could not read the file: no such file");
    }
}
