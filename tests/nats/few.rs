//! A few devices, and what can go wrong between both ends.

use std::time::{Duration, Instant};

use crate::field::{Field, keys, sha256};
use crate::server::{Server, ran, readable_in, stopped, submit, worker};

#[test]
fn keys_come_back_to_whoever_asked_for_them_and_are_readable_nowhere_else() {
    let Some(server) = Server::start(&[]) else { return };
    let field = Field::open(3, &[]);
    let site = worker(&field, &server, &[]);
    let (status, stdout, stderr) = ran(submit(&field, &server, &[]));
    assert_eq!(status, 0, "{stderr}");
    assert_eq!(stopped(site), 0);
    let keys = keys(stdout.as_bytes());
    let texts: Vec<&str> = keys.values().map(String::as_str).collect();
    for place in [server.store.path().to_owned(), field.path("site"), field.path("office")] {
        assert_eq!(readable_in(&place, &texts), Vec::<std::path::PathBuf>::new());
    }
    let accounts = field.close();
    assert_eq!((keys.len(), accounts.len()), (3, 3));
    for (device, account) in accounts {
        assert_eq!(account.key(), Some(sha256(&keys[&device]).as_str()), "{device}");
        assert_eq!(account.count("keys_generated"), 1, "{device}");
    }
}

#[test]
fn a_run_that_was_submitted_and_left_is_collected_later() {
    let Some(server) = Server::start(&[]) else { return };
    let field = Field::open(3, &[]);
    let (status, run, stderr) = ran(submit(&field, &server, &["--detach"]));
    assert_eq!(status, 0, "{stderr}");
    let site = worker(&field, &server, &[]);
    let collect = ["--resume", run.trim(), "--to", "file:{{ device.name }}.key"];
    let (status, _, stderr) = ran(submit(&field, &server, &collect));
    assert_eq!(status, 0, "{stderr}");
    assert!(stderr.contains("3 devices done"), "{stderr}");
    // All of it is done: a second time there is nothing left.
    let (status, stdout, stderr) = ran(submit(&field, &server, &["--resume", run.trim()]));
    assert_eq!((status, stdout.as_str()), (0, ""), "{stderr}");
    stopped(site);
    let folder = field.folder.path().to_owned();
    let key = |device: &str| std::fs::read_to_string(folder.join(format!("{device}.key"))).unwrap();
    let found: Vec<(String, String)> = field
        .path("")
        .read_dir()
        .unwrap()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            name.strip_suffix(".key").map(|device| (device.to_owned(), key(device)))
        })
        .collect();
    assert_eq!(found.len(), 3);
    let accounts = field.close();
    for (device, key) in found {
        assert_eq!(accounts[&device].key(), Some(sha256(key.trim()).as_str()));
    }
}

#[test]
fn a_server_that_denies_the_login_and_one_that_is_not_there_are_told_apart() {
    let Some(mut server) = Server::start(&["--user", "fgtkey", "--pass", "s3cret"]) else { return };
    let field = Field::open(1, &[]);
    let (status, _, stderr) = ran(submit(&field, &server, &[]));
    assert_eq!(status, 1, "{stderr}");
    assert!(stderr.contains("denies the login") && stderr.contains("NATS_USER"), "{stderr}");
    let mut allowed = submit(&field, &server, &["--detach"]);
    allowed.env("NATS_USER", "fgtkey").env("NATS_PASSWORD", "s3cret");
    let (status, _, stderr) = ran(allowed);
    assert_eq!(status, 0, "{stderr}");
    let (status, _, stderr) = ran(submit(&field, &server, &["--nats", "nats://fgtkey:s3cret@127.0.0.1"]));
    assert_eq!(status, 1, "{stderr}");
    assert!(stderr.contains("seen by all who list processes") && !stderr.contains("s3cret"), "{stderr}");
    server.stop();
    let (status, _, stderr) = ran(submit(&field, &server, &[]));
    assert_eq!(status, 1, "{stderr}");
    assert!(stderr.contains("cannot be reached"), "{stderr}");
}

#[test]
fn a_job_that_no_worker_takes_is_told_and_withdrawn_when_nobody_waits_any_longer() {
    let Some(server) = Server::start(&[]) else { return };
    let field = Field::open(1, &[]);
    let (status, _, stderr) = ran(submit(&field, &server, &["--wait", "7s"]));
    assert_eq!(status, 1, "{stderr}");
    assert!(stderr.contains("no worker takes the jobs of the site"), "{stderr}");
    assert!(stderr.contains("it is withdrawn"), "{stderr}");
    // What was withdrawn is not done behind anybody's back, and can be submitted again.
    let site = worker(&field, &server, &[]);
    let (status, stdout, stderr) = ran(submit(&field, &server, &["--resume", "last", "--wait", "30s"]));
    assert_eq!(status, 0, "{stderr}");
    assert_eq!(stdout.lines().count(), 1);
    stopped(site);
    let accounts = field.close();
    assert!(accounts.values().all(|account| account.count("keys_generated") == 1));
}

#[test]
fn a_device_that_fails_says_at_the_other_end_why_and_the_others_go_on() {
    let Some(server) = Server::start(&[]) else { return };
    let field = Field::open(4, &["--fault-rate", "refuse-connection=25%"]);
    let site = worker(&field, &server, &[]);
    let (status, stdout, stderr) = ran(submit(&field, &server, &["--report", "report.json"]));
    assert_eq!(status, 4, "{stderr}");
    assert!(stderr.contains("unreachable (1)"), "{stderr}");
    assert_eq!(keys(stdout.as_bytes()).len(), 3, "{stderr}");
    stopped(site);
}

#[test]
fn a_job_that_ends_all_its_workers_is_given_up() {
    let Some(server) = Server::start(&[]) else { return };
    // The device never answers: whoever works on it is killed before it can say so.
    let field = Field::open(1, &["--think", "get system status=200s"]);
    let mut waiting = submit(&field, &server, &["--wait", "50s"]).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    let ended = loop {
        let mut site = worker(&field, &server, &["--max-deliver", "2", "--timeout", "300"]);
        let until = Instant::now() + Duration::from_secs(2);
        while Instant::now() < until && waiting.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = site.kill();
        let _ = site.wait();
        if waiting.try_wait().unwrap().is_some() {
            break waiting.wait_with_output().unwrap();
        }
        assert!(began.elapsed() < Duration::from_secs(60));
    };
    let stderr = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(6), "{stderr}");
    assert!(stderr.contains("the job was begun 2 times, and no worker has come to an end with it"), "{stderr}");
}
