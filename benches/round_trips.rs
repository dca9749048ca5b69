//! How many network round trips a whole mint costs.
//!
//! A new profile with two groups, a new API user with two trusted hosts, logged in with a password: from TCP's first
//! packet to the key's arrival, survey and read-back included. The simulated device sits behind a wire that delays each
//! direction; the count is the slope of the time over the round trip, so what the machine itself needs does not count.
//!
//! `cargo bench --bench round_trips` prints the table and marks what is above its limit; with `-- --lines` it also
//! shows which lines of CLI travel together.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for developers: it prints, and stops when it cannot go on"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fgtkey::deliver::{Destination, EscrowPlace, Format};
use fgtkey::fortios::plan::Consent;
use fgtkey::fortios::render::Templates;
use fgtkey::fortios::request::{Request, RequestFlags};
use fgtkey::fortios::transaction::Transaction;
use fgtkey::fortios::version::Version;
use fgtkey::journal::Journal;
use fgtkey::secret::Secret;
use fgtkey::session::drive::Interrupt;
use fgtkey::sim::{Device, DeviceSpec, Listen, Server};
use fgtkey::ssh::{Dial, DialOptions, Endpoint, PasswordSource, Person};
use fgtkey::verbs::console::Line;
use fgtkey::verbs::custody::Custody;
use fgtkey::verbs::event::{Event, Observer};
use fgtkey::verbs::gate::Gate;
use fgtkey::verbs::mint::{Asked, Errand, Mint};
use fgtkey::verbs::verification::{Mode, TrustChoice, Verification};

/// The delays of each direction at which a mint is timed; a round trip is twice as long.
const DELAYS: [Duration; 4] =
    [Duration::from_millis(20), Duration::from_millis(40), Duration::from_millis(80), Duration::from_millis(120)];

/// A mint is repeated so often at each delay, and the fastest of each phase counts: what else the machine does only
/// adds.
const RUNS: usize = 3;

