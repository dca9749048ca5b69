//! The live display on a terminal, which is tmux here.
//!
//! Skipped where there is no tmux, unless `FGTKEY_REQUIRE_PEERS` is set.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::play::play;

/// A terminal in which a run is played.
struct Tmux {
    folder: tempfile::TempDir,
}

impl Tmux {
    /// `settings`: variables for the shell, as `NAME=value`. `None`: there is no tmux here.
    fn playing(size: (u16, u16), settings: &str) -> Option<Tmux> {
        if Command::new("tmux").arg("-V").output().is_err() {
            assert!(std::env::var_os("FGTKEY_REQUIRE_PEERS").is_none(), "tmux is not installed");
            eprintln!("SKIPPED: tmux is not installed");
            return None;
        }
        let tmux = Tmux { folder: tempfile::tempdir().unwrap() };
        let own = std::env::current_exe().unwrap();
        // What the harness of the tests prints goes elsewhere, unless the run prints keys too.
        let stdout = if settings.contains("FLEET_KEYS") { "" } else { ">/dev/null" };
        let command = format!(
            "echo before; {settings} FLEET_PLAY=1 {} --exact --ignored --nocapture terminal::the_run_itself {stdout}; \
             echo status $?; exec cat",
            own.display(),
        );
        let (width, height) = (size.0.to_string(), size.1.to_string());
        let mut start = tmux.tell(&["-u", "-f", "/dev/null", "new-session", "-d", "-x", &width, "-y", &height]);
        assert!(start.args(["/bin/sh", "-c", &command]).env("LC_ALL", "C.UTF-8").status().unwrap().success());
        Some(tmux)
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("tmux")
    }

    fn tell(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        command.arg("-S").arg(self.socket()).args(arguments).stdin(Stdio::null()).env_remove("TMUX");
        command
    }

