//! `show`, `show full-configuration` and `get`: the configuration as text.

use std::fmt::Write;

use super::cli::{is_due, is_visible};
use super::definition::{Definition, Field, Kind, Shape};
use super::key::Keys;
use super::random::Random;
use super::tree::Node;

/// Where secrets come from when they are printed.
pub(super) struct Printer<'a> {
    pub(super) keys: &'a Keys,
    /// Fresh salts; without them every encrypted text is the same.
    pub(super) random: Option<&'a mut Random>,
    /// Defaults too.
    pub(super) full: bool,
}

/// An object without what differs from print to print.
pub(super) fn canonical(object: &Definition, scope: &Node, keys: &Keys) -> String {
    Printer { keys, random: None, full: false }.object(object, scope, None)
}

impl Printer<'_> {
    /// A whole object out of `scope`, or one entry of it.
    pub(super) fn object(&mut self, object: &Definition, scope: &Node, only: Option<&str>) -> String {
        let mut out = String::new();
        match object.shape {
            Shape::Single => {
                let node = scope.single(&object.path);
                self.block(&mut out, object, 0, |printer, out| printer.inside(out, object, node, "", 1));
            }
            _ => self.table(&mut out, object, scope.entries(&object.path), only, 0),
        }
        out
    }

    fn block(
        &mut self,
        out: &mut String,
        object: &Definition,
        depth: usize,
        body: impl FnOnce(&mut Self, &mut String),
    ) {
        line(out, depth, &format!("config {}", object.path));
        body(self, out);
        line(out, depth, "end");
    }

    fn table(
        &mut self,
        out: &mut String,
        table: &Definition,
        entries: &[(String, Node)],
        only: Option<&str>,
        depth: usize,
    ) {
        let hidden = |key: &str| table.path == "system accprofile" && super::BUILT_IN_PROFILES.contains(&key);
        self.block(out, table, depth, |printer, out| {
            for (key, node) in entries {
                if only.map_or(!hidden(key), |only| only == key) {
                    printer.entry(out, table, key, node, depth + 1);
                }
            }
        });
    }

    /// `edit KEY` … `next`.
    fn entry(&mut self, out: &mut String, table: &Definition, key: &str, node: &Node, depth: usize) {
        let key_text = if table.shape == Shape::Numbered { key.to_owned() } else { quoted(key) };
        line(out, depth, &format!("edit {key_text}"));
        self.inside(out, table, node, key, depth + 1);
        line(out, depth, "next");
    }

    /// An entry that is open, in the frame of its table.
    pub(super) fn staged(&mut self, table: &Definition, key: Option<&str>, node: &Node) -> String {
        let mut out = String::new();
        self.block(&mut out, table, 0, |printer, out| match key {
            Some(key) => printer.entry(out, table, key, node, 1),
            None => printer.inside(out, table, node, "", 1),
        });
        out
    }

    fn inside(&mut self, out: &mut String, object: &Definition, node: &Node, key: &str, depth: usize) {
        for field in object.fields.iter().filter(|field| is_visible(object, node, field)) {
            if let Some(text) = self.setting(field, node, key) {
                line(out, depth, &text);
            }
        }
        for child in object.children.iter().filter(|child| is_due(child, node)) {
            let entries = node.entries(&child.path);
            match node.singles.get(&child.path) {
                Some(inner) => self.block(out, child, depth, |printer, out| {
                    printer.inside(out, child, inner, "", depth + 1);
                }),
                None if !entries.is_empty() => self.table(out, child, entries, None, depth),
                None => (),
            }
        }
    }

    fn setting(&mut self, field: &Field, node: &Node, key: &str) -> Option<String> {
        let name = &field.name;
        match (&field.kind, node.settings.get(name)) {
            (Kind::ApiKey, _) => self.keys.contains_key(key).then(|| format!("set {name} ENC {}", self.encrypted())),
            (Kind::Password, Some(_)) => Some(format!("set {name} ENC {}", self.encrypted())),
            (_, Some(values)) if field.is_quoted() => {
                let values: Vec<_> = values.iter().map(|value| quoted(value)).collect();
                Some(format!("set {name} {}", values.join(" ")))
            }
            (_, Some(values)) => Some(format!("set {name} {}", values.join(" "))),
            (_, None) => self.full.then(|| self.default(field)),
        }
    }

    fn default(&self, field: &Field) -> String {
        match &field.default {
            Some(value) if field.is_quoted() => format!("set {} {}", field.name, quoted(value)),
            Some(value) => format!("set {} {value}", field.name),
            None if field.is_quoted() => format!("set {} ''", field.name),
            None => format!("unset {}", field.name),
        }
    }

    fn encrypted(&mut self) -> String {
        self.random.as_mut().map_or_else(|| "…".to_owned(), |random| random.salted())
    }
}

/// `get` inside an entry or of a single object: every visible setting with its value, in two columns.
pub(super) fn columns(object: &Definition, node: &Node, key: Option<&str>) -> String {
    let mut out = String::new();
    if let Some(key) = key {
        column(&mut out, if object.shape == Shape::Numbered { "id" } else { "name" }, key);
    }
    for field in object.fields.iter().filter(|field| is_visible(object, node, field)) {
        let values = node.settings.get(&field.name).map(|values| values.join(" "));
        let shown = match field.kind {
            Kind::ApiKey | Kind::Password => "*".to_owned(),
            Kind::References(..) => values.map_or_else(String::new, |values| format!("{values} ")),
            _ => values.or_else(|| field.default.clone()).unwrap_or_default(),
        };
        column(&mut out, &field.name, &shown);
    }
    for child in object.children.iter().filter(|child| child.is_table()) {
        let _ = writeln!(out, "{}:", child.path);
        out.push_str(&listing(child, node.entries(&child.path), "    "));
    }
    out
}

/// `get` of a table: the names of its entries.
pub(super) fn listing(table: &Definition, entries: &[(String, Node)], indent: &str) -> String {
    let label = if table.shape == Shape::Numbered { "id" } else { "name" };
    entries.iter().map(|(key, _)| format!("{indent}== [ {key} ]\n{indent}{label}: {key}\n")).collect()
}

/// The value column begins at 20, where the name leaves room for it.
fn column(out: &mut String, name: &str, value: &str) {
    let _ = writeln!(out, "{name:<20}: {value}");
}

fn line(out: &mut String, depth: usize, text: &str) {
    let _ = writeln!(out, "{:indent$}{text}", "", indent = depth * 4);
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
