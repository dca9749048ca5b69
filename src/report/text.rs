//! Text that came from elsewhere, made fit for a terminal.

use std::error::Error;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

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

/// How many columns of a terminal `text` takes.
pub(super) fn columns(text: &str) -> usize {
    text.width()
}

/// `text` with blanks behind it, `width` columns in all; longer text stays as it is.
pub(super) fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(columns(text))))
}

/// `text` in at most `width` columns: what does not fit gives way to `…`.
pub(super) fn cut(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let Some(room) = width.checked_sub(1) else { return String::new() };
    let mut taken = 0;
    let fits = |c: &char| {
        taken += c.width().unwrap_or(0);
        taken <= room
    };
    let kept: String = text.chars().take_while(fits).collect();
    format!("{}…", kept.trim_end())
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
    fn text_is_cut_and_padded_by_columns_not_by_characters() {
        for (text, width, expected) in [
            ("fw1", 5, "fw1  "),
            ("fw-berlin", 9, "fw-berlin"),
            ("fw-berlin", 4, "fw-…"),
            ("one two", 5, "one… "),
            ("東京", 4, "東京"),
            ("東京都", 5, "東京…"),
            ("東京都", 4, "東… "),
            ("e\u{301}a", 2, "e\u{301}a"),
            ("fw1", 1, "…"),
            ("fw1", 0, ""),
        ] {
            assert_eq!(padded(&cut(text, width), width), expected, "{text} {width}");
        }
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
