//! How long it took, phase by phase.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::fleet::outcome::Outcome;
use crate::fleet::progress::Progress;
use crate::fleet::timeline::Phase;

/// How long one phase took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Durations {
    /// The phase; null: a device from its beginning to its end.
    pub phase: Option<Phase>,
    /// How many devices came so far.
    pub devices: usize,
    /// Half of them took no longer, in milliseconds.
    pub median_ms: u64,
    /// 95 in 100 took no longer.
    pub p95_ms: u64,
    /// None took longer.
    pub max_ms: u64,
}

/// How long the run took: to its latest end, also of a device that was worked on elsewhere.
pub(super) fn whole(progress: &Progress) -> Duration {
    let ends = progress.outcomes().filter_map(|outcome| outcome.spans.last());
    let latest = ends.map(|span| Duration::from_millis(span.to)).max();
    progress.elapsed().max(latest.unwrap_or_default())
}

/// Of each phase in its order, and of all of them together at the end; nothing of a run in which no device was started.
pub(super) fn durations<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> Vec<Durations> {
    let mut by_phase: BTreeMap<Phase, Vec<u64>> = BTreeMap::new();
    let mut whole = Vec::new();
    for outcome in outcomes.filter(|outcome| !outcome.spans.is_empty()) {
        whole.push(outcome.took());
        for (phase, took) in of_device(outcome) {
            by_phase.entry(phase).or_default().push(took);
        }
    }
    let phases = by_phase.into_iter().map(|(phase, times)| (Some(phase), times));
    phases.chain([(None, whole)]).filter_map(|(phase, times)| Durations::of(phase, times)).collect()
}

/// A phase may come twice.
fn of_device(outcome: &Outcome) -> BTreeMap<Phase, u64> {
    let mut by_phase = BTreeMap::new();
    for span in &outcome.spans {
        *by_phase.entry(span.phase).or_default() += span.to.saturating_sub(span.from);
    }
    by_phase
}

impl Durations {
    fn of(phase: Option<Phase>, mut times: Vec<u64>) -> Option<Durations> {
        times.sort_unstable();
        // The smallest of them that so many in a hundred do not exceed.
        let rank = |percent: usize| times.get((times.len() * percent).div_ceil(100).checked_sub(1)?).copied();
        Some(Durations { phase, devices: times.len(), median_ms: rank(50)?, p95_ms: rank(95)?, max_ms: rank(100)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_times_that_some_device_took() {
        let of = |times: &[u64]| {
            Durations::of(None, times.to_vec()).map(|found| (found.median_ms, found.p95_ms, found.max_ms))
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[7]), Some((7, 7, 7)));
        assert_eq!(of(&[9, 1]), Some((1, 9, 9)));
        assert_eq!(of(&(1..=100).rev().collect::<Vec<_>>()), Some((50, 95, 100)));
    }
}
