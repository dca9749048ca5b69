//! Which format a source is in: what its name ends with says so, else what is in it.

use std::path::Path;

use granit_parser::{Event, Parser};

use super::source::Text;
use super::{ansible, rows};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Our YAML.
    Own,
    /// A table with a header.
    Csv,
    /// A device a line, each a JSON object.
    Ndjson,
    /// Ansible's YAML, or what `ansible-inventory --list` prints.
    Tree,
    /// Ansible's INI.
    Ini,
    /// A file of Ansible Vault.
    Vault,
    /// A program, which Ansible would run.
    Program,
}

impl Format {
    pub(super) fn of(source: &Text) -> Format {
        let (text, path) = (source.text.as_str(), source.path.as_deref());
        let extension = path.and_then(Path::extension).and_then(|extension| extension.to_str()).unwrap_or_default();
        match extension.to_lowercase().as_str() {
            _ if text.starts_with(ansible::beside::VAULT) => Format::Vault,
            _ if text.starts_with("#!") => Format::Program,
            "csv" => Format::Csv,
            "ndjson" | "jsonl" => Format::Ndjson,
            "ini" | "cfg" => Format::Ini,
            "yaml" | "yml" => of_document(text),
            _ => of_text(text),
        }
    }
}

fn of_text(text: &str) -> Format {
    let first = first_line(text);
    if first.starts_with('{') {
        return if is_device(first) { Format::Ndjson } else { of_document(text) };
    }
    if is_header(first) {
        return Format::Csv;
    }
    let is_yaml = first == "---" || first.starts_with('%') || first.ends_with(':') || first.contains(": ");
    if is_yaml { of_document(text) } else { Format::Ini }
}

/// The first line that is no comment.
fn first_line(text: &str) -> &str {
    let says = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with(['#', ';']);
    text.lines().map(str::trim_end).find(says).unwrap_or_default()
}

/// A whole object, whose name is a text: what Ansible prints has objects for values.
fn is_device(line: &str) -> bool {
    let object: Option<serde_json::Map<String, serde_json::Value>> = serde_json::from_str(line).ok();
    object.is_some_and(|object| object.get("name").is_some_and(serde_json::Value::is_string))
}

/// The names of our columns, `name` among them.
fn is_header(line: &str) -> bool {
    let names: Vec<String> = line.split([',', ';']).map(|name| name.trim().trim_matches('"').to_lowercase()).collect();
    let known = names.iter().filter(|name| rows::columns().any(|column| column == name.as_str())).count();
    names.iter().any(|name| name == "name") && (known > 1 || names.len() == 1)
}

/// Ours has `devices`, `groups` or `defaults` at the top, and what is in them does not begin as a group of Ansible's does.
/// What cannot be read is told by whoever reads it.
fn of_document(text: &str) -> Format {
    let (mut depth, mut key) = (0usize, None::<String>);
    for (event, _) in Parser::new_from_str(text).map_while(Result::ok) {
        match event {
            Event::MappingStart(..) | Event::SequenceStart(..) => depth += 1,
            Event::MappingEnd | Event::SequenceEnd => {
                depth = depth.saturating_sub(1);
                if depth == 1 && key.take().is_some_and(|key| is_ours(&key)) {
                    return Format::Own;
                }
            }
            Event::Scalar(name, ..) if depth == 1 => match key.take() {
                None => key = Some(name.into_owned()),
                Some(key) if is_ours(&key) => return Format::Own,
                Some(_) => {}
            },
            Event::Scalar(inner, ..) if depth == 2 => match &key {
                _ if is_of_group(&inner) => return Format::Tree,
                Some(key) if is_ours(key) => return Format::Own,
                _ => {}
            },
            _ => {}
        }
    }
    Format::Tree
}

fn is_ours(key: &str) -> bool {
    ["devices", "groups", "defaults"].contains(&key)
}

fn is_of_group(key: &str) -> bool {
    ["hosts", "children", "vars"].contains(&key)
}
