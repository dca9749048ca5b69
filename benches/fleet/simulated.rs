//! The simulated fleet, in a process of its own.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use ring::digest::{SHA256, digest};

use super::FGTKEY;
use super::job::FORTIOS;

/// The administrator, whom everybody logs in as.
pub const USER: &str = "admin";
pub const PASSWORD: &str = "admin";

/// Simulated devices, until this is dropped.
pub struct Simulated {
    child: Child,
    folder: PathBuf,
    _told: BufReader<ChildStdout>,
}

impl Simulated {
    /// Starts so many devices, each `round_trip` away; `public_key` logs in too.
    pub fn start(devices: usize, round_trip: Duration, public_key: &str, folder: &Path) -> Simulated {
        let mut command = Command::new(FGTKEY);
        command.args(["sim", "--listen", "127.0.0.1:0", "--fortios", FORTIOS, "--admin", USER, "--password", PASSWORD]);
        command.args(["--devices", &devices.to_string(), "--public-key", public_key]);
        command.args(["--round-trip", &format!("{}ms", round_trip.as_millis())]);
        command.arg("--inventory-out").arg(folder.join("inventory.yaml"));
        command.arg("--report").arg(folder.join("report"));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut told = BufReader::new(child.stdout.take().unwrap());
        let mut rows = String::new();
        for _ in 0..devices {
            rows.push_str(&row(&mut told));
        }
        std::fs::write(folder.join("devices"), rows).unwrap();
        Simulated { child, folder: folder.into(), _told: told }
    }

    /// The file of devices that the peers read: name, address, port.
    pub fn devices(&self) -> PathBuf {
        self.folder.join("devices")
    }

    /// The inventory that fgtkey reads.
    pub fn inventory(&self) -> PathBuf {
        self.folder.join("inventory.yaml")
    }

    /// The processor time that it has taken so far.
    pub fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let ticks = stat.rsplit(") ").next().into_iter().flat_map(str::split_whitespace).skip(11).take(2);
        // Linux counts them at 100 Hz for user space, whatever the kernel's own rate is.
        Duration::from_millis(ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() * 10)
    }

    /// Ends it and says how many of these keys, told as name and key with a tab between, are the devices' live ones. A key
    /// without a name is the only device's: fgtkey prints no name when there is but one.
    pub fn right(mut self, told: &str) -> usize {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
        self.child.wait().unwrap();
        let report = std::fs::read_to_string(self.folder.join("report")).unwrap();
        let live: BTreeMap<String, String> = report.lines().filter_map(account).collect();
        let only = live.keys().next().filter(|_| live.len() == 1).map_or("", String::as_str);
        let is_right = |line: &&str| {
            let (name, key) = line.split_once('\t').unwrap_or((only, line));
            live.get(name).is_some_and(|hash| *hash == sha256(key))
        };
        told.lines().filter(is_right).count()
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        // Gone already, mostly.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Name, address and port out of a line of `fgtkey sim`: name, `USER@ADDRESS:PORT`, fingerprint, with tabs between.
fn row(told: &mut impl BufRead) -> String {
    let mut line = String::new();
    told.read_line(&mut line).unwrap();
    let columns: Vec<&str> = line.split('\t').collect();
    let (_, addr) = columns[1].split_once('@').unwrap();
    let (host, port) = addr.rsplit_once(':').unwrap();
    format!("{}\t{host}\t{port}\n", columns[0])
}

/// The device and the hash of its key.
fn account(line: &str) -> Option<(String, String)> {
    let account: serde_json::Value = serde_json::from_str(line).unwrap();
    let hash = account["api_users"][0]["key_sha256"].as_str()?;
    Some((account["device"].as_str()?.to_owned(), hash.to_owned()))
}

fn sha256(key: &str) -> String {
    digest(&SHA256, key.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
