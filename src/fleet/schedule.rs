//! Whose turn it is: a state machine without clocks and connections.
//!
//! A device is *looked at* (logged in to and surveyed), *asks* whether it may be changed, and is *changed* until it *ends*.
//! What changes nothing never asks. Canaries are changed first; when they have succeeded the others follow in waves, each
//! four times as large as the one before. A wave begins when nine in ten of the one before have ended, so that a device
//! which keeps everybody waiting for its timeout holds up nobody else.

use std::collections::{BTreeMap, VecDeque};

use crate::verbs::gate::Kind;

use super::class::Class;
use super::rules::{Canary, Limit, Rules};

/// How many devices the first wave behind the canaries has.
const FIRST_WAVE: usize = 16;

/// How much larger each wave is than the one before.
const GROWTH: usize = 4;

/// How many devices may stand at the gate, logged in, while it is found out what there is.
const SCOUTS: usize = 8;

/// Why no more devices are started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The operator wants it.
    Interrupted,
    /// A device that went first has failed.
    Canary {
        /// Its number.
        device: usize,
        /// How.
        class: Class,
    },
    /// Too many have failed.
    Failures {
        /// How many.
        failed: usize,
        /// How many were allowed.
        most: Limit,
    },
    /// A password that all share was refused.
    Password {
        /// The number of the device that refused it.
        device: usize,
    },
}

/// A wave that begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wave {
    /// Its number; 1 is the first behind the canaries.
    pub number: usize,
    /// How many devices it has at most.
    pub size: usize,
}

/// How a device ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// The kind of its failure; `None`: it did not fail.
    pub failed: Option<Class>,
    /// Whether it refused a password that others are to get.
    pub refused_password: bool,
}

/// What one device is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Looking,
    Asking,
    Changing { canary: bool },
}

/// What is known of a kind of device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Proof {
    /// Its canary is being changed.
    Pending,
    /// Its canary has succeeded.
    Given,
}

/// The schedule of one run.
#[derive(Debug)]
pub struct Schedule {
    rules: Rules,
    devices: usize,
    /// The number of the next device to be looked at.
    next: usize,
    stages: BTreeMap<usize, Stage>,
    kinds: BTreeMap<Kind, Proof>,
    /// Which kind a device that is being changed is of.
    kind_of: BTreeMap<usize, Kind>,
    asking: VecDeque<(usize, Kind)>,
    wave: Option<Wave>,
    /// Of the present wave, or of the counted canaries: how many may still be changed, how many were, how many have ended.
    left: usize,
    passed: usize,
    ended: usize,
    failed: usize,
    stop: Option<Stop>,
}

impl Schedule {
    /// For so many devices.
    pub fn new(rules: Rules, devices: usize) -> Schedule {
        let left = match rules.canary {
            Canary::None => usize::MAX,
            Canary::Count(count) => count,
            Canary::EachKind => 0,
        };
        Schedule {
            rules,
            devices,
            next: 0,
            stages: BTreeMap::new(),
            kinds: BTreeMap::new(),
            kind_of: BTreeMap::new(),
            asking: VecDeque::new(),
            wave: None,
            left,
            passed: 0,
            ended: 0,
            failed: 0,
            stop: None,
        }
    }

    /// The number of the next device to be looked at now, if there is one.
    pub fn start(&mut self) -> Option<usize> {
        let full = self.stages.len() >= self.rules.jobs || self.unpassed() >= self.most_unpassed();
        if full || self.next == self.devices || self.stop.is_some() {
            return None;
        }
        let device = self.next;
        self.next += 1;
        self.stages.insert(device, Stage::Looking);
        Some(device)
    }

    /// A device asks whether it may be changed.
    pub fn asks(&mut self, device: usize, kind: Kind) {
        // Its end may be heard before its question.
        if let Some(stage) = self.stages.get_mut(&device) {
            *stage = Stage::Asking;
            self.asking.push_back((device, kind));
        }
    }

    /// Who may be changed now, and who must not be any more, of those who have asked.
    pub fn answers(&mut self) -> Vec<(usize, bool)> {
        if self.stop.is_some() {
            return self.asking.drain(..).map(|(device, _)| (device, false)).collect();
        }
        let mut answers = Vec::new();
        for (device, kind) in std::mem::take(&mut self.asking) {
            if self.admits(device, &kind) {
                answers.push((device, true));
            } else {
                self.asking.push_back((device, kind));
            }
        }
        answers
    }