/// What is minted, and how many round trips it may cost.
struct Case {
    what: &'static str,
    fortios: Version,
    grants: [&'static str; 2],
    limit: f64,
}

const PLAIN: [&str; 2] = ["sysgrp=read", "netgrp=read"];
const NESTED: [&str; 2] = ["fwgrp.address=read", "netgrp.cfg=read"];

const CASES: [Case; 4] = [
    Case { what: "two groups", fortios: Version::new(7, 4, 8), grants: PLAIN, limit: 14.0 },
    Case { what: "two children of groups", fortios: Version::new(7, 4, 8), grants: NESTED, limit: 14.0 },
    Case { what: "two groups", fortios: Version::new(7, 6, 6), grants: PLAIN, limit: 16.0 },
    Case { what: "two children of groups", fortios: Version::new(7, 6, 6), grants: NESTED, limit: 16.0 },
];

/// The ends of the phases, in seconds since TCP's first packet: the first prompt, the survey, the push, the key.
const PHASES: usize = 4;

/// Notes when each phase ended.
struct Clock {
    began: Instant,
    ends: [f64; PHASES],
    lines: Vec<(f64, String)>,
}

impl Clock {
    fn new() -> Clock {
        Clock { began: Instant::now(), ends: [0.0; PHASES], lines: Vec::new() }
    }
}

impl Observer for Clock {
    fn on(&mut self, _device: &str, event: Event) {
        let now = self.began.elapsed().as_secs_f64();
        let phase = match event {
            Event::Connected(_) => 0,
            Event::Found(_) => 1,
            Event::ApiUser { .. } => 2,
            Event::Key(_) => 3,
            Event::Line(line) => return self.lines.push((now, line)),
            _ => return,
        };
        if let Some(end) = self.ends.get_mut(phase) {
            *end = now;
        }
    }
}

fn main() {
    // `cargo test --benches` only wants to know that it builds.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let shows_lines = std::env::args().any(|argument| argument == "--lines");
    println!(
        "{:9} {:24} {:>6} {:>7} {:>6} {:>5} {:>6} {:>7}",
        "FortiOS", "what", "login", "survey", "push", "key", "all", "limit"
    );
    // Together: each spends nearly all of its time on the wire.
    let counted: Vec<_> = std::thread::scope(|scope| {
        let running: Vec<_> = CASES.iter().map(|case| scope.spawn(|| counts(case))).collect();
        running.into_iter().map(|case| case.join().unwrap()).collect()
    });
    for (case, counts) in CASES.iter().zip(counted) {
        let [login, survey, push, key] = counts;
        let all: f64 = counts.iter().sum();
        let Case { what, fortios, limit, .. } = case;
        let fortios = fortios.to_string();
        let mark = if all < limit + 0.5 { "" } else { "  above" };
        println!("{fortios:9} {what:24} {login:>6.1} {survey:>7.1} {push:>6.1} {key:>5.1} {all:>6.1} {limit:>7}{mark}");
        if shows_lines {
            show_lines(case);
        }
    }
}

/// Round trips of each phase: the slope of its time over the round trip's, by least squares.
fn counts(case: &Case) -> [f64; PHASES] {
    let trips = DELAYS.map(|delay| delay.as_secs_f64() * 2.0);
    let times = DELAYS.map(|delay| fastest(case, delay));
    let mut counts = [0.0; PHASES];
    for (phase, count) in counts.iter_mut().enumerate() {
        *count = slope(&trips, &times.map(|spans| spans.get(phase).copied().unwrap()));
    }
    counts
}

/// The shortest time of each phase.
fn fastest(case: &Case, delay: Duration) -> [f64; PHASES] {
    let mut shortest = [f64::INFINITY; PHASES];
    for _ in 0..RUNS {
        let spans = spans(timed(case, delay).ends);
        shortest.iter_mut().zip(spans).for_each(|(shortest, span)| *shortest = shortest.min(span));
    }
    shortest
}

fn spans([login, survey, push, key]: [f64; PHASES]) -> [f64; PHASES] {
    [login, survey - login, push - survey, key - push]
}

fn slope<const N: usize>(xs: &[f64; N], ys: &[f64; N]) -> f64 {
    let count = f64::from(u32::try_from(N).unwrap());
    let (x, y) = (xs.iter().sum::<f64>() / count, ys.iter().sum::<f64>() / count);
    let over: f64 = xs.iter().zip(ys).map(|(xi, yi)| (xi - x) * (yi - y)).sum();
    over / xs.iter().map(|xi| (xi - x).powi(2)).sum::<f64>()
}

/// The lines that went out together, and when, in round trips since the beginning.
fn show_lines(case: &Case) {
    let delay = Duration::from_millis(40);
    let mut last = f64::NEG_INFINITY;
    for (at, line) in timed(case, delay).lines {
        let trip = at / (2.0 * delay.as_secs_f64());
        if trip - last > 0.4 {
            println!("{trip:8.1}  {}", line.trim_end());
        } else {
            println!("{:8}  {}", "", line.trim_end());
        }
        last = trip;
    }
}

/// One mint. The device runs on threads of its own, as a real one would.
fn timed(case: &Case, delay: Duration) -> Clock {
    let device_threads = tokio::runtime::Runtime::new().unwrap();
    let spec = DeviceSpec { version: case.fortios, ..DeviceSpec::default() };
    let device = Device::new(spec).unwrap();
    let server = device_threads.block_on(Server::start(device, Listen { delay, ..Listen::default() })).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mint = mint(case, &server, folder.path());
    let ours = tokio::runtime::Runtime::new().unwrap();
    let mut clock = Clock::new();
    ours.block_on(mint.run(&mut clock)).unwrap();
    drop(server);
    clock
}

fn mint(case: &Case, server: &Server, folder: &Path) -> Mint {
    let within = Duration::from_secs(30);
    let options = DialOptions {
        password: PasswordSource::Ask,
        person: Person::answering(|_| Ok(Secret::new("admin"))),
        host_key: server.fingerprint().parse().unwrap(),
        timeout: within,
        ..DialOptions::default()
    };
    let (host, port) = (server.addr().ip().to_string(), server.addr().port());
    let endpoint = Endpoint { name: "fw1".into(), host, port, user: "admin".into() };
    let line = Line {
        dial: Dial::new(options),
        endpoint,
        within,
        interrupt: Interrupt::never(),
        simulated: false,
        serial: None,
        gate: Gate::Open,
    };
    Mint {
        errand: Errand::Keep,
        line,
        transaction: Transaction::Off,
        asked: Asked::Request(Arc::new(request(case))),
        consent: Consent::default(),
        templates: Templates::replacing([]).unwrap(),
        custody: Custody {
            destinations: vec![Destination::new("file", &folder.join("key").display().to_string()).unwrap()],
            format: Format::Key,
            escrow: EscrowPlace::open(folder.join("escrow")),
            escrow_identity: None,
            verification: Verification {
                mode: Mode::Off,
                https_port: None,
                trust: TrustChoice::Learned,
                within: Duration::from_secs(5),
            },
            journal: Journal::at(folder.join("journal")),
        },
    }
}

fn request(case: &Case) -> Request {
    let flags = RequestFlags {
        api_user: Some("bench".into()),
        grants: case.grants.map(str::to_owned).to_vec(),
        trusted_hosts: vec!["10.20.100.99/32".into(), "10.20.101.0/24".into()],
        ..RequestFlags::default()
    };
    Request::from_parts(None, flags).unwrap()
}
