//! `| grep`, the only pipe of the CLI.

use regex::{Regex, RegexBuilder};

use super::refusal::Refusal;
use super::words::Word;

/// A parsed `grep [-i] [-v] [-n] [-c] [-f] PATTERN`.
pub(super) struct Grep {
    pattern: Regex,
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
        let pattern =
            RegexBuilder::new(&pattern.text).case_insensitive(has("-i")).build().map_err(|_| at_the_pipe())?;
        Ok(Grep { pattern, invert: has("-v"), number: has("-n"), count: has("-c"), context: has("-f") })
    }

    /// The lines of `text` that match.
    pub(super) fn apply(&self, text: &str) -> String {
        let lines: Vec<&str> = text.lines().collect();
        let hits: Vec<usize> =
            lines.iter().enumerate().filter(|(_, line)| self.is_hit(line)).map(|(at, _)| at).collect();
        if self.count {
            return format!("{}\n", hits.len());
        }
        let shown = |(at, line): (usize, &&str)| match (self.is_shown(&lines, &hits, at), self.number) {
            (false, _) => None,
            (true, true) => Some(format!("{}:{line}\n", at + 1)),
            (true, false) => Some(format!("{line}\n")),
        };
        lines.iter().enumerate().filter_map(shown).collect()
    }

    fn is_hit(&self, line: &str) -> bool {
        self.pattern.is_match(line) != self.invert
    }

    /// With `-f`, the whole `config … end` block of a hit is shown.
    fn is_shown(&self, lines: &[&str], hits: &[usize], at: usize) -> bool {
        if !self.context {
            return hits.contains(&at);
        }
        let block = |line: usize| {
            let before = lines.get(..=line).unwrap_or_default();
            before.iter().rposition(|line| line.starts_with("config "))
        };
        block(at).is_some() && hits.iter().any(|hit| block(*hit) == block(at))
    }
}

fn is_option(word: &Word) -> bool {
    word.text.starts_with('-') && !word.quoted
}