    /// A device has ended.
    pub fn ends(&mut self, device: usize, how: Ended) {
        let stage = self.stages.remove(&device);
        self.asking.retain(|(asking, _)| *asking != device);
        let kind = self.kind_of.remove(&device);
        if matches!(stage, Some(Stage::Changing { canary: false })) || self.is_counted_canary(stage) {
            self.ended += 1;
        }
        let failed = how.failed.filter(|class| !class.is_untried());
        self.failed += usize::from(failed.is_some());
        match (failed, stage) {
            (Some(class), Some(Stage::Changing { canary: true })) => self.stops(Stop::Canary { device, class }),
            (None, Some(Stage::Changing { canary: true })) => self.learn(kind, how.failed.is_none()),
            _ => {}
        }
        if how.refused_password {
            self.stops(Stop::Password { device });
        }
        if let Some(most) = self.rules.max_failures.filter(|most| most.is_exceeded(self.failed, self.devices)) {
            self.stops(Stop::Failures { failed: self.failed, most });
        }
    }

    /// The operator wants to stop: nobody else is started.
    pub fn interrupt(&mut self) {
        self.stops(Stop::Interrupted);
    }

    /// The wave that begins now, if one does.
    pub fn next_wave(&mut self) -> Option<Wave> {
        if self.stop.is_some() || !self.wave_is_over() {
            return None;
        }
        let wave = match self.wave {
            None => Wave { number: 1, size: FIRST_WAVE },
            Some(wave) => Wave { number: wave.number + 1, size: wave.size.saturating_mul(GROWTH) },
        };
        (self.wave, self.left, self.passed, self.ended) = (Some(wave), wave.size, 0, 0);
        Some(wave)
    }

    /// Why no more are started, if that is so.
    pub fn stopped(&self) -> Option<&Stop> {
        self.stop.as_ref()
    }

    /// Whether nothing is going on and nothing is left to start.
    pub fn is_over(&self) -> bool {
        self.stages.is_empty() && (self.next == self.devices || self.stop.is_some())
    }

    /// The devices that were never started.
    pub fn unstarted(&self) -> std::ops::Range<usize> {
        self.next..self.devices
    }

    fn stops(&mut self, stop: Stop) {
        self.stop.get_or_insert(stop);
    }

    /// How many are logged in or about to be, and not yet changed.
    fn unpassed(&self) -> usize {
        self.stages.values().filter(|stage| !matches!(stage, Stage::Changing { .. })).count()
    }

    fn most_unpassed(&self) -> usize {
        match self.rules.canary {
            Canary::None => usize::MAX,
            // Nobody is bothered who could not be changed anyway.
            Canary::Count(_) => self.left,
            Canary::EachKind => self.left.max(SCOUTS),
        }
    }

    fn admits(&mut self, device: usize, kind: &Kind) -> bool {
        let canary = match (self.rules.canary, self.kinds.get(kind)) {
            (Canary::EachKind, None) => {
                self.kinds.insert(kind.clone(), Proof::Pending);
                self.kind_of.insert(device, kind.clone());
                true
            }
            (Canary::EachKind, Some(Proof::Pending)) => return false,
            _ if self.left == 0 => return false,
            _ => {
                self.left = self.left.saturating_sub(1);
                self.passed += 1;
                matches!(self.rules.canary, Canary::Count(_)) && self.wave.is_none()
            }
        };
        self.stages.insert(device, Stage::Changing { canary });
        true
    }

    fn is_counted_canary(&self, stage: Option<Stage>) -> bool {
        matches!(self.rules.canary, Canary::Count(_)) && matches!(stage, Some(Stage::Changing { canary: true }))
    }

    /// What a canary says of its kind: that it can be done, or nothing, so that another one has to say it.
    fn learn(&mut self, kind: Option<Kind>, succeeded: bool) {
        let Some(kind) = kind else { return };
        if succeeded {
            self.kinds.insert(kind, Proof::Given);
        } else {
            self.kinds.remove(&kind);
        }
    }

    fn wave_is_over(&self) -> bool {
        match (self.rules.canary, self.wave) {
            (Canary::None, _) => false,
            (Canary::EachKind, None) => self.kinds.values().any(|proof| *proof == Proof::Given),
            // All of the canaries, nine in ten of a wave.
            (Canary::Count(_), None) => self.left == 0 && self.ended == self.passed,
            (_, Some(_)) => self.left == 0 && self.ended * 10 >= self.passed * 9,
        }
    }
}

#[cfg(test)]
mod tests;
