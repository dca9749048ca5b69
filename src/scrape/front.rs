//! What stands in front of a line: time stamps, marks of quotation, prompts.

use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::pattern;

/// Marks of quotation as mail writes them, and time stamps as terminals and loggers write them: ISO 8601, a time alone,
/// syslog's, seconds since 1970 in brackets.
static FRONT: LazyLock<Regex> = LazyLock::new(|| {
    let date = r"(?:\d{4}[-/.]\d\d[-/.]\d\d[T ,_]+|\d\d?[-/. ](?:\d\d|[A-Z][a-z]{2})[-/. ]\d{2,4}[T ,_]+)";
    let time = r"\d\d?:\d\d:\d\d(?:[.,]\d+)?(?: ?[AP]M)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?";
    let stamp = format!(r"[\[(<]?(?:{date})?{time}[\])>]?(?:[ ]*[|:;-])?(?:[ ]|$)");
    let syslog = r"[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d(?:\.\d+)? ";
    pattern(&format!(r"^[ ]*(?:(?:[>|] ?)+|{stamp}|{syslog}|\[ *\d+\.\d+\] )"))
});

/// How many stamps and marks may stand in front of one line.
const DEEPEST: usize = 4;

/// The line behind stamps and marks.
pub(super) fn behind(line: &str) -> &str {
    let mut rest = line;
    for _ in 0..DEEPEST {
        match FRONT.find(rest) {
            Some(front) => rest = rest.get(front.end()..).unwrap_or(""),
            None => break,
        }
    }
    rest
}

/// `HOST`, an HA role glued to it (7.6.7 and later), a context in parentheses, the sign. A context without a host is the
/// GUI's console.
const PROMPT: &str = r"(?:(?P<host>[A-Za-z0-9][\w.~-]*)(?:\([A-Z][a-z]+\))?(?: \([^()]+\))?|\([^()]+\)) [#$]";

static AT_START: LazyLock<Regex> = LazyLock::new(|| pattern(&format!("^(?:{PROMPT}|#)(?: |$)")));
static AT_END: LazyLock<Regex> = LazyLock::new(|| pattern(&format!("(?:^| ){PROMPT} *$")));

/// A prompt at the start of a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Prompt<'a> {
    /// The device's name, where the prompt shows one.
    pub(super) host: Option<&'a str>,
    /// What was typed or printed behind it.
    pub(super) rest: &'a str,
}

/// The prompt that `line` begins with, if it does.
pub(super) fn prompt(line: &str) -> Option<Prompt<'_>> {
    let found = AT_START.captures(line)?;
    let end = found.get(0)?.end();
    Some(Prompt { host: found.name("host").map(|host| host.as_str()), rest: line.get(end..)?.trim() })
}

/// The name in the prompt that `text` ends with: what stands in front of a command, whatever stands in front of that.
pub(super) fn host_before(text: &str) -> Option<&str> {
    AT_END.captures(text)?.name("host").map(|host| host.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_and_quotation_marks_are_taken_off() {
        let cases = [
            "fw1 # end",
            "> fw1 # end",
            "> > fw1 # end",
            "2026-03-01 12:00:00 fw1 # end",
            "2026-03-01T12:00:00.123Z fw1 # end",
            "[2026-03-01 12:00:00.123] fw1 # end",
            "[12:00:00] fw1 # end",
            "12:00:00.123 | fw1 # end",
            "> [12:00:00] fw1 # end",
            "Mar  1 12:00:00 fw1 # end",
            "[  12.345678] fw1 # end",
            "01/03/2026 12:00:00 PM fw1 # end",
        ];
        for line in cases {
            assert_eq!(behind(line), "fw1 # end", "{line}");
        }
        for line in ["New API key: a", "12 monkeys", "1.2.3.4 # x"] {
            assert_eq!(behind(line), line);
        }
    }

    #[test]
    fn prompts_of_every_shape_are_known() {
        let cases = [
            ("fw1 # end", Some("fw1"), "end"),
            ("fw1 #", Some("fw1"), ""),
            ("fw1 $ end", Some("fw1"), "end"),
            ("fw1 (global) # end", Some("fw1"), "end"),
            ("fw1(Primary) (api-user) # end", Some("fw1"), "end"),
            ("lab-fortigate-active~nce (admin) # next", Some("lab-fortigate-active~nce"), "next"),
            ("(api-user) # end", None, "end"),
            ("# config system api-user", None, "config system api-user"),
        ];
        for (line, host, rest) in cases {
            assert_eq!(prompt(line), Some(Prompt { host, rest }), "{line}");
        }
        for line in ["user@jump:~# ssh fw1", "##### fw1 #####", "New API key: a", "*** # x"] {
            assert_eq!(prompt(line), None, "{line}");
        }
        assert_eq!(host_before("[session 3] fw1 (global) # "), Some("fw1"));
    }
}
