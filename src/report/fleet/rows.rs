//! What the live display shows, line by line: made of what is known and the size of the terminal, and nothing else.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::style::Palette;
use super::super::text::{columns, cut, padded, printable};
use super::lines::clock;
use crate::fleet::progress::{Counts, Progress};
use crate::fleet::schedule::Wave;
use crate::fleet::timeline::{Phase, Timeline};

/// How many of the slowest devices are shown at most.
const SLOWEST: usize = 8;

/// The column of a device's name at most.
const NAME: usize = 24;

/// The column of a phase.
const PHASE: usize = 7;

/// The column of a time: `1:02:03`.
const TIME: usize = 7;

/// On a terminal with fewer columns no devices are shown.
const NARROWEST: usize = 28;

/// How many percent have to have ended before it is said how long it still takes.
const MEASURED: usize = 5;

/// What would take longer than a week, in seconds, is not said.
const LONGEST: u64 = 7 * 86_400;

/// The longest bar.
const BAR: usize = 40;

/// All that is shown.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// `mint`.
    pub verb: String,
    /// How many ended how.
    pub counts: Counts,
    /// The wave that is going on.
    pub wave: Option<Wave>,
    /// Whether no more devices are started.
    pub stopping: bool,
    /// The devices at work, by their number.
    pub running: BTreeMap<usize, Running>,
}

/// A device at work.
#[derive(Debug)]
pub(super) struct Running {
    name: String,
    began: Duration,
    phase: Phase,
    since: Duration,
    line: Option<String>,
}

/// What is measured when it is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Since the run began.
    pub elapsed: Duration,
    /// Devices that end in a second.
    pub rate: f64,
    /// How long it still takes; zero: not known.
    pub left: Duration,
}

impl Running {
    fn of(name: &str, timeline: &Timeline) -> Running {
        Running {
            name: printable(name),
            began: timeline.began(),
            phase: timeline.phase(),
            since: timeline.since(),
            line: timeline.line.as_deref().map(printable),
        }
    }

    /// Whoever waits for others is not slow.
    fn is_idle(&self) -> bool {
        matches!(self.phase, Phase::Wait | Phase::Grace)
    }
}

impl Shown {
    /// Takes over what has changed on a device at work.
    pub fn take(&mut self, device: usize, progress: &Progress) {
        if let Some(timeline) = progress.timeline(device) {
            self.running.insert(device, Running::of(progress.name(device), timeline));
        }
    }

    /// Takes over that some devices have ended.
    pub fn settle(&mut self, progress: &Progress) {
        self.counts = progress.counts();
        self.running.retain(|device, _| progress.timeline(*device).is_some());
    }

    /// The lines for a terminal of so many columns and lines.
    pub fn lines(&self, pace: Pace, (width, height): (usize, usize), palette: &Palette) -> Vec<String> {
        let width = width.saturating_sub(1);
        let mut lines = vec![self.bar(width, palette)];
        lines.extend(flowed(&self.numbers(), width, palette));
        lines.extend(flowed(&self.times(pace), width, palette));
        let room = (height / 3).min(height.saturating_sub(lines.len() + 1)).min(SLOWEST);
        if width >= NARROWEST {
            lines.extend(self.slowest(pace.elapsed, room, width, palette));
        }
        lines.truncate(height);
        lines
    }

    /// `mint ━━━━━━━━━━━━╌╌╌╌╌╌╌╌ 60%  3000 of 5000`.
    fn bar(&self, width: usize, palette: &Palette) -> String {
        let (ended, all) = (self.counts.ended(), self.counts.devices);
        let percent = (ended * 100).checked_div(all).unwrap_or(100);
        let behind = format!("{percent:3}%  {ended} of {all}");
        let taken = columns(&self.verb) + columns(&behind) + 3;
        let length = width.saturating_sub(taken).min(BAR);
        if length < 4 {
            return cut(&format!("{}  {behind}", self.verb), width);
        }
        let full = (ended * length).checked_div(all).unwrap_or(length);
        let bad = (self.counts.failures() * length).div_ceil(all.max(1)).min(full);
        let (good, bad, rest) = ("━".repeat(full - bad), "━".repeat(bad), "╌".repeat(length - full));
        format!("{} {}{}{} {behind}", palette.name(&self.verb), palette.hint(&good), palette.error(&bad), rest)
    }

    /// How many ended how, run, and wait for their turn.
    fn numbers(&self) -> Vec<(Tone, String)> {
        let Counts { devices, done, differs, failed, escrowed, needs_person, not_started } = self.counts;
        let running = self.running.len();
        let waiting = devices.saturating_sub(self.counts.ended() + running);
        let all = [
            (Tone::Good, done, "done"),
            (Tone::Plain, differs, "with something to say"),
            (Tone::Bad, failed, "failed"),
            (Tone::Bad, escrowed, "in the escrow only"),
            (Tone::Bad, needs_person, if needs_person == 1 { "needs a person" } else { "need a person" }),
            (Tone::Plain, not_started, "not started"),
            (Tone::Plain, running, "at work"),
            (Tone::Plain, waiting, if self.stopping { "will not start" } else { "to come" }),
        ];
        let shown = all.into_iter().filter(|(tone, count, _)| *count > 0 || matches!(tone, Tone::Good));
        shown.map(|(tone, count, words)| (tone, format!("{count} {words}"))).collect()
    }

