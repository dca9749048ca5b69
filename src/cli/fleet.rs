//! A verb on many devices, from flags: who watches, what is remembered, how it ends.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::runtime::Builder;

use crate::fleet::class::Class;
use crate::fleet::ledger::Ledger;
use crate::fleet::outcome::{End, Outcome};
use crate::fleet::progress::Progress;
use crate::fleet::rules::{Canary, Rules};
use crate::fleet::run::{self, Devices, News, Watcher, Work};
use crate::fleet::schedule::{Stop, Wave};
use crate::fleet::timeline::Phase;
use crate::report::fleet::{Board, to_html, to_json};
use crate::report::{Exit, Reporter, Verbosity, with_causes, words};
use crate::session::drive::Interrupt;
use crate::session::trace::Detail;
use crate::verbs::common::Common;
use crate::verbs::event::Event;
use crate::verbs::failure::{Failure, MintError};

use super::args::{FleetArgs, Talk, WavesArgs};
use super::devices::Device;
use super::page::Page;
use super::transcript::Transcript;
use super::{Usage, delivery, print};

pub(super) use super::shared::{Fleet, Shared};

/// How many threads wait for disks and services. More would cost memory and gain nothing on a disk; deliveries to a service
/// that takes its time share them.
const BLOCKING: usize = 48;

/// How many threads talk to devices at most. One talks to a thousand of them a second; each more costs what they tell each
/// other.
const WORKERS: usize = 4;

/// A run over a fleet that was asked for, and can be.
pub(super) struct Asked {
    rules: Rules,
    progress: Progress,
    ledger: Option<Ledger>,
    report: Option<Page>,
    transcript: Transcript,
    /// Whether stdout gets a line of JSON for each device, those on which it was not done too.
    json: bool,
}

/// An earlier run that is taken up again, or none.
pub(super) struct Earlier {
    ledger: Option<Ledger>,
    /// How its devices ended, one after the other.
    ended: HashMap<String, Vec<End>>,
    only_failed: bool,
}

impl Earlier {
    /// The run of `verb` that the flags name, if they name one.
    pub(super) fn find(args: &WavesArgs, verb: &str) -> Result<Earlier, Usage> {
        let (flag, run) = match (&args.resume, &args.retry_failed) {
            (Some(run), _) => ("--resume", run),
            (None, Some(run)) => ("--retry-failed", run),
            (None, None) => return Ok(Earlier { ledger: None, ended: HashMap::new(), only_failed: false }),
        };
        let resumed = Ledger::resume(&directory()?, run, verb);
        let (ledger, outcomes) = resumed.map_err(|error| (format!("{flag}: {}", with_causes(&error)), None))?;
        let mut ended: HashMap<String, Vec<End>> = HashMap::new();
        for outcome in outcomes {
            ended.entry(outcome.device).or_default().push(outcome.end);
        }
        Ok(Earlier { ledger: Some(ledger), ended, only_failed: args.retry_failed.is_some() })
    }

    /// How often it has ended on a device.
    #[cfg(feature = "nats")]
    pub(super) fn attempts(&self, device: &str) -> usize {
        self.ended.get(device).map_or(0, Vec::len)
    }

    /// The devices that it has left to do.
    pub(super) fn left(&self, devices: Vec<Device>) -> Vec<Device> {
        // What was said last of a device holds.
        let is_left = |device: &Device| match self.ended.get(device.name()).and_then(|ends| ends.last()) {
            Some(end) => !end.is_done() && (!self.only_failed || *end != End::NotStarted),
            None => !self.only_failed,
        };
        devices.into_iter().filter(is_left).collect()
    }
}

/// The ledgers, beside the journal.
pub(super) fn directory() -> Result<PathBuf, Usage> {
    Ok(delivery::journal_directory()?.with_file_name("runs"))
}

impl Asked {
    /// A run that changes devices, and remembers it.
    pub(super) fn changing(
        args: &FleetArgs,
        waves: &WavesArgs,
        (verb, earlier): (&str, Earlier),
        devices: &[Device],
        talk: &Talk,
    ) -> Result<Asked, Usage> {
        let canary = Canary::of(waves.canary, devices.len());
        let mut asked = Asked::new(args, verb, canary, devices, talk)?;
        let ledger = match earlier.ledger {
            Some(ledger) => ledger,
            None => Ledger::begin(&directory()?, verb, devices.len()).map_err(|error| (with_causes(&error), None))?,
        };
        asked.progress.run = ledger.run().to_owned();
        asked.ledger = Some(ledger);
        Ok(asked)
    }

