//! How little the program takes: time to start, memory of a mint, size on disk.
//!
//! `cargo bench --bench footprint` prints the table and marks what is above its limit. Memory is read from
//! Linux's `/proc`; elsewhere that row is left out.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for developers: it prints, and stops when it cannot go on"
)]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use fgtkey::sim::{Device, DeviceSpec, Listen, Server};

const FGTKEY: &str = env!("CARGO_BIN_EXE_fgtkey");

/// How often a start is timed; the median counts.
const STARTS: usize = 100;

/// "In single milliseconds."
const LONGEST_START_MS: f64 = 10.0;

const MOST_MEMORY_MIB: f64 = 30.0;

/// The size of the stripped program.
const LARGEST_MIB: f64 = 15.0;

const MIB: f64 = 1024.0 * 1024.0;

fn main() {
    // `cargo test --benches` only wants to know that it builds.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    println!("{:40} {:>8} {:>8}", "what", "figure", "limit");
    let rows = [
        ("fgtkey --help, ms", Some(start(&["--help"])), LONGEST_START_MS),
        ("fgtkey preset, ms", Some(start(&["preset"])), LONGEST_START_MS),
        ("peak memory of one mint, MiB", mint_memory(), MOST_MEMORY_MIB),
        ("peak memory of one mint --sim, MiB", sim_memory(), MOST_MEMORY_MIB),
        ("size of the program, MiB", Some(size()), LARGEST_MIB),
    ];
    for (what, figure, limit) in rows {
        if let Some(figure) = figure {
            let mark = if figure < limit { "" } else { "  above" };
            println!("{what:40} {figure:>8.1} {limit:>8.1}{mark}");
        }
    }
}

/// The median time from start to exit, in milliseconds.
fn start(arguments: &[&str]) -> f64 {
    let mut times: Vec<Duration> = (0..STARTS).map(|_| once(arguments)).collect();
    times.sort();
    times.get(STARTS / 2).unwrap().as_secs_f64() * 1000.0
}

fn once(arguments: &[&str]) -> Duration {
    let began = Instant::now();
    let status = Command::new(FGTKEY).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(status.success());
    began.elapsed()
}

/// A mint on a device of another process: this one.
fn mint_memory() -> Option<f64> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let device = Device::new(DeviceSpec::default()).unwrap();
    let server = runtime.block_on(Server::start(device, Listen::default())).unwrap();
    let mut mint = Command::new(FGTKEY);
    mint.args(["mint", &format!("admin@{}", server.addr()), "--host-key", &server.fingerprint()]);
    mint.args(["--preset", "read-all", "--api-user", "bench", "--trusted-host", "auto"]);
    peak_memory(mint.env("FGTKEY_PASSWORD", "admin"))
}

fn sim_memory() -> Option<f64> {
    peak_memory(Command::new(FGTKEY).args(["mint", "--sim"]))
}

/// The high-water mark of a program's resident memory in MiB. It only grows, so the last reading before the end counts.
fn peak_memory(command: &mut Command) -> Option<f64> {
    // A key is not written into the null device: it would be lost.
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut peak = None;
    let status = loop {
        peak = high_water(child.id()).or(peak);
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
    };
    assert!(status.success());
    peak
}

fn high_water(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kib / 1024.0)
}

fn size() -> f64 {
    let bytes = std::fs::metadata(FGTKEY).unwrap().len();
    f64::from(u32::try_from(bytes).unwrap()) / MIB
}
