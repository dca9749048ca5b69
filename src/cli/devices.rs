//! The devices that a command is for: named on the command line, or out of an inventory.

use std::path::PathBuf;
use std::sync::Arc;

use crate::fleet::inventory::{Entry, Inventory, Source};
use crate::fortios::request::RequestFile;
use crate::report::Reporter;

use super::Usage;
use super::args::FleetArgs;

/// Inventories of pipelines, separated as in `PATH`.
const INVENTORY: &str = "FGTKEY_INVENTORY";

/// A device that a command is for.
#[derive(Debug, Clone)]
pub(super) enum Device {
    /// `[user@]host[:port]`.
    Named(String),
    /// One of an inventory.
    Listed(Box<Entry>),
}

impl Device {
    /// The operator's name for it.
    pub(super) fn name(&self) -> &str {
        match self {
            Device::Named(text) => text,
            Device::Listed(entry) => &entry.name,
        }
    }

    /// What its request says other than that of the run.
    pub(super) fn request(&self) -> Option<&Arc<RequestFile>> {
        match self {
            Device::Named(_) => None,
            Device::Listed(entry) => entry.request.as_ref(),
        }
    }
}

/// The devices that a command is for.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    /// In the order of the command line, of the inventory otherwise; each once.
    pub(super) devices: Vec<Device>,
    /// Whether it is a run over a fleet, though it may be a small one.
    pub(super) is_fleet: bool,
}

impl Chosen {
    /// The device of a command that is no run over a fleet.
    pub(super) fn only(&self) -> Option<&Device> {
        self.devices.first().filter(|_| !self.is_fleet)
    }

    /// The device of a command that takes one only.
    pub(super) fn one(&self, verb: &str) -> Result<Option<&Device>, Usage> {
        match self.devices.as_slice() {
            [] => Ok(None),
            [device] if !self.is_fleet => Ok(Some(device)),
            _ => Err((format!("{verb} is for one device at a time"), Some(format!("fgtkey {verb} DEVICE …")))),
        }
    }
}

/// Chooses the devices: those that are named, or all of the inventory; of them the ones in the limit and in the shard.
pub(super) fn choose(named: &[String], args: &FleetArgs, reporter: &mut Reporter) -> Result<Chosen, Usage> {
    let sources = sources(args);
    if sources.is_empty() {
        return unlisted(named, args);
    }
    let inventory = load(&sources, reporter)?;
    let mut devices = Vec::new();
    if named.is_empty() {
        devices.extend(inventory.devices().iter().cloned().map(listed));
    }
    for name in named {
        match inventory.named(name) {
            Some(found) => devices.extend(found.into_iter().cloned().map(listed)),
            None if is_address(name) => devices.push(Device::Named(name.clone())),
            None => return Err(unknown(name, &inventory)),
        }
    }
    let is_fleet = named.len() != 1 || devices.len() != 1 || asks_for_fleet(args);
    let chosen = Chosen { devices: once(devices), is_fleet };
    limited(chosen, &inventory, args)
}

/// The inventory that the flags and the environment name.
pub(super) fn load(sources: &[Source], reporter: &mut Reporter) -> Result<Inventory, Usage> {
    let inventory = Inventory::load(sources).map_err(|error| (error.to_string(), error.hint()))?;
    reporter.inventory_notes(&inventory);
    Ok(inventory)
}

/// Where the inventory is: flags win over the environment.
pub(super) fn sources(args: &FleetArgs) -> Vec<Source> {
    if !args.inventories.is_empty() {
        return args.inventories.iter().cloned().map(Source::from).collect();
    }
    let paths = std::env::var_os(INVENTORY).unwrap_or_default();
    std::env::split_paths(&paths).filter(|path| *path != PathBuf::new()).map(Source::from).collect()
}

fn unlisted(named: &[String], args: &FleetArgs) -> Result<Chosen, Usage> {
    if !args.limits.is_empty() {
        return Err(("-l picks devices of an inventory".into(), Some("add --inventory FILE".into())));
    }
    let devices = once(named.iter().cloned().map(Device::Named).collect());
    let is_fleet = devices.len() > 1 || asks_for_fleet(args) && !devices.is_empty();
    Ok(Chosen { devices: sharded(devices, args), is_fleet })
}

fn limited(chosen: Chosen, inventory: &Inventory, args: &FleetArgs) -> Result<Chosen, Usage> {
    let mut devices = chosen.devices;
    if !args.limits.is_empty() {
        return Err(("MERGE".into(), None));
    }
    let devices = sharded(devices, args);
    let entries: Vec<&Entry> = devices.iter().filter_map(entry_of).collect();
    inventory.check(&entries).map_err(|error| (error.to_string(), error.hint()))?;
    if devices.is_empty() && args.shard.is_none() {
        return Err(("no device of the inventory is meant".into(), Some("see `fgtkey inventory`".into())));
    }
    Ok(Chosen { devices, is_fleet: chosen.is_fleet })
}

fn sharded(mut devices: Vec<Device>, args: &FleetArgs) -> Vec<Device> {
    devices.retain(|device| args.shard.is_none_or(|shard| shard.has(device.name())));
    devices
}

fn listed(entry: Entry) -> Device {
    Device::Listed(Box::new(entry))
}

fn entry_of(device: &Device) -> Option<&Entry> {
    match device {
        Device::Named(_) => None,
        Device::Listed(entry) => Some(entry),
    }
}

/// Each device once, where it is named first.
fn once(devices: Vec<Device>) -> Vec<Device> {
    let mut seen = std::collections::HashSet::new();
    devices.into_iter().filter(|device| seen.insert(device.name().to_owned())).collect()
}

fn asks_for_fleet(args: &FleetArgs) -> bool {
    args.report.is_some() || args.shard.is_some() || args.max_failures.is_some()
}

/// Whether it can only be meant as an address: names in an inventory are not mistyped into these.
fn is_address(text: &str) -> bool {
    text.contains(['@', ':', '.'])
}

fn unknown(name: &str, inventory: &Inventory) -> Usage {
    let known = inventory.devices().iter().map(|entry| entry.name.as_str()).chain(inventory.groups());
    let hint = crate::fortios::suggestion::nearest(name, known).map(|near| format!("did you mean {near}?"));
    (format!("{name} is neither a device nor a group of the inventory"), hint.or(Some("see `fgtkey inventory`".into())))
}