    /// A run that looks only.
    pub(super) fn looking(args: &FleetArgs, verb: &str, devices: &[Device], talk: &Talk) -> Result<Asked, Usage> {
        Asked::new(args, verb, Canary::None, devices, talk)
    }

    fn new(args: &FleetArgs, verb: &str, canary: Canary, devices: &[Device], talk: &Talk) -> Result<Asked, Usage> {
        let rules = Rules { jobs: args.jobs.into(), canary, max_failures: args.max_failures };
        let names: Arc<[String]> = devices.iter().map(|device| device.name().to_owned()).collect();
        let report = args.report.as_deref().map(reserve).transpose()?;
        let transcript = Transcript::reserve(talk.transcript.as_deref())?;
        let progress = Progress::begin(verb, "", names);
        Ok(Asked { rules, progress, ledger: None, report, transcript, json: false })
    }

    /// With a line of JSON on stdout for each device on which it was not done.
    pub(super) fn in_json(self, json: bool) -> Asked {
        Asked { json, ..self }
    }

    /// The name of the run.
    pub(super) fn run(&self) -> &str {
        &self.progress.run
    }

    /// Where all devices of the run write what must not be lost.
    pub(super) fn common(&self) -> Result<Common, Usage> {
        let (journal, escrow) = (delivery::journal_directory()?, delivery::escrow_directory()?);
        Common::begin(self.run(), &journal, &escrow).map_err(|error| (with_causes(&error), error.hint()))
    }
}

/// Runs `verb` where many devices can be worked on at once; Ctrl-C stops it.
pub(super) fn running(talk: &Talk, verb: impl AsyncFnOnce(Interrupt) -> Result<Exit, Usage>) -> Result<Exit, Usage> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from).div_ceil(2).min(WORKERS);
    let runtime =
        Builder::new_multi_thread().worker_threads(workers).max_blocking_threads(BLOCKING).enable_all().build();
    let runtime = runtime.map_err(|error| (with_causes(&error), None))?;
    runtime.block_on(async { verb(super::interrupt::listen(talk.color)).await })
}

/// The report, proven writable.
fn reserve(path: &Path) -> Result<Page, Usage> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    if !["html", "json"].contains(&extension) {
        let message = format!("--report {}: its name says what it is: .html or .json", path.display());
        return Err((message, None));
    }
    Page::reserve("--report", path)
}

/// What a verb says of a device on which it did what was asked, and how a run on that device alone would end.
pub(super) type Tell<'a, D> = &'a mut (dyn FnMut(usize, D, &mut Reporter) -> Exit + Send);

/// Runs the verb on all devices; the exit status of the whole.
pub(super) async fn each<F: Devices>(
    devices: &F,
    asked: Asked,
    talk: &Talk,
    interrupt: Interrupt,
    tell: Tell<'_, <F::Work as Work>::Done>,
) -> Exit {
    watched(devices, asked, talk, interrupt, tell).await.0
}

/// The same, with how each device ended.
pub(super) async fn watched<F: Devices>(
    devices: &F,
    asked: Asked,
    talk: &Talk,
    interrupt: Interrupt,
    tell: Tell<'_, <F::Work as Work>::Done>,
) -> (Exit, Progress) {
    let verbosity = Verbosity::new(talk.quiet, talk.verbose);
    let Asked { rules, progress, ledger, report, transcript, json } = asked;
    let board = Board::new(talk.color, verbosity, &progress);
    let mut watch = Watch { board, progress, ledger, transcript, json, tell };
    let stop = run::run(devices, rules, interrupt, &mut watch).await;
    let Watch { mut board, progress, transcript, .. } = watch;
    let exit = exit(&progress, stop.as_ref());
    let exit = transcript.finish(board.reporter(), exit);
    if let Some(page) = report {
        let text = if page.has_extension("html") { to_html(&progress) } else { Ok(to_json(&progress)) };
        let written = text.map_err(|error| with_causes(&error)).and_then(|text| page.write(&text));
        if let Err(error) = written {
            board.reporter().note(&format!("--report: {error}"));
        }
    }
    board.summary(&progress);
    (exit, progress)
}

/// How a run over many devices ends: the worst that needs somebody comes first.
fn exit(progress: &Progress, stop: Option<&Stop>) -> Exit {
    let counts = progress.counts();
    let good = counts.done + counts.differs;
    match () {
        () if counts.needs_person > 0 => Exit::NeedsPerson,
        () if counts.escrowed > 0 => Exit::Escrowed,
        () if stop == Some(&Stop::Interrupted) => Exit::Interrupted,
        () if good == counts.devices && counts.differs > 0 => Exit::Differs,
        () if good == counts.devices => Exit::Done,
        () if good > 0 => Exit::Partly,
        () => Exit::Failed,
    }
}

