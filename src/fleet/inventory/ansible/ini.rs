//! Ansible's INI: sections of hosts, of children and of variables.

use std::sync::Arc;

use super::super::draft::{Draft, UNGROUPED, contradicted};
use super::super::entry::Place;
use super::super::error::InventoryError;
use super::super::variables::{Contradiction, Said, Variables};
use super::names::{Meaning, meaning};
use super::{add_devices, words};

/// What the lines of a section are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Hosts,
    Children,
    Variables,
}

/// Adds what `text` says to `draft`.
pub(in super::super) fn read(file: &Arc<str>, text: &str, draft: &mut Draft) -> Result<(), InventoryError> {
    // As if the first line were [ungrouped].
    let mut reader = Reader { draft, group: UNGROUPED, section: Section::Hosts };
    for (number, line) in (1..).zip(text.lines()) {
        let (line, place) = (line.trim(), Place { file: file.clone(), line: number });
        if !line.is_empty() && !line.starts_with(['#', ';']) {
            reader.line(line, &place)?;
        }
    }
    Ok(())
}

struct Reader<'a> {
    draft: &'a mut Draft,
    group: usize,
    section: Section,
}

impl Reader<'_> {
    fn line(&mut self, line: &str, place: &Place) -> Result<(), InventoryError> {
        if let Some((name, kind)) = section(line) {
            return self.open(name, kind, place);
        }
        if line.starts_with('[') && line.ends_with(']') {
            return Err(shape(place, format!("`{line}` is no section: [NAME], [NAME:children] or [NAME:vars]")));
        }
        match self.section {
            Section::Hosts => self.hosts(line, place),
            Section::Children => self.child(line, place),
            Section::Variables => self.variable(line, place),
        }
    }

    fn open(&mut self, name: &str, kind: Option<&str>, place: &Place) -> Result<(), InventoryError> {
        self.section = match kind {
            None | Some("hosts") => Section::Hosts,
            Some("children") => Section::Children,
            Some("vars") => Section::Variables,
            Some(kind) => return Err(shape(place, format!("a section has hosts, children or vars, and no {kind}"))),
        };
        // Variables alone do not make a group.
        self.group = match self.section {
            Section::Variables => self.draft.name_group(name, place)?,
            _ => self.draft.add_group(name, place)?,
        };
        Ok(())
    }

    fn hosts(&mut self, line: &str, place: &Place) -> Result<(), InventoryError> {
        let words = words::split(line).ok_or_else(|| shape(place, "a quote is not closed".into()))?;
        let Some((pattern, assignments)) = words.split_first() else { return Ok(()) };
        let mut variables = Variables::default();
        for word in assignments {
            let (name, value) = assignment(word, place)?;
            assign(self.draft, &mut variables, (name, value), place)
                .map_err(|contradiction| contradicted("device", pattern, contradiction))?;
        }
        if pattern.ends_with(':') || pattern == "---" {
            return Err(shape(place, format!("`{pattern}` is no host; if this is YAML, name the file .yaml")));
        }
        for device in add_devices(self.draft, pattern, self.group, place)? {
            self.draft.say_of_device(device, variables.clone())?;
        }
        Ok(())
    }

    fn child(&mut self, line: &str, place: &Place) -> Result<(), InventoryError> {
        let name = line.split(['#', ' ', '\t']).next().unwrap_or_default();
        let rest = line.get(name.len()..).unwrap_or_default().trim_start();
        if name.is_empty() || name.contains([':', ']']) || !(rest.is_empty() || rest.starts_with('#')) {
            return Err(shape(place, format!("`{line}` is not the name of a group")));
        }
        self.draft.add_child(self.group, name, place.clone())
    }

    fn variable(&mut self, line: &str, place: &Place) -> Result<(), InventoryError> {
        let mut variables = Variables::default();
        // One alone contradicts nothing.
        let _ = assign(self.draft, &mut variables, assignment(line, place)?, place);
        self.draft.say_of_group(self.group, variables)
    }
}

/// `[NAME]` or `[NAME:KIND]`, a comment behind it or none.
fn section(line: &str) -> Option<(&str, Option<&str>)> {
    let (inner, rest) = line.strip_prefix('[')?.split_once(']')?;
    let rest = rest.trim_start();
    let (name, kind) = inner.split_once(':').map_or((inner, None), |(name, kind)| (name, Some(kind)));
    let word = |text: &str| !text.is_empty() && !text.contains([':', ' ', '\t', '[']);
    let closed = rest.is_empty() || rest.starts_with('#');
    (closed && word(name) && kind.is_none_or(word)).then_some((name, kind))
}

fn assignment<'a>(text: &'a str, place: &Place) -> Result<(&'a str, String), InventoryError> {
    let (name, value) = text.split_once('=').ok_or_else(|| shape(place, format!("`{text}` is not NAME=VALUE")))?;
    Ok((name.trim(), words::value(value.trim())))
}

fn assign(
    draft: &mut Draft,
    variables: &mut Variables,
    (name, value): (&str, String),
    place: &Place,
) -> Result<(), Contradiction> {
    match meaning(name) {
        Meaning::Used(variable) => return variables.say(variable, Said::one(value, place.clone())),
        Meaning::Priority => variables.priority = value.parse().ok(),
        Meaning::Told(note) => drop(draft.notes.insert(note)),
        Meaning::Nothing => {}
    }
    Ok(())
}

fn shape(place: &Place, message: String) -> InventoryError {
    InventoryError::Shape { place: place.clone(), message, hint: None }
}
