//! What is said at the end of a run.

use std::collections::BTreeMap;

use super::super::{Reporter, Verbosity};
use super::groups::{Group, groups};
use super::lines;
use crate::fleet::class::Class;
use crate::fleet::outcome::End;
use crate::fleet::progress::{Counts, Progress};

/// How many names of a group are said.
const NAMES: usize = 12;

/// How many devices are told one by one.
const MESSAGES: usize = 5;

impl Reporter {
    /// How the devices ended, and what to type next; `hints`: what mends a class of failures.
    pub(super) fn fleet_summary(&mut self, progress: &Progress, hints: &BTreeMap<Class, String>) {
        let counts = progress.counts();
        let nothing_to_say = progress.only_looks() && counts.done == counts.devices;
        let needed = if nothing_to_say { Verbosity::Lines } else { Verbosity::Story };
        if self.verbosity >= needed {
            self.note(&format!("{}: {} in {}", progress.verb, sum(counts), lines::lasting(progress.elapsed())));
        }
        for group in groups(progress.outcomes()) {
            self.fleet_group(&group);
            if let Some(hint) = group.class.filter(|_| group.end == End::Failed).and_then(|class| hints.get(&class)) {
                self.hint(hint);
            }
        }
        self.fleet_next(progress);
    }

    fn fleet_group(&mut self, group: &Group<'_>) {
        let names = group.names();
        let mut text = format!("{} ({}): {}", group.title(), names.len(), lines::names(&names, NAMES));
        for (device, message) in messages(group) {
            text.push_str(&format!("\n{device}: {message}"));
        }
        let label = match group.end {
            End::NotStarted => self.palette.note("note"),
            _ => self.palette.error("error"),
        };
        self.message(&label, &text);
    }

    fn fleet_next(&mut self, progress: &Progress) {
        let (counts, run) = (progress.counts(), &progress.run);
        if run.is_empty() {
            return;
        }
        if counts.not_started > 0 || counts.ended() < counts.devices {
            self.hint(&format!("the same command with --resume {run} does what is left"));
        }
        if counts.failures() > 0 {
            self.hint(&format!("the same command with --retry-failed {run} tries those again that failed"));
        }
    }
}

/// `195 of 200 devices done, 3 failed, 1 needs a person, 1 not started`.
fn sum(counts: Counts) -> String {
    let all = lines::devices(counts.devices);
    let done = counts.done + counts.differs;
    let first = if done == counts.devices { format!("{all} done") } else { format!("{done} of {all} done") };
    let person = if counts.needs_person == 1 { "needs a person" } else { "need a person" };
    let parts = [
        (counts.differs, "of them with something to say"),
        (counts.failed, "failed"),
        (counts.escrowed, "with the key in the escrow only"),
        (counts.needs_person, person),
        (counts.not_started, "not started"),
    ];
    let others = parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, words)| format!(", {count} {words}"));
    first + &others.collect::<String>()
}

/// What is said of single devices: all that need a person, up to a limit; one of the others stands for all.
fn messages<'a>(group: &Group<'a>) -> Vec<(&'a str, String)> {
    let most = match group.end {
        End::NeedsPerson | End::Escrowed => MESSAGES,
        End::NotStarted => 0,
        _ => 1,
    };
    let told = group.outcomes.iter().map(|outcome| (outcome.device.as_str(), lines::message(outcome)));
    told.filter(|(_, message)| !message.is_empty()).take(most).collect()
}
