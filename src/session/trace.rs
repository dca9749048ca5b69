//! The redacted record of a session: what `-vv` and `--transcript` show.
//!
//! Nothing else in the program logs what passes between it and the device. Passwords and keys never enter it: what
//! answers a password question is a mark, and so is everything between a key-yielding line and the next prompt. `ENC`
//! texts (hashes of keys and passwords in `show`) are cut too.

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
}
