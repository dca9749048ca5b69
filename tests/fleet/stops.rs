//! Canaries, limits, and Ctrl-C.

use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::field::{Field, REQUEST, keys, ledger, said, wait_for};

#[test]
fn one_device_of_each_kind_is_changed_before_any_other_and_a_refusal_there_stops_the_run() {
    let field = Field::open(60, &["--mixed", "--fault", "set accprofile=refuse"]);
    let output = field.run("mint", &REQUEST);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(keys(&output.stdout).is_empty());
    let accounts = field.close();
    let changed = accounts.values().filter(|account| account.count("api_users_made") > 0).count();
    assert_eq!(changed, 0);
    // No more were even looked at than it takes to find out what there is.
    let seen = accounts.values().filter(|account| account.count("logins") > 0).count();
    assert!(seen <= 20, "{seen}");
}

#[test]
fn a_mixed_fleet_is_done_in_waves() {
    let field = Field::open(80, &["--mixed"]);
    let output = field.run("mint", &REQUEST);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(keys(&output.stdout).len(), 80);
    assert!(said(&output).contains("wave 1"), "{}", said(&output));
    assert!(field.close().values().all(|account| account.count("keys_generated") == 1));
}

#[test]
fn more_failures_than_are_allowed_stop_the_run() {
    let field = Field::open(60, &["--fault-rate", "refuse-connection=30%"]);
    let output = field.run("mint", &[&REQUEST[..], &["--canary", "0", "--max-failures", "5%", "-j", "4"]].concat());
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    let (_, outcomes) = ledger(&field.path("state"));
    let ended = |end: &str| outcomes.iter().filter(|outcome| outcome["end"] == end).count();
    assert!(ended("not-started") > 0, "{}", said(&output));
    // Four are the first too many; those that were at work then may fail as well.
    assert!((4..=7).contains(&ended("failed")), "{}", ended("failed"));
}

#[test]
fn ctrl_c_lets_running_devices_come_to_a_clean_end_and_starts_no_more() {
    let field = Field::open(60, &["--think", "300ms"]);
    let run = field
        .command("mint")
        .args(REQUEST)
        .args(["--canary", "0", "-j", "8"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let runs = field.path("state/fgtkey/runs");
    let lines = || {
        let path = std::fs::read_dir(&runs).ok()?.next()?.ok()?.path();
        Some(std::fs::read_to_string(path).ok()?.lines().count())
    };
    wait_for(|| lines().is_some_and(|lines| lines > 8));
    kill(Pid::from_raw(run.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    let output = run.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", said(&output));
    let keys = keys(&output.stdout);
    assert!(!keys.is_empty() && keys.len() < 60, "{}", keys.len());
    for (name, account) in field.close() {
        assert_eq!(account.is_untouched(), !keys.contains_key(&name), "{name}");
    }
}

#[test]
fn an_inventory_in_the_environment_makes_nobody_work_on_all_of_it_unasked() {
    let field = Field::open(2, &[]);
    let run = |flags: &[&str]| {
        let mut command = std::process::Command::new(field.command("mint").get_program());
        command.arg("mint").args(flags).current_dir(field.folder.path()).env("XDG_STATE_HOME", field.path("state"));
        command.env("FGTKEY_INVENTORY", "inventory.yaml").env("FGTKEY_PASSWORD", "admin").output().unwrap()
    };
    assert_eq!(run(&["--sim", "--verify", "off"]).status.code(), Some(0));
    assert_eq!(run(&REQUEST).status.code(), Some(2));
    let named = run(&[&REQUEST[..], &["-l", "all"]].concat());
    assert_eq!(keys(&named.stdout).len(), 2, "{}", said(&named));
    assert!(field.close().values().all(|account| account.count("logins") == 1));
}
