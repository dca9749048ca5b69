//! A key that was lent to a command that is gone is delivered to nobody, and its access is not forgotten.

use std::fs;

use fgtkey::deliver::{EscrowPlace, Format};
use fgtkey::fortios::objects::Objects;
use fgtkey::journal::{Journal, Lent, Planned, State};
use fgtkey::verbs::resume::{NotResumed, Resume};

const SERIAL: &str = "FG100FTK00000000";

fn lent() -> Planned {
    Planned {
        verb: "exec".into(),
        device: "fw1".into(),
        host: "192.0.2.1".into(),
        port: 22,
        serial: SERIAL.into(),
        api_user: "ci".into(),
        retires: None,
        before: Objects::default(),
        edits: Vec::new(),
        destinations: vec!["memory".into()],
        lent: Some(Lent { vdoms: false, profile: "ci".into(), made_user: true, made_profile: true }),
        run: None,
    }
}

#[test]
fn the_access_of_a_command_that_is_gone_is_still_known_after_a_resumption() {
    let directory = tempfile::tempdir().unwrap();
    let (escrow, journal) = (directory.path().join("escrow"), Journal::at(directory.path().join("journal")));
    fs::create_dir(&escrow).unwrap();
    let key = escrow.join("fw1-ci.json");
    let record = format!(
        r#"{{"device":"fw1","serial":"{SERIAL}","api_user":"ci","trusted_hosts":[],"key":"fccys3","generated_at":"2026-03-01T12:00:00Z","changes":[],"delivered_to":[]}}"#
    );
    fs::write(&key, format!(r#"{{"undelivered":["memory"],"record":{record}}}"#)).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut run = runtime.block_on(journal.begin(lent())).unwrap();
    run.enter_now(State::Generating { escrow: key.clone() }).unwrap();
    let generated_at = "2026-03-01T12:00:00Z".parse().unwrap();
    run.enter_now(State::Issued { escrow: Some(key.clone()), generated_at }).unwrap();
    let resume = Resume {
        escrow: EscrowPlace::open(&escrow),
        identity: None,
        journal: journal.clone(),
        format: Format::Key,
        devices: Vec::new(),
    };
    let mut told = Vec::new();
    resume.run(&mut |resumed| told.push(format!("{:?}", resumed.outcome.as_ref().map(Vec::len))));
    assert_eq!(told.len(), 1);
    let lent = NotResumed::Lent { device: "fw1".into(), api_user: "ci".into() };
    assert_eq!(told[0], format!("Err({lent:?})"));
    assert!(key.exists());
    assert!(journal.unfinished(SERIAL, &["ci"]).unwrap().lent().is_some(), "the next exec takes it away");
}
