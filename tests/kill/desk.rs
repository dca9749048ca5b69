//! A desk to run the program at, and to kill it: a home of its own, and a simulated device in this process.

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fgtkey::sim::{Device, Https, Listen, Server};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use tokio::runtime::Runtime;

use crate::start::{NAME, REQUEST, Start, To, Verb};

/// The longest that anything may take; nothing waits this long.
const PATIENCE: Duration = Duration::from_secs(60);

/// The command behind `exec:`: it keeps what it gets. While there is a file `block` it says at one pipe that it has got
/// something, and waits at another.
const TAKE: &str = "\
#!/bin/sh
cat > got.$$ && mv got.$$ got
if [ -e block ]; then : > began; : < held; fi
";

pub struct Desk {
    home: tempfile::TempDir,
    pub start: Start,
    pub to: To,
    pub verb: Verb,
    /// What every run says besides.
    pub flags: Vec<String>,
    pub device: Device,
    pub server: Server,
    pub https: Https,
    _runtime: Runtime,
}

/// A run that is over.
#[derive(Debug)]
pub struct Ran {
    /// None: it was killed.
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Desk {
    pub fn new(start: Start, to: To) -> Desk {
        Desk::with_faults(start, to, &[])
    }

    pub fn with_faults(start: Start, to: To, faults: &[String]) -> Desk {
        // In memory where that can be had: each run waits for the disk a dozen times.
        let home = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let device = Device::new(start.spec(faults)).unwrap();
        let server = runtime.block_on(Server::start(device.clone(), Listen::default())).unwrap();
        let https = runtime.block_on(Https::start(device.clone(), ([127, 0, 0, 1], 0).into())).unwrap();
        let desk =
            Desk { home, start, to, verb: Verb::Mint, flags: Vec::new(), device, server, https, _runtime: runtime };
        desk.write("take", TAKE);
        fs::set_permissions(desk.path("take"), fs::Permissions::from_mode(0o700)).unwrap();
        ["began", "held"].iter().for_each(|pipe| mkfifo(&desk.path(pipe), Mode::S_IRWXU).unwrap());
        desk
    }

    /// A desk whose key was minted, to be rotated. The lines of the mint count.
    pub fn rotating(to: To, grace: u8, faults: &[String]) -> Desk {
        let desk = Desk::with_faults(Start::Nothing, to, faults);
        let minted = desk.run();
        assert_eq!(minted.status, Some(0), "{minted:#?}");
        Desk { verb: Verb::Rotate(grace), ..desk }
    }

    /// Every run says this too.
    pub fn saying(mut self, flags: &[&str]) -> Desk {
        self.flags.extend(flags.iter().map(|flag| (*flag).to_owned()));
        self
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.home.path().join(file)
    }

    pub fn state(&self) -> PathBuf {
        self.path("state/fgtkey")
    }

    pub fn write(&self, file: &str, text: &str) {
        fs::write(self.path(file), text).unwrap();
    }

    pub fn read(&self, file: &str) -> Option<String> {
        match fs::read_to_string(self.path(file)) {
            Ok(text) => Some(text),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::NotFound, "{file}: {error}");
                None
            }
        }
    }

    /// Every file at this desk, by its path in it.
    pub fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        walk(self.home.path(), &mut found);
        let name = |path: PathBuf| path.strip_prefix(self.home.path()).unwrap().to_str().unwrap().to_owned();
        found.into_iter().map(name).collect()
    }

    /// The files in the escrow.
    pub fn escrow(&self) -> Vec<String> {
        self.files().into_iter().filter(|file| file.starts_with("state/fgtkey/escrow/")).collect()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        self.command_of(Path::new(env!("CARGO_BIN_EXE_fgtkey")), arguments)
    }

    /// Any program, in the environment of ours.
    pub fn command_of(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        command.env("HOME", self.home.path()).env("XDG_STATE_HOME", self.path("state")).env("SHLVL", "1");
        command.env("FGTKEY_PASSWORD", "admin").current_dir(self.home.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// The arguments of every run.
    pub fn arguments(&self) -> Vec<String> {
        let (device, host_key) = (format!("admin@{}", self.server.addr()), self.server.fingerprint());
        let own = [device.as_str(), "--host-key", &host_key].into_iter().chain(self.to.flags().iter().copied());
        let grace = match self.verb {
            Verb::Mint => String::new(),
            Verb::Rotate(seconds) => format!("{seconds}s"),
        };
        let wanted: Vec<&str> = match self.verb {
            Verb::Mint => ["mint"].iter().chain(&REQUEST).chain(self.start.flags()).copied().collect(),
            Verb::Rotate(_) => vec!["rotate", "--api-user", NAME, "--grace", &grace],
        };
        let said = wanted.into_iter().chain(own).map(str::to_owned);
        said.chain(self.flags.iter().cloned()).collect()
    }

    pub fn spawn(&self) -> Child {
        let arguments = self.arguments();
        self.command(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).spawn().unwrap()
    }

    /// A whole run.
    pub fn run(&self) -> Ran {
        ended(self.spawn())
    }

    /// A whole run of this, which may be anything.
    pub fn run_of(&self, arguments: &[&str]) -> Ran {
        ended(self.command(arguments).spawn().unwrap())
    }

    /// A run that is killed when `comes` has returned.
    pub fn kill_when(&self, comes: impl FnOnce(&Desk)) -> Ran {
        let mut child = self.spawn();
        comes(self);
        child.kill().unwrap();
        ended(child)
    }

    /// A run that is killed when the device has received so many lines in its life.
    pub fn kill_at_line(&self, line: usize) -> Ran {
        self.kill_when(|desk| until(|| desk.device.commands().len() >= line))
    }

    /// A run that is killed when `exec:` has got the key and not ended yet.
    pub fn kill_in_delivery(&self) -> Ran {
        self.write("block", "");
        let ran = self.kill_when(|desk| drop(fs::read(desk.path("began")).unwrap()));
        self.release();
        ran
    }

    /// Lets the command behind `exec:` end.
    pub fn release(&self) {
        fs::remove_file(self.path("block")).unwrap();
        fs::OpenOptions::new().write(true).open(self.path("held")).unwrap().write_all(b"").unwrap();
    }
}

/// Whether there is time for more than a sample.
pub fn is_thorough() -> bool {
    std::env::var_os("FGTKEY_REQUIRE_PEERS").is_some()
}

/// Waits until something is so that nobody announces.
pub fn until(mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "it never came");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// How it ended.
pub fn ended(child: Child) -> Ran {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.code().is_some() || output.status.signal() == Some(9), "{output:?}");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Ran { status: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap().flatten() {
        if entry.file_type().unwrap().is_dir() { walk(&entry.path(), found) } else { found.push(entry.path()) }
    }
}
