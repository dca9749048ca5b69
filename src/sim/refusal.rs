//! What the device says when it refuses: one or more text lines and a return code.
//!
//! Texts and codes are those of captured sessions; the code line is not always there, and some builds glue it to the
//! text (both are [`Traps`]).

use super::traps::Traps;

/// An error text of the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    text: String,
    code: Option<i32>,
}

impl Refusal {
    /// `text` may hold several lines.
    pub(super) fn new(text: impl Into<String>, code: impl Into<Option<i32>>) -> Self {
        Refusal { text: text.into(), code: code.into() }
    }

    /// A verb that does not exist, or not here, or not for this administrator.
    pub(super) fn unknown_action() -> Self {
        Refusal::new("Unknown action 0", None)
    }

    /// A token that is not valid here; an empty line precedes the text in captures that have a code (netlab PR 3336).
    pub(super) fn parse(token: &str) -> Self {
        Refusal::new(format!("\ncommand parse error before '{token}'"), -61)
    }

    pub(super) fn parse_with_code(token: &str, code: Option<i32>) -> Self {
        let blank = if code.is_some() { "\n" } else { "" };
        Refusal::new(format!("{blank}command parse error before '{token}'"), code)
    }

    pub(super) fn value(token: &str, code: i32) -> Self {
        Refusal::new(format!("\nvalue parse error before '{token}'"), code)
    }

    /// Something precedes `value parse error before`: the reason.
    pub(super) fn value_because(reason: &str, token: &str, code: i32) -> Self {
        Refusal::new(format!("{reason}\n\nvalue parse error before '{token}'"), code)
    }

    pub(super) fn ambiguous(token: &str) -> Self {
        Refusal::new(format!("\nambiguous command before '{token}'"), -61)
    }

    pub(super) fn incomplete() -> Self {
        Refusal::new("\nincomplete command in the end", -160)
    }

    pub(super) fn not_in_datasource(value: &str) -> Self {
        Refusal::value_because("entry not found in datasource", value, -3)
    }

    pub(super) fn not_in_table() -> Self {
        Refusal::new("entry is not found in table", None)
    }

    /// The text of `--fault LINE=refuse:TEXT`, which may carry its own code line.
    pub(super) fn injected(text: &str) -> Self {
        Refusal::new(text.replace("\\n", "\n"), None)
    }

    /// The lines as the device prints them, each with its line end.
    pub(super) fn render(&self, traps: &Traps) -> String {
        let mut out = self.text.clone();
        match self.code.filter(|_| !traps.no_code_line) {
            Some(code) if traps.glued_errors => out.push_str(&format!("Command fail. Return code {code}")),
            Some(code) => out.push_str(&format!("\nCommand fail. Return code {code}")),
            None => (),
        }
        out.push('\n');
        out
    }
}
