//! Text as YAML of every version reads it.

use std::fmt::Write;

use zeroize::Zeroizing;

/// The longest escape that one byte of text becomes.
const LONGEST_ESCAPE: usize = "\\u0085".len();

/// `text` in double quotes, on one line: YAML 1.1 and 1.2 read back exactly `text`.
pub(in crate::deliver) fn quoted(text: &str) -> Zeroizing<String> {
    let mut line = Zeroizing::new(String::with_capacity(LONGEST_ESCAPE * text.len() + 2));
    line.push('"');
    text.chars().for_each(|c| push_escaped(&mut line, c));
    line.push('"');
    line
}

fn push_escaped(line: &mut String, c: char) {
    match c {
        '"' | '\\' => line.extend(['\\', c]),
        '\n' => line.push_str("\\n"),
        '\r' => line.push_str("\\r"),
        '\t' => line.push_str("\\t"),
        c if is_printable(c) => line.push(c),
        // Writing into memory cannot fail.
        c => drop(write!(line, "\\u{:04x}", u32::from(c))),
    }
}

/// What YAML 1.1 takes as it is. What it does not take is below U+FFFF, so four digits name it.
fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}')
        || matches!(c, '\u{ff00}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parser_reads_back_exactly_the_text() {
        for text in
            ["", "key", "a\"b\\c", "yes", "1e3", "{{ x }}", "a: b # c", "\u{85}\u{2028}\u{feff}\0\n\r\t\u{7f}é😀"]
        {
            let read: String = serde_saphyr::from_str(&quoted(text)).unwrap();
            assert_eq!(read, text);
        }
    }
}
