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

/// An error and its causes in one text, `what: why: why`; a cause that its error already quotes is not repeated, and the
/// operating system's words come without their number.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = without_numbers(error.to_string());
    let mut next = error.source();
    while let Some(cause) = next {
        let words = without_numbers(cause.to_string());
        if !text.ends_with(&words) {
            text = format!("{text}: {words}");
        }
        next = cause.source();
    }
    text
}

/// `No such file or directory` out of `No such file or directory (os error 2)`.
fn without_numbers(mut text: String) -> String {
    const NUMBER: &str = " (os error ";
    while let Some(at) = text.find(NUMBER) {
        let end = text.get(at..).and_then(|rest| rest.find(')')).map_or(text.len(), |end| at + end + 1);
        text.replace_range(at..end, "");
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
    fn the_operating_system_speaks_without_numbers() {
        let missing = std::io::Error::from_raw_os_error(2);
        assert_eq!(with_causes(&missing), "No such file or directory");
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