    /// What stands on the screen; with what has scrolled away, and with colour, if asked.
    fn captured(&self, more: &[&str]) -> String {
        let output = self.tell(&["capture-pane", "-p"]).args(more).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// Waits until the screen shows `awaited`.
    fn sees(&self, awaited: &str) -> String {
        self.waits(awaited, |screen| screen.contains(awaited))
    }

    /// Waits until so many percent have ended.
    fn reaches(&self, percent: u32) -> String {
        self.waits(&format!("{percent}%"), |screen| share(screen).is_some_and(|share| share >= percent))
    }

    fn waits(&self, awaited: &str, is_there: impl Fn(&str) -> bool) -> String {
        let start = Instant::now();
        loop {
            let screen = self.captured(&[]);
            if is_there(&screen) {
                return screen;
            }
            assert!(start.elapsed() < Duration::from_secs(60), "waited for {awaited:?}:\n{screen}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let _ = self.tell(&["kill-server"]).stderr(Stdio::null()).status();
    }
}

#[test]
#[ignore = "the run that the other tests watch: they start it"]
fn the_run_itself() {
    if std::env::var_os("FLEET_PLAY").is_some() {
        let quick = std::env::var_os("FLEET_QUICK").is_some();
        let (pause, standing) = if quick { (0, 0) } else { (4, 2500) };
        play(120, Duration::from_millis(pause), Duration::from_millis(standing));
    }
}

/// The percentage behind the bar.
fn share(screen: &str) -> Option<u32> {
    let (before, _) = display(screen).first()?.split_once('%')?;
    before.rsplit(' ').next()?.parse().ok()
}

/// How often `needle` stands in `screen`.
fn count(screen: &str, needle: &str) -> usize {
    screen.matches(needle).count()
}

/// The lines of the display on a screen: from its bar on.
fn display(screen: &str) -> Vec<&str> {
    screen.lines().skip_while(|line| !line.starts_with("mint ━")).take_while(|line| !line.is_empty()).collect()
}

/// What holds of every screen while the run is going on.
fn is_whole(screen: &str, width: usize) {
    assert_eq!(count(screen, " of 120"), 1, "one display:\n{screen}");
    let display = display(screen);
    assert!(display[1].contains(" done"), "{screen}");
    assert!(display[1..].iter().all(|line| line.starts_with("  ")), "nothing is torn, nothing is broken:\n{screen}");
    assert!(display.iter().all(|line| line.chars().count() < width), "{screen}");
}

/// What holds of everything that was shown, when the run is over.
fn is_left_clean(tmux: &Tmux) {
    tmux.sees("status 0");
    let all = tmux.captured(&["-S", "-", "-J"]);
    assert_eq!(count(&all, "before"), 1, "what stood there stays:\n{all}");
    assert_eq!(
        count(&all, "━") + count(&all, "to come") + count(&all, "at work,"),
        0,
        "nothing of the display is left:\n{all}"
    );
    assert_eq!(count(&all, "  failed     "), 6, "each failure is told once:\n{all}");
    assert!(all.contains("fgtkey: note: mint: 101 of 120 devices done, 6 failed, 1 needs a person in "), "{all}");
    assert!(all.contains("fgtkey: error: authentication (3): fw-東京-13, fw-東京-63 and fw-東京-113\n"), "{all}");
    assert!(all.contains(r"evil\u{1b}[2J\u{202e}<script>"), "no name acts:\n{all}");
}

#[test]
fn the_display_is_drawn_over_itself_with_failures_above_it() {
    let Some(tmux) = Tmux::playing((80, 24), "") else { return };
    for percent in [30, 60, 90] {
        let screen = tmux.reaches(percent);
        is_whole(&screen, 80);
        let above = screen.split("mint ━").next().unwrap();
        assert!(above.contains("  failed     authentication: "), "failures stand above it:\n{screen}");
    }
    let standing = tmux.sees("12 at work");
    assert_eq!(display(&standing).len(), 3 + 8, "the slowest eight:\n{standing}");
    tmux.sees("log in     0:01");
    is_left_clean(&tmux);
}

#[test]
fn a_narrow_and_low_terminal_shows_as_much_as_fits() {
    let Some(tmux) = Tmux::playing((40, 15), "") else { return };
    for percent in [30, 60] {
        is_whole(&tmux.reaches(percent), 40);
    }
    let standing = tmux.sees("12 at work");
    assert_eq!(display(&standing).iter().filter(|line| line.contains("log in")).count(), 5, "{standing}");
    is_left_clean(&tmux);
}

#[test]
fn a_window_that_is_made_narrower_and_wider_has_one_display() {
    let Some(tmux) = Tmux::playing((100, 30), "") else { return };
    tmux.reaches(20);
    for (width, percent) in [(60, 35), (45, 50), (90, 65)] {
        assert!(tmux.tell(&["resize-window", "-x", &width.to_string(), "-y", "30"]).status().unwrap().success());
        is_whole(&tmux.reaches(percent), width);
    }
    is_left_clean(&tmux);
}

#[test]
fn colour_is_there_unless_it_is_not_wanted() {
    for (settings, colored) in [("", true), ("NO_COLOR=1", false)] {
        let Some(tmux) = Tmux::playing((80, 24), settings) else { return };
        tmux.reaches(30);
        let screen = tmux.captured(&["-e"]);
        assert_eq!(screen.contains("\u{1b}["), colored, "{settings}:\n{screen}");
        assert!(screen.contains('━'), "{screen}");
    }
}

#[test]
fn keys_that_go_to_the_same_terminal_stand_above_the_display_in_whole_lines() {
    let Some(tmux) = Tmux::playing((80, 24), "FLEET_KEYS=1") else { return };
    is_whole(&tmux.reaches(60), 80);
    is_left_clean(&tmux);
    let all = tmux.captured(&["-S", "-"]);
    assert_eq!(
        all.lines().filter(|line| line.starts_with("{\"api_key\":\"k") && line.ends_with("\"}")).count(),
        101,
        "{all}"
    );
}

#[test]
fn without_a_terminal_there_is_a_line_a_device_and_how_far_it_is() {
    for terminal in ["xterm", "dumb"] {
        let mut run = Command::new(std::env::current_exe().unwrap());
        run.args(["--exact", "--ignored", "--nocapture", "terminal::the_run_itself"]);
        let output = run.env("FLEET_PLAY", "1").env("FLEET_QUICK", "1").env("TERM", terminal).output().unwrap();
        let log = String::from_utf8(output.stderr).unwrap();
        assert!(!log.contains(['\u{1b}', '\r', '━']), "{log}");
        assert_eq!(count(&log, "  done       "), 112, "{log}");
        assert_eq!(count(&log, "  failed     "), 7, "{log}");
        for percent in (10..100).step_by(10) {
            assert_eq!(count(&log, &format!("fgtkey: note: {percent}%: ")), 1, "{log}");
        }
        assert!(log.contains("fgtkey: note: wave 1: up to 16 devices may be changed now\n"), "{log}");
    }
}

#[test]
fn a_terminal_that_cannot_be_written_over_gets_lines() {
    let Some(tmux) = Tmux::playing((80, 24), "TERM=dumb") else { return };
    let screen = tmux.sees("fgtkey: note: 20%: ");
    assert_eq!(count(&screen, "━"), 0, "{screen}");
}
