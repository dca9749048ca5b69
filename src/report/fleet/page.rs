//! The report of a run for people: one HTML page.

use std::time::Duration;

use minijinja::{Value, context};
use serde::Serialize;

use super::super::html::{Kind, PageError};
use super::super::text::printable;
use super::chart::{Chart, chart};
use super::durations::{Durations, durations, whole};
use super::groups::{Group, groups};
use super::lines;
use crate::fleet::outcome::{End, Outcome};
use crate::fleet::progress::{Counts, Progress};
use crate::fleet::timeline::Phase;

const KIND: Kind = Kind {
    body: include_str!("../../../templates/fleet/page.html"),
    style: include_str!("../../../templates/fleet/page.css"),
    script: include_str!("../../../templates/fleet/page.js"),
};

/// How many names a group shows.
const NAMES: usize = 8;

/// All ends, those first that need somebody.
const WORST_FIRST: [End; 7] =
    [End::NeedsPerson, End::Escrowed, End::Failed, End::NotStarted, End::Differs, End::Done, End::Before];

/// All phases, in their order.
const PHASES: [Phase; 8] =
    [Phase::LogIn, Phase::Survey, Phase::Wait, Phase::Change, Phase::Key, Phase::Proof, Phase::Grace, Phase::Finish];

/// The page about a run.
///
/// # Errors
/// None in practice: a test holds that the embedded template renders.
pub fn to_html(progress: &Progress) -> Result<String, PageError> {
    let counts = progress.counts();
    let took = whole(progress);
    let good = counts.done + counts.differs;
    let headline = format!("{good} of {} done", lines::devices(counts.devices));
    let groups = groups(progress.outcomes());
    let (started, unstarted): (Vec<&Outcome>, Vec<&Outcome>) = groups
        .iter()
        .flat_map(|group| group.outcomes.iter().copied())
        .partition(|outcome| outcome.end != End::NotStarted || outcome.message.is_some());
    let values = context! {
        verb => progress.verb.clone(),
        run => progress.run.clone(),
        version => env!("CARGO_PKG_VERSION"),
        headline,
        at => progress.began.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        stamp => progress.began.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        took => lines::lasting(took),
        stop => progress.stop.as_ref().map(|stop| lines::stop(stop, progress)),
        tiles => tiles(counts),
        groups => groups.iter().map(group).collect::<Vec<_>>(),
        durations => durations(progress.outcomes()).iter().map(duration).collect::<Vec<_>>(),
        chart => drawn(&chart(progress.outcomes(), took), took),
        failures => started.into_iter().map(failure).collect::<Vec<_>>(),
        unstarted => unstarted.len(),
        told => Value::from_safe_string(told(progress)),
    };
    KIND.page(format!("fgtkey {}: {good} of {} done", progress.verb, lines::devices(counts.devices)), values)
}

/// The class of a phase in style sheets; `key` is the swatch of a legend there.
const fn phase_class(phase: Phase) -> &'static str {
    match phase {
        Phase::LogIn => "log-in",
        Phase::Survey => "survey",
        Phase::Wait => "wait",
        Phase::Change => "change",
        Phase::Key => "key-phase",
        Phase::Proof => "proof",
        Phase::Grace => "grace",
        Phase::Finish => "finish",
    }
}

/// How bad an end is, as a class of the style sheet.
const fn tone(end: End) -> &'static str {
    match end {
        End::Done | End::Before => "fine",
        End::Differs => "low",
        End::Failed => "high",
        End::Escrowed => "medium",
        End::NeedsPerson => "critical",
        End::NotStarted => "info",
    }
}

/// The name of an end in records.
const fn end_class(end: End) -> &'static str {
    match end {
        // What was done before is done: one tile for both.
        End::Done | End::Before => "done",
        End::Differs => "differs",
        End::Failed => "failed",
        End::Escrowed => "escrowed",
        End::NeedsPerson => "needs-person",
        End::NotStarted => "not-started",
    }
}

/// How many ended how; what never happens with this verb has no tile.
fn tiles(counts: Counts) -> Vec<Value> {
    let all = [
        (End::Done, counts.done, true),
        (End::Differs, counts.differs, false),
        (End::Failed, counts.failed, true),
        (End::Escrowed, counts.escrowed, false),
        (End::NeedsPerson, counts.needs_person, true),
        (End::NotStarted, counts.not_started, true),
    ];
    let shown = all.into_iter().filter(|(_, count, always)| *always || *count > 0);
    shown
        .map(|(end, count, _)| context! { end => end_class(end), tone => tone(end), name => end.name(), count })
        .collect()
}

