//! The devices of a fleet, out of one or more sources.
//!
//! A source is a file or standard input, in a format of our own (YAML, CSV, NDJSON) or one of Ansible's. All of them say
//! the same few things of devices and groups ([`Entry`]), so that they may be mixed; what two of them say of one device
//! must fit together.
//!
//! What holds for a device: what its own entry says, over what its groups say, over the defaults (which are what the group
//! `all` says). Of groups, one counts more than those above it; of groups equally far below `all`, the last one in the
//! alphabet, as in Ansible. Requests are laid over each other in the same order.
//!
//! | file | owns |
//! |---|---|
//! | `entry` | a device, and a place in a file |
//! | `source`, `format` | reading files; which format one is in |
//! | `part`, `own`, `yaml` | our YAML |
//! | `rows` | CSV and NDJSON |
//! | `ansible` | the formats of Ansible |
//! | `limit`, `pick` | patterns and names that pick devices |
//! | `draft`, `variables` | what the sources say, before it is settled |
//! | `levels`, `resolve`, `typed` | what holds for whom |
//! | `error` | what can be wrong |

mod ansible;
mod draft;
mod entry;
mod error;
mod format;
mod levels;
mod limit;
mod own;
mod part;
mod pick;
mod resolve;
mod rows;
mod source;
mod typed;
mod variables;
mod yaml;

use std::collections::{BTreeSet, HashMap};

pub use entry::{Entry, Place};
pub use error::InventoryError;
pub use limit::{Limit, LimitError};
pub use pick::PickError;
pub use source::Source;

use draft::Draft;
use format::Format;
use resolve::Whereabouts;
use source::Text;

/// Devices and groups.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    devices: Vec<Entry>,
    by_name: HashMap<String, usize>,
    /// The positions of the devices in the order in which the sources name them first.
    by_appearance: Vec<usize>,
    /// In order of appearance, `all` and `ungrouped` first.
    groups: Vec<Members>,
    /// What is wrong with single devices.
    problems: HashMap<usize, InventoryError>,
    notes: BTreeSet<Note>,
}

/// A group and its devices, by position.
#[derive(Debug, Clone)]
struct Members {
    name: String,
    devices: Vec<usize>,
}

/// Something in an inventory that is not used, and that its owner should know about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Note {
    /// `ansible_password` and the like: passwords in inventories are not read.
    Password,
    /// `ansible_ssh_common_args` and the like: what is given to OpenSSH there, a jump host perhaps, is not read.
    SshArguments,
    /// Files of `group_vars` or `host_vars` that are encrypted with Ansible Vault.
    Encrypted,
}

fn read(source: &Text, draft: &mut Draft) -> Result<(), InventoryError> {
    let (file, text) = (&source.file, source.text.as_str());
    match Format::of(source) {
        Format::Own => own::read(file, text, draft),
        Format::Csv => rows::read_csv(file, text, draft),
        Format::Ndjson => rows::read_json(file, text, draft),
        Format::Tree => ansible::tree::read(file, text, draft).and_then(|()| beside(source, draft)),
        Format::Ini => ansible::ini::read(file, text, draft).and_then(|()| beside(source, draft)),
        Format::Vault => Err(InventoryError::Encrypted { file: file.to_string() }),
        Format::Program => Err(InventoryError::Program { file: file.to_string() }),
    }
}

/// `group_vars` and `host_vars` stand beside a file.
fn beside(source: &Text, draft: &mut Draft) -> Result<(), InventoryError> {
    source.path.as_deref().map_or(Ok(()), |path| ansible::beside::read(path, draft))
}

impl Inventory {
    /// Reads all of `sources`, which make one inventory.
    ///
    /// # Errors
    /// [`InventoryError`] when a source cannot be read, is not of its format, or does not fit together with itself or the
    /// others. What is wrong with a single device is told by [`Inventory::check`].
    pub fn load(sources: &[Source]) -> Result<Inventory, InventoryError> {
        let mut draft = Draft::new();
        for (at, source) in sources.iter().enumerate() {
            if sources.iter().take(at).any(|before| before == source) {
                continue;
            }
            read(&Text::read(source)?, &mut draft)?;
        }
        Inventory::of(draft)
    }

    /// The devices of lines of NDJSON that stand in no file; `name` is for errors.
    ///
    /// # Errors
    /// As for [`Inventory::load`].
    pub fn of_lines(name: &str, text: &str) -> Result<Inventory, InventoryError> {
        let mut draft = Draft::new();
        rows::read_json(&name.into(), text, &mut draft)?;
        Inventory::of(draft)
    }

    /// The devices in their order: that of the sources, within Ansible's formats that of its group `all`. Not checked.
    pub fn devices(&self) -> &[Entry] {
        &self.devices
    }

    /// What its owner should know about it.
    pub fn notes(&self) -> impl Iterator<Item = Note> + '_ {
        self.notes.iter().copied()
    }

    /// The names of the groups in order of appearance, `all` and `ungrouped` first.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().map(|group| group.name.as_str())
    }

    /// The devices of a group, of the groups below it too, in Ansible's order.
    pub fn group(&self, name: &str) -> Option<Vec<&Entry>> {
        let group = self.groups.iter().find(|group| group.name == name)?;
        Some(group.devices.iter().filter_map(|id| self.devices.get(*id)).collect())
    }

    /// The device of that name, or the devices of the group. Not checked.
    pub fn named(&self, name: &str) -> Option<Vec<&Entry>> {
        match self.by_name.get(name).and_then(|id| self.devices.get(*id)) {
            Some(device) => Some(vec![device]),
            None => self.group(name),
        }
    }

    /// Whether `devices` can be worked on in one run: what is wrong with one that is not among them does not matter.
    ///
    /// # Errors
    /// A value that cannot be one, and two devices at one address, port and way.
    pub fn check(&self, devices: &[&Entry]) -> Result<(), InventoryError> {
        let mut whereabouts = Whereabouts::default();
        for entry in devices {
            if let Some(problem) = self.by_name.get(&entry.name).and_then(|id| self.problems.get(id)) {
                return Err(problem.clone());
            }
            whereabouts.take(entry)?;
        }
        Ok(())
    }
}
