//! Inventories of Ansible: static ones in INI and YAML, and what `ansible-inventory --list` prints.
//!
//! Read from ansible-core 2.19 (`plugins/inventory/ini.py`, `yaml.py`, `script.py`, `inventory/data.py`). What other than
//! Ansible stops at an error: a host with two values for one variable, an unknown key in a group. Templates are not filled
//! in, and passwords are not read.
//!
//! | file | owns |
//! |---|---|
//! | `names` | the variables that are read, and what they mean |
//! | `ini`, `words`, `range` | the INI format; its words and values; `fw[01:50]` |
//! | `tree` | YAML and JSON |
//! | `beside` | `group_vars` and `host_vars` beside an inventory |

pub(super) mod beside;
pub(super) mod ini;
mod names;
mod range;
pub(super) mod tree;
mod words;

use super::draft::Draft;
use super::entry::Place;
use super::error::InventoryError;
use super::variables::{Said, Variable, Variables};

/// Adds the devices that `pattern` stands for to `group`.
fn add_devices(draft: &mut Draft, pattern: &str, group: usize, place: &Place) -> Result<Vec<usize>, InventoryError> {
    let shape = |message| InventoryError::Shape { place: place.clone(), message, hint: None };
    let (names, port) = range::expand(pattern).map_err(shape)?;
    let mut devices = Vec::with_capacity(names.len());
    for name in names {
        let device = draft.add_device(&name, place)?;
        draft.put_in(device, group);
        if let Some(port) = port {
            let mut variables = Variables::default();
            // The first word about it.
            let _ = variables.say(Variable::Port, Said::one(port.to_string(), place.clone()));
            draft.say_of_device(device, variables)?;
        }
        devices.push(device);
    }
    Ok(devices)
}
