//! `| grep`, the only pipe of the CLI.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use regex::{Regex, RegexBuilder};

use super::refusal::Refusal;
use super::words::Word;

/// Patterns that stay compiled.
const KEPT: usize = 64;

/// What was asked for lately, by the pattern and whether it ignores case: a fleet is asked the same on each device, and to
/// compile even `.` takes longer than all the rest of a session.
static COMPILED: LazyLock<Mutex<Compiled>> = LazyLock::new(Mutex::default);

type Compiled = HashMap<(String, bool), Arc<Regex>>;

/// A parsed `grep [-i] [-v] [-n] [-c] [-f] PATTERN`.
pub(super) struct Grep {
    pattern: Arc<Regex>,
    invert: bool,
    number: bool,
    count: bool,
    context: bool,
}

impl Grep {
    /// Parses the words after `|`. Options come one by one: a capture of 7.0.3 refuses `-fi`, and at the pipe.
    pub(super) fn parse(words: &[Word]) -> Result<Self, Refusal> {
        let at_the_pipe = || Refusal::parse_with_code("|", None);
        let Some((first, mut rest)) = words.split_first() else { return Err(at_the_pipe()) };
        if first.text != "grep" {
            return Err(Refusal::new(format!("unrecognized pipe command: {}", first.text), None));
        }
        let mut options = Vec::new();
        while let Some((option, later)) = rest.split_first().filter(|(word, _)| is_option(word)) {
            options.push(option.text.as_str());
            rest = later;
        }
        let [pattern] = rest else { return Err(at_the_pipe()) };
        if options.iter().any(|option| !["-i", "-v", "-n", "-c", "-f"].contains(option)) {
            return Err(at_the_pipe());
        }
        let has = |option| options.contains(&option);
        let pattern = compiled(&pattern.text, has("-i")).ok_or_else(at_the_pipe)?;
        Ok(Grep { pattern, invert: has("-v"), number: has("-n"), count: has("-c"), context: has("-f") })
    }

    /// The lines of `text` that match.
    pub(super) fn apply(&self, text: &str) -> String {
        let lines: Vec<&str> = text.lines().collect();
        let hits: Vec<bool> = lines.iter().map(|line| self.is_hit(line)).collect();
        if self.count {
            return format!("{}\n", hits.iter().filter(|hit| **hit).count());
        }
        let shown = if self.context { blocks_of(&lines, &hits) } else { hits };
        let mut out = String::with_capacity(text.len());
        for (at, line) in lines.iter().enumerate().filter(|(at, _)| shown.get(*at) == Some(&true)) {
            if self.number {
                out.push_str(&format!("{}:", at + 1));
            }
            out.push_str(line);
            out.push('\n');
        }
        out
    }

    fn is_hit(&self, line: &str) -> bool {
        self.pattern.is_match(line) != self.invert
    }
}

/// The pattern as a regular expression; `None` when it is none.
fn compiled(pattern: &str, ignores_case: bool) -> Option<Arc<Regex>> {
    let asked = (pattern.to_owned(), ignores_case);
    let mut known = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(regex) = known.get(&asked) {
        return Some(Arc::clone(regex));
    }
    let regex = Arc::new(RegexBuilder::new(pattern).case_insensitive(ignores_case).build().ok()?);
    if known.len() >= KEPT {
        known.clear();
    }
    known.insert(asked, Arc::clone(&regex));
    Some(regex)
}

/// With `-f`, the whole `config … end` block of a hit is shown: which lines stand in one.
fn blocks_of(lines: &[&str], hits: &[bool]) -> Vec<bool> {
    let mut block = 0;
    let numbers: Vec<usize> = lines
        .iter()
        .map(|line| {
            block += usize::from(line.starts_with("config "));
            block
        })
        .collect();
    let hit: HashSet<usize> = numbers.iter().zip(hits).filter(|(_, hit)| **hit).map(|(number, _)| *number).collect();
    // What stands before the first `config` is in no block.
    numbers.iter().map(|number| *number > 0 && hit.contains(number)).collect()
}

fn is_option(word: &Word) -> bool {
    word.text.starts_with('-') && !word.quoted
}
