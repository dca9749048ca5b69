//! How many devices were at work when, as the paths of a picture.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::fleet::outcome::Outcome;
use crate::fleet::timeline::{Phase, Span};

/// How many parts the time of a run is cut into.
const PARTS: usize = 240;

/// One area a phase, the first at the bottom.
#[derive(Debug)]
pub(super) struct Chart {
    /// The most devices that were at work at once, rounded up.
    pub most: u64,
    /// The phases with the path of their area.
    pub areas: Vec<(Phase, String)>,
}

impl Chart {
    /// Units of the picture.
    pub const WIDTH: usize = PARTS;
    /// Units of the picture.
    pub const HEIGHT: usize = 100;
}

/// Of a run that took so long.
pub(super) fn chart<'a>(outcomes: impl Iterator<Item = &'a Outcome>, elapsed: Duration) -> Chart {
    let part = (elapsed.as_secs_f64() * 1000.0 / PARTS as f64).max(f64::MIN_POSITIVE);
    let mut at_work: BTreeMap<Phase, Vec<f64>> = BTreeMap::new();
    for span in outcomes.flat_map(|outcome| &outcome.spans) {
        add(at_work.entry(span.phase).or_insert_with(|| vec![0.0; PARTS]), *span, part);
    }
    let mut below = vec![0.0; PARTS];
    let layers: Vec<(Phase, Vec<f64>, Vec<f64>)> = at_work
        .into_iter()
        .map(|(phase, counts)| {
            let bottom = below.clone();
            below.iter_mut().zip(&counts).for_each(|(below, count)| *below += count);
            (phase, bottom, below.clone())
        })
        .collect();
    let most = below.into_iter().fold(0.0, f64::max);
    let scale = Chart::HEIGHT as f64 / most.max(1.0);
    let areas = layers.iter().map(|(phase, bottom, top)| (*phase, area(bottom, top, scale))).collect();
    Chart { most: most.ceil() as u64, areas }
}

/// Adds a device to each part of the time, as far as it was in that phase then.
fn add(counts: &mut [f64], span: Span, part: f64) {
    let (from, to) = (span.from as f64 / part, span.to as f64 / part);
    for (at, count) in counts.iter_mut().enumerate().take(to.ceil() as usize).skip(from as usize) {
        let (begin, end) = (at as f64, at as f64 + 1.0);
        *count += (to.min(end) - from.max(begin)).max(0.0);
    }
}

/// Along the top from left to right, and back along the bottom.
fn area(bottom: &[f64], top: &[f64], scale: f64) -> String {
    let y = |value: &f64| Chart::HEIGHT as f64 - value * scale;
    let forth = top.iter().enumerate().map(|(at, value)| format!("{at} {:.2}H{}", y(value), at + 1));
    let back = bottom.iter().enumerate().rev().map(|(at, value)| format!("{} {:.2}H{at}", at + 1, y(value)));
    format!("M{}Z", forth.chain(back).collect::<Vec<_>>().join("L"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::outcome::End;

    #[test]
    fn a_device_counts_in_the_parts_of_the_time_in_which_it_was_at_work() {
        let mut counts = vec![0.0; 4];
        add(&mut counts, Span { phase: Phase::Key, from: 15, to: 30 }, 10.0);
        assert_eq!(counts, [0.0, 0.5, 1.0, 0.0]);
        add(&mut counts, Span { phase: Phase::Key, from: 35, to: 90 }, 10.0);
        assert_eq!(counts, [0.0, 0.5, 1.0, 0.5], "what lies behind the end is left out");
    }

    #[test]
    fn phases_stand_on_each_other() {
        let spans =
            vec![Span { phase: Phase::LogIn, from: 0, to: 500 }, Span { phase: Phase::Survey, from: 500, to: 1000 }];
        let (class, message, model, serial, fortios) = (None, None, None, None, None);
        let outcome =
            Outcome { device: "fw1".into(), end: End::Done, class, exit: 0, message, model, serial, fortios, spans };
        let chart = chart([&outcome, &outcome].into_iter(), Duration::from_secs(1));
        assert_eq!(chart.most, 2);
        assert_eq!(chart.areas.len(), 2);
        assert!(chart.areas[0].1.starts_with("M0 0.00H1L1 0.00H2"), "{}", chart.areas[0].1);
    }
}
