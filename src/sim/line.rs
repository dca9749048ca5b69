//! The line editor: bytes of a terminal to command lines, and their echo.

use std::collections::VecDeque;

/// What one byte did to the line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// The line grew, shrank or stayed.
    Editing,
    /// Enter.
    Line(String),
    /// `?`: help, at once.
    Help,
    /// Tab.
    Complete,
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-D on an empty line.
    EndOfInput,
}

/// The line that is being typed.
#[derive(Debug, Default)]
pub(super) struct Line {
    typed: Vec<u8>,
    /// Ctrl-V was pressed: the next byte is taken literally.
    literal: bool,
    escape: Escape,
    column: usize,
}

/// How much of an arrow key's sequence has been seen.
#[derive(Debug, Default, Clone, Copy)]
enum Escape {
    #[default]
    None,
    Begun,
    Sequence,
}

/// How the line is echoed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Echo<'a> {
    /// Without a terminal nothing is echoed, and `?` and Tab are ordinary bytes.
    pub(super) terminal: bool,
    pub(super) width: usize,
    /// What is sent where the line reaches the width.
    pub(super) wrap: &'a [u8],
}

impl Line {
    /// Starts an empty line behind a prompt of so many columns.
    pub(super) fn start(&mut self, prompt_width: usize) {
        *self = Line { column: prompt_width, ..Line::default() };
    }

    /// The line so far.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.typed).into_owned()
    }

    /// Takes one byte; what it echoes goes to `out`.
    pub(super) fn key(&mut self, byte: u8, echo: Echo<'_>, out: &mut Vec<u8>) -> Key {
        if self.literal {
            self.literal = false;
            self.insert(byte, echo, out);
            return Key::Editing;
        }
        if self.is_escaped(byte) {
            return Key::Editing;
        }
        match byte {
            b'\r' | b'\n' => return Key::Line(self.take()),
            0x03 => return Key::Interrupt,
            0x04 if self.typed.is_empty() => return Key::EndOfInput,
            b'?' if echo.terminal => return Key::Help,
            b'\t' if echo.terminal => return Key::Complete,
            0x16 if echo.terminal => self.literal = true,
            0x08 | 0x7f => self.erase(echo, out),
            0x15 => (0..self.typed.len()).for_each(|_| self.erase(echo, out)),
            b'\t' => self.insert(byte, echo, out),
            0x00..=0x1f => (),
            _ => self.insert(byte, echo, out),
        }
        Key::Editing
    }

    /// Takes the plain text that the bytes begin with, as far as it fits into the row of the terminal: the same as key by
    /// key, at once.
    pub(super) fn text_of(&mut self, bytes: &mut VecDeque<u8>, echo: Echo<'_>, out: &mut Vec<u8>) {
        if self.literal || !matches!(self.escape, Escape::None) {
            return;
        }
        let room = echo.width.saturating_sub(self.column.saturating_add(1));
        let length = bytes.iter().take(room).take_while(|byte| is_text(**byte)).count();
        let from = self.typed.len();
        self.typed.extend(bytes.drain(..length));
        if echo.terminal {
            out.extend_from_slice(self.typed.get(from..).unwrap_or_default());
            self.column += length;
        }
    }

    /// Types a text as if it came from the keyboard.
    pub(super) fn insert_text(&mut self, text: &str, echo: Echo<'_>, out: &mut Vec<u8>) {
        for byte in text.bytes() {
            self.insert(byte, echo, out);
        }
    }

    fn take(&mut self) -> String {
        let text = self.text();
        self.start(0);
        text
    }

    fn is_escaped(&mut self, byte: u8) -> bool {
        let (escape, eaten) = match (self.escape, byte) {
            (Escape::None, 0x1b) => (Escape::Begun, true),
            (Escape::None, _) => (Escape::None, false),
            (Escape::Begun, b'[' | b'O') => (Escape::Sequence, true),
            (Escape::Sequence, b'0'..=b'9' | b';') => (Escape::Sequence, true),
            (Escape::Sequence, b'A'..=b'Z' | b'a'..=b'z' | b'~') => (Escape::None, true),
            (_, _) => (Escape::None, false),
        };
        self.escape = escape;
        eaten
    }

    fn insert(&mut self, byte: u8, echo: Echo<'_>, out: &mut Vec<u8>) {
        self.typed.push(byte);
        if !echo.terminal {
            return;
        }
        out.push(byte);
        // The later bytes of a UTF-8 character take no column.
        if byte & 0xc0 != 0x80 {
            self.column += 1;
        }
        if self.column >= echo.width {
            out.extend_from_slice(echo.wrap);
            self.column = 0;
        }
    }

    fn erase(&mut self, echo: Echo<'_>, out: &mut Vec<u8>) {
        let Some(mut last) = self.typed.pop() else { return };
        while last & 0xc0 == 0x80 {
            let Some(earlier) = self.typed.pop() else { break };
            last = earlier;
        }
        if echo.terminal {
            self.column = self.column.saturating_sub(1);
            out.extend_from_slice(b"\x08 \x08");
        }
    }
}

