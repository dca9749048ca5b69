//! The text that is put together: what was there, with variables in it.

use std::ops::Range;

use zeroize::Zeroizing;

use super::Variable;
use super::place::{behind_line, rest_of_line, starts_line};

/// The most that a variable takes, in bytes: its own text, whatever its lines end with, and colon, blank and line ends.
pub(super) fn room(variable: &Variable) -> usize {
    variable.name.len() + 2 * variable.value.len() + 16
}

/// The text that is being put together.
pub(super) struct Edit {
    pub(super) out: Zeroizing<String>,
    /// How its lines end.
    pub(super) end: &'static str,
}

impl Edit {
    pub(super) fn copy(&mut self, text: &str, range: Range<usize>) {
        self.out.push_str(text.get(range).unwrap_or_default());
    }

    fn write(&mut self, variable: &Variable) {
        push_line(&mut self.out, variable, self.end);
    }

    /// Adds a variable on lines of its own.
    pub(super) fn add(&mut self, variable: &Variable) {
        let starts_a_line = self.out.is_empty() || self.out.ends_with(['\n', '\u{feff}']);
        if !starts_a_line {
            self.out.push_str(self.end);
        }
        self.write(variable);
        self.out.push_str(self.end);
    }

    /// Writes a variable in place of one that ended at `at`, and says where to go on. A comment behind the old value stays
    /// behind the new one, or above it where the new one ends with a block of text.
    pub(super) fn put(&mut self, variable: &Variable, text: &str, at: usize) -> usize {
        let rest = rest_of_line(text, at);
        if variable.value.contains('\n') && !rest.trim().is_empty() {
            self.out.push_str(rest.trim());
            self.out.push_str(self.end);
        }
        self.write(variable);
        if !variable.value.contains('\n') && !starts_line(text, at) {
            return at;
        }
        self.out.push_str(self.end);
        if starts_line(text, at) { at } else { behind_line(text, at) }
    }

    /// Leaves out what is left of a line whose variable goes, its comment excepted.
    pub(super) fn leave_out(&mut self, text: &str, at: usize) -> usize {
        if starts_line(text, at) {
            return at;
        }
        let comment = rest_of_line(text, at);
        if comment.trim().is_empty() { behind_line(text, at) } else { at + comment.len() - comment.trim_start().len() }
    }
}

/// A variable alone.
pub(super) fn line_of(variable: &Variable, end: &str) -> Zeroizing<String> {
    let mut line = Zeroizing::new(String::with_capacity(room(variable)));
    push_line(&mut line, variable, end);
    line.push_str(end);
    line
}

fn push_line(out: &mut String, variable: &Variable, end: &str) {
    out.push_str(&variable.name);
    out.push_str(": ");
    for (number, line) in variable.value.split('\n').enumerate() {
        if number > 0 {
            out.push_str(end);
        }
        out.push_str(line);
    }
}
