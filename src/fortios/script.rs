//! A checked script: the CLI lines of one job, balanced, bounded, and free of anything an interactive shell takes as
//! help, completion or control.
//!
//! [`Script::parse`] is the only way to make one, so whatever a template (ours or a user's) renders is checked before a
//! byte of it is typed. Its `Display` is the dry run: what an engineer would paste.

mod parser;

use std::fmt;
use std::sync::Arc;

/// The longest line that is sent, in bytes.
///
/// No figure for FortiOS's own limit is documented; a terminal of 511 columns less the longest prompt and some room
/// keeps the echo on one row, so it is not wrapped.
pub const LONGEST_LINE: usize = 440;

/// The most lines of one script: far above any job, far below what could exhaust memory.
pub const MOST_LINES: usize = 10_000;

/// A level of the configuration shell, as the prompt names it in parentheses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// The text between the parentheses: `accprofile`, `terraform`, `1`, `global`.
    pub name: String,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `config global`: a scope, nothing is saved when it is left.
    Scope,
    /// `config …`, table or settings: which of the two shows only by what follows.
    Block,
    /// `edit …`: an entry of a table.
    Entry,
}

/// What a line does to the level and to the configuration once the device accepts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// `config …` or `edit …`: goes one level down.
    Open,
    /// `set`, `unset`, `append`, …: staged in the entry, saved by nothing but a commit.
    Stage,
    /// `delete` of a row inside an object: staged like a `set`; but in the table around the object the same line removes
    /// another object at once.
    Remove,
    /// `next` or `end` inside an object: goes up, the object itself stays open and unsaved.
    Leave,
    /// A line that saves: the `next` or `end` that closes an object, `delete`, `execute cfg save`.
    Commit,
    /// `execute config-transaction start`: what is typed behind it must not be typed without it.
    Begin,
    /// `end` out of a table with no entry open, or out of `config global`: goes up, there is nothing to save.
    Up,
    /// `show`, `get`: changes nothing, and may be paged.
    Read,
    /// `execute api-user generate-key`: answers with a secret.
    Key,
    /// `abort`: goes up without saving. Not in scripts; the session's own way back.
    Abort,
}

/// One line of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The command, without indentation and line end.
    pub text: String,
    /// What it does when it is accepted.
    pub effect: Effect,
    /// The levels that are open once it is accepted, outermost first.
    pub after: Vec<Level>,
    /// For a `show` or `get`: it goes through `| grep`, so it is not paged.
    ///
    /// Source: oxidized pull request 1262 (FortiOS 4.0 to 6.0); the captures of 7.4.7 and 7.4.8 in oxidized's tests show
    /// `show | grep .` in one piece.
    pub piped: bool,
    /// How many levels were open before it: the indentation of the dry run.
    indent: usize,
}

impl Line {
    /// How deep below the object's own entry or block the device is after this line: 0 outside any object, 1 in the
    /// object, 2 and more in what is nested in it. `config global` does not count, nor does the table around an entry.
    pub fn depth_in_object(&self) -> usize {
        depth_in_object(&self.after)
    }

    /// A line of the way back to the base prompt.
    pub(crate) fn abort(text: &str) -> Line {
        Line { text: text.to_owned(), effect: Effect::Abort, after: Vec::new(), piped: false, indent: 0 }
    }
}

fn depth_in_object(levels: &[Level]) -> usize {
    let mut inside = levels.iter().filter(|level| level.kind != Kind::Scope);
    match (inside.next(), inside.next()) {
        (Some(_), Some(second)) if second.kind == Kind::Entry => 1 + inside.count(),
        (Some(_), Some(_)) => 2 + inside.count(),
        (Some(_), None) => 1,
        (None, _) => 0,
    }
}

/// The lines of one job. Clones share them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Script {
    lines: Vec<Arc<Line>>,
}

/// A text that is not a script: the line, counted from 1, and the rule it breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, `{text}`: {rule}")]
pub struct ScriptError {
    /// The line of the text, counted from 1.
    pub line: usize,
    /// The line itself, cut to what fits a message, control characters escaped.
    pub text: String,
    /// What is wrong with it.
    pub rule: ScriptRule,
}

