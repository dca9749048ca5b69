//! The redacted record of a session: what `-vv` and `--transcript` show.
//!
//! Nothing else in the program logs what passes between it and the device. Passwords and keys never enter it: what
//! answers a password question is a mark, and so is everything between a key-yielding line and the next prompt. `ENC`
//! texts (hashes of keys and passwords in `show`) are cut too.

/// How much of a session is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Nothing.
    Nothing,
    /// The lines that are typed.
    Lines,
    /// What the device prints too.
    Session,
}

/// The record as it grows: what nobody wants is not even copied, since a fleet has a hundred lines of each device.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) detail: Detail,
    entries: Vec<Trace>,
}

impl Default for Record {
    /// Of everything.
    fn default() -> Self {
        Record { detail: Detail::Session, entries: Vec::new() }
    }
}

impl Record {
    /// A line that is typed.
    pub(super) fn sent(&mut self, line: &str) {
        self.add(Detail::Lines, || Trace::Sent(line.to_owned()));
    }

    /// A line of the device.
    pub(super) fn received(&mut self, line: &str) {
        self.add(Detail::Session, || Trace::received(line));
    }

    /// Something that is not shown, and why.
    pub(super) fn mark(&mut self, why: &'static str) {
        self.add(Detail::Session, || Trace::Mark(why));
    }

    /// What was added since the last call.
    pub(super) fn take(&mut self) -> Vec<Trace> {
        std::mem::take(&mut self.entries)
    }

    fn add(&mut self, needed: Detail, entry: impl FnOnce() -> Trace) {
        if self.detail >= needed {
            self.entries.push(entry());
        }
    }
}

/// One entry of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trace {
    /// A line that was typed.
    Sent(String),
    /// A line that the device printed.
    Received(String),
    /// Something that is not shown, and why.
    Mark(&'static str),
}

impl Trace {
    /// A line of the device, its `ENC` texts cut.
    pub fn received(line: &str) -> Trace {
        Trace::Received(without_hashes(line))
    }
}

impl std::fmt::Display for Trace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Trace::Sent(line) => write!(f, "> {line}"),
            Trace::Received(line) => write!(f, "< {line}"),
            Trace::Mark(why) => write!(f, "* {why}"),
        }
    }
}

fn without_hashes(line: &str) -> String {
    let shown = match line.split_once(" ENC ") {
        Some((before, _hash)) => format!("{before} ENC …"),
        None => line.to_owned(),
    };
    shown.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_keys_are_cut_and_control_characters_made_visible() {
        let shown = Trace::received("        set api-key ENC SH23Pp9+QRwI/BL67FYC7s=").to_string();
        assert_eq!(shown, "<         set api-key ENC …");
        assert_eq!(Trace::received("a\u{1b}[2Jb").to_string(), "< a\u{fffd}[2Jb");
    }

    #[test]
    fn what_nobody_wants_is_not_recorded() {
        for (detail, entries) in [(Detail::Nothing, 0), (Detail::Lines, 1), (Detail::Session, 3)] {
            let mut record = Record { detail, ..Record::default() };
            record.sent("end");
            record.received("fw1 # ");
            record.mark("the pager was answered");
            assert_eq!(record.take().len(), entries, "{detail:?}");
            assert_eq!(record.take(), []);
        }
    }
}
