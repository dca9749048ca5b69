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
        let command = format!(
            "echo before; {settings} FLEET_PLAY=1 {} --exact --ignored --nocapture terminal::the_run_itself >{}; echo status $?; exec cat",
            own.display(),
            tmux.folder.path().join("stdout").display(),
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
        let start = Instant::now();
        loop {
            let screen = self.captured(&[]);
            if screen.contains(awaited) {
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
        play(120, Duration::from_millis(4), Duration::from_millis(2500));
    }
}

/// How often `needle` stands in `screen`.
fn count(screen: &str, needle: &str) -> usize {
    screen.matches(needle).count()
}

#[test]
fn the_display_is_drawn_over_itself_with_failures_above_it() {
    let Some(tmux) = Tmux::playing((80, 24), "") else { return };
    let screen = tmux.sees("to come");
    assert_eq!(count(&screen, "of 120"), 1, "{screen}");
    assert!(screen.contains("at work"), "{screen}");
    let standing = tmux.sees("0 to come");
    drop(standing);
}
