//! A second factor: asked for at a terminal, which is tmux here, and a clear error where there is none.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::peer::{is_there, text, works};
use crate::servers::{self, Rekeying, Running};

/// A terminal, and the person at it.
struct Tmux {
    socket: PathBuf,
}

impl Tmux {
    /// Runs a shell command in it, and says how that ended.
    fn run(socket: PathBuf, command: &str) -> Tmux {
        let tmux = Tmux { socket };
        tmux.tell(&["-f", "/dev/null", "new-session", "-d", "-x", "200", "-y", "50"])
            .args(["/bin/sh", "-c", &format!("{command}; echo status $?; exec cat")])
            .status()
            .unwrap();
        tmux
    }

    fn tell(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        command.arg("-S").arg(&self.socket).args(arguments).stdin(Stdio::null());
        command
    }

    fn screen(&self) -> String {
        text(&self.tell(&["capture-pane", "-p"]).output().unwrap().stdout)
    }

    /// Waits until the screen shows `awaited`.
    fn sees(&self, awaited: &str) -> String {
        let start = Instant::now();
        loop {
            let screen = self.screen();
            if screen.contains(awaited) {
                return screen;
            }
            assert!(start.elapsed() < Duration::from_secs(30), "waited for {awaited:?}:\n{screen}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn types(&self, line: &str) {
        assert!(self.tell(&["send-keys", "-l", line]).status().unwrap().success());
        assert!(self.tell(&["send-keys", "Enter"]).status().unwrap().success());
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let _ = self.tell(&["kill-server"]).stderr(Stdio::null()).status();
    }
}

/// A `check` whose first question, for the password, is answered, and whose second one stands on the screen.
fn at_the_second_question() -> Option<(Running, Tmux)> {
    let server = servers::asyncssh(Rekeying::Never)?;
    if !is_there("tmux", works(Command::new("tmux").arg("-V"))) {
        return None;
    }
    let tmux = Tmux::run(server.site.path("tmux"), &server.site.check_by_hand(server.port));
    tmux.sees("assword:");
    tmux.types("admin");
    tmux.sees("Token code:");
    Some((server, tmux))
}

#[test]
fn a_second_factor_is_asked_for_at_the_terminal() {
    let Some((_server, tmux)) = at_the_second_question() else { return };
    let screen = tmux.screen();
    assert!(!screen.contains("admin\n"), "the password is not shown: {screen}");
    tmux.types("123456");
    let screen = tmux.sees("status ");
    assert!(screen.contains("status 0") && screen.contains("mint works here"), "{screen}");
}

#[test]
fn a_wrong_answer_to_a_second_factor_ends_the_login_without_another_question() {
    let Some((_server, tmux)) = at_the_second_question() else { return };
    tmux.types("000000");
    let screen = tmux.sees("status ");
    assert!(screen.contains("status 1") && screen.contains("fgtkey: error: "), "{screen}");
    assert_eq!(screen.matches("assword:").count(), 1, "{screen}");
}

#[test]
fn a_second_factor_without_a_terminal_is_a_clear_error() {
    let Some(server) = servers::asyncssh(Rekeying::Never) else { return };
    if !is_there("setsid", works(Command::new("setsid").arg("--version"))) {
        return;
    }
    let command = server.site.check_by_hand(server.port) + " --password-file " + &server.site.password_file();
    let ended = Command::new("setsid").args(["-w", "/bin/sh", "-c", &command]).stdin(Stdio::null()).output().unwrap();
    let said = text(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("Token code"), "{said}");
    assert!(said.contains("--otp-command"), "{said}");
}
