//! A finished draft becomes an inventory: what holds for each device.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::draft::{Device, Draft, Group, contradicted};
use super::entry::Entry;
use super::error::InventoryError;
use super::levels::{self, Levels};
use super::typed;
use super::variables::{Contradiction, Said, Variable, Variables};
use super::{Inventory, Members};
use crate::fortios::request::RequestFile;
use crate::fortios::suggestion::nearest;

/// What holds for a device, value by value.
pub(super) type Effective<'a> = BTreeMap<Variable, &'a Said>;

impl Inventory {
    /// Fails on what is wrong with the whole; what is wrong with one device is told when it is picked.
    pub(super) fn of(mut draft: Draft) -> Result<Inventory, InventoryError> {
        check_groups(&draft)?;
        let levels = Levels::of(&mut draft)?;
        let order = levels::members(&draft.groups, super::draft::ALL);
        let mut resolver = Resolver { groups: &draft.groups, levels: &levels, overlays: Overlays::default() };
        let mut inventory = Inventory { notes: draft.notes.clone(), ..Inventory::default() };
        let mut positions = vec![None; draft.devices.len()];
        for id in order {
            let Some(device) = draft.devices.get(id) else { continue };
            let (entry, problem) = resolver.entry(device);
            if let Some(position) = positions.get_mut(id) {
                *position = Some(inventory.devices.len());
            }
            inventory.add(entry, problem);
        }
        for (id, group) in draft.groups.iter().enumerate() {
            let members = levels::members(&draft.groups, id).into_iter();
            let members = members.filter_map(|device| positions.get(device).copied().flatten()).collect();
            inventory.groups.push(Members { name: group.name.clone(), devices: members });
        }
        inventory.by_appearance = positions.into_iter().flatten().collect();
        Ok(inventory)
    }

    fn add(&mut self, entry: Entry, problem: Option<InventoryError>) {
        let id = self.devices.len();
        if let Some(problem) = problem {
            self.problems.insert(id, problem);
        }
        self.by_name.insert(entry.name.clone(), id);
        self.devices.push(entry);
    }
}

/// Each group is declared somewhere, and none is a device.
fn check_groups(draft: &Draft) -> Result<(), InventoryError> {
    let known = || draft.groups.iter().filter(|group| group.declared.is_some()).map(|group| group.name.as_str());
    for group in &draft.groups {
        let Some(named) = &group.named else { continue };
        if let Some(device) = draft.find_device(&group.name).and_then(|id| draft.devices.get(id)) {
            let (name, device, group) = (group.name.clone(), device.place.clone(), named.clone());
            return Err(InventoryError::DeviceAndGroup { name, device, group });
        }
        if group.declared.is_none() && !["all", "ungrouped"].contains(&group.name.as_str()) {
            let nearest = nearest(&group.name, known());
            return Err(InventoryError::UnknownGroup { place: named.clone(), name: group.name.clone(), nearest });
        }
    }
    Ok(())
}

struct Resolver<'a> {
    groups: &'a [Group],
    levels: &'a Levels,
    overlays: Overlays,
}

impl<'a> Resolver<'a> {
    fn entry(&mut self, device: &'a Device) -> (Entry, Option<InventoryError>) {
        let groups = self.levels.of_device(&device.groups);
        let own: Vec<&Group> =
            self.levels.order.iter().filter(|id| groups.contains(id)).filter_map(|id| self.groups.get(*id)).collect();
        // As in Ansible, files beside the inventory win over the inventory, and devices over groups.
        let layers: Vec<&Variables> = own
            .iter()
            .map(|group| &group.said)
            .chain(own.iter().map(|group| &group.filed))
            .chain([&device.said, &device.filed])
            .collect();
        let said = layers.iter().flat_map(|layer| layer.iter());
        let mut effective: Effective = said.map(|(variable, said)| (*variable, said)).collect();
        let older = settle_older(&device.name, &mut effective);
        let names = own.iter().map(|group| &group.name).filter(|name| !["all", "ungrouped"].contains(&name.as_str()));
        let entry = Entry {
            groups: names.cloned().collect(),
            request: self.overlays.of(&layers),
            ..typed::bare(&device.name, &device.place)
        };
        let (entry, problem) = typed::fill(entry, &effective);
        (entry, older.err().or(problem))
    }
}

/// Which of two names of one variable wins depends on Ansible's connection plugin, so they must not differ.
fn settle_older(device: &str, effective: &mut Effective) -> Result<(), InventoryError> {
    for variable in [Variable::Address, Variable::Port, Variable::User, Variable::Identity] {
        let older = variable.older().and_then(|older| effective.remove(&older));
        match (effective.get(&variable), older) {
            (Some(said), Some(older)) if said.values != older.values => {
                let (first, second) = ((*said).clone(), older.clone());
                let contradiction = Contradiction { what: variable.word(), first, second };
                return Err(contradicted("device", device, contradiction));
            }
            (None, Some(older)) => {
                effective.insert(variable, older);
            }
            _ => {}
        }
    }
    Ok(())
}

/// Requests laid over each other, each pair once: devices whose groups alone say something share what they say.
#[derive(Default)]
struct Overlays(HashMap<(*const RequestFile, *const RequestFile), Arc<RequestFile>>);

impl Overlays {
    /// The requests of all layers.
    fn of(&mut self, layers: &[&Variables]) -> Option<Arc<RequestFile>> {
        let mut requests = layers.iter().filter_map(|layer| layer.request.as_ref().map(|(request, _)| request));
        let first = requests.next()?.clone();
        Some(requests.fold(first, |base, over| {
            let laid = || Arc::new(RequestFile::clone(over).overlaid(RequestFile::clone(&base)));
            self.0.entry((Arc::as_ptr(&base), Arc::as_ptr(over))).or_insert_with(laid).clone()
        }))
    }
}

/// Where devices are in the network, so that two at one place are found.
#[derive(Debug, Default)]
pub(super) struct Whereabouts<'a>(HashMap<(String, u16, Option<&'a str>), &'a Entry>);

impl<'a> Whereabouts<'a> {
    /// Fails when another device is there. One private address behind two jump hosts is two devices.
    pub(super) fn take(&mut self, entry: &'a Entry) -> Result<(), InventoryError> {
        let port = entry.port.unwrap_or(crate::ssh::DEFAULT_PORT);
        let key = (entry.address.to_lowercase(), port, entry.jump.as_deref());
        match self.0.insert(key, entry) {
            None => Ok(()),
            Some(first) => {
                let named = |entry: &Entry| Box::new((entry.name.clone(), entry.place.clone()));
                let address = format!("{} port {port}", entry.address);
                Err(InventoryError::SameAddress { address, first: named(first), second: named(entry) })
            }
        }
    }
}
