//! A simulated fleet, the program at work on it, and what both of them tell.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// How long anything here may take at the longest.
const LONGEST: Duration = Duration::from_secs(900);

/// The request of every run here.
pub const REQUEST: [&str; 8] = [
    "--api-user",
    "terraform",
    "--preset",
    "firewall-address-read",
    "--trusted-host",
    "127.0.0.0/8",
    "--verify",
    "off",
];

/// How many devices a large fleet has.
pub fn large() -> usize {
    std::env::var("FGTKEY_FLEET").map_or(300, |text| text.parse().unwrap())
}

fn program() -> PathBuf {
    std::env::var_os("FGTKEY_PROGRAM").map_or_else(|| env!("CARGO_BIN_EXE_fgtkey").into(), PathBuf::from)
}

/// A fleet that is simulated as long as this lives.
pub struct Field {
    pub folder: TempDir,
    sim: Child,
}

/// What a device says of itself: a line of the simulator's report.
pub struct Account(Value);

impl Field {
    /// `flags` are those of `fgtkey sim`.
    pub fn open(devices: usize, flags: &[&str]) -> Field {
        let folder = tempfile::tempdir().unwrap();
        let mut sim = Command::new(program())
            .args(["sim", "--listen", "127.0.0.1:0", "--seed", "7", "--devices", &devices.to_string()])
            .args(["--inventory-out", "inventory.yaml", "--report", "devices.ndjson"])
            .args(flags)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        let mut stderr = BufReader::new(sim.stderr.take().unwrap());
        stderr.read_line(&mut ready).unwrap();
        assert!(ready.contains("listen"), "{ready}");
        std::thread::spawn(move || stderr.read_to_end(&mut Vec::new()));
        Field { folder, sim }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program, where the fleet is the inventory and the password is known.
    pub fn command(&self, verb: &str) -> Command {
        let mut command = self.bare();
        command
            .arg(verb)
            .args(["--inventory", "inventory.yaml"])
            .env("XDG_STATE_HOME", self.path("state"))
            .env("FGTKEY_PASSWORD", "admin");
        command
    }

    /// The program in this folder, which knows nothing.
    pub fn bare(&self) -> Command {
        let mut command = Command::new(program());
        command.current_dir(self.folder.path()).env_clear().env("HOME", self.folder.path()).stdin(Stdio::null());
        command
    }

    /// Runs it to its end.
    pub fn run(&self, verb: &str, flags: &[&str]) -> Output {
        self.command(verb).args(flags).output().unwrap()
    }

    /// Ends the simulation; what each device says of itself.
    pub fn close(mut self) -> BTreeMap<String, Account> {
        let pid = nix::unistd::Pid::from_raw(self.sim.id().try_into().unwrap());
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
        self.sim.wait().unwrap();
        let text = fs::read_to_string(self.path("devices.ndjson")).unwrap();
        let accounts = text.lines().map(|line| Account(serde_json::from_str(line).unwrap()));
        accounts.map(|account| (account.0["device"].as_str().unwrap().to_owned(), account)).collect()
    }
}

impl Drop for Field {
    fn drop(&mut self) {
        let _ = self.sim.kill();
        let _ = self.sim.wait();
    }
}

impl Account {
    pub fn mishap(&self) -> Option<&str> {
        self.0["mishap"].as_str()
    }

    pub fn count(&self, what: &str) -> u64 {
        self.0[what].as_u64().unwrap()
    }

    /// The SHA-256 of the key of the only API user, if there is one with a key.
    pub fn key(&self) -> Option<&str> {
        let users = self.0["api_users"].as_array().unwrap();
        assert!(users.len() <= 1, "{}", self.0);
        users.first()?["key_sha256"].as_str()
    }

    /// Whether nothing of a mint is there.
    pub fn is_untouched(&self) -> bool {
        self.0["api_users"].as_array().unwrap().is_empty() && self.0["profiles"].as_array().unwrap().is_empty()
    }
}

/// The SHA-256 of a text in hexadecimal digits.
pub fn sha256(text: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The keys on standard output, `NAME<TAB>KEY` a line, by device: each device at most once.
pub fn keys(stdout: &[u8]) -> BTreeMap<String, String> {
    let mut keys = BTreeMap::new();
    for line in std::str::from_utf8(stdout).unwrap().lines() {
        let (device, key) = line.split_once('\t').unwrap();
        let before = keys.insert(device.to_owned(), key.to_owned());
        assert!(before.is_none(), "{device} twice: {before:?}, {key}");
    }
    keys
}

/// The only ledger there is: its heading and its outcomes.
pub fn ledger(state: &Path) -> (Value, Vec<Value>) {
    let mut files = fs::read_dir(state.join("fgtkey/runs")).unwrap().map(|entry| entry.unwrap().path());
    let path = files.next().unwrap();
    assert!(files.next().is_none());
    // A line that is being written is none yet.
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines().filter_map(|line| serde_json::from_str(line).ok());
    (lines.next().unwrap(), lines.collect())
}

/// Looks again and again until `there` is; not for ever.
pub fn wait_for(mut there: impl FnMut() -> bool) {
    let began = Instant::now();
    while !there() {
        assert!(began.elapsed() < LONGEST, "it does not come");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Standard error of a run that is over.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
