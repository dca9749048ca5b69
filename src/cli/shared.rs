//! What the devices of a fleet share, and what is done on each of them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::fleet::run::{Devices, Work};
use crate::verbs::console::Line;
use crate::verbs::gate::Gate;

use super::Usage;
use super::devices::Device;
use super::logging_in::Ways;

/// What devices share whose requests are the same: it is made once, and may be large.
pub(super) struct Shared<T> {
    values: Vec<T>,
    of: HashMap<Option<usize>, usize>,
}

impl<T> Shared<T> {
    /// What `make` makes for each device.
    pub(super) fn new(devices: &[Device], mut make: impl FnMut(&Device) -> Result<T, Usage>) -> Result<Self, Usage> {
        let mut shared = Shared { values: Vec::new(), of: HashMap::new() };
        for device in devices {
            let key = Shared::<T>::key(device);
            if !shared.of.contains_key(&key) {
                let value = make(device).map_err(|(message, hint)| match device {
                    Device::Listed(entry) if key.is_some() => (format!("{}: {message}", entry.place), hint),
                    _ => (message, hint),
                })?;
                shared.of.insert(key, shared.values.len());
                shared.values.push(value);
            }
        }
        Ok(shared)
    }

    /// The ways to the devices; `user` is who logs in where nobody else is named. `rehearse` is done once for each value, with
    /// the way to one of its devices.
    pub(super) fn lines(
        &self,
        devices: &[Device],
        ways: &Ways,
        user: impl Fn(&T) -> Option<&str>,
        rehearse: impl Fn(&T, Line) -> Result<(), Usage>,
    ) -> Result<Vec<Line>, Usage> {
        let mut rehearsed = HashSet::new();
        let line = |device: &Device| {
            let key = Shared::<T>::key(device);
            let value = self.of(device);
            let line = ways.line(device, value.and_then(&user))?;
            if let Some(value) = value.filter(|_| rehearsed.insert(key)) {
                rehearse(value, line.clone())?;
            }
            Ok(line)
        };
        devices.iter().map(line).collect()
    }

    /// That of one device.
    pub(super) fn of(&self, device: &Device) -> Option<&T> {
        self.of.get(&Shared::<T>::key(device)).and_then(|at| self.values.get(*at))
    }

    /// Devices whose requests differ from that of the run in the same way have the same.
    fn key(device: &Device) -> Option<usize> {
        device.request().map(|request| Arc::as_ptr(request).addr())
    }
}

/// What is done on each of many devices: the way to it, and what its request shares with those of others.
pub(super) struct Fleet<'a, T, M> {
    devices: &'a [Device],
    shared: &'a Shared<T>,
    lines: Vec<Line>,
    make: M,
}

impl<'a, T, M> Fleet<'a, T, M> {
    /// `make` makes the work on a device out of both.
    pub(super) fn new(devices: &'a [Device], shared: &'a Shared<T>, lines: Vec<Line>, make: M) -> Self {
        Fleet { devices, shared, lines, make }
    }

    /// The name of a device, and what it shares.
    pub(super) fn of(&self, at: usize) -> Option<(&str, &T)> {
        let device = self.devices.get(at)?;
        Some((device.name(), self.shared.of(device)?))
    }
}

impl<T, W: Work, M: Fn(Line, &T) -> Option<W>> Devices for Fleet<'_, T, M> {
    type Work = W;

    fn count(&self) -> usize {
        self.devices.len()
    }

    fn work(&self, at: usize, gate: Gate) -> Option<W> {
        let line = Line { gate, ..self.lines.get(at)?.clone() };
        (self.make)(line, self.of(at)?.1)
    }
}
