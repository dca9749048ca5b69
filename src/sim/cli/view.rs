//! `show` and `get`: which part of the configuration, or which status, is meant.

use std::sync::Arc;

use super::super::refusal::Refusal;
use super::super::show::{Printer, columns, listing};
use super::super::status;
use super::super::tree::Node;
use super::super::words::Word;
use super::config::refuse_extra;
use super::{Answer, Cli, Definition, Level, Reply, Scope, State};

impl Cli {
    pub(super) fn show(&mut self, state: &mut State, words: &[Word]) -> Answer {
        let full = words.first().is_some_and(|word| is_full(&word.text));
        let words = if full { words.get(1..).unwrap_or_default() } else { words };
        if self.levels.last().is_some_and(Level::is_inside) {
            refuse_extra(words)?;
            return Ok(Reply::output(self.show_here(state, full)));
        }
        if words.is_empty() {
            return Ok(Reply::output(self.show_all(state, full)));
        }
        if let Some(answer) = self.show_certificates(state, words, full) {
            return answer;
        }
        let (object, rest) = self.find_prefix(state, words)?;
        let scope = self.scope(state, &object);
        let only = match rest {
            [] => None,
            [key] if object.is_table() && scope.entry(&object.path, &key.text).is_some() => Some(key.text.as_str()),
            [_] if object.is_table() => return Err(Refusal::not_in_table()),
            [extra, ..] => return Err(Refusal::parse(&extra.text)),
        };
        Ok(Reply::output(
            self.print(state, full, |printer, state| printer.object(&object, self.scope(state, &object), only)),
        ))
    }

    /// Prints with fresh salts.
    fn print(&self, state: &mut State, full: bool, text: impl FnOnce(&mut Printer<'_>, &State) -> String) -> String {
        let mut random = state.random.clone();
        let printed = text(&mut Printer { keys: &state.keys, random: Some(&mut random), full }, state);
        state.random = random;
        printed
    }

    /// What the object stands in.
    fn scope<'a>(&'a self, state: &'a State, object: &Definition) -> &'a Node {
        self.scope_node(state, object.scope).unwrap_or(Node::empty())
    }

    fn show_here(&self, state: &mut State, full: bool) -> String {
        self.print(state, full, |printer, state| match self.levels.last() {
            Some(Level::Entry { table, key, staged }) => printer.staged(table, Some(key), staged),
            Some(Level::Single { object, staged }) => printer.staged(object, None, staged),
            Some(Level::Table(table)) => {
                let mut scope = Node::default();
                scope.tables.insert(table.path.clone(), Arc::new(self.held(state, table).to_vec()));
                printer.object(table, &scope, None)
            }
            _ => String::new(),
        })
    }

    /// The whole configuration that can be seen from here; at the base of a device with VDOMs, scope by scope.
    fn show_all(&mut self, state: &mut State, full: bool) -> String {
        if !self.is_at_base() {
            return self.show_scope(state, full);
        }
        let mut out = status::config_header(&state.spec, &self.admin);
        if !state.spec.vdom_mode.is_on() {
            return out + &self.show_scope(state, full);
        }
        let vdoms: Vec<String> = self.current(state).vdoms.iter().map(|(name, _)| name.clone()).collect();
        let listed: String = vdoms.iter().map(|name| format!("edit {name}\nnext\n")).collect();
        self.levels = vec![Level::Global];
        out += &format!("config vdom\n{listed}end\nconfig global\n{}end\n", self.show_scope(state, full));
        for name in vdoms {
            self.levels = vec![Level::Vdoms, Level::Vdom(name.clone())];
            out += &format!("config vdom\nedit {name}\n{}end\n", self.show_scope(state, full));
        }
        self.levels.clear();
        out
    }

    /// Every object that can be reached.
    fn show_scope(&self, state: &mut State, full: bool) -> String {
        self.print(state, full, |printer, state| {
            let objects = state.definitions.iter().filter(|object| self.reaches(state, object.scope));
            objects.map(|object| printer.object(object, self.scope(state, object), None)).collect()
        })
    }

    pub(super) fn get(&mut self, state: &mut State, words: &[Word]) -> Answer {
        if self.levels.last().is_some_and(Level::is_inside) {
            refuse_extra(words)?;
            return Ok(Reply::output(self.get_here(state)));
        }
        if words.is_empty() {
            return Err(Refusal::incomplete());
        }
        if let Some(text) = self.status(state, words) {
            return text.map(Reply::output);
        }
        if let Some(answer) = self.certificate_details(state, words) {
            return answer;
        }
        let (object, rest) = self.find_prefix(state, words)?;
        self.get_object(&object, self.scope(state, &object), rest)
    }

    fn get_object(&self, object: &Definition, scope: &Node, rest: &[Word]) -> Answer {
        let text = match rest {
            [] if object.is_table() => listing(object, scope.entries(&object.path), ""),
            [] => columns(object, scope.single(&object.path), None),
            [key] if object.is_table() => {
                let entry = scope.entry(&object.path, &key.text).ok_or_else(Refusal::not_in_table)?;
                columns(object, entry, Some(&key.text))
            }
            [extra, ..] => return Err(Refusal::parse(&extra.text)),
        };
        Ok(Reply::output(text))
    }

    fn get_here(&self, state: &State) -> String {
        match self.levels.last() {
            Some(Level::Entry { table, key, staged }) => columns(table, staged, Some(key)),
            Some(Level::Single { object, staged }) => columns(object, staged, None),
            Some(Level::Table(table)) => listing(table, self.held(state, table), ""),
            _ => String::new(),
        }
    }

    /// The status commands; `None` when `words` name none.
    fn status(&self, state: &State, words: &[Word]) -> Option<Result<String, Refusal>> {
        let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        let global = self.reaches(state, Scope::Global);
        let outside = |token: &str| Err(Refusal::parse(token));
        let answer = match texts.as_slice() {
            ["system", topic] if is_short_for(topic, "status", 2) => Ok(status::system_status(state)),
            ["system", "ha", topic] if is_short_for(topic, "status", 1) => Ok(status::ha_status(state)),
            ["system", "admin", "list" | "status"] if !global => outside("admin"),
            ["system", "admin", "list"] => Ok(status::admin_list(state)),
            ["system", "admin", "status"] => Ok(status::admin_status(state, self.session)),
            ["system", "info", "admin", "status"] => Ok(status::info_admin_status(state)),
            ["system", "performance", "status"] => Ok(status::performance()),
            _ => return None,
        };
        Some(answer)
    }

    /// `tree`: the settings with their lengths.
    pub(super) fn tree(&self) -> Reply {
        let object = match self.levels.last() {
            Some(Level::Table(object) | Level::Entry { table: object, .. } | Level::Single { object, .. }) => object,
            _ => return Reply::default(),
        };
        let mut out = format!("-- [{}]\n", object.name());
        for field in &object.fields {
            out.push_str(&format!("    |- {}\n", field.name));
        }
        Reply::output(out)
    }
}

fn is_full(word: &str) -> bool {
    is_short_for(word, "full-configuration", 1)
}

fn is_short_for(typed: &str, word: &str, least: usize) -> bool {
    typed.len() >= least && word.starts_with(typed)
}

impl Level {
    /// Whether `show` means this level and takes no path.
    fn is_inside(&self) -> bool {
        matches!(self, Level::Table(_) | Level::Entry { .. } | Level::Single { .. })
    }
}