/// The rules of a script.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScriptRule {
    /// Not one of the commands that a job is made of.
    #[error("`{0}` is not a command that fgtkey sends")]
    Verb(String),
    /// A command without what it needs.
    #[error("the command is not complete")]
    Incomplete,
    /// `?` shows help at once, even within quotes.
    #[error("a `?` makes the FortiOS shell print help in the middle of the line")]
    Help,
    /// A control character, a tab (completion) among them.
    #[error("a control character (U+{0:04X}) would edit, complete or break off the line")]
    Control(u32),
    /// A backslash before the line end makes the shell wait for another line.
    #[error("a backslash at the end continues the line")]
    Continued,
    /// An odd quote makes the shell wait for another line.
    #[error("a quote is not closed")]
    Quote,
    /// Longer than [`LONGEST_LINE`].
    #[error("the line has {0} bytes, more than {LONGEST_LINE}")]
    TooLong(usize),
    /// More than [`MOST_LINES`].
    #[error("there are more than {MOST_LINES} lines")]
    TooMany,
    /// A `next` or `end` with no level to leave.
    #[error("there is no level left to leave")]
    TooManyEnds,
    /// `edit` outside a table, `next` outside an entry, `set` at the top.
    #[error("it does not belong at this level")]
    Misplaced,
    /// Two objects in one block: a failure in the second would not undo the first.
    #[error("only one object is allowed in a block, so that each commit is one object")]
    SecondObject,
    /// A block is still open at the end.
    #[error("the block `{0}` is never left")]
    Open(String),
}

impl Script {
    /// Reads `text`, one command a line; indentation and empty lines do not matter.
    ///
    /// # Errors
    /// Returns the first line that breaks a rule, with the rule.
    pub fn parse(text: &str) -> Result<Script, ScriptError> {
        let mut parser = parser::Parser::default();
        for (index, raw) in text.split('\n').enumerate() {
            let line = raw.trim_matches([' ', '\r']);
            if !line.is_empty() {
                parser.line(line).map_err(|rule| ScriptError::new(index + 1, line, rule))?;
            }
        }
        parser.finish().map_err(|rule| ScriptError::new(text.split('\n').count(), "", rule))
    }

