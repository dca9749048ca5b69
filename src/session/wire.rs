//! Bytes of the device to lines: the pager's marks taken out, the echo recognised, a bounded buffer.
//!
//! FortiOS ends an echoed command with CR CR LF and its own lines with CR LF. A page ends in `--More-- ` without a line
//! end; when a key is pressed the device wipes it with CR, nine spaces, CR and goes on. An echo that is wider than the
//! terminal is wrapped, with CR, LF, backspaces or a space between.

use std::borrow::Cow;
use std::fmt;

use zeroize::Zeroizing;

/// The most bytes kept that no line end or prompt has settled yet; more is a device that does not speak FortiOS's CLI.
pub const MOST_UNSETTLED: usize = 256 * 1024;

/// How many bytes there is room for at first: twice what is read at once, so that the rest of a line fits too.
const USUAL: usize = 2 * 1024;

/// What the device has sent and nobody has read yet.
pub struct Wire {
    text: Zeroizing<Vec<u8>>,
    head: usize,
    wipe: Wipe,
}

/// How much of the wiping of a `--More-- ` has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wipe {
    Over,
    Expected,
    Spaces,
}

/// What stands at some place of the buffer: a line, or the beginning of one.
#[derive(Debug, PartialEq, Eq)]
pub struct Front<'a> {
    /// The text, without its line end and without carriage returns around it.
    pub text: Cow<'a, str>,
    /// How many bytes from the front the text begins.
    pub begin: usize,
    /// How many bytes from the front the next line begins; `None` while this one has no end (a prompt never gets one).
    pub next: Option<usize>,
}

/// Whether the typed line stands at some place of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Echo {
    /// Yes, in so many bytes, its line end included.
    Here(usize),
    /// What is there so far agrees; more is needed to know.
    Partly,
    /// No.
    Elsewhere,
}

impl fmt::Debug for Wire {
    /// Without the bytes, which may hold a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("unsettled", &self.unsettled().len()).finish_non_exhaustive()
    }
}

impl Default for Wire {
    fn default() -> Self {
        Wire { text: Zeroizing::new(Vec::with_capacity(USUAL)), head: 0, wipe: Wipe::Over }
    }
}

impl Wire {
    /// Takes what the device sent; false when more is unsettled than is reasonable.
    #[must_use]
    pub fn receive(&mut self, bytes: &[u8]) -> bool {
        self.compact();
        self.make_room(bytes.len());
        let mut rest = bytes;
        while let (false, Some((&byte, behind))) = (self.wipe == Wipe::Over, rest.split_first()) {
            self.wipe_byte(byte);
            rest = behind;
        }
        self.text.extend_from_slice(rest);
        self.unsettled().len() <= MOST_UNSETTLED
    }

    /// Room for `more` bytes. A buffer that is outgrown is wiped: a key may have passed through it.
    fn make_room(&mut self, more: usize) {
        let needed = self.text.len() + more;
        if needed > self.text.capacity() {
            let mut grown = Vec::with_capacity(needed.next_power_of_two());
            grown.extend_from_slice(&self.text);
            self.text = Zeroizing::new(grown);
        }
    }

    /// What nobody has read yet.
    fn unsettled(&self) -> &[u8] {
        self.text.get(self.head..).unwrap_or_default()
    }

    /// Marks the `--More-- ` at the end as answered: drops it, and what wipes it off the screen when that comes.
    pub fn page_answered(&mut self) {
        let start = self.unsettled().iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        self.text.truncate(self.head + start);
        self.wipe = Wipe::Expected;
    }

    /// One byte of `CR spaces CR`; anything else is text again.
    fn wipe_byte(&mut self, byte: u8) {
        self.wipe = match (self.wipe, byte) {
            (Wipe::Expected, b' ') => Wipe::Expected,
            (Wipe::Expected, b'\r') => Wipe::Spaces,
            (Wipe::Spaces, b' ') => Wipe::Spaces,
            (Wipe::Spaces, b'\r') => Wipe::Over,
            (_, text) => {
                self.text.push(text);
                Wipe::Over
            }
        };
    }

