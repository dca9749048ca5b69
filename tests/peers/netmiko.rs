//! netmiko's FortiGate driver against the simulated device: it logs in, switches the pager off, pastes, and switches
//! the pager on again, all of which a device must survive that is to stand in for a FortiGate.
//!
//! The interpreter is `FGTKEY_PEERS_PYTHON`, or else `python3`; it must be able to import netmiko.

use std::process::Command;

use fgtkey::sim::{DeviceSpec, VdomMode};
use serde_json::Value;

use crate::peer::{aside, dry_run, fed, is_there, scraped, serve, text, works};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/paste.py");

/// The interpreter that has the libraries.
pub fn python() -> Command {
    Command::new(std::env::var_os("FGTKEY_PEERS_PYTHON").unwrap_or_else(|| "python3".into()))
}

fn has_netmiko() -> bool {
    is_there("netmiko", works(python().args(["-c", "import netmiko"])))
}

/// What `tests/peers/paste.py` printed.
fn paste(port: u16, lines: &str) -> Value {
    let pasted = fed(python().args([SCRIPT, &port.to_string()]), lines);
    assert!(pasted.status.success(), "{}", text(&pasted.stderr));
    serde_json::from_slice(&pasted.stdout).unwrap()
}

/// netmiko pastes the dry run; its screen holds the key that is live then, and nothing else has changed.
async fn pastes_the_dry_run(traps: &[&str], flags: &[&str], change: impl FnOnce(&mut DeviceSpec)) {
    if !has_netmiko() {
        return;
    }
    let (device, server) = serve(traps, change).await;
    let (lines, port) = (dry_run(flags), server.addr().port());
    let before = device.config_text();
    let seen = aside(move || paste(port, &lines)).await;
    let screen = seen["screen"].as_str().unwrap();
    assert!(seen["status"].as_str().unwrap().contains("Log hard disk: Not available"), "{}", seen["status"]);
    assert!(!screen.contains("--More--") && !screen.contains("Command fail"), "{screen}");
    assert!(device.key_is_live("terraform", &scraped(screen)), "{screen}");
    let after = device.config_text();
    assert!(!before.contains("edit \"terraform\"") && after.contains("set ipv4-trusthost 10.20.100.99"), "{after}");
    assert!(!after.contains("set output standard"), "{after}");
}

#[tokio::test(flavor = "multi_thread")]
async fn netmiko_pastes_a_dry_run_and_reads_the_key() {
    pastes_the_dry_run(&[], &["--fortios", "7.4"], |_| ()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn netmiko_pastes_a_dry_run_on_a_device_with_vdoms() {
    let flags = ["--fortios", "7.4", "--vdom-mode", "multi"];
    pastes_the_dry_run(&[], &flags, |spec| spec.vdom_mode = VdomMode::Multiple).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn netmiko_switches_the_pager_off_and_on_again() {
    pastes_the_dry_run(&["pager-24"], &["--fortios", "7.4"], |_| ()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn netmiko_accepts_a_login_banner() {
    pastes_the_dry_run(&["login-banner-space"], &["--fortios", "7.4"], |_| ()).await;
}
