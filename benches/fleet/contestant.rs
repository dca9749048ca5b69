//! Who does the job: fgtkey, its peers, and the bare loop.

use std::cell::Cell;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::job::REQUEST;
use super::simulated::{PASSWORD, Simulated, USER};

/// One of those that do the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contestant {
    /// The keys on stdout, as the peers print theirs.
    Fgtkey,
    /// A file for each key, on disk before the session ends, which no peer does.
    FgtkeyFiles,
    BareOneByOne,
    BareAtOnce,
    ParallelSsh,
    Asyncssh,
    AsyncsshOneByOne,
    Openssh,
    NetmikoNornir,
    Netmiko,
    Scrapli,
}

/// What all of them are started with.
pub struct Place {
    pub folder: PathBuf,
    pub lines: PathBuf,
    /// The private key that OpenSSH logs in with, and its public half.
    pub identity: PathBuf,
    pub public_key: String,
    /// Python with the peers' libraries.
    pub python: Option<PathBuf>,
    /// How many runs there were.
    pub runs: Cell<usize>,
}

impl Place {
    /// As before the run: no keys, no journal, and nothing of them is left for the disk to do beside the next one. They stay
    /// until the bench ends: ext4 looks at each inode that was freed in the last seconds, and the next run would pay for it.
    pub fn tidy(&self) {
        self.runs.set(self.runs.get() + 1);
        nix::unistd::sync();
    }
}

impl Contestant {
    pub const fn name(self) -> &'static str {
        match self {
            Contestant::Fgtkey => "fgtkey mint",
            Contestant::FgtkeyFiles => "fgtkey, a file each",
            Contestant::BareOneByOne => "russh, line by line",
            Contestant::BareAtOnce => "russh, lines at once",
            Contestant::ParallelSsh => "parallel-ssh",
            Contestant::Asyncssh => "asyncssh, at once",
            Contestant::AsyncsshOneByOne => "asyncssh",
            Contestant::Openssh => "OpenSSH, xargs -P",
            Contestant::NetmikoNornir => "netmiko, nornir",
            Contestant::Netmiko => "netmiko",
            Contestant::Scrapli => "scrapli",
        }
    }

    /// The script in `benches/peers`, and what is said to it beyond the job.
    const fn script(self) -> Option<(&'static str, &'static [&'static str])> {
        match self {
            Contestant::ParallelSsh => Some(("parallel_ssh.py", &[])),
            Contestant::Asyncssh => Some(("asyncssh_fleet.py", &["--at-once"])),
            Contestant::AsyncsshOneByOne => Some(("asyncssh_fleet.py", &[])),
            Contestant::NetmikoNornir => Some(("netmiko_nornir.py", &[])),
            Contestant::Netmiko => Some(("netmiko_one.py", &[])),
            Contestant::Scrapli => Some(("scrapli_one.py", &[])),
            _ => None,
        }
    }

    /// The program that does it, with so many sessions at a time; `None` where it is not installed.
    pub fn command(self, place: &Place, fleet: &Simulated, jobs: usize) -> Option<Command> {
        let mut command = match self {
            Contestant::Fgtkey => fgtkey(place, fleet, jobs),
            Contestant::FgtkeyFiles => into_files(fgtkey(place, fleet, jobs), place),
            Contestant::BareOneByOne => bare("one-by-one", place, fleet, jobs),
            Contestant::BareAtOnce => bare("at-once", place, fleet, jobs),
            Contestant::Openssh => openssh(place, fleet, jobs)?,
            _ => self.python(place, fleet, jobs)?,
        };
        command.env("FGTKEY_PASSWORD", PASSWORD);
        Some(command)
    }

    /// Its keys with their devices' names: what it has printed, unless it was told to put them elsewhere.
    pub fn told(self, place: &Place, stdout: String) -> String {
        if self == Contestant::FgtkeyFiles { in_files(place) } else { stdout }
    }

    fn python(self, place: &Place, fleet: &Simulated, jobs: usize) -> Option<Command> {
        let (script, more) = self.script()?;
        let mut command = Command::new(place.python.as_ref()?);
        command.arg(peers().join(script)).args(more).args(["--user", USER, "--jobs", &jobs.to_string()]);
        command.arg("--devices").arg(fleet.devices()).arg("--lines").arg(&place.lines);
        Some(command)
    }
}

/// Nobody goes first: no peer has canaries.
fn fgtkey(place: &Place, fleet: &Simulated, jobs: usize) -> Command {
    let password = place.folder.join("password");
    std::fs::write(&password, PASSWORD).unwrap();
    std::fs::set_permissions(&password, Permissions::from_mode(0o600)).unwrap();
    let mut command = Command::new(super::FGTKEY);
    command.args(["mint", "all", "--inventory"]).arg(fleet.inventory()).args(["-j", &jobs.to_string()]);
    command.args(REQUEST).args(["--canary", "0", "--verify", "off", "--quiet", "--password-file"]).arg(password);
    command.env("XDG_STATE_HOME", state(place));
    command
}

fn into_files(mut command: Command, place: &Place) -> Command {
    std::fs::create_dir_all(keys(place)).unwrap();
    command.arg("--to").arg(format!("file:{}/{{{{ device.name }}}}.key", keys(place).display()));
    command
}

/// Where [`Contestant::FgtkeyFiles`] puts the keys.
fn keys(place: &Place) -> PathBuf {
    place.folder.join(format!("keys-{}", place.runs.get()))
}

/// Where fgtkey keeps its journal.
fn state(place: &Place) -> PathBuf {
    place.folder.join(format!("state-{}", place.runs.get()))
}

/// The keys out of the files, as the others print theirs.
fn in_files(place: &Place) -> String {
    let key = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        format!("{name}\t{}\n", std::fs::read_to_string(&path).unwrap().trim())
    };
    let entries = std::fs::read_dir(keys(place)).into_iter().flatten();
    entries.map(|entry| key(entry.unwrap().path())).collect()
}

/// This program again, as the bare loop.
fn bare(pace: &str, place: &Place, fleet: &Simulated, jobs: usize) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--bare", pace]).arg(fleet.devices()).arg(&place.lines).arg(jobs.to_string()).arg(USER);
    command
}

fn openssh(place: &Place, fleet: &Simulated, jobs: usize) -> Option<Command> {
    Command::new("ssh").arg("-V").output().ok()?;
    let mut command = Command::new(peers().join("openssh.sh"));
    command.arg(fleet.devices()).arg(&place.lines).arg(jobs.to_string()).arg(USER).arg(&place.identity);
    Some(command)
}

/// The folder of the peers' scripts.
pub fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers")
}
