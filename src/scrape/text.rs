//! Bytes to lines: encodings, terminal escapes, the pager's remains, line ends.

use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::pattern;
use zeroize::Zeroizing;

use super::{front, phrases};

/// A line of a transcript, cleaned.
pub(super) struct Line {
    /// Its number in the file, from 1. A bare CR ends a line without counting as one.
    pub(super) number: usize,
    /// The text without what stands in front of it; blanks at the end are cut.
    pub(super) text: Zeroizing<String>,
    /// How many characters it had, what stands in front included.
    width: usize,
    /// Whether a blank stood before the text.
    blank_before: bool,
    /// Whether a blank stood behind it.
    blank_behind: bool,
}

/// The lines of a transcript, and what is known of the terminal they were broken by.
pub(super) struct Lines {
    lines: Vec<Line>,
    widest: usize,
}

/// The narrowest terminal whose width is believed, in characters. Lines of a short transcript without any breaks are
/// narrower.
const NARROWEST: usize = 40;

/// How a line goes on in the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Break {
    /// It does not.
    None,
    /// It was cut at the terminal's edge.
    Hard,
    /// It ends one short of the edge: a blank was cut there.
    AtBlank,
}

impl Lines {
    /// All lines, in order.
    pub(super) fn all(&self) -> &[Line] {
        &self.lines
    }

    /// The line at an index.
    pub(super) fn get(&self, index: usize) -> Option<&Line> {
        self.lines.get(index)
    }

    /// Whether the terminal's edge broke the line at `index`: it is as wide as the widest, or a bare CR moved on.
    pub(super) fn break_after(&self, index: usize) -> Break {
        match (self.get(index), self.get(index + 1)) {
            (Some(line), Some(next)) if line.number == next.number => Break::Hard,
            (Some(line), Some(next)) if self.widest >= NARROWEST && !next.text.is_empty() => {
                match self.widest.saturating_sub(line.width) {
                    0 => Break::Hard,
                    1 => Break::AtBlank,
                    _ => Break::None,
                }
            }
            _ => Break::None,
        }
    }

    /// The text at `index` and what the terminal's edge broke off it, at most `more` lines. `spaced` takes every break for
    /// a blank that was cut; without it only those are where a trace of one is left.
    pub(super) fn unbroken(&self, index: usize, more: usize, spaced: bool) -> Zeroizing<String> {
        let size = self.lines.iter().skip(index).take(more + 1).map(|line| line.text.len() + 1).sum();
        let mut text = Zeroizing::new(String::with_capacity(size));
        for at in index..=index + more {
            let Some(line) = self.get(at) else { break };
            text.push_str(&line.text);
            let joint = self.break_after(at);
            let Some(next) = self.get(at + 1).filter(|_| joint != Break::None) else { break };
            // Nothing that begins anew begins with a blank.
            if !next.blank_before && phrases::begins_anew(&next.text) {
                break;
            }
            if spaced || joint == Break::AtBlank || line.blank_behind || next.blank_before {
                text.push(' ');
            }
        }
        text
    }

    /// Whether anything but blanks stands below the line at `index`.
    pub(super) fn anything_below(&self, index: usize) -> bool {
        self.lines.iter().skip(index + 1).any(|line| !line.text.trim().is_empty())
    }
}

/// Terminal escapes (ECMA-48: CSI, OSC and other strings, two-character ones), also as `cat -v` writes colours; and the
/// pager's question with the CR, blanks, CR by which FortiOS wipes it.
static NOISE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?:\x1b\[|\x{9b})[0-?]*[ -/]*[@-~]",
        r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)",
        r"|\x1b[ -/]*[0-~]",
        r"|\^\[\[[0-9;]*[A-Za-z]",
        r"|--More-- ?(?:\r {0,9}\r)?",
    ))
});

/// The lines of `bytes`.
pub(super) fn lines(bytes: &[u8]) -> Lines {
    let text = without_noise(decode(bytes));
    let text = if text.contains('\n') { text } else { Zeroizing::new(text.replace('\r', "\n")) };
    let numbered = text.split('\n').enumerate();
    let lines: Vec<Line> = numbered.flat_map(|(at, line)| pieces(at + 1, line)).collect();
    let widest = lines.iter().map(|line| line.width).max().unwrap_or(0);
    Lines { lines, widest }
}

/// What a bare CR divides: where the echo of a long command reaches the edge, the device goes back to the first column.
/// A CR that moves nothing (as in CR CR LF) leaves an empty piece, which is no line.
fn pieces(number: usize, line: &str) -> impl Iterator<Item = Line> {
    let pieces = line.split('\r').enumerate().filter(|(nth, piece)| *nth == 0 || !piece.is_empty());
    pieces.flat_map(|(_, piece)| cut(piece)).map(move |piece| one(number, piece))
}

/// The longest line that is looked at in one piece, in characters: no terminal is as wide.
const LONGEST: usize = 4096;

