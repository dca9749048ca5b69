//! Whose key it is: the name in the command, and the name in the note behind the key.

use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::pattern;

use super::phrases::begins_anew;
use super::text::{Break, Lines};

/// A `generate-key` command on a line.
pub(super) struct Command {
    /// The byte where it begins.
    pub(super) column: usize,
    /// The names that the line can be read as, likeliest first: a break may have cut the name.
    pub(super) names: Vec<String>,
}

/// The shape of `execute api-user generate-key `, its words abbreviated as FortiOS allows.
static COMMAND: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r##"(?:^|[\s'"#$])(?P<verb>exe[cute]*)\s+(?P<table>api[-user]*)\s+(?P<act>g[enrat\-ky]*)(?:\s+|$)"##)
});

/// How many lines a command may be broken over, beside its first.
const MORE: usize = 3;

/// The longest name that is believed; FortiOS takes 35 characters.
const LONGEST: usize = 64;

/// The command that begins in the line at `index`, if one does.
pub(super) fn command(lines: &Lines, index: usize) -> Option<Command> {
    let own = &lines.get(index)?.text;
    let wholes = [false, true].map(|spaced| lines.unbroken(index, MORE, spaced));
    let begun = |text: &str| command_in(text).map(|(column, _)| column).filter(|column| *column < own.len());
    let column = wholes.iter().find_map(|whole| begun(whole))?;
    let mut names = Vec::new();
    wholes
        .iter()
        .filter_map(|whole| command_in(whole))
        .for_each(|(_, behind)| push_name(&mut names, first_word(behind)));
    if let Some((_, behind)) = command_in(own) {
        push_name(&mut names, first_word(behind));
        push_name(&mut names, broken_name(lines, index, behind));
    }
    Some(Command { column, names })
}

/// Where the command begins in `text`, and what stands behind it.
fn command_in(text: &str) -> Option<(usize, &str)> {
    let found = COMMAND.captures(text)?;
    let verb = found.name("verb")?;
    let words = [("verb", "execute"), ("table", "api-user"), ("act", "generate-key")];
    let abbreviates = words.iter().all(|(group, word)| found.name(group).is_some_and(|m| word.starts_with(m.as_str())));
    abbreviates.then_some((verb.start(), text.get(found.get(0)?.end()..)?))
}

/// What the name would be if the line had been broken inside it, without proof: good for comparing with the note.
fn broken_name(lines: &Lines, index: usize, behind: &str) -> Option<String> {
    let next = lines.get(index + 1).filter(|next| !begins_anew(&next.text) && !behind.contains(' '))?;
    first_word(&format!("{behind}{}", *next.text))
}

/// The first argument in `text`, unquoted.
fn first_word(text: &str) -> Option<String> {
    let text = text.trim_start();
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    let word = match quote {
        Some(quote) => text.get(1..)?.split(quote).next(),
        None => text.split_whitespace().next(),
    };
    word.map(|word| word.trim_end_matches(['"', '\'', ';']).to_owned())
}

/// The names that the note can be read as, likeliest first; it says `… assigned to the api-user NAME.` up to `column` of
/// the line at `index`.
pub(super) fn noted(lines: &Lines, index: usize, column: usize) -> Vec<String> {
    let mut names = Vec::new();
    let own = head(lines.get(index).and_then(|line| line.text.get(column..)).unwrap_or("")).trim();
    let next = lines.get(index + 1).map(|next| head(&next.text)).filter(|next| !begins_anew(next)).unwrap_or("");
    let ended = own.ends_with('.') && lines.break_after(index) != Break::Hard;
    if ended {
        push_name(&mut names, sentence(own));
    }
    if !next.is_empty() {
        push_name(&mut names, sentence(&format!("{own}{next}")));
        push_name(&mut names, sentence(&format!("{own} {next}")));
    }
    push_name(&mut names, sentence(own).or_else(|| Some(own.to_owned())));
    names
}

/// The beginning of `text`, longer than any name.
fn head(text: &str) -> &str {
    let end = text.char_indices().nth(2 * LONGEST).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or(text)
}

/// A name without the full stop that ends the note and whatever follows it: another sentence, or a line end spelt out
/// as `\n` in a log of JSON.
fn sentence(text: &str) -> Option<String> {
    let line = text.split('\\').next().unwrap_or(text).trim();
    let (name, _) = line.split_once(". ").or_else(|| line.strip_suffix('.').map(|name| (name, "")))?;
    Some(name.trim_matches(['"', '\'']).to_owned())
}

/// Adds a name if it can be one: placeholders and whole sentences cannot.
fn push_name(names: &mut Vec<String>, name: Option<String>) {
    let can_be = |name: &String| {
        let refused = name.contains(['<', '>', '[', ']', '(', ')', '?', '#']);
        !name.is_empty() && name.chars().count() <= LONGEST && !refused && !names.contains(name)
    };
    names.extend(name.filter(can_be));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scrape::text;

    fn names(transcript: &str) -> Option<Vec<String>> {
        command(&text::lines(transcript.as_bytes()), 0).map(|command| command.names)
    }

    #[test]
    fn the_command_is_known_in_every_abbreviation_and_behind_anything() {
        let cases = [
            "execute api-user generate-key terraform",
            "exec api-user gen terraform",
            "exe api-u g terraform 60",
            "fw1 (global) # execute api-user generate-key \"terraform\"",
            "sudo global execute api-user generate-key 'terraform'",
            "ssh admin@fw1 'execute api-user generate-key terraform'",
        ];
        for line in cases {
            assert_eq!(names(line).unwrap(), ["terraform"], "{line}");
        }
        for line in ["executed api-user generate-key x", "execute api-user delete x", "execute backup config"] {
            assert_eq!(names(line), None, "{line}");
        }
    }

    #[test]
    fn a_placeholder_is_no_name() {
        assert!(names("execute api-user generate-key [API user name]").unwrap().is_empty());
        assert!(names("execute api-user generate-key <name>").unwrap().is_empty());
    }

    #[test]
    fn a_name_with_blanks_is_read_in_its_quotes() {
        assert_eq!(names("execute api-user generate-key \"my user\" 60").unwrap(), ["my user"]);
    }
}
