//! What hears of everything that happens in a run, and says what belongs said.

use std::collections::BTreeMap;

use super::super::failure::{exit, hint};
use super::super::{Color, Exit, Reporter, Verbosity};
use super::lines;
use super::live::{self, Display};
use crate::fleet::class::Class;
use crate::fleet::outcome::{End, Outcome};
use crate::fleet::progress::Progress;
use crate::fleet::rules::SMALL;
use crate::fleet::schedule::{Stop, Wave};
use crate::session::trace::Detail;
use crate::verbs::event::{Event, Observer};
use crate::verbs::failure::Failure;

/// The widest column of names: a longer name stands out.
const NAMES: usize = 24;

/// How many percent of a fleet have to end before a log is told again how far it is.
const STEP: usize = 10;

/// How many different warnings are remembered; what goes beyond is said at once.
const WARNINGS: usize = 64;

/// What is seen while a run goes on.
///
/// On a terminal a live display: how far it is, and the slowest devices; above it what has failed. In a log: of a fleet of up
/// to [`SMALL`] devices the whole story of each, of a larger one how each device ended, and how far it is. With `-v` every
/// story is told. A warning that many devices give is said once, and counted.
pub struct Board {
    reporter: Reporter,
    display: Option<Display>,
    /// Whether there are so few devices that each is told of in full when it fails.
    small: bool,
    /// What is told of each device.
    told: Told,
    /// How many steps of [`STEP`] percent have been told.
    steps: usize,
    /// The devices that gave a warning, by its words.
    warnings: BTreeMap<String, Vec<usize>>,
    /// What to type next, by the class of the failure.
    hints: BTreeMap<Class, String>,
    /// The device whose failure was told in full.
    failed: Option<String>,
}

/// What is told of each device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    /// That it has failed.
    Failures,
    /// How it has ended.
    Ends,
    /// All of it.
    Stories,
}

impl Board {
    /// For a run that begins. There is a live display where standard error is a terminal that can be written over, unless
    /// it is to be quiet or sessions are shown.
    pub fn new(color: Color, verbosity: Verbosity, progress: &Progress) -> Board {
        let wanted = matches!(verbosity, Verbosity::Story | Verbosity::Lines);
        let mut board = Board::of(Reporter::stderr(color, verbosity), progress);
        if wanted && live::is_possible() {
            board.told = match board.told {
                _ if verbosity >= Verbosity::Lines => Told::Stories,
                Told::Stories => Told::Ends,
                Told::Ends | Told::Failures => Told::Failures,
            };
            board.display = Some(Display::begin(color.on_stderr(), progress));
        }
        board
    }

    /// In a log.
    pub(super) fn of(mut reporter: Reporter, progress: &Progress) -> Board {
        reporter.align(progress.names.iter().map(String::as_str));
        reporter.width = reporter.width.min(NAMES);
        let small = progress.names.len() <= SMALL;
        let stories = reporter.verbosity >= Verbosity::Lines || small;
        let told = if stories { Told::Stories } else { Told::Ends };
        Board {
            reporter,
            display: None,
            small,
            told,
            steps: 0,
            warnings: BTreeMap::new(),
            hints: BTreeMap::new(),
            failed: None,
        }
    }

    /// Who says what there is to say about one device.
    pub fn reporter(&mut self) -> &mut Reporter {
        &mut self.reporter
    }

    /// How much of the sessions is shown: the live display has the line that is being answered.
    pub fn detail(&self) -> Detail {
        let displayed = if self.display.is_some() { Detail::Lines } else { Detail::Nothing };
        self.reporter.detail().max(displayed)
    }

    /// A device is being looked at.
    pub fn started(&mut self, device: usize, progress: &Progress) {
        self.changed(device, progress);
    }

    /// A device waits for others, or does not any more.
    pub fn changed(&mut self, device: usize, progress: &Progress) {
        if let Some(display) = &self.display {
            display.change(|shown| shown.take(device, progress));
        }
    }

    /// Something happened on it; `progress` has heard of it.
    pub fn event(&mut self, device: usize, event: Event, progress: &Progress) {
        self.changed(device, progress);
        match event {
            // How long it took is said when it has ended.
            Event::Done { .. } => {}
            Event::Warning(_) if self.told < Told::Stories => self.warning(device, event, progress),
            Event::KeyLost => self.reporter.on(progress.name(device), event),
            event if self.told == Told::Stories => self.reporter.on(progress.name(device), event),
            _ => {}
        }
    }

