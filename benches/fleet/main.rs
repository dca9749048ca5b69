//! fgtkey beside its peers: the same job on the same simulated fleet, in one run.
//!
//! Everybody logs in to each device, sends the 25 lines of configuration of a mint and `execute api-user generate-key`,
//! takes the key out of the reply, and prints it with the device's name; fgtkey is measured with a file for each key too.
//! Only keys that the device takes for its live ones count. The fleet is a process of its own, started anew for each run,
//! and begins when the one before has ended and its files are on disk or gone; the contestants take turns, so that what
//! else the machine does befalls all.
//!
//! `cargo bench --bench fleet` prints the tables, with the limits beside the ratios. Behind `--`: `--devices N` (of each
//! run), `--jobs N` (sessions at a time; without it each contestant has its best of several), `--rounds N`, and
//! `--only NAME,NAME` to leave the others out. The peers' Python is `FGTKEY_PEERS_PYTHON`, or one made in
//! `target/peers-bench` out of `benches/peers/requirements.txt`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a program for developers: it prints, and stops when it cannot go on"
)]

mod bare;
mod contestant;
mod job;
mod measured;
mod options;
mod python;
mod simulated;
mod table;

use std::time::Duration;

use contestant::{Contestant, Place};
use job::Job;
use measured::Measured;
use options::Options;
use simulated::Simulated;

const FGTKEY: &str = env!("CARGO_BIN_EXE_fgtkey");

/// Who works on a fleet.
const FLEET: [Contestant; 9] = [
    Contestant::Fgtkey,
    Contestant::FgtkeyFiles,
    Contestant::BareOneByOne,
    Contestant::BareAtOnce,
    Contestant::ParallelSsh,
    Contestant::Asyncssh,
    Contestant::AsyncsshOneByOne,
    Contestant::Openssh,
    Contestant::NetmikoNornir,
];

/// Who works on one device far away.
const ALONE: [Contestant; 3] = [Contestant::Fgtkey, Contestant::Netmiko, Contestant::Scrapli];

/// How far away that is.
const FAR: Duration = Duration::from_millis(100);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, pace, devices, lines, jobs, user] = arguments.as_slice()
        && flag == "--bare"
    {
        let pace = if pace == "at-once" { bare::Pace::AtOnce } else { bare::Pace::OneByOne };
        return bare::run(Job::read(devices.as_ref(), lines.as_ref(), jobs.parse().unwrap(), user), pace);
    }
    // `cargo test --benches` only wants to know that it builds.
    if arguments.iter().any(|argument| argument == "--test") {
        return;
    }
    let options = Options::read(&arguments);
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench { place: place(folder.path()), options };
    bench.fleet();
    bench.alone();
    bench.memory();
}

/// The files and programs of a bench.
fn place(folder: &std::path::Path) -> Place {
    let identity = folder.join("identity");
    let key = russh::keys::PrivateKey::random(&mut russh::keys::key::safe_rng(), russh::keys::Algorithm::Ed25519);
    let key = key.unwrap();
    key.write_openssh_file(&identity, russh::keys::ssh_key::LineEnding::LF).unwrap();
    Place {
        folder: folder.into(),
        lines: job::write_lines(folder),
        public_key: key.public_key().to_openssh().unwrap(),
        identity,
        python: python::with_peers(),
        runs: std::cell::Cell::new(0),
    }
}

struct Bench {
    place: Place,
    options: Options,
}

impl Bench {
    /// Keys per second and processor time.
    fn fleet(&self) {
        let contestants = self.options.chosen(&FLEET);
        let mut runs = vec![Vec::new(); contestants.len()];
        let jobs: Vec<usize> = contestants.iter().map(|contestant| self.best_jobs(*contestant)).collect();
        for _ in 0..self.options.rounds {
            for ((contestant, jobs), runs) in contestants.iter().zip(&jobs).zip(&mut runs) {
                runs.extend(self.run(*contestant, self.options.devices_of(*contestant), *jobs, Duration::ZERO));
            }
        }
        table::fleet(&contestants, &jobs, &runs);
    }

    /// The number of sessions at a time that the contestant is fastest with.
    fn best_jobs(&self, contestant: Contestant) -> usize {
        let tried = self.options.jobs_to_try();
        if let [only] = tried {
            return *only;
        }
        let speed = |jobs: &usize| {
            let run = self.run(contestant, self.options.devices_of(contestant), *jobs, Duration::ZERO);
            run.map_or(0.0, |run| run.keys_per_second())
        };
        let speeds = tried.iter().map(|jobs| (*jobs, speed(jobs)));
        speeds.max_by(|(_, a), (_, b)| a.total_cmp(b)).map_or(1, |(jobs, _)| jobs)
    }

    /// The time that one device takes behind a long wire.
    fn alone(&self) {
        let contestants = self.options.chosen(&ALONE);
        let mut runs = vec![Vec::new(); contestants.len()];
        for _ in 0..self.options.rounds {
            for (contestant, runs) in contestants.iter().zip(&mut runs) {
                runs.extend(self.run(*contestant, 1, 1, FAR));
            }
        }
        table::alone(&contestants, &runs);
    }

    /// The memory of fgtkey with many sessions at a time, and with many devices.
    fn memory(&self) {
        if !self.options.chosen(&FLEET).contains(&Contestant::Fgtkey) {
            return;
        }
        let measured = |devices, jobs, far| self.run(Contestant::Fgtkey, devices, jobs, far);
        // So far away that nobody has ended when the last one begins.
        let live = measured(1024, 1024, Duration::from_millis(500));
        table::memory(live, measured(1000, 64, Duration::ZERO), measured(5000, 64, Duration::ZERO));
    }

    /// One run; `None` when the program is missing, or did not bring every key.
    fn run(&self, contestant: Contestant, devices: usize, jobs: usize, away: Duration) -> Option<Measured> {
        let place = &self.place;
        let fleet = Simulated::start(devices, away, &place.public_key, &place.folder);
        let mut command = contestant.command(place, &fleet, jobs)?;
        let before = fleet.cpu();
        let ran = measured::run(&mut command);
        let fleet_cpu = fleet.cpu() - before;
        let keys = fleet.right(&contestant.told(place, ran.stdout));
        place.tidy();
        if keys != devices {
            let said: String = ran.stderr.lines().take(3).map(|line| format!("    {line}\n")).collect();
            eprintln!("{}: {keys} of {devices} keys are right; this run does not count\n{said}", contestant.name());
            return None;
        }
        Some(Measured { devices, wall: ran.wall, cpu: ran.cpu, fleet_cpu, peak_mib: ran.peak_mib })
    }
}
