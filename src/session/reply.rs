//! What the device's words mean: the one table of phrases.
//!
//! FortiOS gives no exit status. A refusal is one or more lines of text and, not always, `Command fail. Return code N`;
//! lines can be glued to each other, the quoted token can be cut and its closing quote missing. So the phrases are looked
//! for anywhere in a line, the code wherever it stands, and the echo is removed before, since a comment may hold any word.

use std::sync::LazyLock;

use regex::{Regex, RegexSet};

use crate::pattern::{pattern, patterns};

/// Phrases that mean "no". Sources: captures and bug reports of FortiOS 5.6 to 7.6, and the word list of the vendor's own
/// quality assurance.
const REFUSALS: [&str; 31] = [
    r"Command fail",
    r"Unknown action",
    r"command parse error",
    r"value parse error",
    r"incomplete command",
    r"ambiguous command",
    r"node_check_object fail",
    r"entry not found in datasource",
    r"entry is not found in table",
    r"not found in table",
    r"string value is too long",
    r"MUST be set",
    r"checking fail",
    r"discard the setting",
    r"The entry is used by other",
    r"invalid ip address",
    r"invalid netmask",
    r"invalid integer value",
    r"invalid input",
    r"value invalid",
    r"XSS vulnerability",
    r"Could not find api-user",
    r"does not have the permission",
    r"Unmatched (double|single) quote",
    r"password required",
    r"cannot be the same name",
    r"is reserved and cannot be edited",
    r"internal error",
    r"unset oper error",
    r"no tablename|no object",
    r"[Pp]ermission denied|Login incorrect",
];

static REFUSAL: LazyLock<RegexSet> = LazyLock::new(|| patterns(&REFUSALS));
static CODE: LazyLock<Regex> = LazyLock::new(|| pattern(r"Return code (-?\d+)"));
static KEY: LazyLock<Regex> = LazyLock::new(|| pattern(r"New API key:[ \t]*([^\s]*)"));

/// A command that the device refused: its own words, and its code where it gave one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The lines of the answer, joined by `; `, without the code line and without control characters.
    pub text: String,
    /// `-61` in `Command fail. Return code -61`.
    pub code: Option<i32>,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.text.as_str(), self.code) {
            ("", Some(code)) => write!(f, "return code {code}"),
            (text, Some(code)) => write!(f, "{text} ({code})"),
            (text, None) => f.write_str(text),
        }
    }
}

impl Refusal {
    /// Looks for a refusal in the answer to a line that changes something.
    pub fn of_change(body: &[String]) -> Option<Refusal> {
        Refusal::among(body, |_| true)
    }

    /// Looks for a refusal in what a `show` or a `get` printed. Values in it may hold any words, so only lines that are
    /// neither configuration nor `name : value` count.
    pub fn of_read(body: &[String]) -> Option<Refusal> {
        Refusal::among(body, |line| !is_printed_value(line))
    }

    /// A refusal in the lines that `count`.
    fn among(body: &[String], count: impl Fn(&str) -> bool) -> Option<Refusal> {
        // Few lines look like a refusal.
        body.iter().any(|line| is_refusal(line) && count(line)).then(|| {
            let lines: Vec<&str> = body.iter().map(String::as_str).filter(|line| count(line)).collect();
            Refusal::from_words(&lines)
        })
    }

    fn from_words(lines: &[&str]) -> Refusal {
        let code = lines.iter().find_map(|line| code(line));
        let told = lines.iter().filter(|line| printed_key(line).is_none());
        let words: Vec<String> = told.map(|line| plain(&without_code(line))).filter(|line| !line.is_empty()).collect();
        Refusal { text: words.join("; ").chars().take(300).collect(), code }
    }
}

/// Whether the device says no in `line`, which must not be an echo.
pub fn is_refusal(line: &str) -> bool {
    REFUSAL.is_match(line)
}

fn is_printed_value(line: &str) -> bool {
    let line = line.trim_start();
    let config = ["set ", "config ", "edit ", "unset "].iter().any(|verb| line.starts_with(verb));
    config
        || (line.contains(':')
            && !line.contains("Command fail")
            && !line.contains("Unknown action")
            && !line.contains("parse error"))
}

fn code(line: &str) -> Option<i32> {
    CODE.captures(line)?.get(1)?.as_str().parse().ok()
}

/// The line without `Command fail. Return code N`, which may be glued to its end.
fn without_code(line: &str) -> String {
    match line.find("Command fail") {
        Some(at) => line.get(..at).unwrap_or_default().to_owned(),
        None => line.to_owned(),
    }
}

