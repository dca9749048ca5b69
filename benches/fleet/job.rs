//! The job, the same for everybody: 25 lines of configuration and a key, on each device of a fleet.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::FGTKEY;

/// What fgtkey is asked for; its dry run is what the peers type.
pub const REQUEST: [&str; 22] = [
    "--api-user",
    "terraform",
    "--comments",
    "benches/fleet",
    "--trusted-host",
    "127.0.0.0/8",
    "--trusted-host",
    "10.20.100.99/32",
    "--grant",
    "secfabgrp=read",
    "--grant",
    "sysgrp=read",
    "--grant",
    "authgrp=read",
    "--grant",
    "netgrp=read",
    "--grant",
    "loggrp=read",
    "--grant",
    "fwgrp.policy=read",
    "--grant",
    "fwgrp.address=read-write",
];

/// The release of all devices: the newest that asks for no password at a commit, which no peer but netmiko's users expect.
pub const FORTIOS: &str = "7.4.8";

/// Lines of configuration, as the issue counts them; behind them comes the one that generates the key.
const LINES: usize = 25;

/// A job as the bare loop does it.
pub struct Job {
    pub devices: Vec<Device>,
    pub lines: Vec<String>,
    pub jobs: usize,
    pub user: String,
    pub password: String,
}

/// A device to mint on.
pub struct Device {
    pub name: String,
    pub addr: SocketAddr,
}

impl Job {
    /// The job out of the files that the peers read too; the password out of the environment.
    pub fn read(devices: &Path, lines: &Path, jobs: usize, user: &str) -> Job {
        Job {
            devices: rows(devices).iter().map(|row| device(row)).collect(),
            lines: rows(lines).iter().map(|line| line.trim().to_owned()).collect(),
            jobs,
            user: user.into(),
            password: std::env::var("FGTKEY_PASSWORD").unwrap(),
        }
    }
}

fn device(row: &str) -> Device {
    let columns: Vec<&str> = row.split('\t').collect();
    Device { name: columns[0].into(), addr: format!("{}:{}", columns[1], columns[2]).parse().unwrap() }
}

fn rows(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

/// Writes the lines of a mint of [`REQUEST`] into `folder`.
pub fn write_lines(folder: &Path) -> PathBuf {
    let dry = Command::new(FGTKEY).args(["mint", "--dry-run", "--fortios", FORTIOS]).args(REQUEST).output().unwrap();
    assert!(dry.status.success(), "{}", String::from_utf8_lossy(&dry.stderr));
    assert_eq!(dry.stdout.iter().filter(|byte| **byte == b'\n').count(), LINES + 1);
    let path = folder.join("lines");
    std::fs::write(&path, dry.stdout).unwrap();
    path
}
