//! How far a run has come: what the live display, the summary and the report are made of.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Serialize;

use crate::verbs::event::Event;

use super::outcome::{End, Outcome};
use super::schedule::{Stop, Wave};
use super::timeline::{Phase, Timeline};

/// A run so far.
#[derive(Debug)]
pub struct Progress {
    /// `mint`, `rotate`, …
    pub verb: String,
    /// The name of the run, for `--resume`; empty for a verb that changes nothing.
    pub run: String,
    /// When it began.
    pub began: Timestamp,
    /// The devices in the order of the inventory.
    pub names: Arc<[String]>,
    /// The wave that is going on, if there are waves.
    pub wave: Option<Wave>,
    /// Why no more devices are started, if that is so.
    pub stop: Option<Stop>,
    clock: Instant,
    timelines: BTreeMap<usize, Timeline>,
    outcomes: Vec<Option<Outcome>>,
    counts: Counts,
}

/// How many devices ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// All of the run.
    pub devices: usize,
    /// Done, now or before.
    pub done: usize,
    /// Looked at, with something to say.
    pub differs: usize,
    /// Failed, as they were.
    pub failed: usize,
    /// With a key in the escrow.
    pub escrowed: usize,
    /// To be looked at by a person.
    pub needs_person: usize,
    /// Not started, or stopped before they were changed.
    pub not_started: usize,
}

impl Counts {
    /// How many have ended.
    pub const fn ended(&self) -> usize {
        self.done + self.differs + self.failed + self.escrowed + self.needs_person + self.not_started
    }

    /// How many did not do what was asked, and were started.
    pub const fn failures(&self) -> usize {
        self.failed + self.escrowed + self.needs_person
    }

    fn add(&mut self, end: End) {
        *match end {
            End::Done | End::Before => &mut self.done,
            End::Differs => &mut self.differs,
            End::Failed => &mut self.failed,
            End::Escrowed => &mut self.escrowed,
            End::NeedsPerson => &mut self.needs_person,
            End::NotStarted => &mut self.not_started,
        } += 1;
    }
}

impl Progress {
    /// Of a run that begins now.
    pub fn begin(verb: &str, run: &str, names: Arc<[String]>) -> Progress {
        let counts = Counts { devices: names.len(), ..Counts::default() };
        Progress {
            verb: verb.to_owned(),
            run: run.to_owned(),
            began: Timestamp::now(),
            wave: None,
            stop: None,
            clock: Instant::now(),
            timelines: BTreeMap::new(),
            outcomes: vec![None; names.len()],
            counts,
            names,
        }
    }

    /// How long it has been going on.
    pub fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }

    /// Whether it only looks: what it finds is told elsewhere, and nothing to tell is said by silence.
    pub fn only_looks(&self) -> bool {
        self.run.is_empty()
    }

    /// How many devices ended how.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// What is being worked on: number, name, timeline; the one that was started first comes first.
    pub fn running(&self) -> impl Iterator<Item = (usize, &str, &Timeline)> {
        self.timelines.iter().map(|(device, timeline)| (*device, self.name(*device), timeline))
    }

    /// What is being done on a device; `None`: nothing is.
    pub fn timeline(&self, device: usize) -> Option<&Timeline> {
        self.timelines.get(&device)
    }

    /// How the devices ended that have, in the order of the inventory.
    pub fn outcomes(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().flatten()
    }

    /// The operator's name for a device.
    pub fn name(&self, device: usize) -> &str {
        self.names.get(device).map(String::as_str).unwrap_or_default()
    }

    /// A device is started.
    pub fn start(&mut self, device: usize) {
        self.timelines.insert(device, Timeline::begin(self.elapsed()));
    }

    /// Something happened on a device.
    pub fn hear(&mut self, device: usize, event: &Event) {
        let at = self.elapsed();
        if let Some(timeline) = self.timelines.get_mut(&device) {
            timeline.hear(at, event);
        }
    }

    /// A device waits for others, or does not any more.
    pub fn enter(&mut self, device: usize, phase: Phase) {
        let at = self.elapsed();
        if let Some(timeline) = self.timelines.get_mut(&device) {
            timeline.enter(at, phase);
        }
    }

    /// A device has ended: `outcome` lacks what its timeline knows, which is filled in; that of a device which was not
    /// worked on here has it.
    pub fn end(&mut self, device: usize, outcome: Outcome) -> Option<&Outcome> {
        let timeline = self.timelines.remove(&device);
        let at = self.elapsed();
        self.counts.add(outcome.end);
        let place = self.outcomes.get_mut(device)?;
        let Some(timeline) = timeline else { return Some(place.insert(outcome)) };
        let found = timeline.found.clone();
        let spans = timeline.end(at);
        let outcome = match found {
            Some(found) => Outcome {
                model: Some(found.model),
                serial: Some(found.serial),
                fortios: Some(found.fortios.to_string()),
                spans,
                ..outcome
            },
            None => Outcome { spans, ..outcome },
        };
        Some(place.insert(outcome))
    }
}
