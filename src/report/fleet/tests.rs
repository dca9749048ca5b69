use std::sync::Arc;

use super::super::tests::Page;
use super::super::{Reporter, Verbosity};
use super::board::Board;
use crate::fleet::class::Class;
use crate::fleet::outcome::{End, Outcome};
use crate::fleet::progress::Progress;
use crate::fleet::rules::Limit;
use crate::fleet::schedule::{Stop, Wave};
use crate::verbs::event::{Event, Warning};

/// A run, and what is said of it.
struct Stage {
    progress: Progress,
    board: Board,
    page: Page,
}

impl Stage {
    fn of(devices: usize, verbosity: Verbosity) -> Stage {
        let names: Arc<[String]> = (1..=devices).map(|number| format!("fw{number}")).collect();
        let progress = Progress::begin("mint", "20260102T030405000-7", names);
        let page = Page::default();
        let reporter = Reporter::on(Box::new(page.clone()), false, verbosity);
        Stage { board: Board::of(reporter, &progress), progress, page }
    }

    fn event(&mut self, device: usize, event: Event) {
        self.progress.hear(device, &event);
        self.board.event(device, event, &self.progress);
    }

    fn ends(&mut self, device: usize, end: End, class: Option<Class>, message: Option<&str>) {
        let outcome = outcome(self.progress.name(device), end, class, message);
        let outcome = self.progress.end(device, outcome).cloned().unwrap();
        self.board.ended(&outcome, &self.progress);
    }

    fn done(&mut self, devices: std::ops::Range<usize>) {
        for device in devices {
            self.ends(device, End::Done, None, None);
        }
    }

    /// What was said since it was asked last.
    fn said(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.page.0.lock().unwrap())).unwrap()
    }

    fn summary(self) -> String {
        self.said();
        let Stage { progress, board, page } = self;
        board.summary(&progress);
        page.text()
    }
}

fn outcome(device: &str, end: End, class: Option<Class>, message: Option<&str>) -> Outcome {
    let (device, message) = (device.to_owned(), message.map(str::to_owned));
    Outcome { device, end, class, exit: 1, message, model: None, serial: None, fortios: None, spans: Vec::new() }
}

#[test]
fn of_a_large_fleet_one_line_a_device_is_said_and_how_far_it_is() {
    let mut stage = Stage::of(40, Verbosity::Story);
    stage.event(0, Event::Line("get system status".into()));
    stage.done(0..1);
    stage.ends(1, End::Failed, Some(Class::Refused), Some("`end` was refused:\n -61\x1b[2J"));
    assert_eq!(stage.said(), "fw1   done       0.0 s\nfw2   failed     refused: `end` was refused: -61\\u{1b}[2J\n");
    stage.done(2..4);
    assert_eq!(
        stage.said().lines().last().unwrap(),
        "fgtkey: note: 10%: 4 of 40 devices ended, 1 failed, 0 at work; 0.0 s"
    );
}

#[test]
fn a_small_fleet_tells_the_story_of_each_device() {
    let mut stage = Stage::of(2, Verbosity::Story);
    stage.event(0, Event::Pushed { transaction: true });
    stage.event(0, Event::Done { elapsed: std::time::Duration::from_secs(9) });
    stage.done(0..2);
    assert_eq!(
        stage.said(),
        "fw1  pushed     in one configuration transaction\nfw1  done       0.0 s\nfw2  done       0.0 s\n"
    );
}

#[test]
fn quiet_says_what_failed_and_no_more() {
    let mut stage = Stage::of(40, Verbosity::Quiet);
    stage.done(0..38);
    stage.board.wave(Wave { number: 1, size: 16 }, &stage.progress);
    stage.ends(38, End::NotStarted, Some(Class::NotStarted), None);
    stage.ends(39, End::Failed, Some(Class::HostKey), Some("the host key is not known"));
    assert_eq!(stage.said(), "fw40  failed     host key: the host key is not known\n");
}

#[test]
fn a_warning_that_many_devices_give_is_said_once_and_counted() {
    let mut stage = Stage::of(40, Verbosity::Story);
    for device in 0..30 {
        stage.event(device, Event::Warning(Warning::Insecure));
    }
    assert_eq!(stage.said().lines().count(), 1);
    let summary = stage.summary();
    assert!(summary.starts_with("fgtkey: note: warning of fw1, fw2, fw3, fw4,"), "{summary}");
    assert!(summary.lines().next().unwrap().contains("and 18 more: --insecure"), "{summary}");
}

#[test]
fn what_needs_a_person_comes_first_at_the_end_and_long_lists_are_cut() {
    let mut stage = Stage::of(60, Verbosity::Story);
    stage.done(0..9);
    for device in 9..40 {
        stage.ends(device, End::Failed, Some(Class::Unreachable), Some("no route to host"));
    }
    stage.ends(40, End::NeedsPerson, Some(Class::Dropped), Some("the connection was lost"));
    for device in 41..60 {
        stage.ends(device, End::NotStarted, Some(Class::NotStarted), None);
    }
    let expected = "\
fgtkey: note: mint: 9 of 60 devices done, 31 failed, 1 needs a person, 19 not started in 0.0 s
fgtkey: error: needs a person: dropped (1): fw41
fgtkey:   fw41: the connection was lost
fgtkey: error: unreachable (31): fw10, fw11, fw12, fw13, fw14, fw15, fw16, fw17, fw18, fw19, fw20, fw21 and 19 more
fgtkey:   fw10: no route to host
fgtkey: note: not started (19): fw42, fw43, fw44, fw45, fw46, fw47, fw48, fw49, fw50, fw51, fw52, fw53 and 7 more
fgtkey: hint: the same command with --resume 20260102T030405000-7 does what is left
fgtkey: hint: the same command with --retry-failed 20260102T030405000-7 tries those again that failed
";
    assert_eq!(stage.summary(), expected);
}

#[test]
fn a_stop_says_why_and_what_goes_on() {
    let cases = [
        (Stop::Canary { device: 1, class: Class::Refused }, "fw2, which went first, has failed (refused)"),
        (Stop::Failures { failed: 6, most: Limit::Percent(10) }, "6 devices have failed, and 10% may"),
        (
            Stop::Password { device: 0 },
            "fw1 refused the password, which other devices are to get as well: each attempt may lock an account",
        ),
    ];
    for (stop, words) in cases {
        let mut stage = Stage::of(40, Verbosity::Quiet);
        stage.progress.start(3);
        stage.board.stopped(&stop, &stage.progress);
        let expected = format!(
            "fgtkey: error: the run stops: {words}\n\
             fgtkey: note: no more devices are started; what is at work (1 device) is finished or taken back\n"
        );
        assert_eq!(stage.said(), expected);
    }
}
