//! Many devices, workers that die at any time, and a server that is restarted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::field::{Field, keys, sha256, wait_for};
use crate::server::{Server, ran, readable_in, submit, worker};

/// How many devices; `FGTKEY_FLEET` says another number.
fn devices() -> usize {
    std::env::var("FGTKEY_FLEET").map_or(1000, |text| text.parse().unwrap())
}

/// Not random at all, and different enough.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

#[test]
fn each_device_gets_one_key_whoever_dies_and_the_submitter_has_them_all() {
    let Some(mut server) = Server::start(&[]) else { return };
    let field = Field::open(devices(), &[]);
    let begin = |server: &Server| worker(&field, server, &["-j", "8", "--max-deliver", "50", "--quiet"]);
    let mut workers: Vec<_> = (0..4).map(|_| begin(&server)).collect();
    let mut submitting = submit(&field, &server, &["--canary", "0", "--quiet"])
        .stdout(std::fs::File::create(field.path("keys")).unwrap())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut dice, began, mut kills, mut restarted) = (Dice(7), Instant::now(), 0, false);
    while submitting.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(300 + dice.roll(900)));
        let at = usize::try_from(dice.roll(4)).unwrap();
        workers[at].kill().unwrap();
        workers[at].wait().unwrap();
        workers[at] = begin(&server);
        kills += 1;
        if kills == 8 {
            server.restart();
            restarted = true;
        }
        assert!(began.elapsed() < Duration::from_secs(600), "it does not come to an end");
    }
    let ended = submitting.wait_with_output().unwrap();
    let stderr = String::from_utf8(ended.stderr).unwrap();
    for mut worker in workers {
        worker.kill().unwrap();
        worker.wait().unwrap();
    }
    assert_eq!(ended.status.code(), Some(0), "{stderr}");
    assert!(kills > 8 && restarted, "{kills} kills");
    let keys = keys(&std::fs::read(field.path("keys")).unwrap());
    let texts: Vec<&str> = keys.values().map(String::as_str).collect();
    for place in [server.store.path().to_owned(), field.path("site"), field.path("office")] {
        assert_eq!(readable_in(&place, &texts), Vec::<PathBuf>::new());
    }
    // A key that has reached a worker's disk is passed on, and never made void by another one.
    for run in runs(&field.path("site/fgtkey/journal")) {
        let issued = run.find("\"issued\"").unwrap_or(run.len());
        assert!(!run[issued..].contains("\"generating\""), "{run}");
    }
    let accounts = field.close();
    assert_eq!(keys.len(), accounts.len());
    let mut generated: BTreeMap<u64, usize> = BTreeMap::new();
    for (device, account) in &accounts {
        assert_eq!(account.key(), Some(sha256(&keys[device]).as_str()), "{device}");
        assert_eq!(account.count("api_users_made"), 1, "{device}");
        *generated.entry(account.count("keys_generated")).or_default() += 1;
    }
    eprintln!("{kills} workers killed; devices by keys generated: {generated:?}");
    // A worker that dies between the device's answer and its own disk has a key that nobody has: it is voided by another.
    let again: usize = generated.iter().filter(|(count, _)| **count > 1).map(|(_, devices)| devices).sum();
    assert!(again <= kills * 4, "{generated:?}");
}

/// What each run has written down, of every device.
fn runs(journal: &Path) -> Vec<String> {
    let devices = std::fs::read_dir(journal).unwrap().map(|device| device.unwrap().path());
    let devices = devices.filter(|device| device.is_dir());
    let files = devices.flat_map(|device| std::fs::read_dir(device).unwrap().map(|file| file.unwrap().path()));
    let runs = files.filter(|file| file.extension().is_some_and(|extension| extension == "ndjson"));
    let runs: Vec<String> = runs.map(|file| std::fs::read_to_string(file).unwrap()).collect();
    assert!(!runs.is_empty());
    runs
}

#[test]
fn a_submitter_that_is_killed_is_taken_up_again_and_has_every_key() {
    let Some(server) = Server::start(&[]) else { return };
    let field = Field::open(60, &[]);
    let mut site = worker(&field, &server, &["-j", "4", "--quiet"]);
    let to = ["--to", "file:{{ device.name }}.key", "--canary", "0", "--quiet"];
    let mut submitting = submit(&field, &server, &to).spawn().unwrap();
    let delivered = || {
        let files = std::fs::read_dir(field.folder.path()).unwrap().map(|file| file.unwrap().file_name());
        files.filter_map(|name| name.to_str()?.strip_suffix(".key").map(str::to_owned)).collect::<Vec<_>>()
    };
    wait_for(|| delivered().len() >= 10);
    submitting.kill().unwrap();
    submitting.wait().unwrap();
    assert!(delivered().len() < 60);
    let (status, _, stderr) = ran(submit(&field, &server, &[&to[..], &["--resume", "last"]].concat()));
    assert_eq!(status, 0, "{stderr}");
    site.kill().unwrap();
    site.wait().unwrap();
    let devices = delivered();
    assert_eq!(devices.len(), 60);
    let key = |device: &String| std::fs::read_to_string(field.path(&format!("{device}.key"))).unwrap();
    let keys: BTreeMap<String, String> = devices.iter().map(|device| (device.clone(), key(device))).collect();
    for (device, account) in field.close() {
        assert_eq!(account.key(), Some(sha256(keys[&device].trim()).as_str()), "{device}");
        assert_eq!(account.count("keys_generated"), 1, "{device}");
    }
}
