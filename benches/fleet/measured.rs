//! What a run took.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// One run of a program over a fleet.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    pub devices: usize,
    /// From the start of the program to its end.
    pub wall: Duration,
    /// Processor time of the program and of all that it started.
    pub cpu: Duration,
    /// Processor time of the simulated fleet meanwhile.
    pub fleet_cpu: Duration,
    /// The high-water mark of the program's memory; not of what it started.
    pub peak_mib: f64,
}

impl Measured {
    pub fn keys_per_second(&self) -> f64 {
        self.devices as f64 / self.wall.as_secs_f64()
    }

    /// Milliseconds of processor time for each device.
    pub fn cpu_ms(&self) -> f64 {
        self.cpu.as_secs_f64() * 1000.0 / self.devices as f64
    }

    pub fn fleet_cpu_ms(&self) -> f64 {
        self.fleet_cpu.as_secs_f64() * 1000.0 / self.devices as f64
    }
}

/// What a program printed and took.
pub struct Ran {
    pub stdout: String,
    pub stderr: String,
    pub wall: Duration,
    pub cpu: Duration,
    pub peak_mib: f64,
}

/// Runs `command` to its end.
pub fn run(command: &mut Command) -> Ran {
    let (before, began) = (children(), Instant::now());
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let process = child.id();
    let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let readers = (std::thread::spawn(|| whole(out)), std::thread::spawn(|| whole(err)));
    let watch = std::thread::spawn(move || watched(process));
    child.wait().unwrap();
    let wall = began.elapsed();
    let (stdout, stderr) = (readers.0.join().unwrap(), readers.1.join().unwrap());
    Ran { stdout, stderr, wall, cpu: children() - before, peak_mib: watch.join().unwrap() }
}

fn whole(mut from: impl Read) -> String {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The processor time of all children that have ended.
fn children() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let microseconds = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Duration::from_micros(microseconds.try_into().unwrap_or(0))
}

/// The last high-water mark that could be read; it only grows.
fn watched(process: u32) -> f64 {
    let mut peak = 0.0;
    while let Some(mib) = high_water(process) {
        peak = mib;
        std::thread::sleep(Duration::from_millis(20));
    }
    peak
}

fn high_water(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kib / 1024.0)
}