fn group(group: &Group<'_>) -> Value {
    let messages = group.outcomes.iter().map(|outcome| lines::message(outcome));
    let example = messages.into_iter().find(|message| !message.is_empty()).unwrap_or_default();
    context! {
        title => group.title(),
        tone => tone(group.end),
        count => group.outcomes.len(),
        names => lines::names(&group.names(), NAMES),
        example,
    }
}

fn duration(row: &Durations) -> Value {
    let words = |millis: u64| lines::lasting(Duration::from_millis(millis));
    context! {
        phase => row.phase.map(phase_class),
        name => row.phase.map(Phase::name),
        devices => row.devices,
        median => words(row.median_ms),
        p95 => words(row.p95_ms),
        max => words(row.max_ms),
    }
}

fn drawn(chart: &Chart, elapsed: Duration) -> Value {
    let area = |(phase, path): &(Phase, String)| context! { phase => phase_class(*phase), path };
    context! {
        width => Chart::WIDTH,
        height => Chart::HEIGHT,
        most => chart.most,
        middle => lines::lasting(elapsed / 2),
        areas => chart.areas.iter().map(area).collect::<Vec<_>>(),
    }
}

fn failure(outcome: &Outcome) -> Value {
    let how = Group { end: outcome.end, class: outcome.class, outcomes: Vec::new() }.title();
    context! {
        device => outcome.device.clone(),
        tone => tone(outcome.end),
        how,
        message => lines::message(outcome),
        about => about(outcome),
        took => if outcome.spans.is_empty() { String::new() } else { lines::lasting(Duration::from_millis(outcome.took())) },
    }
}

/// `FortiGate-100F FG100FTK00000000 FortiOS 7.4.8`, as far as it is known.
fn about(outcome: &Outcome) -> String {
    let fortios = outcome.fortios.as_ref().map(|version| format!("FortiOS {version}"));
    let parts = [outcome.model.clone(), outcome.serial.clone(), fortios];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// What the script makes the rows of.
#[derive(Serialize)]
struct Told {
    /// Of the whole run, in milliseconds.
    elapsed: u64,
    /// Class and name of each.
    phases: Vec<(&'static str, &'static str)>,
    /// Class, name and tone of each.
    ends: Vec<(&'static str, &'static str, &'static str)>,
    /// The ends that are marked at the bar.
    bad: [&'static str; 3],
    /// The order in which ends are sorted.
    worst: Vec<&'static str>,
    classes: Vec<&'static str>,
    /// Name, number of the end, number of the class or -1, message, what it is, and the phases: number, from, to, …
    devices: Vec<(String, usize, i64, String, String, Vec<u64>)>,
}

/// JSON that ends no element of HTML.
fn told(progress: &Progress) -> String {
    let mut classes = Vec::new();
    let devices = progress.outcomes().map(|outcome| row(outcome, &mut classes)).collect();
    let told = Told {
        elapsed: u64::try_from(whole(progress).as_millis()).unwrap_or(u64::MAX),
        phases: PHASES.map(|phase| (phase_class(phase), phase.name())).to_vec(),
        ends: WORST_FIRST.map(|end| (end_class(end), end.name(), tone(end))).to_vec(),
        bad: [End::Failed, End::Escrowed, End::NeedsPerson].map(end_class),
        worst: WORST_FIRST.map(end_class).to_vec(),
        classes,
        devices,
    };
    // Strings, numbers and lists always have a JSON form; these characters stand only in its strings.
    let json = serde_json::to_string(&told).unwrap_or_default();
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

fn row(outcome: &Outcome, classes: &mut Vec<&'static str>) -> (String, usize, i64, String, String, Vec<u64>) {
    let class = outcome.class.map_or(-1, |class| i64::try_from(number(classes, class.name())).unwrap_or(-1));
    let end = WORST_FIRST.iter().position(|end| *end == outcome.end).unwrap_or_default();
    let place = |phase: Phase| PHASES.iter().position(|known| *known == phase).unwrap_or_default() as u64;
    let spans = outcome.spans.iter().flat_map(|span| [place(span.phase), span.from, span.to]).collect();
    let message = printable(&lines::message(outcome));
    (printable(&outcome.device), end, class, message, printable(&about(outcome)), spans)
}

/// The number of a word in a list to which it is added when it is new.
fn number(words: &mut Vec<&'static str>, word: &'static str) -> usize {
    words.iter().position(|known| *known == word).unwrap_or_else(|| {
        words.push(word);
        words.len() - 1
    })
}
