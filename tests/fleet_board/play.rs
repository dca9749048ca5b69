//! A run that is made up: no device is there, what it tells is always the same.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use fgtkey::deliver::{Action, Stored};
use fgtkey::fleet::class::Class;
use fgtkey::fleet::outcome::{End, Outcome};
use fgtkey::fleet::progress::Progress;
use fgtkey::fleet::schedule::{Stop, Wave};
use fgtkey::fleet::timeline::{Phase, Span};
use fgtkey::fortios::version::Version;
use fgtkey::report::fleet::Board;
use fgtkey::report::{Color, Verbosity, aside};
use fgtkey::verbs::event::{Connected, Event, Found, Trust};

/// The names of devices as inventories have them, and a few that nobody should have.
pub fn names(count: usize) -> Arc<[String]> {
    let sites = ["berlin", "oslo", "são-paulo", "東京", "a-site-with-quite-a-long-name-in-it"];
    let name = |number: usize| match number {
        7 => "evil\u{1b}[2J\u{202e}<script>alert(1)</script>".to_owned(),
        number => format!("fw-{}-{number}", sites[number % sites.len()]),
    };
    (0..count).map(name).collect()
}

/// How the device of that number ends: 2 % refuse, 1 % hang, 1 % drop, one needs a person.
pub fn end(number: usize) -> (End, Option<Class>, Option<&'static str>) {
    match number % 100 {
        7 => (
            End::Failed,
            Some(Class::Refused),
            Some("`set vdom \"<b>dmz</b>\"\u{1b}[31m` was refused: entry not found in datasource (-3)"),
        ),
        13 | 63 => (End::Failed, Some(Class::Authentication), Some("admin was refused: tried password")),
        37 => {
            (End::Failed, Some(Class::Silent), Some("no answer within 30 s: nothing came while waiting for the prompt"))
        }
        71 => (End::Failed, Some(Class::HostKey), Some("the host key is not the one that is trusted")),
        89 if number < 100 => (
            End::NeedsPerson,
            Some(Class::Dropped),
            Some("the connection was lost behind `end`\nit could not be taken back"),
        ),
        _ => (End::Done, None, None),
    }
}

/// The outcome that such an end comes to.
pub fn outcome(name: &str, number: usize) -> Outcome {
    let (end, class, message) = end(number);
    let (model, serial, fortios) = (None, None, None);
    let message = message.map(str::to_owned);
    Outcome { device: name.to_owned(), end, class, exit: 0, message, model, serial, fortios, spans: Vec::new() }
}

/// What happens on a device, in order.
fn story(number: usize) -> Vec<Event> {
    let connected = Connected {
        address: "192.0.2.1".into(),
        port: 22,
        host_key: "SHA256:Zq0".into(),
        trust: Trust::Pinned,
        through: Vec::new(),
    };
    let found = Found {
        model: "FortiGate-100F".into(),
        serial: format!("FG100FTK{number:08}"),
        fortios: Version::new(7, 4, 8),
        vdoms: false,
        ha: "standalone".into(),
        profile: None,
        source: None,
    };
    let api_user = Event::ApiUser {
        name: "terraform".into(),
        action: Action::Created,
        trusted_hosts: vec!["10.20.100.99/32".into()],
        vdoms: Vec::new(),
    };
    vec![
        Event::Connected(connected),
        Event::Line("get system status".into()),
        Event::Found(found),
        Event::Line("set accprofile \"terraform-firewall-with-a-long-name\"".into()),
        api_user,
        Event::Line("execute api-user generate-key terraform".into()),
        Event::Key(vec![Stored { destination: "dotenv:fw1.env".into(), path: Some("/keys/fw1.env".into()) }]),
        Event::Done { elapsed: Duration::from_secs(1) },
    ]
}

/// Plays a run of so many devices, 16 at once, `pause` between two things that happen; then ends it, or leaves it standing
/// for so long with the last devices at work.
pub fn play(count: usize, pause: Duration, standing: Duration) {
    let mut progress = Progress::begin("mint", "20260102T030405000-7", names(count));
    let mut board = Board::new(Color::Auto, Verbosity::Story, &progress);
    let waves = [(40, Wave { number: 1, size: 16 }), (90, Wave { number: 2, size: 64 })];
    let keys = std::env::var_os("FLEET_KEYS").is_some();
    let mut going: Vec<(usize, std::vec::IntoIter<Event>)> = Vec::new();
    let mut next = 0;
    loop {
        while going.len() < 16 && next < count {
            progress.start(next);
            board.started(next, &progress);
            going.push((next, story(next).into_iter()));
            if let Some((_, wave)) = waves.iter().find(|(at, _)| *at == next) {
                board.wave(*wave, &progress);
            }
            next += 1;
        }
        if next == count && going.len() <= 12 && !standing.is_zero() {
            std::thread::sleep(standing);
            board.stopped(&Stop::Interrupted, &progress);
            break;
        }
        if going.is_empty() {
            break;
        }
        let place = (next * 7 + going.len() * 3) % going.len();
        let device = going[place].0;
        match going[place].1.next() {
            Some(event) => {
                progress.hear(device, &event);
                board.event(device, event, &progress);
            }
            None => {
                going.swap_remove(place);
                let outcome = outcome(progress.name(device), device);
                let outcome = progress.end(device, outcome).cloned().unwrap();
                board.ended(&outcome, &progress);
                if keys && outcome.end == End::Done {
                    let key = format!("{{\"api_key\":\"k{device}\"}}\n");
                    aside(|| std::io::stdout().write_all(key.as_bytes())).unwrap();
                }
            }
        }
        std::thread::sleep(pause);
    }
    board.summary(&progress);
}

/// The same run as it stands in a report: made without waiting.
pub fn reported(count: usize) -> Progress {
    let names = names(count);
    let mut progress = Progress::begin("mint", "20260102T030405000-7", Arc::clone(&names));
    for (number, name) in names.iter().enumerate() {
        let start = (number / 64) as u64 * 900 + (number % 64) as u64 * 7;
        let mut at = start;
        let mut span = |phase, took: u64| {
            let span = Span { phase, from: at, to: at + took };
            at += took;
            span
        };
        let rough = (number as u64 * 7919) % 97;
        let mut spans = vec![span(Phase::LogIn, 150 + rough * 3), span(Phase::Survey, 120 + rough)];
        let (end, ..) = end(number);
        if end == End::Done {
            spans.extend([span(Phase::Change, 300 + rough * 5), span(Phase::Key, 100 + rough), span(Phase::Proof, 90)]);
        } else if number % 100 == 37 {
            spans.push(span(Phase::Change, 30_000));
        }
        let model = Some(["FortiGate-100F", "FortiGate-60F", "FortiGate-VM64"][number % 3].to_owned());
        let (serial, fortios) = (Some(format!("FG100FTK{number:08}")), Some("7.4.8".to_owned()));
        let outcome = Outcome { spans, model, serial, fortios, ..outcome(name, number) };
        // `end` fills in what it has heard, which is nothing: the spans stand in a copy.
        progress.end(number, outcome);
    }
    progress
}
