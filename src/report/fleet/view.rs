//! The report of a run for programs.

use jiff::Timestamp;
use serde::Serialize;

use super::durations::{Durations, durations, whole};
use super::groups::groups;
use super::lines;
use crate::fleet::class::Class;
use crate::fleet::outcome::{End, Outcome};
use crate::fleet::progress::{Counts, Progress};
use crate::fleet::schedule::Stop;

/// What `--report FILE.json` says: stable.
#[derive(Serialize)]
struct RunView<'a> {
    /// The name of the run; null for a verb that changes nothing.
    run: Option<&'a str>,
    /// `mint`, `rotate`, …
    verb: &'a str,
    /// The version of fgtkey.
    version: &'static str,
    /// When it began.
    began: Timestamp,
    /// How long it took.
    elapsed_ms: u64,
    /// How many devices ended how; all but `devices` add up to it when the run is over.
    counts: Counts,
    /// Why not all devices were started; null: they were.
    stop: Option<StopView<'a>>,
    /// The devices that are not done, by how they failed.
    failures: Vec<FailureView>,
    /// How long it took, by phase; `phase` null: all of it.
    durations: Vec<Durations>,
    /// What became of each device, in the order of the inventory. The times of its `spans` are milliseconds since the run
    /// began. What is not known is left out.
    devices: Vec<&'a Outcome>,
}

#[derive(Serialize)]
struct StopView<'a> {
    /// `interrupted`, `canary`, `failures`, `password`.
    reason: &'static str,
    /// The device that made it stop.
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<&'a str>,
    /// The same in words.
    message: String,
}

#[derive(Serialize)]
struct FailureView {
    end: End,
    class: Option<Class>,
    devices: usize,
}

/// One JSON object on one line.
pub fn to_json(progress: &Progress) -> String {
    let view = RunView {
        run: Some(progress.run.as_str()).filter(|run| !run.is_empty()),
        verb: &progress.verb,
        version: env!("CARGO_PKG_VERSION"),
        began: progress.began,
        elapsed_ms: u64::try_from(whole(progress).as_millis()).unwrap_or(u64::MAX),
        counts: progress.counts(),
        stop: progress.stop.as_ref().map(|stop| StopView::of(stop, progress)),
        failures: groups(progress.outcomes())
            .iter()
            .map(|group| FailureView { end: group.end, class: group.class, devices: group.outcomes.len() })
            .collect(),
        durations: durations(progress.outcomes()),
        devices: progress.outcomes().collect(),
    };
    // Strings, numbers and lists always have a JSON form.
    serde_json::to_string(&view).map(|line| line + "\n").unwrap_or_default()
}

impl<'a> StopView<'a> {
    fn of(stop: &Stop, progress: &'a Progress) -> StopView<'a> {
        let (reason, device) = match stop {
            Stop::Interrupted => ("interrupted", None),
            Stop::Canary { device, .. } => ("canary", Some(*device)),
            Stop::Failures { .. } => ("failures", None),
            Stop::Password { device } => ("password", Some(*device)),
        };
        let device = device.map(|device| progress.name(device));
        StopView { reason, device, message: lines::stop(stop, progress) }
    }
}
