//! The words of a fleet's lines: how a device ended, a wave, a stop, how far it is.

use std::time::Duration;

use crate::fleet::class::Class;
use crate::fleet::outcome::{End, Outcome};
use crate::fleet::progress::{Counts, Progress};
use crate::fleet::schedule::{Stop, Wave};

/// `1.4 s`, `3 min 12 s`, `2 h 5 min`.
pub(super) fn lasting(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60 % 60) {
        (0, 0) if seconds < 10 => format!("{:.1} s", time.as_secs_f64()),
        (0, 0) => format!("{seconds} s"),
        (0, minutes) => format!("{minutes} min {} s", seconds % 60),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// `0:07`, `3:12`, `2:05:09`: what changes all the time keeps its place.
pub(super) fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, minutes, seconds) => format!("{minutes}:{seconds:02}"),
        (hours, minutes, seconds) => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// `1 device`, `20 devices`.
pub(super) fn devices(count: usize) -> String {
    match count {
        1 => "1 device".to_owned(),
        count => format!("{count} devices"),
    }
}

/// The verb of a device's last line (at most nine characters, as in the story) and its text.
pub(super) fn ended(outcome: &Outcome) -> (&'static str, String) {
    let verb = match outcome.end {
        End::Done | End::Before => "done",
        End::Differs => "differs",
        End::Failed => "failed",
        End::Escrowed => "escrowed",
        End::NeedsPerson => "attention",
        End::NotStarted => "skipped",
    };
    let text = match outcome.end {
        End::Before => "by this run, before it was taken up again".to_owned(),
        End::Done => lasting(Duration::from_millis(outcome.took())),
        _ => reason(outcome),
    };
    (verb, text)
}

/// `host key: the host key is not known: …`; one line, whatever the device said.
pub(super) fn reason(outcome: &Outcome) -> String {
    let message = message(outcome);
    match (outcome.class.map(Class::name), message.as_str()) {
        (None, _) => message,
        (Some(class), "") => class.to_owned(),
        (Some(class), message) => format!("{class}: {message}"),
    }
}

/// What went wrong, in one line; empty: nothing is known.
pub(super) fn message(outcome: &Outcome) -> String {
    outcome.message.as_deref().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A wave that begins; it has no more devices than are left.
pub(super) fn wave(wave: Wave, counts: Counts) -> String {
    let size = wave.size.min(counts.devices.saturating_sub(counts.ended()));
    format!("wave {}: up to {} may be changed now", wave.number, devices(size))
}

/// Why no more devices are started.
pub(super) fn stop(stop: &Stop, progress: &Progress) -> String {
    match stop {
        Stop::Interrupted => "interrupted".to_owned(),
        Stop::Canary { device, class } => {
            format!("{}, which went first, has failed ({class})", progress.name(*device))
        }
        Stop::Failures { failed, most } => format!("{} failed, and {most} may", have(*failed)),
        Stop::Password { device } => format!(
            "{} refused the password, which other devices are to get as well: each attempt may lock an account",
            progress.name(*device)
        ),
    }
}

/// What goes on although the run stops.
pub(super) fn rest(progress: &Progress) -> String {
    match progress.running().count() {
        0 => "no more devices are started".to_owned(),
        count => format!("no more devices are started; what is at work ({}) is finished or taken back", devices(count)),
    }
}

fn have(count: usize) -> String {
    format!("{} {}", devices(count), if count == 1 { "has" } else { "have" })
}

/// How far a run is, for a log: `40%: 2000 of 5000 devices, 12 failed, 64 at work; 3 min 12 s, about 5 min left`.
pub(super) fn share(percent: usize, progress: &Progress) -> String {
    let (counts, elapsed) = (progress.counts(), progress.elapsed());
    let failed = match counts.failures() {
        0 => String::new(),
        failed => format!(", {failed} failed"),
    };
    let left = left(counts, elapsed).map(|left| format!(", about {} left", lasting(left))).unwrap_or_default();
    let at_work = progress.running().count();
    let (ended, all) = (counts.ended(), counts.devices);
    format!("{percent}%: {ended} of {} ended{failed}, {at_work} at work; {}{left}", devices(all), lasting(elapsed))
}

/// How long it still takes, if it goes on as it went; less than a second is nothing.
fn left(counts: Counts, elapsed: Duration) -> Option<Duration> {
    let (ended, left) = (counts.ended(), counts.devices.saturating_sub(counts.ended()));
    let each = elapsed.checked_div(u32::try_from(ended).ok()?)?;
    each.checked_mul(u32::try_from(left).ok()?).filter(|left| left.as_secs() > 0)
}

/// `fw1, fw2 and 37 more`: at most `most` names.
pub(super) fn names(names: &[&str], most: usize) -> String {
    match names {
        _ if names.len() > most => {
            let shown: Vec<&str> = names.iter().copied().take(most).collect();
            format!("{} and {} more", shown.join(", "), names.len() - most)
        }
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        names => names.join(", "),
    }
}