/// Text of the device for a message: one line, no control characters.
pub fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned()
}

static OF_ANOTHER: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^config transaction id=\d+ (will expire in \d+ seconds|has expired)"));

/// Whether the device prints such a line into any session at any moment, so that it is no part of an answer. These begin
/// like configuration. Source: FortiOS administration guide 7.6.5 (530847), workspace mode.
pub fn is_of_another(line: &str) -> bool {
    OF_ANOTHER.is_match(line)
}

/// Whether a line says that a configuration transaction is over, and what it held is lost.
pub fn is_expiry(line: &str) -> bool {
    is_of_another(line) && line.contains("has expired")
}

/// The text behind `New API key:` on a line, wherever that stands on it: FortiOS before an exec prompt, and some pastes,
/// have something in front.
pub fn printed_key(line: &str) -> Option<&str> {
    KEY.captures(line)?.get(1).map(|found| found.as_str())
}

/// Whether `text` can be a key: letters and digits, 20 to 128 of them. Every published FortiOS key has 30; nothing promises
/// that the next one has.
pub fn is_key(text: &str) -> bool {
    (20..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// What the device said where a key was due and none was found, for a message: words that could be a key all the same are
/// taken out.
pub fn without_keys(text: &str) -> String {
    let could_be_key = |word: &str| word.chars().filter(|c| c.is_alphanumeric()).count() >= 16;
    let words = text.split_whitespace().map(|word| if could_be_key(word) { "…" } else { word });
    plain(&words.collect::<Vec<_>>().join(" ")).chars().take(120).collect()
}

/// A question that the device waits on, at the end of what it sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// `--More-- `.
    Pager,
    /// `(Press 'a' to accept):` under the login banner.
    AcceptBanner,
    /// `Please enter current administrator password:`, from 7.6 on at a commit; also seen as `Current Password`.
    AdministratorPassword,
    /// `… (y/n)`.
    YesNo,
    /// `> ` alone: the shell waits for the rest of a quoted line.
    Continuation,
    /// A forced change: whatever is typed becomes the new password.
    NewPassword,
    /// `login:` or `Password:`: the session was ended under us.
    Login,
}

static ADMINISTRATOR_PASSWORD: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)(current administrator password|^\s*current password)\s*:?\s*$"));

static ANSWERED_PASSWORD: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)enter current administrator password|^\s*current password"));
static ANSWERED_YES_NO: LazyLock<Regex> = LazyLock::new(|| pattern(r"[(\[][yY]/[nN][)\]]\s?.?$"));

impl Question {
    /// The question in a whole line: one that had its answer at once, out of what was typed ahead.
    pub fn within(line: &str) -> Option<Question> {
        Question::pages(line).or_else(|| {
            if ANSWERED_PASSWORD.is_match(line) {
                return Some(Question::AdministratorPassword);
            }
            ANSWERED_YES_NO.is_match(line).then_some(Question::YesNo)
        })
    }

    /// The same for the pager's alone.
    pub fn pages(line: &str) -> Option<Question> {
        line.starts_with("--More--").then_some(Question::Pager)
    }

    /// The question that `tail`, the unterminated last line, asks, if it asks one.
    pub fn at(tail: &str) -> Option<Question> {
        let text = tail.trim_end();
        if text.is_empty() {
            return None;
        }
        if tail.starts_with("--More--") && text.len() <= "--More--".len() {
            return Some(Question::Pager);
        }
        if text.ends_with("(Press 'a' to accept):") {
            return Some(Question::AcceptBanner);
        }
        if ADMINISTRATOR_PASSWORD.is_match(text) {
            return Some(Question::AdministratorPassword);
        }
        if text.ends_with("(y/n)") || text.ends_with("(Y/N)") || text.ends_with("[y/n]") {
            return Some(Question::YesNo);
        }
        if tail == "> " {
            return Some(Question::Continuation);
        }
        if ["New Password:", "Confirm Password:"].contains(&text.trim_start()) {
            return Some(Question::NewPassword);
        }
        (text.ends_with(" login:") || text == "login:" || text == "Password:").then_some(Question::Login)
    }
}

