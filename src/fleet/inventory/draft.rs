//! Devices and groups as the sources name them, before it is known what holds for whom.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::Note;
use super::entry::Place;
use super::error::InventoryError;
use super::variables::{Contradiction, Said, Variables};

/// The group that all devices are in.
pub(super) const ALL: usize = 0;
/// The group of the devices that are in no other.
pub(super) const UNGROUPED: usize = 1;

#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) name: String,
    /// Where a source says that there is such a group.
    pub(super) declared: Option<Place>,
    /// Where it is named first.
    pub(super) named: Option<Place>,
    pub(super) children: Vec<(usize, Option<Place>)>,
    pub(super) parents: Vec<usize>,
    pub(super) members: Vec<usize>,
    pub(super) said: Variables,
    /// What a file of `group_vars` says of it.
    pub(super) filed: Variables,
}

#[derive(Debug)]
pub(super) struct Device {
    pub(super) name: String,
    /// Where it is named first.
    pub(super) place: Place,
    /// Where it was declared last, in a format that declares each device once.
    declared: Option<Place>,
    /// The groups that it is named in.
    pub(super) groups: Vec<usize>,
    pub(super) said: Variables,
    /// What a file of `host_vars` says of it.
    pub(super) filed: Variables,
}

/// What is being gathered.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) groups: Vec<Group>,
    by_group: HashMap<String, usize>,
    pub(super) devices: Vec<Device>,
    by_device: HashMap<String, usize>,
    pub(super) notes: BTreeSet<Note>,
}

impl Draft {
    pub(super) fn new() -> Draft {
        let mut draft = Draft {
            groups: Vec::new(),
            by_group: HashMap::new(),
            devices: Vec::new(),
            by_device: HashMap::new(),
            notes: BTreeSet::new(),
        };
        for name in ["all", "ungrouped"] {
            draft.group_named(name);
        }
        draft.put_below(ALL, UNGROUPED, None);
        draft
    }

    fn group_named(&mut self, name: &str) -> usize {
        if let Some(group) = self.by_group.get(name) {
            return *group;
        }
        self.groups.push(Group { name: name.to_owned(), ..Group::default() });
        self.by_group.insert(name.to_owned(), self.groups.len() - 1);
        self.groups.len() - 1
    }

    pub(super) fn find_group(&self, name: &str) -> Option<usize> {
        self.by_group.get(name).copied()
    }

    pub(super) fn find_device(&self, name: &str) -> Option<usize> {
        self.by_device.get(name).copied()
    }

    /// A group that is named at `place`, which alone does not make it one.
    pub(super) fn name_group(&mut self, name: &str, place: &Place) -> Result<usize, InventoryError> {
        check_name("group", name, place)?;
        let id = self.group_named(name);
        if let Some(group) = self.groups.get_mut(id) {
            group.named.get_or_insert_with(|| place.clone());
        }
        Ok(id)
    }

    /// A group, of which a source may speak more than once.
    pub(super) fn add_group(&mut self, name: &str, place: &Place) -> Result<usize, InventoryError> {
        let id = self.name_group(name, place)?;
        if let Some(group) = self.groups.get_mut(id) {
            group.declared.get_or_insert_with(|| place.clone());
        }
        Ok(id)
    }

    /// A group, of which each file speaks once.
    pub(super) fn declare_group(&mut self, name: &str, place: Place) -> Result<usize, InventoryError> {
        let id = self.name_group(name, &place)?;
        if let Some(group) = self.groups.get_mut(id) {
            let before = group.declared.replace(place.clone());
            check_once("group", name, before, place)?;
        }
        Ok(id)
    }

    /// Puts the group `child` below `parent`.
    pub(super) fn add_child(&mut self, parent: usize, child: &str, place: Place) -> Result<(), InventoryError> {
        let child = self.name_group(child, &place)?;
        self.put_below(parent, child, Some(place));
        Ok(())
    }

    pub(super) fn put_below(&mut self, parent: usize, child: usize, place: Option<Place>) {
        let Some(above) = self.groups.get_mut(parent) else { return };
        if above.children.iter().any(|(known, _)| *known == child) {
            return;
        }
        above.children.push((child, place));
        if let Some(below) = self.groups.get_mut(child) {
            below.parents.push(parent);
        }
    }

