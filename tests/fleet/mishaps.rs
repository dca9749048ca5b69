//! Devices that hang, refuse, drop, and show a wrong host key among many that do as they should.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use crate::field::{Account, Field, REQUEST, keys, large, said, sha256};

/// What a device with a mishap may come to, by the class of its failure.
fn may_fail_as(mishap: &str) -> &'static [&'static str] {
    // `LINE=ACTION`, or what befalls the device as a whole.
    match mishap.rsplit('=').next().unwrap() {
        "refuse-connection" => &["unreachable"],
        "silent" => &["silent"],
        "wrong-host-key" => &["host-key"],
        "refuse-login" => &["authentication"],
        mishap if mishap.starts_with("hang") => &["silent"],
        mishap if mishap.starts_with("refuse") => &["refused", "unexpected", "rights", "other-device", "request"],
        // A lost connection is opened again; what is lost at the first prompt of all is a connection that failed.
        mishap if mishap.starts_with("drop") => &["dropped", "unreachable"],
        other => panic!("{other}"),
    }
}

fn check(name: &str, account: &Account, outcome: &Value, key: Option<&String>) {
    let end = outcome["end"].as_str().unwrap();
    match end {
        "done" => {
            let key = key.unwrap_or_else(|| panic!("{name} is done, and nobody has its key"));
            assert_eq!(
                account.key(),
                Some(sha256(key).as_str()),
                "{name}: another key than the one that was delivered"
            );
            assert_eq!(account.count("api_users_made"), 1, "{name}");
        }
        "failed" => {
            assert!(key.is_none(), "{name} failed, and its key was delivered");
            let class = outcome["class"].as_str().unwrap();
            let mishap = account.mishap().unwrap_or_else(|| panic!("{name} failed for no reason: {outcome}"));
            assert!(may_fail_as(mishap).contains(&class), "{name}: {mishap}: {outcome}");
            assert!(account.is_untouched(), "{name}: {mishap}: something is left");
        }
        // A device that hangs for good, or cannot be reached again, cannot be tidied up.
        "needs-person" => assert!(account.mishap().is_some(), "{name}: {outcome}"),
        other => panic!("{name}: {other}"),
    }
    if account.mishap().is_none() {
        assert_eq!(end, "done", "{name}: {outcome}");
        assert_eq!(account.count("keys_generated"), 1, "{name}");
        assert_eq!(account.count("logins"), 1, "{name}");
    }
}

#[test]
fn each_device_of_a_fleet_comes_to_its_own_end_and_the_counts_add_up() {
    let devices = large();
    let rates = ["hang=1%", "refuse=1%", "refuse-connection=1%", "wrong-host-key=1%", "drop=1%"];
    let rates: Vec<&str> = rates.iter().flat_map(|rate| ["--fault-rate", rate]).collect();
    let field = Field::open(devices, &rates);
    let flags = ["--canary", "0", "--timeout", "20", "--report", "report.json"];
    let output = field.run("mint", &[&REQUEST[..], &flags].concat());
    let keys = keys(&output.stdout);
    let report: Value = serde_json::from_str(&fs::read_to_string(field.path("report.json")).unwrap()).unwrap();
    let accounts = field.close();
    let outcomes = report["devices"].as_array().unwrap();
    let by_name: BTreeMap<&str, &Value> =
        outcomes.iter().map(|outcome| (outcome["device"].as_str().unwrap(), outcome)).collect();
    assert_eq!(by_name.len(), devices);
    for (name, account) in &accounts {
        check(name, account, by_name[name.as_str()], keys.get(name));
    }
    let count = |end: &str| outcomes.iter().filter(|outcome| outcome["end"] == end).count();
    let counts = &report["counts"];
    assert_eq!(counts["devices"], devices);
    assert_eq!(counts["done"], count("done"));
    assert_eq!(counts["failed"], count("failed"));
    assert_eq!(counts["needs_person"], count("needs-person"));
    assert_eq!(count("done") + count("failed") + count("needs-person"), devices);
    let mishaps = accounts.values().filter(|account| account.mishap().is_some()).count();
    assert!(mishaps >= devices / 25, "{mishaps} of {devices} had a mishap");
    let status = if count("needs-person") > 0 { 6 } else { 4 };
    assert_eq!(output.status.code(), Some(status), "{}", said(&output));
    // No key is said where it does not belong.
    let told = said(&output) + &report.to_string();
    assert!(keys.values().all(|key| !told.contains(key.as_str())));
}

#[test]
fn in_json_each_device_has_a_line_on_stdout_its_record_or_how_it_failed() {
    let field = Field::open(10, &["--fault-rate", "refuse-connection=20%"]);
    let output = field.run("mint", &[&REQUEST[..], &["-o", "json"]].concat());
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: BTreeSet<&str> = lines.iter().map(|line| line["device"].as_str().unwrap()).collect();
    assert_eq!((lines.len(), names.len()), (10, 10));
    assert_eq!(lines.iter().filter(|line| line["key"].is_string()).count(), 8);
    let failed: Vec<&Value> = lines.iter().filter(|line| line["end"] == "failed").collect();
    assert_eq!(failed.len(), 2);
    assert!(
        failed.iter().all(|line| line["class"] == "unreachable" && line["exit"] == 1 && line["message"].is_string())
    );
}
