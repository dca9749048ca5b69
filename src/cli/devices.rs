//! The devices that a command is for: named on the command line, or out of an inventory.

use std::collections::HashSet;
use std::sync::Arc;

use crate::fleet::inventory::Entry;
use crate::fortios::request::RequestFile;
use crate::report::Reporter;

use super::args::FleetArgs;
use super::{Usage, inventory};

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
    let limit = inventory::limit(&args.selection)?;
    // An inventory that the environment names says who is who: it makes nobody work on all of it unasked, and not `--sim`.
    if named.is_empty() && limit.is_none() && args.selection.inventories.is_empty() {
        return unlisted(named, false, args);
    }
    let Some(inventory) = inventory::load(&args.selection)? else {
        return unlisted(named, limit.is_some(), args);
    };
    reporter.inventory_notes(&inventory);
    let (addresses, names): (Vec<&String>, Vec<&String>) =
        named.iter().partition(|name| is_address(name) && inventory.named(name).is_none());
    let names: Vec<String> = names.into_iter().cloned().collect();
    let entries = if names.is_empty() && !addresses.is_empty() {
        Vec::new()
    } else {
        inventory.pick(&names, limit.as_ref()).map_err(|error| (error.to_string(), error.hint()))?
    };
    let is_fleet = named.len() != 1 || entries.len() > 1 || asks_for_fleet(args);
    let listed = entries.into_iter().cloned().map(|entry| Device::Listed(Box::new(entry)));
    let devices = once(listed.chain(addresses.into_iter().cloned().map(Device::Named)).collect());
    Ok(Chosen { devices: sharded(devices, args), is_fleet })
}

fn unlisted(named: &[String], is_limited: bool, args: &FleetArgs) -> Result<Chosen, Usage> {
    if is_limited {
        return Err(("-l picks devices of an inventory".into(), Some("add --inventory FILE".into())));
    }
    let devices = once(named.iter().cloned().map(Device::Named).collect());
    let is_fleet = devices.len() > 1 || asks_for_fleet(args) && !devices.is_empty();
    Ok(Chosen { devices: sharded(devices, args), is_fleet })
}

fn sharded(mut devices: Vec<Device>, args: &FleetArgs) -> Vec<Device> {
    devices.retain(|device| args.shard.is_none_or(|shard| shard.has(device.name())));
    devices
}

/// Each device once, where it is named first.
fn once(devices: Vec<Device>) -> Vec<Device> {
    let mut seen = HashSet::new();
    devices.into_iter().filter(|device| seen.insert(device.name().to_owned())).collect()
}

fn asks_for_fleet(args: &FleetArgs) -> bool {
    args.report.is_some() || args.shard.is_some() || args.max_failures.is_some()
}

/// Whether it can only be meant as an address: names in an inventory are not mistyped into these.
fn is_address(text: &str) -> bool {
    text.contains(['@', ':', '.'])
}
