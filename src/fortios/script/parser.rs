//! Text to checked lines: what level each line is at, what it does, and which rule it breaks.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Effect, Kind, LONGEST_LINE, Level, Line, MOST_LINES, Script, ScriptRule};
use crate::fortios::words::{self, Unsplit};

/// One open level while parsing, with what was already done in it.
#[derive(Debug)]
struct OpenLevel {
    level: Level,
    objects: usize,
}

#[derive(Debug, Default)]
pub(super) struct Parser {
    lines: Vec<Arc<Line>>,
    open: Vec<OpenLevel>,
}

impl Parser {
    pub(super) fn line(&mut self, text: &str) -> Result<(), ScriptRule> {
        if self.lines.len() == MOST_LINES {
            return Err(ScriptRule::TooMany);
        }
        typeable(text)?;
        let words = words(text)?;
        let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
        let indent = self.indent(&words);
        let effect = self.effect(&words)?;
        let after = self.open.iter().map(|open| open.level.clone()).collect();
        let piped = effect == Effect::Read && words.windows(2).any(|pair| matches!(pair, ["|", "grep"]));
        self.lines.push(Arc::new(Line { text: text.to_owned(), effect, after, piped, indent }));
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Script, ScriptRule> {
        match self.open.last() {
            Some(open) => Err(ScriptRule::Open(open.level.name.clone())),
            None => Ok(Script { lines: self.lines }),
        }
    }

    fn effect(&mut self, words: &[&str]) -> Result<Effect, ScriptRule> {
        let verb = words.first().copied().unwrap_or_default();
        match verb {
            "config" => self.config(words),
            "edit" => self.edit(words),
            "set" | "unset" | "append" | "unselect" | "select" => self.stage(words),
            "delete" => self.delete(words),
            "next" => self.next(words),
            "end" => self.end(words),
            "show" | "get" if words.len() > 1 => Ok(Effect::Read),
            "show" | "get" => Err(ScriptRule::Incomplete),
            "execute" => self.execute(words),
            other => Err(ScriptRule::Verb(other.to_owned())),
        }
    }

    fn config(&mut self, words: &[&str]) -> Result<Effect, ScriptRule> {
        let name = *words.get(1..).and_then(<[&str]>::last).ok_or(ScriptRule::Incomplete)?;
        let global = words.len() == 2 && name == "global";
        if words.len() == 2 && name == "vdom" {
            // `edit` of an unknown VDOM creates it: no script may get near.
            return Err(ScriptRule::Verb("config vdom".into()));
        }
        let misplaced = match self.innermost() {
            None => false,
            Some(Kind::Scope) => global,
            Some(Kind::Entry) => global,
            Some(Kind::Block) => true,
        };
        if misplaced {
            return Err(ScriptRule::Misplaced);
        }
        self.push(name, if global { Kind::Scope } else { Kind::Block });
        Ok(Effect::Open)
    }

    fn edit(&mut self, words: &[&str]) -> Result<Effect, ScriptRule> {
        let name = *words.get(1).ok_or(ScriptRule::Incomplete)?;
        if words.len() > 2 || self.innermost() != Some(Kind::Block) {
            return Err(ScriptRule::Misplaced);
        }
        self.count_object()?;
        self.push(name, Kind::Entry);
        Ok(Effect::Open)
    }

    fn stage(&mut self, words: &[&str]) -> Result<Effect, ScriptRule> {
        if words.len() < 2 || (words.len() < 3 && words.first().is_some_and(|verb| *verb != "unset")) {
            return Err(ScriptRule::Incomplete);
        }
        match self.innermost() {
            Some(Kind::Entry | Kind::Block) => Ok(Effect::Stage),
            _ => Err(ScriptRule::Misplaced),
        }
    }

    fn delete(&mut self, words: &[&str]) -> Result<Effect, ScriptRule> {
        if words.len() != 2 {
            return Err(ScriptRule::Incomplete);
        }
        if self.innermost() != Some(Kind::Block) {
            return Err(ScriptRule::Misplaced);
        }
        if self.nested() {
            return Ok(Effect::Remove);
        }
        self.count_object()?;
        Ok(Effect::Commit)
    }

    fn next(&mut self, words: &[&str]) -> Result<Effect, ScriptRule> {
        if words.len() != 1 || self.innermost() != Some(Kind::Entry) {
            return Err(ScriptRule::Misplaced);
        }
        self.open.pop();
        Ok(if self.nested() { Effect::Leave } else { Effect::Commit })
    }

    fn end(&mut self, words: &[&str]) -> Result<Effect, ScriptRule> {
        if words.len() != 1 {
            return Err(ScriptRule::Misplaced);
        }
        let left = self.open.pop().ok_or(ScriptRule::TooManyEnds)?;
        match left.level.kind {
            Kind::Scope => Ok(Effect::Up),
            Kind::Entry => {
                // `end` in an entry saves it and leaves the whole table.
                self.open.pop();
                Ok(self.leaving())
            }
            Kind::Block if left.objects > 0 => Ok(Effect::Up),
            Kind::Block => Ok(self.leaving()),
        }
    }

    /// What a line does that has just left a block with something staged in it.
    fn leaving(&self) -> Effect {
        if self.innermost() == Some(Kind::Entry) { Effect::Leave } else { Effect::Commit }
    }

    fn execute(&mut self, words: &[&str]) -> Result<Effect, ScriptRule> {
        if !matches!(self.innermost(), None | Some(Kind::Scope)) {
            return Err(ScriptRule::Misplaced);
        }
        match words {
            ["execute", "api-user", "generate-key", _name] => Ok(Effect::Key),
            ["execute", "api-user", "generate-key", _name, expiry] if expiry.parse::<u32>().is_ok() => Ok(Effect::Key),
            ["execute", "cfg", "save"] => Ok(Effect::Commit),
            ["execute", "config-transaction", "start"] => Ok(Effect::Begin),
            ["execute", "config-transaction", "commit" | "abort"] => Ok(Effect::Commit),
            ["execute", rest @ ..] => Err(ScriptRule::Verb(format!("execute {}", rest.join(" ")))),
            _ => Err(ScriptRule::Incomplete),
        }
    }

    fn innermost(&self) -> Option<Kind> {
        self.open.last().map(|open| open.level.kind)
    }

    /// Whether the innermost block is part of an object rather than the table the object stands in.
    fn nested(&self) -> bool {
        self.open.iter().any(|open| open.level.kind == Kind::Entry)
    }

    fn push(&mut self, name: &str, kind: Kind) {
        self.open.push(OpenLevel { level: Level { name: name.to_owned(), kind }, objects: 0 });
    }

    fn count_object(&mut self) -> Result<(), ScriptRule> {
        let nested = self.nested();
        let Some(block) = self.open.last_mut() else { return Err(ScriptRule::Misplaced) };
        block.objects += 1;
        if block.objects > 1 && !nested { Err(ScriptRule::SecondObject) } else { Ok(()) }
    }

    fn indent(&self, words: &[&str]) -> usize {
        let verb = words.first().copied().unwrap_or_default();
        let leaves = match (verb, self.innermost()) {
            ("next", _) => 1,
            ("end", Some(Kind::Entry)) => 2,
            ("end", _) => 1,
            _ => 0,
        };
        self.open.len().saturating_sub(leaves)
    }
}

/// Whether a shell takes the line as text: no help key, no control key, no continuation.
fn typeable(text: &str) -> Result<(), ScriptRule> {
    if text.len() > LONGEST_LINE {
        return Err(ScriptRule::TooLong(text.len()));
    }
    match super::untypeable(text) {
        Some('?') => Err(ScriptRule::Help),
        Some(control) => Err(ScriptRule::Control(u32::from(control))),
        None if text.ends_with('\\') => Err(ScriptRule::Continued),
        None => Ok(()),
    }
}

fn words(text: &str) -> Result<Vec<Cow<'_, str>>, ScriptRule> {
    words::split(text).map_err(|unsplit| match unsplit {
        Unsplit::Quote => ScriptRule::Quote,
        Unsplit::Backslash => ScriptRule::Continued,
    })
}
