//! The live display: one thread draws it ten times a second, out of what the run tells it.
//!
//! A process has one terminal on standard error. While a display is on it, everything that a [`super::super::Reporter`] says
//! there is collected and written above the display, whoever says it.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::super::style::Palette;
use super::rows::{Pace, Shown};
use super::screen::{Screen, size};
use crate::deliver::write_aside;
use crate::fleet::progress::Progress;

/// How often it is drawn.
const FRAME: Duration = Duration::from_millis(100);

/// So often may `indicatif` draw: not less often than we ask it to, messages in between included.
const MOST_FRAMES: u8 = 20;

/// So much may be said between two frames; more is written at once, so that whoever says it waits for the terminal.
const SAID: usize = 64 * 1024;

/// The display that is on standard error.
static ON_STDERR: Mutex<Weak<Live>> = Mutex::new(Weak::new());

/// Whether a display can be shown: on a terminal that can be written over.
pub(super) fn is_possible() -> bool {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    io::stderr().is_terminal() && !dumb
}

/// Does `write`, which writes to the terminal by itself, while no display stands there.
pub fn aside<T>(write: impl FnOnce() -> T) -> T {
    match on_stderr() {
        Some(live) => live.aside(write),
        None => write(),
    }
}

/// Takes the display away for good, if there is one: before the process ends without more ado.
pub fn clear() {
    if let Some(live) = on_stderr() {
        live.end();
    }
}

fn on_stderr() -> Option<Arc<Live>> {
    locked(&ON_STDERR).upgrade()
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Standard error, as long as a display is there above it.
pub(in crate::report) struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match on_stderr() {
            Some(live) => {
                live.say(bytes);
                Ok(bytes.len())
            }
            None => io::stderr().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// A display, gone when this is dropped.
pub(super) struct Display {
    live: Arc<Live>,
    painter: Option<JoinHandle<()>>,
}

struct Live {
    bar: ProgressBar,
    palette: Palette,
    began: Instant,
    scene: Mutex<Scene>,
    over: Condvar,
}

#[derive(Default)]
struct Scene {
    shown: Shown,
    /// What was said and is not written yet.
    said: Vec<u8>,
    over: bool,
}

impl Display {
    /// Of a run that begins.
    pub fn begin(colored: bool, progress: &Progress) -> Display {
        let live = Arc::new(Live::new(colored, progress));
        *locked(&ON_STDERR) = Arc::downgrade(&live);
        write_aside(|write| aside(write));
        let painting = Arc::clone(&live);
        // Without a thread for it nothing is drawn but what is said.
        let painter = thread::Builder::new().name("display".into()).spawn(move || painting.paint_on()).ok();
        Display { live, painter }
    }

    /// Something has changed.
    pub fn change(&self, change: impl FnOnce(&mut Shown)) {
        change(&mut locked(&self.live.scene).shown);
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.live.end();
        *locked(&ON_STDERR) = Weak::new();
        if let Some(painter) = self.painter.take() {
            // A painter that has panicked has drawn its last frame.
            let _ = painter.join();
        }
    }
}

impl Live {
    fn new(colored: bool, progress: &Progress) -> Live {
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(Screen::new(io::stderr())), MOST_FRAMES);
        let bar = ProgressBar::with_draw_target(Some(progress.names.len() as u64), target);
        // The template is a constant that parses.
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            bar.set_style(style);
        }
        let shown = Shown { verb: progress.verb.clone(), counts: progress.counts(), ..Shown::default() };
        Live {
            bar,
            palette: Palette::new(colored),
            began: Instant::now().checked_sub(progress.elapsed()).unwrap_or_else(Instant::now),
            scene: Mutex::new(Scene { shown, ..Scene::default() }),
            over: Condvar::new(),
        }
    }

    fn say(&self, bytes: &[u8]) {
        let mut scene = locked(&self.scene);
        scene.said.extend_from_slice(bytes);
        let much = scene.said.len() > SAID || scene.over;
        drop(scene);
        if much {
            self.write_said();
        }
    }

    /// Draws until it is over.
    fn paint_on(&self) {
        loop {
            self.write_said();
            self.draw();
            let scene = locked(&self.scene);
            let woken = self.over.wait_timeout_while(scene, FRAME, |scene| !scene.over);
            if woken.map_or(true, |(scene, _)| scene.over) {
                return;
            }
        }
    }

    fn draw(&self) {
        let scene = locked(&self.scene);
        let (width, height) = size();
        let pace = Pace { elapsed: self.began.elapsed(), rate: self.bar.per_sec(), left: self.bar.eta() };
        let lines = scene.shown.lines(pace, (width.into(), height.into()), &self.palette);
        let ended = scene.shown.counts.ended() as u64;
        drop(scene);
        self.bar.set_position(ended);
        self.bar.set_message(lines.join("\n"));
    }

    fn write_said(&self) {
        let said = std::mem::take(&mut locked(&self.scene).said);
        if !said.is_empty() {
            // Nobody may be reading: that stops nothing.
            self.bar.suspend(|| drop(io::stderr().write_all(&said)));
        }
    }

    fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.write_said();
        self.bar.suspend(write)
    }

    fn end(&self) {
        locked(&self.scene).over = true;
        self.over.notify_all();
        self.bar.finish_and_clear();
        self.write_said();
    }
}