    /// What stands `skip` bytes behind the front.
    pub fn front(&self, skip: usize) -> Front<'_> {
        let rest = self.unsettled().get(skip..).unwrap_or_default();
        let end = rest.iter().position(|&byte| byte == b'\n');
        let line = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        let leading = line.iter().take_while(|&&byte| byte == b'\r').count();
        let text = without_trailing_returns(line.get(leading..).unwrap_or_default());
        Front { text: String::from_utf8_lossy(text), begin: skip + leading, next: end.map(|end| skip + end + 1) }
    }

    /// Drops `count` bytes from the front.
    pub fn drop_front(&mut self, count: usize) {
        self.head = (self.head + count).min(self.text.len());
    }

    /// Drops everything.
    pub fn clear(&mut self) {
        self.head = self.text.len();
    }

    /// The last `count` characters that are unsettled, for a message.
    pub fn last_seen(&self, count: usize) -> String {
        let text = String::from_utf8_lossy(self.unsettled());
        let skip = text.chars().count().saturating_sub(count);
        text.chars().skip(skip).collect()
    }

    /// Whether the echo of `typed` stands `skip` bytes behind the front.
    pub fn echo(&self, skip: usize, typed: &str) -> Echo {
        let mut rest = self.unsettled().get(skip..).unwrap_or_default().iter().copied().enumerate().peekable();
        while rest.next_if(|&(_, byte)| byte == b' ').is_some() {}
        for expected in typed.bytes() {
            loop {
                match rest.next() {
                    Some((_, byte)) if byte == expected => break,
                    // Where a terminal wraps, the echo has one of these in it.
                    Some((_, b'\r' | b'\n' | 0x08 | b' ')) => {}
                    Some(_) => return Echo::Elsewhere,
                    None => return Echo::Partly,
                }
            }
        }
        for (at, byte) in rest {
            match byte {
                b'\n' => return Echo::Here(skip + at + 1),
                b'\r' | b' ' | 0x08 => {}
                _ => return Echo::Elsewhere,
            }
        }
        Echo::Partly
    }

    fn compact(&mut self) {
        if self.head > 0 {
            self.text.drain(..self.head);
            self.head = 0;
        }
    }
}

fn without_trailing_returns(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|&byte| byte != b'\r').map_or(0, |at| at + 1);
    line.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(bytes: &[u8]) -> Wire {
        let mut wire = Wire::default();
        assert!(wire.receive(bytes));
        wire
    }

    #[test]
    fn a_page_mark_leaves_no_trace_in_the_text() {
        for chunk in 1..40 {
            let mut wire = wire(b"one\r\n--More-- ");
            wire.page_answered();
            for part in b"\r         \r    set two\r\nthree\r\n".chunks(chunk) {
                assert!(wire.receive(part));
            }
            assert_eq!(wire.front(0), Front { text: "one".into(), begin: 0, next: Some(5) });
            wire.drop_front(5);
            let two = Front { text: "    set two".into(), begin: 0, next: Some(13) };
            assert_eq!(wire.front(0), two, "chunks of {chunk}");
        }
    }

    #[test]
    fn an_echo_is_found_plain_wrapped_and_not_yet_whole() {
        let typed = "set comments \"a long comment\"";
        assert_eq!(wire(b"set comments \"a long comment\"\r\r\n").echo(0, typed), Echo::Here(32));
        assert_eq!(wire(b"set comments \"a lo\r\nng comment\"\r\r\nrest").echo(0, typed), Echo::Here(34));
        assert_eq!(wire(b"set comments \"a lon \rg comment\"\r\n").echo(0, typed), Echo::Here(33));
        assert_eq!(wire(b"set comm").echo(0, typed), Echo::Partly);
        assert_eq!(wire(b"").echo(0, typed), Echo::Partly);
        assert_eq!(wire(b"set accprofile x\r\r\n").echo(0, typed), Echo::Elsewhere);
        assert_eq!(wire(b"end of file\r\n").echo(0, "end"), Echo::Elsewhere);
    }

    #[test]
    fn more_than_is_reasonable_is_reported_once_it_is_too_much() {
        let mut wire = Wire::default();
        let reasonable = (0..1000).take_while(|_| wire.receive(&[b'x'; 4096])).count();
        assert_eq!(reasonable, MOST_UNSETTLED / 4096);
    }

    #[test]
    fn what_was_last_seen_is_cut_by_characters() {
        assert_eq!(wire("abcä".as_bytes()).last_seen(2), "cä");
    }
}
