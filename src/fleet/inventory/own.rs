//! The inventory of our own, in YAML: `defaults`, `groups`, `devices`.

use std::sync::Arc;

use serde::Deserialize;

use super::draft::{ALL, Draft};
use super::entry::Place;
use super::error::InventoryError;
use super::part::{Defaults, Names, OfDevice, OfGroup, Part};
use super::yaml;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    defaults: Part<Defaults>,
    groups: Names<Part<OfGroup>>,
    devices: Names<Part<OfDevice>>,
}

/// Adds what `text` says to `draft`.
pub(super) fn read(file: &Arc<str>, text: &str, draft: &mut Draft) -> Result<(), InventoryError> {
    let File { defaults, groups, devices } = yaml::read(file, text)?;
    let place = |line: u64| Place { file: file.clone(), line };
    draft.say_of_group(ALL, defaults.variables(file, 0))?;
    for ((name, line), mut part) in groups.0 {
        let group = draft.declare_group(&name, place(line))?;
        for (child, line) in std::mem::take(&mut part.groups) {
            draft.add_child(group, &child, place(line))?;
        }
        draft.say_of_group(group, part.variables(file, 0))?;
    }
    for ((name, line), mut part) in devices.0 {
        let device = draft.declare_device(&name, place(line))?;
        for (group, line) in std::mem::take(&mut part.groups) {
            draft.join(device, &group, place(line))?;
        }
        draft.say_of_device(device, part.variables(file, 0))?;
    }
    Ok(())
}
