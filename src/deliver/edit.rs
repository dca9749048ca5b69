//! Changing two settings of a file that belongs to somebody else.

use zeroize::Zeroizing;

/// A setting to write: its name, and the whole line without indentation and line end.
pub(super) struct Setting {
    /// The name by which an existing statement is recognised.
    pub(super) name: &'static str,
    /// The line; it holds the key, so it is wiped.
    pub(super) line: Zeroizing<String>,
}

/// A statement of an existing file: one line, or several when a value spans them. All of them together are the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Statement<'a> {
    /// The text, line end included.
    pub(super) text: &'a str,
    /// What stands in front of the name and stays: indentation, `export`.
    pub(super) lead: &'a str,
    /// The name it sets; none for comments, empty lines and what is not understood.
    pub(super) name: Option<&'a str>,
}

/// The file with `settings` in it: the first statement of each name is replaced where it stands, repetitions of it go,
/// what was not there is added at the end, and every other byte stays.
pub(super) fn rewrite(statements: &[Statement<'_>], settings: &[Setting]) -> Zeroizing<String> {
    let size = statements.iter().map(|statement| statement.text.len()).sum::<usize>();
    let added = settings.iter().map(|setting| setting.line.len() + LEAD).sum::<usize>();
    // With room for everything at once the buffer never moves and leaves no copy of the key behind.
    let mut text = Zeroizing::new(String::with_capacity(size + added));
    let mut placed = Vec::new();
    for statement in statements {
        match settings.iter().find(|setting| Some(setting.name) == statement.name) {
            None => text.push_str(statement.text),
            Some(setting) if placed.contains(&setting.name) => {}
            Some(setting) => {
                placed.push(setting.name);
                push_line(&mut text, statement.lead, setting, line_end(statement.text));
            }
        }
    }
    append(&mut text, settings.iter().filter(|setting| !placed.contains(&setting.name)));
    text
}

/// Room for the line ends that one setting may need beside its own text.
const LEAD: usize = 4;

fn push_line(text: &mut String, lead: &str, setting: &Setting, end: &str) {
    for part in [lead, &setting.line, end] {
        text.push_str(part);
    }
}

fn append<'a>(text: &mut String, settings: impl Iterator<Item = &'a Setting>) {
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    for setting in settings {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push_str(end);
        }
        push_line(text, "", setting, end);
    }
}

fn line_end(text: &str) -> &'static str {
    if text.ends_with("\r\n") { "\r\n" } else { "\n" }
}

/// The first line of `text`, line end included, and the rest.
pub(super) fn first_line(text: &str) -> (&str, &str) {
    let end = text.find('\n').map_or(text.len(), |at| at + 1);
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// Splits an identifier off the front of `text`; `more` says which characters it may hold beside letters and digits.
pub(super) fn identifier<'a>(text: &'a str, more: &[char]) -> Option<(&'a str, &'a str)> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !more.contains(&c)).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    (!name.is_empty()).then_some((name, rest))
}

/// Splits spaces, tabs and a byte order mark off the front.
pub(super) fn indentation(text: &str) -> (&str, &str) {
    let rest = text.trim_start_matches([' ', '\t', '\u{feff}']);
    text.split_at_checked(text.len() - rest.len()).unwrap_or(("", text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::deliver::{dotenv, tfvars};

    fn text() -> impl Strategy<Value = String> {
        let pieces = vec![
            "A=1",
            "FORTIOS_ACCESS_TOKEN",
            "fortios_token",
            "=",
            " = ",
            "export ",
            "\"",
            "'",
            "\\",
            "\n",
            "\r\n",
            "#",
            "<<E",
            "E",
            "/*",
            "*/",
            "[",
            "]",
            "{",
            "}",
            " ",
            "é",
            "//",
        ];
        prop::collection::vec(prop::sample::select(pieces), 0..40).prop_map(|pieces| pieces.concat())
    }

    /// Writing twice gives what writing once gave, and every statement that is not ours is still there, in its order.
    fn holds(
        text: &str,
        settings: &[Setting],
        read: for<'a> fn(&'a str) -> Result<Vec<Statement<'a>>, crate::deliver::EditError>,
    ) -> Result<(), TestCaseError> {
        let Ok(statements) = read(text) else { return Ok(()) };
        let all: String = statements.iter().map(|statement| statement.text).collect();
        prop_assert_eq!(&all, text);
        let once = rewrite(&statements, settings);
        let again = read(&once).map_err(|error| TestCaseError::fail(format!("{error}: {:?}", *once)))?;
        let ours = |statement: &&Statement<'_>| settings.iter().any(|setting| Some(setting.name) == statement.name);
        prop_assert_eq!(again.iter().filter(ours).count(), settings.len());
        let kept = |list: &[Statement<'_>]| -> String {
            list.iter().filter(|statement| !ours(statement)).map(|statement| statement.text).collect()
        };
        let (after, before) = (kept(&again), kept(&statements));
        prop_assert_eq!(after.trim_end(), before.trim_end());
        prop_assert_eq!(&*rewrite(&again, settings), &*once);
        Ok(())
    }

    proptest! {
        #[test]
        fn editing_a_dotenv_file_keeps_what_is_not_ours(text in text()) {
            let settings = [dotenv::setting("FORTIOS_ACCESS_TOKEN", "newkey"), dotenv::setting("FORTIOS_ACCESS_HOSTNAME", "fw1")];
            holds(&text, &settings, dotenv::statements)?;
        }

        #[test]
        fn editing_a_tfvars_file_keeps_what_is_not_ours(text in text()) {
            let settings = [tfvars::setting("fortios_token", "newkey"), tfvars::setting("fortios_hostname", "fw1")];
            holds(&text, &settings, tfvars::statements)?;
        }
    }
}