/// How a device ended on which it was not done, as a line of JSON: what a record is where it was.
fn undone(outcome: &Outcome) -> Vec<u8> {
    let outcome = Outcome { spans: Vec::new(), ..outcome.clone() };
    let mut line = serde_json::to_vec(&outcome).unwrap_or_default();
    line.push(b'\n');
    line
}

/// Prints what was found on each device, in the order of the inventory.
pub(super) fn printed(texts: BTreeMap<usize, String>, exit: Exit) -> Exit {
    let text: String = texts.into_values().collect();
    match print(text.as_bytes()) {
        Exit::Done => exit,
        failed => failed,
    }
}

/// Whoever hears what happens: the board, the ledger, the transcript, and what the verb has to say.
struct Watch<'a, D> {
    board: Board,
    progress: Progress,
    ledger: Option<Ledger>,
    transcript: Transcript,
    json: bool,
    tell: Tell<'a, D>,
}

impl<D> Watcher<D> for Watch<'_, D> {
    fn detail(&self) -> Detail {
        self.board.detail().max(self.transcript.detail())
    }

    fn hear(&mut self, device: usize, news: News<D>) {
        match news {
            News::Started => {
                self.progress.start(device);
                self.board.started(device, &self.progress);
            }
            News::Event(event) => self.event(device, event),
            News::Waits(_) => self.enters(device, Phase::Wait),
            News::Passed => self.enters(device, Phase::Change),
            News::Ended(ended) => self.ended(device, ended),
        }
    }

    fn wave(&mut self, wave: Wave) {
        self.progress.wave = Some(wave);
        self.board.wave(wave, &self.progress);
    }

    fn stopped(&mut self, stop: &Stop) {
        self.progress.stop = Some(stop.clone());
        self.board.stopped(stop, &self.progress);
    }
}

impl<D> Watch<'_, D> {
    fn enters(&mut self, device: usize, phase: Phase) {
        self.progress.enter(device, phase);
        self.board.changed(device, &self.progress);
    }

    fn event(&mut self, device: usize, event: Event) {
        self.transcript.note(Some(self.progress.name(device)), &event);
        self.progress.hear(device, &event);
        self.board.event(device, event, &self.progress);
    }

    fn ended(&mut self, device: usize, ended: Result<D, Box<Failure>>) {
        let name = self.progress.name(device).to_owned();
        let outcome = match ended {
            Ok(done) => {
                let exit = (self.tell)(device, done, self.board.reporter());
                outcome(name, end_of(exit), exit)
            }
            Err(failure) => self.failed(name, &failure),
        };
        let Some(outcome) = self.progress.end(device, outcome).cloned() else { return };
        self.board.ended(&outcome, &self.progress);
        if self.json && !outcome.end.is_done() {
            print(&undone(&outcome));
        }
        let written = self.ledger.as_mut().map_or(Ok(()), |ledger| ledger.add(&outcome));
        if let Err(error) = written {
            // What was done stands in the journal all the same.
            self.board.reporter().error(Some(&outcome.device), &error);
            self.ledger = None;
        }
    }

    fn failed(&mut self, name: String, failure: &Failure) -> Outcome {
        let class = Class::of(failure);
        let message = Some(words(&failure.error));
        match &failure.error {
            MintError::DoneBefore { .. } => return Outcome { message, ..outcome(name, End::Before, Exit::Done) },
            MintError::NotStarted => return outcome(name, End::NotStarted, Exit::Failed),
            _ => {}
        }
        let exit = self.board.failed(&name, failure);
        let end = if class.is_untried() && exit != Exit::NeedsPerson { End::NotStarted } else { end_of(exit) };
        Outcome { class: Some(class), message, ..outcome(name, end, exit) }
    }
}

fn outcome(device: String, end: End, exit: Exit) -> Outcome {
    let (class, message, model, serial, fortios) = (None, None, None, None, None);
    Outcome { device, end, class, exit: exit.status(), message, model, serial, fortios, spans: Vec::new() }
}

fn end_of(exit: Exit) -> End {
    match exit {
        Exit::Done => End::Done,
        Exit::Differs => End::Differs,
        Exit::Escrowed => End::Escrowed,
        Exit::NeedsPerson => End::NeedsPerson,
        Exit::Failed | Exit::Usage | Exit::Partly | Exit::Command(_) | Exit::Interrupted => End::Failed,
    }
}