    /// A device has failed: told in full where stories are told and where somebody has to see to it, else in the line of its
    /// end. Returns how a run on that device alone would end.
    pub fn failed(&mut self, device: &str, failure: &Failure) -> Exit {
        let exit = exit(failure);
        if self.small || self.told == Told::Stories || matches!(exit, Exit::NeedsPerson | Exit::Escrowed) {
            self.failed = Some(device.to_owned());
            return self.reporter.failed(device, failure);
        }
        if let Some(hint) = hint(&failure.error) {
            self.hints.entry(Class::of(failure)).or_insert(hint);
        }
        exit
    }

    /// A device has ended.
    pub fn ended(&mut self, outcome: &Outcome, progress: &Progress) {
        if let Some(display) = &self.display {
            display.change(|shown| shown.settle(progress));
        }
        let needed = match outcome.end {
            End::Failed | End::Escrowed | End::NeedsPerson => Some(Verbosity::Quiet),
            End::Done if progress.only_looks() => Some(Verbosity::Lines),
            End::Done | End::Before | End::Differs if self.told >= Told::Ends => Some(Verbosity::Story),
            End::Done | End::Before | End::Differs => None,
            // There may be thousands: the summary counts them.
            End::NotStarted => None,
        };
        let told = self.failed.take().is_some_and(|device| device == outcome.device);
        if let Some(needed) = needed.filter(|_| !told) {
            let (verb, text) = lines::ended(outcome);
            self.reporter.told(needed, &outcome.device, verb, &text);
        }
        self.far(progress);
    }

    /// A wave begins.
    pub fn wave(&mut self, wave: Wave, progress: &Progress) {
        match &self.display {
            Some(display) => display.change(|shown| shown.wave = Some(wave)),
            None => self.say(&lines::wave(wave, progress.counts())),
        }
    }

    /// No more devices are started.
    pub fn stopped(&mut self, stop: &Stop, progress: &Progress) {
        if let Some(display) = &self.display {
            display.change(|shown| shown.stopping = true);
        }
        match stop {
            // Whoever has pressed the keys knows why.
            Stop::Interrupted => self.reporter.note(&lines::rest(progress)),
            stop => {
                self.reporter.say_error(None, &format!("the run stops: {}", lines::stop(stop, progress)));
                self.reporter.note(&lines::rest(progress));
            }
        }
    }

    /// The run is over: how the devices ended, and what to type next.
    pub fn summary(mut self, progress: &Progress) {
        self.display = None;
        for (text, mut devices) in std::mem::take(&mut self.warnings) {
            devices.sort_unstable();
            devices.dedup();
            let names: Vec<&str> = devices.iter().map(|device| progress.name(*device)).collect();
            // What one device gave was said with its name.
            if names.len() > 1 {
                self.reporter.note(&format!("warning of {}: {text}", lines::names(&names, NAMES / 2)));
            }
        }
        self.reporter.fleet_summary(progress, &self.hints);
    }

    /// A warning is said for the first device that gives it; the others are counted.
    fn warning(&mut self, device: usize, event: Event, progress: &Progress) {
        let (_, text) = super::super::step::words(&event);
        if let Some(devices) = self.warnings.get_mut(&text) {
            devices.push(device);
            return;
        }
        if self.warnings.len() < WARNINGS {
            self.warnings.insert(text, vec![device]);
        }
        self.reporter.on(progress.name(device), event);
    }

    /// How far it is, for the reader of a log of a larger fleet.
    fn far(&mut self, progress: &Progress) {
        let counts = progress.counts();
        let Some(percent) = (counts.ended() * 100).checked_div(counts.devices) else { return };
        let steps = percent / STEP;
        // The end is told by the summary.
        let quiet = self.display.is_some() || progress.only_looks();
        if !quiet && counts.devices > SMALL && steps > self.steps && percent < 100 {
            self.steps = steps;
            self.say(&lines::share(steps * STEP, progress));
        }
    }

    fn say(&mut self, text: &str) {
        if self.reporter.verbosity >= Verbosity::Story {
            self.reporter.note(text);
        }
    }
}
