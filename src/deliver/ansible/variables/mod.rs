//! The variables of a YAML file that belongs to somebody else: top-level keys, replaced in place.
//!
//! A YAML parser says where each of them begins and ends. What it cannot say for sure is refused with its line, and after
//! the edit the parser has to find every other variable exactly as it was.

mod edit;
mod place;
mod reader;

use granit_parser::{Event, Parser, ScalarStyle, ScanError};
use zeroize::Zeroizing;

use self::edit::{Edit, line_of, room};
use self::place::{behind_line, end_of_document, without_blank_lines};
use self::reader::{Entry, Reader};
use crate::deliver::EditError;

/// A variable to write.
pub(super) struct Variable {
    /// Its name, a plain key.
    pub(super) name: String,
    /// What stands behind the colon: one line, or several of which all but the first are indented.
    pub(super) value: Zeroizing<String>,
}

/// A block mapping at the top of the only document, or nothing yet.
pub(super) struct Variables<'a> {
    text: &'a str,
    entries: Vec<Entry<'a>>,
    /// Where a new variable goes: behind everything, in front of a mark of the document's end.
    end: usize,
}

impl<'a> Variables<'a> {
    /// Finds the variables of `text`.
    ///
    /// Fails on what is no YAML, on several documents, and on what is not plainly `key: value` at the left margin.
    pub(super) fn read(text: &'a str) -> Result<Self, EditError> {
        refuse_other_line_ends(text)?;
        // A byte order mark is no part of the document; the parser counts it as a character of the first line.
        let mark = text.len() - text.trim_start_matches('\u{feff}').len();
        let mut reader = Reader::behind(mark);
        for event in Parser::new_from_str(text.get(mark..).unwrap_or_default()) {
            let (event, span) = event.map_err(|error| not_yaml(&error))?;
            reader.take(event, &span)?;
        }
        for entry in &mut reader.entries {
            if entry.is_empty_block() {
                entry.place.end = behind_line(text, entry.place.start);
            }
            entry.place.end = without_blank_lines(text, entry.place.end);
        }
        let last = reader.entries.last().map_or(reader.begin, |entry| entry.place.end);
        if reader.ends_in_block && !text.ends_with('\n') {
            return Err(unclear(text.matches('\n').count() + 1, "a block of text ends without a line end"));
        }
        Ok(Variables { text, end: end_of_document(text, last), entries: reader.entries })
    }

    /// The scalar that is the value of `name`, or of `key` in the mapping that is its value.
    pub(super) fn scalar(&self, name: &str) -> Option<(&str, Option<String>)> {
        let entry = self.entries.iter().rev().find(|entry| entry.name == name)?;
        match entry.events.get(1)? {
            Event::Scalar(text, _, _, tag) => Some((text, tag.as_ref().map(|tag| tag.original()))),
            _ => None,
        }
    }

    /// The text with `variables` in it: the first of each name is replaced where it stands, repetitions of it go, what was
    /// not there is added at the end, and every other byte stays.
    ///
    /// Fails where the result would say something else about any other variable.
    pub(super) fn with(&self, variables: &[Variable]) -> Result<Zeroizing<String>, EditError> {
        let added: usize = variables.iter().map(room).sum();
        // With room for everything at once the buffer never moves and leaves no copy of the key behind.
        let mut edit =
            Edit { out: Zeroizing::new(String::with_capacity(self.text.len() + added)), end: self.line_end() };
        let (mut at, mut placed) = (0, Vec::new());
        for entry in &self.entries {
            let Some(variable) = variables.iter().find(|variable| variable.name == entry.name) else { continue };
            edit.copy(self.text, at..entry.place.start);
            at = entry.place.end;
            if placed.contains(&&*variable.name) {
                at = edit.leave_out(self.text, at);
            } else {
                placed.push(&variable.name);
                at = edit.put(variable, self.text, at);
            }
        }
        edit.copy(self.text, at..self.end.max(at));
        variables.iter().filter(|new| !placed.contains(&&*new.name)).for_each(|new| edit.add(new));
        edit.copy(self.text, self.end.max(at)..self.text.len());
        self.prove(&edit.out, variables)?;
        Ok(edit.out)
    }

    fn line_end(&self) -> &'static str {
        if self.text.contains("\r\n") { "\r\n" } else { "\n" }
    }

    /// Reads the result again: all others are as they were, and ours are there once.
    fn prove(&self, result: &str, variables: &[Variable]) -> Result<(), EditError> {
        let is_ours = |entry: &&Entry<'_>| variables.iter().any(|variable| variable.name == entry.name);
        let after = Variables::read(result)?;
        let kept = self.entries.iter().filter(|entry| !is_ours(entry)).map(|entry| &entry.events);
        let found = after.entries.iter().filter(|entry| !is_ours(entry)).map(|entry| &entry.events);
        let once = after.entries.iter().filter(is_ours).count() == variables.len();
        let ours = variables.iter().all(|variable| after.entries.iter().any(|entry| entry.is(variable)));
        if kept.eq(found) && once && ours {
            Ok(())
        } else {
            Err(unclear(1, "its other variables would not stay as they are"))
        }
    }
}

impl Entry<'_> {
    /// Whether the value is a block of text without a line: the parser gives it no place.
    fn is_empty_block(&self) -> bool {
        let block = |style: &ScalarStyle| matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        matches!(self.events.as_slice(), [_, Event::Scalar(text, style, ..)] if text.is_empty() && block(style))
    }

    /// Whether it says what `variable` says.
    fn is(&self, variable: &Variable) -> bool {
        let alone = line_of(variable, "\n");
        Variables::read(&alone).is_ok_and(|alone| alone.entries.iter().any(|entry| entry.events == self.events))
    }
}

/// YAML 1.1 ends lines at characters that YAML 1.2 does not: what ends a line for one reader only is refused.
fn refuse_other_line_ends(text: &str) -> Result<(), EditError> {
    let odd = |line: &str| line.trim_end_matches('\n').trim_end_matches('\r').contains(ODD_LINE_ENDS);
    match text.split_inclusive('\n').position(odd) {
        Some(line) => Err(unclear(line + 1, "a line ends in a way that not every reader knows")),
        None => Ok(()),
    }
}

const ODD_LINE_ENDS: [char; 4] = ['\r', '\u{85}', '\u{2028}', '\u{2029}'];

fn unclear(line: usize, problem: &str) -> EditError {
    EditError::Yaml { line, problem: problem.to_owned() }
}

/// The parser's own words may quote the text, which may hold secrets: they are left out.
fn not_yaml(error: &ScanError) -> EditError {
    unclear(error.marker().line(), "it is no valid YAML")
}

#[cfg(test)]
mod tests;
