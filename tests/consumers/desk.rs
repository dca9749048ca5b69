//! A desk to run the program at: a home of its own, and keys that were delivered there.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};

/// A delivered key.
pub const KEY: &str = "fccys3cfbhyhqbqghkyzm1QGNnm31r";

/// A password that no command may see.
pub const PASSWORD: &str = "Uncommon-Phrase-77";

pub struct Desk {
    home: tempfile::TempDir,
}

impl Desk {
    /// `fw1.env` has a key and its host, `key` only the key.
    pub fn new() -> Desk {
        let desk = Desk { home: tempfile::tempdir().unwrap() };
        desk.write("fw1.env", &format!("FORTIOS_ACCESS_HOSTNAME=192.0.2.1\nFORTIOS_ACCESS_TOKEN={KEY}\n"));
        desk.write("key", &format!("{KEY}\n"));
        desk
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.home.path().join(file)
    }

    pub fn write(&self, file: &str, text: &str) -> PathBuf {
        let path = self.path(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    pub fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).unwrap()
    }

    /// Any program at this desk; ours is on its `PATH`.
    pub fn command(&self, program: &str) -> Command {
        let ours = PathBuf::from(env!("CARGO_BIN_EXE_fgtkey"));
        let path = format!("{}:{}", ours.parent().unwrap().display(), std::env::var("PATH").unwrap());
        let mut command = Command::new(program);
        command.env_clear().env("PATH", path).env("HOME", self.home.path()).env("NO_COLOR", "1");
        command.env("XDG_STATE_HOME", self.path("state")).env("FGTKEY_PASSWORD", PASSWORD);
        // A bash that is started deep in a test must not run what a login runs.
        command.env("SHLVL", "1").current_dir(self.home.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Puts a shell script into the folder that [`Desk::shell`] has in front of its `PATH`, in the place of a program.
    pub fn stand_in(&self, name: &str, script: &str) {
        let path = self.write(&format!("bin/{name}"), &format!("#!/bin/sh\n{script}\n"));
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Runs lines of shell with the stand-ins in front.
    pub fn shell(&self, lines: &str) -> Output {
        let path = format!("{}:$PATH", self.path("bin").display());
        self.command("sh").args(["-euc", &format!("PATH={path}\n{lines}")]).output().unwrap()
    }

    /// `fgtkey exec` of a shell script, with the key in `fw1.env`.
    pub fn exec(&self, script: &str) -> Command {
        let mut command = self.command("fgtkey");
        command.args(["exec", "--from", "dotenv:fw1.env", "--", "sh", "-c", script]);
        command
    }
}

/// A command that has said it is ready, with the rest of what it says.
pub struct Ready {
    pub child: Child,
    pub first: String,
    out: BufReader<ChildStdout>,
    err: BufReader<ChildStderr>,
}

impl Ready {
    /// Starts `command` and waits for its first line on stdout.
    pub fn start(command: &mut Command) -> Ready {
        let mut child = command.spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let err = BufReader::new(child.stderr.take().unwrap());
        let mut first = String::new();
        out.read_line(&mut first).unwrap();
        Ready { child, first: first.trim_end().to_owned(), out, err }
    }

    pub fn signal(&self, name: &str) {
        let kill = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(kill.unwrap().success());
    }

    /// What it tells on stderr, as far as a line with these words.
    pub fn told_until(&mut self, words: &str) -> String {
        let mut told = String::new();
        while !told.contains(words) && self.err.read_line(&mut told).unwrap() > 0 {}
        told
    }

    /// Its exit status and the rest of its streams.
    pub fn ended(mut self) -> (Option<i32>, String, String) {
        drop(self.child.stdin.take());
        let (mut out, mut err) = (String::new(), String::new());
        self.out.read_to_string(&mut out).unwrap();
        self.err.read_to_string(&mut err).unwrap();
        (self.child.wait().unwrap().code(), out, err)
    }
}

/// Runs `command` with `input` on its stdin.
pub fn fed(command: &mut Command, input: &str) -> Output {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    // A program that ends before it has read everything says why on stderr.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Whether a program is installed. Says so when it is not, because the test then proves nothing; with
/// `FGTKEY_REQUIRE_PEERS=1` it fails instead.
pub fn is_there(program: &str, probe: &str) -> bool {
    let mut command = Command::new(program);
    let found = command.arg(probe).stdin(Stdio::null()).output().is_ok_and(|output| output.status.success());
    assert!(found || std::env::var_os("FGTKEY_REQUIRE_PEERS").is_none(), "{program}: not there, and it is required");
    if !found {
        eprintln!("SKIPPED: {program}: not there");
    }
    found
}