    /// A device, of which a source may speak more than once.
    pub(super) fn add_device(&mut self, name: &str, place: &Place) -> Result<usize, InventoryError> {
        if let Some(device) = self.by_device.get(name) {
            return Ok(*device);
        }
        check_name("device", name, place)?;
        let (name, place) = (name.to_owned(), place.clone());
        self.by_device.insert(name.clone(), self.devices.len());
        let (said, filed) = (Variables::default(), Variables::default());
        self.devices.push(Device { name, place, declared: None, groups: Vec::new(), said, filed });
        Ok(self.devices.len() - 1)
    }

    /// A device, of which each file speaks once. It stands in the order of the files.
    pub(super) fn declare_device(&mut self, name: &str, place: Place) -> Result<usize, InventoryError> {
        let id = self.add_device(name, &place)?;
        if let Some(device) = self.devices.get_mut(id) {
            let before = device.declared.replace(place.clone());
            check_once("device", name, before, place)?;
        }
        self.put_in(id, ALL);
        Ok(id)
    }

    /// Puts a device in a group that has to be declared somewhere.
    pub(super) fn join(&mut self, device: usize, group: &str, place: Place) -> Result<(), InventoryError> {
        let group = self.name_group(group, &place)?;
        self.put_in(device, group);
        Ok(())
    }

    pub(super) fn put_in(&mut self, device: usize, group: usize) {
        let (Some(member), Some(whole)) = (self.devices.get_mut(device), self.groups.get_mut(group)) else { return };
        if !member.groups.contains(&group) {
            member.groups.push(group);
            whole.members.push(device);
        }
    }

    pub(super) fn say_of_group(&mut self, group: usize, variables: Variables) -> Result<(), InventoryError> {
        let Some(group) = self.groups.get_mut(group) else { return Ok(()) };
        group.said.add(variables).map_err(|contradiction| contradicted("group", &group.name, contradiction))
    }

    pub(super) fn say_of_device(&mut self, device: usize, variables: Variables) -> Result<(), InventoryError> {
        let Some(device) = self.devices.get_mut(device) else { return Ok(()) };
        device.said.add(variables).map_err(|contradiction| contradicted("device", &device.name, contradiction))
    }

    /// What a file beside the inventory says, which wins over what the inventory says.
    pub(super) fn file_of_group(&mut self, group: usize, variables: Variables) -> Result<(), InventoryError> {
        let Some(group) = self.groups.get_mut(group) else { return Ok(()) };
        group.filed.add(variables).map_err(|contradiction| contradicted("group", &group.name, contradiction))
    }

    /// The same of a device.
    pub(super) fn file_of_device(&mut self, device: usize, variables: Variables) -> Result<(), InventoryError> {
        let Some(device) = self.devices.get_mut(device) else { return Ok(()) };
        device.filed.add(variables).map_err(|contradiction| contradicted("device", &device.name, contradiction))
    }
}

/// Two values for one thing of `name`.
pub(super) fn contradicted(what: &str, name: &str, found: Contradiction) -> InventoryError {
    let text = |said: Said| Box::new((said.text(), said.place));
    let Contradiction { what: which, first, second } = found;
    InventoryError::Contradiction {
        subject: format!("{what} {name}"),
        what: which,
        first: text(first),
        second: text(second),
    }
}

/// Two places of one file, and not of two files of the same name.
fn check_once(what: &'static str, name: &str, before: Option<Place>, place: Place) -> Result<(), InventoryError> {
    match before {
        Some(first) if Arc::ptr_eq(&first.file, &place.file) => {
            Err(InventoryError::Twice { what, name: name.to_owned(), first, second: place })
        }
        _ => Ok(()),
    }
}

/// Names become parts of paths, of NATS subjects and of lines on a terminal.
fn check_name(what: &'static str, name: &str, place: &Place) -> Result<(), InventoryError> {
    let why = match name {
        "" => "is empty",
        "." | ".." => "is a directory",
        "all" | "ungrouped" if what == "device" => "is the name of a group of Ansible's",
        _ if name.contains(['/', '\\']) => "contains a slash",
        _ if name.starts_with('-') => "would be taken for an option",
        _ if name.trim() != name => "begins or ends with a space",
        _ if name.chars().any(is_unseen) => "contains a character that is not shown",
        _ => return Ok(()),
    };
    Err(InventoryError::Name { place: place.clone(), what, name: name.to_owned(), why })
}

/// Control characters, and those that reorder or hide text.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}
