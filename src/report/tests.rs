use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;
use crate::deliver::{Action, DeliverError, Escrowed, Stored, Undelivered};
use crate::fortios::permissions::{Access, Level, Permissions};
use crate::fortios::version::Version;
use crate::scrape;
use crate::verbs::event::{Connected, Found, Trust, Warning};

#[derive(Clone, Default)]
pub(super) struct Page(pub(super) Arc<Mutex<Vec<u8>>>);

impl Page {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A stream that nobody reads.
struct Gone;

impl Write for Gone {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
}

fn said(verbosity: Verbosity, say: impl FnOnce(&mut Reporter)) -> String {
    let page = Page::default();
    let mut reporter = Reporter::on(Box::new(page.clone()), false, verbosity);
    say(&mut reporter);
    drop(reporter);
    page.text()
}

fn story() -> Vec<Event> {
    let address = Access::Custom([("address".to_owned(), Level::Read)].into());
    vec![
        Event::Connected(Connected {
            address: "192.0.2.1".into(),
            port: 22,
            host_key: "SHA256:Zq0".into(),
            trust: Trust::KnownHosts { file: "known_hosts".into(), line: 12 },
            through: Vec::new(),
        }),
        Event::Found(Found {
            model: "FortiGate-100F".into(),
            serial: "FG100FTK00000000".into(),
            fortios: Version::new(7, 4, 8),
            vdoms: false,
            ha: "standalone".into(),
            profile: Some("super_admin".into()),
            source: Some(IpAddr::from([10, 20, 100, 99])),
        }),
        Event::Profile {
            name: "terraform-firewall".into(),
            action: Action::Created,
            permissions: Permissions([("fwgrp".to_owned(), address)].into()),
        },
        Event::ApiUser {
            name: "terraform".into(),
            action: Action::Created,
            trusted_hosts: vec!["10.20.100.99/32".into()],
            vdoms: vec![],
        },
        Event::Key(vec![Stored { destination: "dotenv:fw1.env".into(), path: Some("/keys/fw1.env".into()) }]),
        Event::Done { elapsed: Duration::from_millis(1420) },
    ]
}

#[test]
fn the_story_is_one_line_a_step_in_columns() {
    let text = said(Verbosity::Story, |reporter| {
        story().into_iter().for_each(|event| reporter.on("fw1", event));
    });
    let expected = "\
fw1  connected  192.0.2.1 port 22, host key SHA256:Zq0 as in known_hosts line 12
fw1  found      FortiGate-100F FG100FTK00000000, FortiOS 7.4.8, no VDOMs, standalone; you are super_admin from 10.20.100.99
fw1  profile    terraform-firewall created: fwgrp.address read
fw1  api user   terraform created: trusted host 10.20.100.99/32
fw1  key        generated, delivered to fw1.env (0600)
fw1  done       1.4 s
";
    assert_eq!(text, expected);
}

#[test]
fn a_quiet_run_still_warns() {
    let text = said(Verbosity::Quiet, |reporter| {
        story().into_iter().for_each(|event| reporter.on("fw1", event));
        reporter.on("fw1", Event::Warning(Warning::VdomAssumed { vdom: "root".into() }));
    });
    assert_eq!(text, "fw1  warning    the request names no VDOM; the API user gets root\n");
}

#[test]
fn the_names_of_several_devices_make_a_column() {
    let text = said(Verbosity::Story, |reporter| {
        reporter.align(["fw1", "fw-berlin"]);
        reporter.on("fw1", Event::Done { elapsed: Duration::from_secs(1) });
    });
    assert_eq!(text, "fw1        done       1.0 s\n");
}

#[test]
fn a_traced_session_is_shown_in_whole_lines_and_without_control() {
    let text = said(Verbosity::Session, |reporter| {
        for piece in ["fw1 # get", " system status\r", "\r\nVersion: \x1b[1m", "x\r\nfw1 # "] {
            reporter.on("fw1", Event::Trace(piece.into()));
        }
        reporter.on("fw1", Event::Line("end".into()));
    });
    let expected = "\
fw1  session    fw1 # get system status
fw1  session    Version: \\u{1b}[1mx
fw1  session    fw1 # \nfw1  sent       end\n";
    assert_eq!(text, expected);
}

#[test]
fn an_error_cannot_forge_a_second_message() {
    let text = said(Verbosity::Story, |reporter| {
        let error = io::Error::other("refused:\r\nfgtkey: note: all is well\x07\r\n");
        reporter.failure(Some("fw1"), &error, &["nothing was saved".into()], Some("try again"));
    });
    let expected = "\
fgtkey: error: fw1: refused:
fgtkey:   fgtkey: note: all is well\\u{7}
fgtkey: note: nothing was saved
fgtkey: hint: try again
";
    assert_eq!(text, expected);
}

#[test]
fn colour_touches_names_and_labels_only() {
    let page = Page::default();
    let mut reporter = Reporter::on(Box::new(page.clone()), true, Verbosity::Story);
    reporter.hint("try again");
    assert_eq!(page.text(), "fgtkey: \x1b[32mhint\x1b[0m: try again\n");
}

#[test]
fn a_stream_that_nobody_reads_ends_nothing() {
    let mut reporter = Reporter::on(Box::new(Gone), false, Verbosity::Story);
    reporter.on("fw1", Event::Done { elapsed: Duration::ZERO });
    reporter.note("still here");
}

#[test]
fn each_exit_has_the_status_that_scripts_rely_on() {
    let all = [
        (Exit::Done, 0),
        (Exit::Failed, 1),
        (Exit::Usage, 2),
        (Exit::Differs, 3),
        (Exit::Partly, 4),
        (Exit::Escrowed, 5),
        (Exit::NeedsPerson, 6),
        (Exit::Interrupted, 130),
    ];
    assert!(all.iter().all(|(exit, status)| exit.status() == *status));
}

#[test]
fn an_undelivered_key_is_told_with_its_escrow() {
    let undelivered = Undelivered {
        stored: vec![Stored { destination: "file:a".into(), path: Some("/a".into()) }],
        failures: vec![DeliverError::Io {
            destination: "dotenv:b".into(),
            doing: "write the key".into(),
            source: io::Error::other("no space left"),
        }],
        escrowed: Escrowed::At("/state/fw1.json".into()),
    };
    let expected = "\
fgtkey: error: fw1: dotenv:b: could not write the key: no space left
fgtkey: note: file:a has the key
fgtkey: note: the key is safe in /state/fw1.json (0600)
fgtkey: hint: `fgtkey deliver --resume` delivers it from there, as soon as the destination takes it
";
    assert_eq!(said(Verbosity::Quiet, |reporter| reporter.undelivered("fw1", &undelivered)), expected);
}

#[test]
fn a_destination_that_cannot_be_used_is_told_with_what_to_type() {
    let error = DeliverError::NoDirectory { destination: "file:keys/a".into(), directory: "keys".into() };
    let expected = "\
fgtkey: error: fw1: file:keys/a: there is no directory keys
fgtkey: note: nothing was minted
fgtkey: hint: mkdir -p keys
";
    assert_eq!(said(Verbosity::Story, |reporter| reporter.unreserved(Some("fw1"), &error)), expected);
}

#[test]
fn a_transcript_without_a_key_is_told_with_what_the_device_said() {
    let transcript =
        b"fw1 # execute api-user generate-key ci\r\r\nCould not find api-user ci.\r\nCommand fail. Return code -3\r\n";
    let expected = "\
fgtkey: error: the device refused to generate a key: Could not find api-user ci.; Command fail. Return code -3 (line 2)
fgtkey: hint: create the API user first: fgtkey mint --dry-run prints how
";
    assert_eq!(said(Verbosity::Story, |reporter| reporter.scraped(&scrape::read(transcript))), expected);
}

#[test]
fn a_void_and_a_doubtful_key_are_told_by_their_lines() {
    let key = "fccys3cfbhyhqbqghkyzm1QGNnm31r";
    let transcript =
        format!("fw1 # exec api-user gen ci\nNew API key: {key}\nfw1 # exec api-user gen ci\nNew API key: x{key}");
    let expected = "\
fgtkey: note: the key in line 2 of ci on fw1 is void: a later one was generated for the same API user
fgtkey: note: the key in line 4 of ci on fw1: the transcript ends with the key: it may be cut off
";
    assert_eq!(said(Verbosity::Story, |reporter| reporter.scraped(&scrape::read(transcript.as_bytes()))), expected);
}