/// Whether a line announces a forced password change: from here on nothing may be typed. The lines about the password
/// policy that newer releases add may as well be an administrator's own banner, so they do not count.
pub fn forces_new_password(line: &str) -> bool {
    line.contains("You are forced to change your password")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> Option<Refusal> {
        Refusal::of_change(&text.lines().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn every_refusal_of_the_captures_is_recognised_with_its_code() {
        for (text, words, code) in [
            ("Unknown action 0", "Unknown action 0", None),
            ("6694: Unknown action 0\nCommand fail. Return code -1", "6694: Unknown action 0", Some(-1)),
            (
                "\ncommand parse error before 'global'\nCommand fail. Return code 1",
                "command parse error before 'global'",
                Some(1),
            ),
            (
                "value parse error before '-1'Command fail. Return code -651",
                "value parse error before '-1'",
                Some(-651),
            ),
            ("command parse error before 'SHO", "command parse error before 'SHO", None),
            (
                "entry not found in datasource\n\nvalue parse error before 'super_admin'\nCommand fail. Return code -3",
                "entry not found in datasource; value parse error before 'super_admin'",
                Some(-3),
            ),
            (
                "object set operator error, -4 discard the setting\nCommand fail. Return code -4 (reached the maximum number of entries",
                "object set operator error, -4 discard the setting",
                Some(-4),
            ),
            (
                "Could not find api-user netlab.\nCommand fail. Return code -3",
                "Could not find api-user netlab.",
                Some(-3),
            ),
            (
                "incomplete command in the end\nCommand fail. Return code -160",
                "incomplete command in the end",
                Some(-160),
            ),
            (
                "Attribute 'accprofile' MUST be set.\nCommand fail. Return code -56",
                "Attribute 'accprofile' MUST be set.",
                Some(-56),
            ),
            (
                "The entry is used by other 2 entries\nCommand fail. Return code -23",
                "The entry is used by other 2 entries",
                Some(-23),
            ),
            (
                "The string contains XSS vulnerability characters",
                "The string contains XSS vulnerability characters",
                None,
            ),
            ("admin's password required.", "admin's password required.", None),
            ("token line: Unmatched double quote.", "token line: Unmatched double quote.", None),
        ] {
            let found = refusal(text).unwrap_or_else(|| panic!("{text:?} is a refusal"));
            assert_eq!((found.text.as_str(), found.code), (words, code));
        }
    }

    #[test]
    fn notices_are_no_refusals() {
        for text in [
            "new entry 'terraform' added",
            "path=system, objname=admin, size=1312, sz_attr=1",
            "cmd_clean_context 0, abort=0",
            "-1=Warning: You are using one of the factory default certificates",
            "WARNING: File System Check Recommended! An unsafe reboot may have caused an inconsistency in the disk drive.",
            "config transaction id=1 will expire in 30 seconds",
            "",
        ] {
            assert_eq!(refusal(text), None, "{text}");
        }
    }

    #[test]
    fn words_within_printed_values_are_no_refusals_of_a_read() {
        let body = [
            "config system api-user",
            "    edit \"x\"",
            "        set comments \"Command fail. Return code -1\"",
            "end",
        ];
        assert_eq!(Refusal::of_read(&body.map(str::to_owned)), None);
        assert!(Refusal::of_read(&["entry is not found in table".to_owned()]).is_some());
        assert!(Refusal::of_read(&["command parse error before 'x:y'".to_owned()]).is_some());
    }

    #[test]
    fn a_key_is_found_anywhere_on_its_line() {
        assert_eq!(
            printed_key("fw # New API key: 38c9tf65gd18jpxr96gQn59dfwnxjg"),
            Some("38c9tf65gd18jpxr96gQn59dfwnxjg")
        );
        assert_eq!(printed_key("New API key:"), Some(""));
        assert_eq!(printed_key("NOTE: The bearer of this API key will"), None);
        assert!(is_key("38c9tf65gd18jpxr96gQn59dfwnxjg"));
        assert!(!is_key("'your_api_token'"));
        assert!(!is_key("short"));
    }

    #[test]
    fn questions_are_told_by_their_own_words_only() {
        for (tail, question) in [
            ("--More-- ", Some(Question::Pager)),
            ("--More--", Some(Question::Pager)),
            ("text --More-- ", None),
            ("(Press 'a' to accept):", Some(Question::AcceptBanner)),
            ("(Press 'a' to accept): ", Some(Question::AcceptBanner)),
            ("Please enter current administrator password: ", Some(Question::AdministratorPassword)),
            ("Current Password", Some(Question::AdministratorPassword)),
            ("Current Password:", Some(Question::AdministratorPassword)),
            ("Do you want to continue? (y/n)", Some(Question::YesNo)),
            ("> ", Some(Question::Continuation)),
            ("New Password: ", Some(Question::NewPassword)),
            ("FortiGate-VM64-KVM login: ", Some(Question::Login)),
            ("fw1 # ", None),
            ("", None),
        ] {
            assert_eq!(Question::at(tail), question, "{tail:?}");
        }
    }
}
