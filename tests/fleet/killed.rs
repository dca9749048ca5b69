//! A run that is killed, and taken up again.

use std::collections::BTreeMap;
use std::fs::File;

use crate::field::{Field, REQUEST, keys, large, ledger, said, sha256, wait_for};

/// Mints on the fleet, with keys into files; killed when so many devices have ended.
fn killed_after(field: &Field, ended: usize, flags: &[&str]) {
    let mut run = field
        .command("mint")
        .args(REQUEST)
        .args(["--to", "file:keys/{{ device.name }}", "--canary", "0"])
        .args(flags)
        .stderr(File::create(field.path("killed.log")).unwrap())
        .spawn()
        .unwrap();
    let runs = field.path("state/fgtkey/runs");
    wait_for(|| {
        let written = || Some(std::fs::read_dir(&runs).ok()?.next()?.ok()?.path());
        let lines = written().map_or(0, |path| std::fs::read_to_string(path).unwrap_or_default().lines().count());
        lines > ended || run.try_wait().unwrap().is_some()
    });
    run.kill().unwrap();
    run.wait().unwrap();
}

#[test]
fn a_killed_run_goes_on_where_it_was_and_no_device_is_minted_twice_or_forgotten() {
    let devices = large();
    let field = Field::open(devices, &[]);
    std::fs::create_dir(field.path("keys")).unwrap();
    killed_after(&field, devices / 4, &[]);
    killed_after(&field, devices / 2, &["--resume", "last"]);
    let flags = ["--to", "file:keys/{{ device.name }}", "--resume", "last", "--canary", "0"];
    let output = field.run("mint", &[&REQUEST[..], &flags].concat());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let (heading, outcomes) = ledger(&field.path("state"));
    assert_eq!(heading["devices"], devices);
    let ended: BTreeMap<&str, &str> = outcomes
        .iter()
        .map(|outcome| (outcome["device"].as_str().unwrap(), outcome["end"].as_str().unwrap()))
        .collect();
    assert_eq!(ended.len(), devices);
    assert!(ended.values().all(|end| ["done", "before"].contains(end)), "{ended:?}");
    let key_of = |name: &str| std::fs::read_to_string(field.path("keys").join(name)).unwrap();
    let delivered: BTreeMap<String, String> =
        ended.keys().map(|name| ((*name).to_owned(), sha256(key_of(name).trim_end()))).collect();
    let lost = std::fs::read_to_string(field.path("killed.log")).unwrap();
    for (name, account) in field.close() {
        assert_eq!(account.key(), Some(delivered[&name].as_str()), "{name}");
        assert_eq!(account.count("api_users_made"), 1, "{name}");
        // A second one is generated only where the first one was on the wire when the run was killed, and lost with it.
        assert!(account.count("keys_generated") <= 3, "{name}: {lost}");
    }
}