/// A line in pieces of bearable length; at least one, which may be empty.
fn cut(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let end = text.char_indices().nth(LONGEST).map(|(at, _)| at);
        let (piece, behind) = end.and_then(|end| text.split_at_checked(end)).unwrap_or((text, ""));
        rest = Some(behind).filter(|behind| !behind.is_empty());
        Some(piece)
    })
}

fn one(number: usize, piece: &str) -> Line {
    let typed = typed(piece);
    let behind = front::behind(&typed);
    let text = Zeroizing::new(behind.trim().to_owned());
    let (blank_before, blank_behind) = (behind.starts_with(' '), behind.ends_with(' '));
    Line { number, text, width: typed.chars().count(), blank_before, blank_behind }
}

/// What a terminal shows of `piece`: a backspace takes back a character, other control characters show nothing. Blanks
/// of the web and of mail become plain ones.
fn typed(piece: &str) -> Zeroizing<String> {
    let mut shown = Zeroizing::new(String::with_capacity(piece.len()));
    for c in piece.chars() {
        match c {
            '\u{8}' => drop(shown.pop()),
            '\t' | '\u{a0}' => shown.push(' '),
            '\u{200b}'..='\u{200f}' | '\u{feff}' => {}
            c if c.is_control() => {}
            c => shown.push(c),
        }
    }
    shown
}

fn without_noise(text: Zeroizing<String>) -> Zeroizing<String> {
    Zeroizing::new(NOISE.replace_all(&text, "").into_owned())
}

/// UTF-8, or UTF-16 where a byte order mark or the zero bytes say so (PowerShell and PuTTY on Windows write it). What is
/// invalid becomes a replacement character, which no key contains.
fn decode(bytes: &[u8]) -> Zeroizing<String> {
    match bytes {
        [0xff, 0xfe, text @ ..] => utf16(text, u16::from_le_bytes),
        [0xfe, 0xff, text @ ..] => utf16(text, u16::from_be_bytes),
        text if zeros(text, 1) => utf16(text, u16::from_le_bytes),
        text if zeros(text, 0) => utf16(text, u16::from_be_bytes),
        text => Zeroizing::new(String::from_utf8_lossy(text).into_owned()),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Zeroizing<String> {
    let (pairs, _) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    // A unit becomes at most three bytes: the text never moves and leaves no copy behind.
    let mut text = Zeroizing::new(String::with_capacity(3 * pairs.len()));
    text.extend(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
    text
}

/// How many bytes are looked at to tell UTF-16 without a mark.
const SAMPLE: usize = 512;

/// Whether most of the bytes at `offset` in each pair are zero, as in UTF-16 text of mostly ASCII.
fn zeros(bytes: &[u8], offset: usize) -> bool {
    let (pairs, _) = bytes.as_chunks::<2>();
    let sample = pairs.iter().take(SAMPLE);
    let zeros = sample.clone().filter(|pair| pair.get(offset) == Some(&0)).count();
    zeros > 0 && zeros * 2 > sample.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(bytes: &[u8]) -> Vec<String> {
        lines(bytes).all().iter().map(|line| line.text.to_string()).collect()
    }

    #[test]
    fn line_ends_of_devices_terminals_and_old_files_all_end_a_line() {
        for text in ["a\nb", "a\r\nb", "a\r\r\nb", "a\rb"] {
            assert_eq!(texts(text.as_bytes()), ["a", "b"], "{text:?}");
        }
    }

    #[test]
    fn what_a_terminal_acts_on_is_gone() {
        let cases = [
            ("a\x1b[1;31mb\x1b[0m\x1b[Kc", "abc"),
            ("\x1b]0;title\x07a\x1b]8;;x\x1b\\b", "ab"),
            ("a\x1b(Bb\x1b=c", "abc"),
            ("ab^[[0mc", "abc"),
            ("--More-- \r         \rabc", "abc"),
            ("abx\x08 \x08c", "abc"),
            ("a\0b\x07c", "abc"),
            ("\u{feff}abc", "abc"),
        ];
        for (raw, shown) in cases {
            assert_eq!(texts(raw.as_bytes()), [shown], "{raw:?}");
        }
    }

    #[test]
    fn utf_16_is_read_with_and_without_its_mark() {
        let little: Vec<u8> = "ab\r\ncd".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "ab\r\ncd".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(texts(&little), ["ab", "cd"]);
        assert_eq!(texts(&big), ["ab", "cd"]);
        assert_eq!(texts(&[&[0xff, 0xfe], little.as_slice()].concat()), ["ab", "cd"]);
        assert_eq!(texts(&[&[0xfe, 0xff], big.as_slice()].concat()), ["ab", "cd"]);
    }

    #[test]
    fn a_line_as_wide_as_the_terminal_goes_on_in_the_next() {
        let page = lines(format!("{}\n{}\nx\n", "a".repeat(80), "b".repeat(79)).as_bytes());
        let breaks: Vec<Break> = (0..3).map(|index| page.break_after(index)).collect();
        assert_eq!(breaks, [Break::Hard, Break::AtBlank, Break::None]);
    }
}
