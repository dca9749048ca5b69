//! The tables, with the limits beside the ratios.

use super::contestant::Contestant;
use super::measured::Measured;

/// How many times faster than this contestant fgtkey has to be, and is meant to be.
const fn speed_limit(contestant: Contestant) -> Option<(f64, f64)> {
    match contestant {
        Contestant::ParallelSsh => Some((3.0, 4.0)),
        Contestant::AsyncsshOneByOne => Some((9.0, 12.0)),
        Contestant::Openssh => Some((10.0, 14.0)),
        Contestant::NetmikoNornir => Some((300.0, 500.0)),
        _ => None,
    }
}

/// The largest share of this contestant's processor time that fgtkey may take, and is meant to.
const fn cpu_limit(contestant: Contestant) -> Option<(f64, f64)> {
    match contestant {
        Contestant::BareOneByOne => Some((1.5, 1.15)),
        _ => None,
    }
}

/// The largest share of this contestant's time on one device far away.
const fn time_limit(contestant: Contestant) -> Option<f64> {
    match contestant {
        Contestant::Netmiko => Some(0.25),
        Contestant::Scrapli => Some(0.16),
        _ => None,
    }
}

pub fn fleet(contestants: &[Contestant], jobs: &[usize], runs: &[Vec<Measured>]) {
    println!(
        "\n{:22} {:>5} {:>8} {:>7} {:>8} {:>8} {:>8}   fgtkey against it",
        "on a fleet", "jobs", "devices", "keys/s", "CPU ms", "sim ms", "MiB"
    );
    let of = |wanted| contestants.iter().position(|contestant| *contestant == wanted).map(|at| runs[at].as_slice());
    let ours = of(Contestant::Fgtkey).unwrap_or_default();
    for ((contestant, jobs), runs) in contestants.iter().zip(jobs).zip(runs) {
        if runs.is_empty() {
            println!("{:22} MISSING: it is not installed, or did not bring every key", contestant.name());
            continue;
        }
        let (speed, cpu) = (median(runs, Measured::keys_per_second), median(runs, Measured::cpu_ms));
        println!(
            "{:22} {jobs:>5} {:>8} {speed:>7.1} {cpu:>8.2} {:>8.2} {:>8.1}   {}",
            contestant.name(),
            runs[0].devices,
            median(runs, Measured::fleet_cpu_ms),
            median(runs, |run| run.peak_mib),
            against(*contestant, ours, speed, cpu)
        );
    }
}

/// How fgtkey does beside a contestant of this speed and processor time.
fn against(contestant: Contestant, ours: &[Measured], speed: f64, cpu: f64) -> String {
    if ours.is_empty() || contestant == Contestant::Fgtkey {
        return String::new();
    }
    let faster = median(ours, Measured::keys_per_second) / speed;
    let dearer = median(ours, Measured::cpu_ms) / cpu;
    let speed = speed_limit(contestant)
        .map(|(limit, aim)| format!("{faster:.1} x as fast (at least {limit}, aim {aim}){}", mark(faster >= limit)));
    let cpu = cpu_limit(contestant)
        .map(|(limit, aim)| format!("{dearer:.2} x its CPU (at most {limit}, aim {aim}){}", mark(dearer <= limit)));
    let plain = || format!("{faster:.1} x as fast, {dearer:.2} x its CPU");
    speed.or(cpu).unwrap_or_else(plain)
}

pub fn alone(contestants: &[Contestant], runs: &[Vec<Measured>]) {
    println!("\n{:22} {:>8} {:>8}   fgtkey against it", "100 ms away", "seconds", "CPU ms");
    let seconds = |run: &Measured| run.wall.as_secs_f64();
    let ours =
        contestants.iter().zip(runs).find(|(contestant, runs)| **contestant == Contestant::Fgtkey && !runs.is_empty());
    for (contestant, runs) in contestants.iter().zip(runs) {
        if runs.is_empty() {
            println!("{:22} MISSING: it is not installed, or did not bring the key", contestant.name());
            continue;
        }
        let time = median(runs, seconds);
        let share = ours.zip(time_limit(*contestant)).map(|((_, ours), limit)| {
            let share = median(ours, seconds) / time;
            format!("{share:.2} of its time (at most {limit}){}", mark(share <= limit))
        });
        let cpu = median(runs, Measured::cpu_ms);
        println!("{:22} {time:>8.2} {cpu:>8.1}   {}", contestant.name(), share.unwrap_or_default());
    }
}

pub fn memory(live: Option<Measured>, few: Option<Measured>, many: Option<Measured>) {
    println!("\n{:40} {:>8} {:>8} {:>8}", "peak memory of fgtkey", "figure", "limit", "aim");
    let row = |what: &str, figure: Option<f64>, limit: f64, aim: f64| match figure {
        Some(figure) => println!("{what:40} {figure:>8.2} {limit:>8} {aim:>8}{}", mark(figure <= limit)),
        None => println!("{what:40} MISSING: a run failed"),
    };
    row("1,024 live sessions, MiB", live.map(|run| run.peak_mib), 130.0, 85.0);
    let growth = few.zip(many).map(|(few, many)| many.peak_mib / few.peak_mib);
    row("5,000 devices over 1,000", growth, 1.35, 1.15);
}

fn mark(holds: bool) -> &'static str {
    if holds { "" } else { "  MISSED" }
}

fn median(runs: &[Measured], figure: impl Fn(&Measured) -> f64) -> f64 {
    let mut figures: Vec<f64> = runs.iter().map(figure).collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