#[test]
fn keys_that_were_on_their_way_when_the_run_was_killed_are_delivered_by_the_next_one() {
    let field = Field::open(20, &[]);
    // Keeps what it gets, but the first time only after a minute: all of them are on their way by then.
    let taker = r#"cat > "$0.$$"; test -e open || { : > "began.$$"; sleep 60; }; cat "$0.$$" >> taken; rm "$0.$$""#;
    let to = format!("exec:sh -c '{taker}' key");
    let mut run = field.command("mint").args(REQUEST).args(["--to", &to, "--canary", "0"]).spawn().unwrap();
    let began = || {
        std::fs::read_dir(field.path("."))
            .unwrap()
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().starts_with("began."))
    };
    wait_for(|| began().count() == 20 || run.try_wait().unwrap().is_some());
    run.kill().unwrap();
    run.wait().unwrap();
    std::fs::write(field.path("open"), "").unwrap();
    let list = field.bare().args(["deliver", "--list"]).env("XDG_STATE_HOME", field.path("state")).output().unwrap();
    let listed = String::from_utf8(list.stdout).unwrap();
    assert_eq!(listed.matches("terraform").count(), 20, "{listed}");
    let resumed =
        field.bare().args(["deliver", "--resume"]).env("XDG_STATE_HOME", field.path("state")).output().unwrap();
    assert_eq!(resumed.status.code(), Some(0), "{}", said(&resumed));
    let taken = std::fs::read_to_string(field.path("taken")).unwrap();
    let taken: Vec<serde_json::Value> = taken.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let key_of = |name: &str| {
        taken.iter().find(|record| record["device"] == name).map(|record| sha256(record["key"].as_str().unwrap()))
    };
    assert_eq!(taken.len(), 20);
    let escrow = std::fs::read_dir(field.path("state/fgtkey/escrow")).unwrap().flatten();
    let left: Vec<_> = escrow.map(|entry| entry.file_name()).filter(|name| name != ".fgtkey-mending").collect();
    assert!(left.is_empty(), "{left:?}");
    let again = field.run("mint", &[&REQUEST[..], &["--to", &to, "--resume", "last"]].concat());
    assert_eq!(again.status.code(), Some(0), "{}", said(&again));
    for (name, account) in field.close() {
        assert_eq!(account.key().map(str::to_owned), key_of(&name), "{name}");
        assert_eq!(account.count("keys_generated"), 1, "{name}");
    }
}

#[test]
fn a_rotation_that_leaves_the_old_keys_is_not_made_a_second_time_by_a_run_that_has_forgotten_it() {
    let field = Field::open(2, &[]);
    assert_eq!(field.run("mint", &REQUEST).status.code(), Some(0));
    let rotate = ["--api-user", "terraform", "--grace", "later", "--verify", "off"];
    let rotated = field.run("rotate", &rotate);
    assert_eq!(rotated.status.code(), Some(0), "{}", said(&rotated));
    let runs = std::fs::read_dir(field.path("state/fgtkey/runs")).unwrap().map(|run| run.unwrap().path());
    let last = runs.max().unwrap();
    let heading = std::fs::read_to_string(&last).unwrap().lines().next().unwrap().to_owned();
    std::fs::write(&last, heading + "\n").unwrap();
    let again = field.run("rotate", &[&rotate[..], &["--resume", "last"]].concat());
    assert_eq!((again.status.code(), again.stdout.as_slice()), (Some(0), &b""[..]), "{}", said(&again));
    assert!(said(&again).contains("before it was taken up again"), "{}", said(&again));
    assert!(field.close().values().all(|account| account.count("keys_generated") == 2));
}

#[test]
fn what_has_failed_is_tried_again_and_nothing_else() {
    let field = Field::open(30, &["--fault-rate", "refuse-connection=20%"]);
    let first = field.run("mint", &[&REQUEST[..], &["--canary", "0"]].concat());
    assert_eq!(first.status.code(), Some(4), "{}", said(&first));
    assert_eq!(keys(&first.stdout).len(), 24);
    let again = field.run("mint", &[&REQUEST[..], &["--retry-failed", "last"]].concat());
    assert_eq!(again.status.code(), Some(1), "{}", said(&again));
    assert_eq!(keys(&again.stdout).len(), 0);
    assert!(said(&again).contains("0 of 6 devices done, 6 failed"), "{}", said(&again));
    for (name, account) in field.close() {
        assert!(account.count("keys_generated") <= 1, "{name}");
    }
}

#[test]
fn a_run_is_taken_up_by_its_own_verb_only() {
    let field = Field::open(2, &[]);
    let first = field.run("mint", &REQUEST);
    assert_eq!(first.status.code(), Some(0), "{}", said(&first));
    let other = field.run("rotate", &["--api-user", "terraform", "--resume", "last"]);
    assert_eq!(other.status.code(), Some(2));
    assert!(said(&other).contains("was a `fgtkey mint`"), "{}", said(&other));
}