    /// The lines in order.
    pub fn lines(&self) -> &[Arc<Line>] {
        &self.lines
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

/// The first character of `text` that a shell would not take as text, quoted or not: help, completion, line editing, a line
/// end.
pub fn untypeable(text: &str) -> Option<char> {
    text.chars().find(|&c| c == '?' || c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            writeln!(f, "{:indent$}{}", "", line.text, indent = line.indent * 4)?;
        }
        Ok(())
    }
}

impl ScriptError {
    fn new(line: usize, text: &str, rule: ScriptRule) -> Self {
        let text: String = text.chars().flat_map(char::escape_debug).take(80).collect();
        ScriptError { line, text: text.replace("\\\"", "\""), rule }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> ScriptRule {
        Script::parse(text).unwrap_err().rule
    }

    const MINT: &str = "config system accprofile\nedit tf\nset fwgrp custom\nconfig fwgrp-permission\nset address read\n\
                        end\nend\nconfig system api-user\nedit tf\nset accprofile tf\nconfig trusthost\nedit 1\n\
                        set ipv4-trusthost 10.0.0.1 255.255.255.255\nnext\nedit 2\nset ipv4-trusthost 10.0.0.2 \
                        255.255.255.255\nend\nend\nexecute api-user generate-key tf\n";

    #[test]
    fn each_line_of_a_mint_has_its_effect_and_its_level() {
        use Effect::{Commit, Key, Leave, Open, Stage};
        let script = Script::parse(MINT).unwrap();
        let effects: Vec<Effect> = script.lines().iter().map(|line| line.effect).collect();
        let profile = [Open, Open, Stage, Open, Stage, Leave, Commit];
        let user = [Open, Open, Stage, Open, Open, Stage, Leave, Open, Stage, Leave, Commit, Key];
        assert_eq!(effects, [profile.as_slice(), user.as_slice()].concat());
        let depths: Vec<usize> = script.lines().iter().map(|line| line.depth_in_object()).collect();
        assert_eq!(depths, [1, 1, 1, 2, 2, 1, 0, 1, 1, 1, 2, 3, 3, 2, 3, 3, 1, 0, 0]);
        let innermost: Vec<Option<&str>> =
            script.lines().iter().map(|line| line.after.last().map(|level| level.name.as_str())).collect();
        assert_eq!(innermost[3], Some("fwgrp-permission"));
        assert_eq!(innermost[11], Some("1"));
        assert_eq!(innermost[16], Some("tf"));
    }

    #[test]
    fn the_dry_run_is_indented_as_an_engineer_would_type_it() {
        let text = Script::parse(MINT).unwrap().to_string();
        assert!(text.starts_with("config system accprofile\n    edit tf\n        set fwgrp custom\n"));
        assert!(text.contains("        config trusthost\n            edit 1\n                set ipv4-trusthost"));
        assert!(text.contains("            next\n            edit 2\n"));
        assert_eq!(Script::parse(&text).unwrap(), Script::parse(MINT).unwrap());
    }

    #[test]
    fn leaving_config_global_saves_nothing() {
        let script = Script::parse("config global\nshow system accprofile x\nend").unwrap();
        let effects: Vec<Effect> = script.lines().iter().map(|line| line.effect).collect();
        assert_eq!(effects, [Effect::Open, Effect::Read, Effect::Up]);
        assert!(script.lines().iter().all(|line| line.depth_in_object() == 0));
    }

    #[test]
    fn a_deleted_object_is_a_commit_of_its_own() {
        let script = Script::parse("config system api-user\ndelete tf\nend").unwrap();
        let effects: Vec<Effect> = script.lines().iter().map(|line| line.effect).collect();
        assert_eq!(effects, [Effect::Open, Effect::Commit, Effect::Up]);
    }

    #[test]
    fn text_that_the_shell_takes_as_something_else_is_refused() {
        assert_eq!(rule("show system api-user what?"), ScriptRule::Help);
        assert_eq!(rule("config system api-user\nedit \"a\tb\""), ScriptRule::Control(9));
        assert_eq!(rule("show x\u{1b}[A"), ScriptRule::Control(0x1b));
        assert_eq!(rule("show x\u{2028}y"), ScriptRule::Control(0x2028));
        assert_eq!(rule("show x\u{85}y"), ScriptRule::Control(0x85));
        assert_eq!(rule("show x\\"), ScriptRule::Continued);
        assert_eq!(rule("show \"x"), ScriptRule::Quote);
        assert_eq!(rule("show 'x"), ScriptRule::Quote);
        assert!(matches!(rule(&format!("show {}", "x".repeat(500))), ScriptRule::TooLong(505)));
    }

    #[test]
    fn commands_outside_the_job_are_refused() {
        for text in ["purge", "reboot", "execute factoryreset", "abort", "config vdom", "SHOW x", "# note", "y"] {
            assert!(matches!(rule(text), ScriptRule::Verb(_)), "{text}");
        }
    }

    #[test]
    fn blocks_are_balanced_and_hold_one_object() {
        assert_eq!(rule("end"), ScriptRule::TooManyEnds);
        assert_eq!(rule("next"), ScriptRule::Misplaced);
        assert_eq!(rule("edit x"), ScriptRule::Misplaced);
        assert_eq!(rule("set a b"), ScriptRule::Misplaced);
        assert_eq!(rule("config system api-user\nedit x"), ScriptRule::Open("x".into()));
        assert_eq!(rule("config system api-user\nedit x\nset a b\nnext\nedit y"), ScriptRule::SecondObject);
        assert_eq!(rule("config system api-user\nedit x\nexecute cfg save"), ScriptRule::Misplaced);
    }

    #[test]
    fn an_error_names_the_line_and_shows_it_escaped() {
        let error = Script::parse("config system api-user\n\nedit \"a\u{7}\"\n").unwrap_err();
        assert_eq!(error.line, 3);
        assert_eq!(error.text, "edit \"a\\u{7}\"");
    }
}
