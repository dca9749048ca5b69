//! What a device was doing when.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::verbs::event::{Event, Found};

/// What is being done on a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Jump hosts, TCP, key exchange, login, first prompt.
    LogIn,
    /// It is asked what it is and what it has.
    Survey,
    /// It waits for others to go first.
    Wait,
    /// Its objects are changed and read back.
    Change,
    /// A key is generated, escrowed and delivered.
    Key,
    /// The key is proven over REST.
    Proof,
    /// The old key works on for a while.
    Grace,
    /// What is left to do.
    Finish,
}

impl Phase {
    /// The name in tables and records.
    pub const fn name(self) -> &'static str {
        match self {
            Phase::LogIn => "log in",
            Phase::Survey => "survey",
            Phase::Wait => "wait",
            Phase::Change => "change",
            Phase::Key => "key",
            Phase::Proof => "proof",
            Phase::Grace => "grace",
            Phase::Finish => "finish",
        }
    }

    /// The phase that begins when `event` has happened.
    fn behind(event: &Event) -> Option<Phase> {
        match event {
            Event::Connected(_) => Some(Phase::Survey),
            Event::Found(_) => Some(Phase::Change),
            Event::ApiUser { .. } => Some(Phase::Key),
            Event::Key(_) => Some(Phase::Proof),
            Event::Verified(_) | Event::Retired { .. } => Some(Phase::Finish),
            Event::Grace { .. } => Some(Phase::Grace),
            _ => None,
        }
    }
}

/// A phase and when it was, since the run began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// What was done.
    pub phase: Phase,
    /// When it began, in milliseconds.
    pub from: u64,
    /// When it ended, in milliseconds.
    pub to: u64,
}

/// What one device is doing, as its events tell.
#[derive(Debug, Clone)]
pub struct Timeline {
    /// What is over.
    spans: Vec<Span>,
    phase: Phase,
    since: Duration,
    /// The line of CLI that was sent last, while its answer is awaited.
    pub line: Option<String>,
    /// What it is, as soon as that is known.
    pub found: Option<Found>,
}

impl Timeline {
    /// Of a device that is started, `at` so long into the run.
    pub fn begin(at: Duration) -> Timeline {
        Timeline { spans: Vec::new(), phase: Phase::LogIn, since: at, line: None, found: None }
    }

    /// What it is doing.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Since when, since the run began.
    pub fn since(&self) -> Duration {
        self.since
    }

    /// When it was started, since the run began.
    pub fn began(&self) -> Duration {
        self.spans.first().map_or(self.since, |span| Duration::from_millis(span.from))
    }

    /// Takes in what has happened.
    pub fn hear(&mut self, at: Duration, event: &Event) {
        match event {
            Event::Line(line) => self.line = Some(line.clone()),
            Event::Found(found) => self.found = Some(found.clone()),
            _ => {}
        }
        if let Some(phase) = Phase::behind(event) {
            self.enter(at, phase);
        }
    }

    /// Another phase begins.
    pub fn enter(&mut self, at: Duration, phase: Phase) {
        if phase != self.phase {
            self.close(at);
            (self.phase, self.since, self.line) = (phase, at, None);
        }
    }

    /// All phases, the last one until now.
    pub fn end(mut self, at: Duration) -> Vec<Span> {
        self.close(at);
        self.spans
    }

    fn close(&mut self, at: Duration) {
        self.spans.push(Span { phase: self.phase, from: millis(self.since), to: millis(at) });
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_phases_of_a_device_follow_each_other_without_gaps() {
        let at = Duration::from_millis;
        let mut timeline = Timeline::begin(at(5));
        timeline.enter(at(10), Phase::Survey);
        timeline.hear(at(12), &Event::Line("get system status".into()));
        assert_eq!(timeline.line.as_deref(), Some("get system status"));
        timeline.enter(at(12), Phase::Survey);
        timeline.enter(at(20), Phase::Change);
        assert_eq!((timeline.line.clone(), timeline.began()), (None, at(5)));
        let spans = timeline.end(at(21));
        let told: Vec<_> = spans.iter().map(|span| (span.phase, span.from, span.to)).collect();
        assert_eq!(told, [(Phase::LogIn, 5, 10), (Phase::Survey, 10, 20), (Phase::Change, 20, 21)]);
    }
}