/// Whether a byte means itself, with a terminal and without, and takes a column.
fn is_text(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'?'
}

#[cfg(test)]
mod tests {
    use super::*;

    const ECHO: Echo<'_> = Echo { terminal: true, width: 80, wrap: b" \r" };

    fn typed(bytes: &[u8], echo: Echo<'_>) -> (Vec<Key>, Vec<u8>) {
        let (mut line, mut out) = (Line::default(), Vec::new());
        let keys = bytes.iter().map(|byte| line.key(*byte, echo, &mut out)).filter(|key| *key != Key::Editing);
        (keys.collect(), out)
    }

    #[test]
    fn cr_lf_is_a_line_and_an_empty_line() {
        let (keys, out) = typed(b"next\r\n", ECHO);
        assert_eq!(keys, [Key::Line("next".into()), Key::Line(String::new())]);
        assert_eq!(out, b"next");
    }

    #[test]
    fn backspace_and_delete_take_a_character_back() {
        let (keys, out) = typed(b"nexz\x7ft\n", ECHO);
        assert_eq!(keys, [Key::Line("next".into())]);
        assert_eq!(out, b"nexz\x08 \x08t");
        assert_eq!(typed("ä\x08\n".as_bytes(), ECHO).0, [Key::Line(String::new())]);
    }

    #[test]
    fn a_question_mark_is_help_unless_ctrl_v_precedes_it_or_there_is_no_terminal() {
        assert_eq!(typed(b"\"?", ECHO).0, [Key::Help]);
        assert_eq!(typed(b"\x16?\n", ECHO).0, [Key::Line("?".into())]);
        assert_eq!(typed(b"?\n", Echo { terminal: false, ..ECHO }).0, [Key::Line("?".into())]);
    }

    #[test]
    fn a_line_longer_than_the_terminal_wraps_in_the_echo() {
        let (keys, out) = typed(b"abcdef\n", Echo { width: 4, ..ECHO });
        assert_eq!(keys, [Key::Line("abcdef".into())]);
        assert_eq!(out, b"abcd \ref");
    }

    #[test]
    fn text_at_once_is_the_same_as_key_by_key() {
        for (text, width) in [("abc def", 80), ("abcdef", 4), ("abcd", 4), ("ab?d", 80), ("ä b", 80), ("abc\n", 80)] {
            for terminal in [true, false] {
                let echo = Echo { terminal, width, ..ECHO };
                let (keys, out) = typed(text.as_bytes(), echo);
                let (mut line, mut at_once, mut bytes) =
                    (Line::default(), Vec::new(), VecDeque::from(text.as_bytes().to_vec()));
                let mut pressed = Vec::new();
                while !bytes.is_empty() {
                    line.text_of(&mut bytes, echo, &mut at_once);
                    pressed.extend(bytes.pop_front().map(|byte| line.key(byte, echo, &mut at_once)));
                }
                pressed.retain(|key| *key != Key::Editing);
                assert_eq!((pressed, at_once), (keys, out), "{text} in {width} columns");
            }
        }
    }

    #[test]
    fn text_behind_ctrl_v_and_inside_an_arrow_key_is_taken_key_by_key() {
        for begun in [&b"\x16"[..], b"\x1b["] {
            let (mut line, mut out, mut bytes) = (Line::default(), Vec::new(), VecDeque::from([b'A']));
            begun.iter().for_each(|byte| drop(line.key(*byte, ECHO, &mut out)));
            line.text_of(&mut bytes, ECHO, &mut out);
            assert_eq!(bytes, [b'A']);
        }
    }

    #[test]
    fn arrow_keys_do_nothing() {
        assert_eq!(typed(b"\x1b[A\x1bOBend\n", ECHO).0, [Key::Line("end".into())]);
    }
}
