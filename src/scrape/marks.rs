//! What each line of a transcript is.

use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::pattern;

use super::front::{host_before, prompt};
use super::key::{self, Candidate};
use super::phrases::{asks_password, is_hash, refuses, shown};
use super::text::{Line, Lines};
use super::user;

/// Something recognised in a transcript.
pub(super) struct Mark {
    /// The index of its line.
    pub(super) index: usize,
    /// The byte in the line where it begins.
    pub(super) column: usize,
    /// What it is.
    pub(super) kind: Kind,
}

/// What can be recognised.
pub(super) enum Kind {
    /// A prompt: the device's name, and what is behind it.
    Prompt {
        /// The name, where the prompt shows one.
        host: Option<String>,
        /// The command behind it; empty when there is none.
        echo: String,
    },
    /// The command that generates a key, and the names it can be read as.
    Command {
        /// The device's name, if a prompt stands right before the command.
        host: Option<String>,
        /// The names, likeliest first.
        names: Vec<String>,
    },
    /// `New API key:` and what follows.
    Key(Candidate),
    /// The note behind a key, and the names it can be read as.
    Note(Vec<String>),
    /// The device's refusal.
    Refusal(String),
    /// The question for the administrator's password.
    Password,
    /// The hash of a key.
    Hash,
}

/// Every mark of the transcript, in its order.
pub(super) fn find(lines: &Lines) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    for (index, line) in lines.all().iter().enumerate() {
        marks.extend(in_line(lines, line, index));
        marks.extend(command(lines, index));
    }
    marks.extend(announced(lines));
    marks.sort_by_key(|mark| (mark.index, mark.column));
    marks
}

/// What one line is by itself. A narrow terminal may break even the prompt.
fn in_line(lines: &Lines, line: &Line, index: usize) -> Option<Mark> {
    let text = line.text.as_str();
    let unbroken = lines.unbroken(index, 1, false);
    let kind = match prompt(text).or_else(|| prompt(&unbroken)) {
        Some(found) if says(found.rest) && refuses(found.rest) => Kind::Refusal(found.rest.to_owned()),
        Some(found) => Kind::Prompt { host: found.host.map(str::to_owned), echo: echo(found.rest) },
        None if asks_password(text) => Kind::Password,
        None if refuses(text) => Kind::Refusal(text.to_owned()),
        None if is_hash(text) => Kind::Hash,
        None => return None,
    };
    Some(Mark { index, column: 0, kind })
}

/// The command behind a prompt; what the device printed there is none.
fn echo(rest: &str) -> String {
    if says(rest) { String::new() } else { shown(rest) }
}

/// Whether the text behind a prompt was printed by the device, as on an exec channel, and not typed: commands are lower
/// case.
fn says(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase())
}

fn command(lines: &Lines, index: usize) -> Option<Mark> {
    let command = user::command(lines, index)?;
    let before = lines.get(index)?.text.get(..command.column)?;
    let host = host_before(before).map(str::to_owned);
    Some(Mark { index, column: command.column, kind: Kind::Command { host, names: command.names } })
}

static ANNOUNCED: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)(?P<key>newapikey:)|(?P<note>assignedtotheapi-user)"));

/// Keys and notes. They are looked for in the text without its blanks and line ends, so that a break anywhere in the
/// words hides nothing.
fn announced(lines: &Lines) -> Vec<Mark> {
    let (text, starts) = squeezed(lines);
    let hits = ANNOUNCED.captures_iter(&text).filter_map(|hit| Some((hit.get(0)?.end(), hit.name("key").is_some())));
    let mut place = Place::default();
    hits.filter_map(|(end, is_key)| {
        let index = starts.partition_point(|start| *start < end).checked_sub(1)?;
        let column = place.column(lines, index, end - starts.get(index)?)?;
        let kind = match is_key {
            true => Kind::Key(key::at(lines, index, column)),
            false => Kind::Note(user::noted(lines, index, column)),
        };
        Some(Mark { index, column, kind })
    })
    .collect()
}

/// Where the last hit ended. The next one in the same line is counted from here, so that many of them cost no more than
/// the line is long.
#[derive(Default)]
struct Place {
    index: usize,
    count: usize,
    column: usize,
}

impl Place {
    /// The byte in the line at `index` behind its first `count` characters that are no blanks.
    fn column(&mut self, lines: &Lines, index: usize, count: usize) -> Option<usize> {
        if index != self.index || count < self.count {
            *self = Place { index, ..Place::default() };
        }
        let behind = lines.get(index)?.text.get(self.column..)?;
        let visible = behind.char_indices().filter(|(_, c)| !c.is_whitespace());
        let last = visible.take(count - self.count).last();
        self.column += last.map_or(0, |(at, c)| at + c.len_utf8());
        self.count = count;
        Some(self.column)
    }
}

/// The text without blanks, one byte a character, and where each line starts in it.
fn squeezed(lines: &Lines) -> (zeroize::Zeroizing<String>, Vec<usize>) {
    let size = lines.all().iter().map(|line| line.text.len()).sum();
    let mut text = zeroize::Zeroizing::new(String::with_capacity(size));
    let mut starts = Vec::with_capacity(lines.all().len());
    for line in lines.all() {
        starts.push(text.len());
        text.extend(line.text.chars().filter(|c| !c.is_whitespace()).map(|c| if c.is_ascii() { c } else { '?' }));
    }
    (text, starts)
}