    fn times(&self, pace: Pace) -> Vec<(Tone, String)> {
        let mut parts = vec![(Tone::Plain, clock(pace.elapsed))];
        if pace.rate >= 0.05 {
            parts.push((Tone::Plain, format!("{:.1} a second", pace.rate)));
        }
        if self.stopping {
            parts.push((Tone::Bad, "stopping".to_owned()));
        } else if self.is_measured() && (1..LONGEST).contains(&pace.left.as_secs()) {
            parts.push((Tone::Plain, format!("about {} left", clock(pace.left))));
        }
        if let Some(wave) = self.wave {
            parts.push((Tone::Plain, format!("wave {} of up to {}", wave.number, wave.size)));
        }
        parts
    }

    /// Whether enough have ended to say how long the others take: what the first ones take says nothing.
    fn is_measured(&self) -> bool {
        self.counts.ended() * 100 >= self.counts.devices * MEASURED
    }

    /// Those that have been at work for the longest time, with what each waits for and since when.
    fn slowest(&self, now: Duration, most: usize, width: usize, palette: &Palette) -> Vec<String> {
        let mut slowest: Vec<&Running> = self.running.values().collect();
        slowest.sort_by_key(|running| (running.is_idle(), running.began));
        slowest.truncate(most);
        let widest = slowest.iter().map(|running| columns(&running.name)).max().unwrap_or_default();
        let name = widest.min(NAME).min(width / 3);
        slowest.into_iter().map(|running| running.line(now, name, width, palette)).collect()
    }
}

impl Running {
    /// `  fw-oslo-3  key       12 s  execute api-user generate-key terraform`.
    fn line(&self, now: Duration, name: usize, width: usize, palette: &Palette) -> String {
        let named = padded(&cut(&self.name, name), name);
        let phase = format!("{:PHASE$}", self.phase.name());
        let time = format!("{:>TIME$}", clock(now.saturating_sub(self.since)));
        let room = width.saturating_sub(2 + name + 2 + PHASE + 1 + TIME + 2);
        let line = cut(self.line.as_deref().unwrap_or_default(), room);
        format!("  {}  {} {time}  {line}", palette.name(&named), palette.verb(&phase)).trim_end().to_owned()
    }
}

/// How a part is painted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tone {
    Plain,
    Good,
    Bad,
}

/// The parts behind each other, with commas, in as many lines as that takes.
fn flowed(parts: &[(Tone, String)], width: usize, palette: &Palette) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut taken = width;
    for (at, (tone, text)) in parts.iter().enumerate() {
        let comma = if at + 1 < parts.len() { "," } else { "" };
        let text = cut(text, width.saturating_sub(2 + comma.len()));
        let needed = 1 + columns(&text) + comma.len();
        let part = format!(" {}{comma}", painted(*tone, &text, palette));
        match lines.last_mut().filter(|_| taken + needed <= width) {
            Some(line) => line.push_str(&part),
            None => {
                lines.push(format!(" {part}"));
                taken = 1;
            }
        }
        taken += needed;
    }
    lines
}

fn painted(tone: Tone, text: &str, palette: &Palette) -> String {
    match tone {
        Tone::Plain => text.to_owned(),
        Tone::Good => palette.hint(text),
        Tone::Bad => palette.error(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { elapsed: Duration::from_secs(192), rate: 11.25, left: Duration::from_secs(260) };

    fn shown() -> Shown {
        let running = |name: &str, began: u64, phase, since: u64, line: Option<&str>| Running {
            name: name.into(),
            began: Duration::from_secs(began),
            phase,
            since: Duration::from_secs(since),
            line: line.map(str::to_owned),
        };
        Shown {
            verb: "mint".into(),
            counts: Counts { devices: 5000, done: 2031, failed: 17, needs_person: 2, ..Counts::default() },
            wave: Some(Wave { number: 3, size: 256 }),
            stopping: false,
            running: [
                (7, running("fw-berlin-17", 158, Phase::LogIn, 158, None)),
                (9, running("fw-2", 150, Phase::Wait, 160, None)),
                (3, running("東京-01", 100, Phase::Key, 180, Some("execute api-user generate-key terraform"))),
            ]
            .into(),
        }
    }

    fn drawn(shown: &Shown, width: usize, height: usize) -> String {
        shown.lines(PACE, (width, height), &Palette::new(false)).join("\n")
    }

    #[test]
    fn a_wide_terminal_shows_all_of_it() {
        let expected = "\
mint ━━━━━━━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌  41%  2050 of 5000
  2031 done, 17 failed, 2 need a person, 3 at work, 2947 to come
  3:12, 11.2 a second, about 4:20 left, wave 3 of up to 256
  東京-01       key        0:12  execute api-user generate-key terraform
  fw-berlin-17  log in     0:34
  fw-2          wait       0:32";
        assert_eq!(drawn(&shown(), 80, 24), expected);
    }

    #[test]
    fn a_narrow_one_breaks_lines_between_numbers_and_cuts_names() {
        let expected = "\
mint ━━━━━╌╌╌╌╌╌╌╌╌  41%  2050 of 5000
  2031 done, 17 failed,
  2 need a person, 3 at work,
  2947 to come
  3:12, 11.2 a second, about 4:20 left,
  wave 3 of up to 256
  東京-01       key        0:12  execu…
  fw-berlin-17  log in     0:34";
        assert_eq!(drawn(&shown(), 40, 6 * 3 / 2), expected);
    }

    #[test]
    fn no_line_is_wider_and_no_more_lines_are_drawn_than_fit() {
        for width in 10..100 {
            for height in 1..30 {
                let lines = shown().lines(PACE, (width, height), &Palette::new(false));
                assert!(lines.iter().all(|line| columns(line) < width), "{width}x{height}: {lines:#?}");
                assert!(lines.len() <= height, "{width}x{height}: {lines:#?}");
            }
        }
        assert_eq!(drawn(&shown(), 80, 6).lines().count(), 5);
    }
}
