//! `--sim`: an embedded simulated device, and the login to it.

use std::time::Duration;

use crate::secret::Secret;
use crate::session::drive::Interrupt;
use crate::sim::{Login, Running, Shell, SimOptions, VdomMode};
use crate::ssh::{Dial, DialOptions, Endpoint, HostKeyPolicy, PasswordSource, Person};

use crate::verbs::console::Line;
use crate::verbs::gate::Gate;

use super::Usage;
use super::args::VdomModeArg;

/// The password of the embedded device, which anybody may know.
const PASSWORD: &str = "admin";

/// The API user that [`key`] makes.
pub(super) const API_USER: &str = "terraform";

/// What [`weak_users`] types; `set-vdom` stands for the VDOM on a device that has some.
const WEAK: &str = include_str!("simulated/weak-users.conf");

/// Starts one device.
pub(super) async fn start(options: &SimOptions) -> Result<Running, Usage> {
    let started = options.run().await.map_err(|error| (format!("--sim: {error}"), None))?;
    started.into_devices().into_iter().next().ok_or_else(|| ("--sim: no device was started".into(), None))
}

/// The VDOM mode that the flag names.
pub(super) fn vdom_mode(arg: Option<VdomModeArg>) -> VdomMode {
    match arg {
        None | Some(VdomModeArg::Single) => VdomMode::Disable,
        Some(VdomModeArg::Multi) => VdomMode::Multiple,
    }
}

/// The way to the embedded device: its own host key is the one that is trusted, its own password the one that is given.
pub(super) fn line(running: &Running, within: Duration, interrupt: Interrupt) -> Line {
    let addr = running.server.addr();
    let host_key = running.server.fingerprint().parse::<HostKeyPolicy>().unwrap_or_default();
    let person = Person::answering(|_question| Ok(Secret::new(PASSWORD)));
    let options =
        DialOptions { password: PasswordSource::Ask, host_key, timeout: within, person, ..DialOptions::default() };
    let endpoint =
        Endpoint { name: "sim".into(), host: addr.ip().to_string(), port: addr.port(), user: "admin".into() };
    Line { dial: Dial::new(options), endpoint, within, interrupt, simulated: true, serial: None, gate: Gate::Open }
}

/// Makes an API user on the embedded device, as its owner would at its console, and gives it a key.
pub(super) fn key(running: &Running) -> Option<Secret> {
    let multi = running.device.spec().vdom_mode.is_on();
    let scope = if multi { "config global\n" } else { "" };
    let vdom = if multi { "set vdom root\n" } else { "" };
    let typed = format!(
        "{scope}config system accprofile\nedit {API_USER}\nset sysgrp read\nend\nconfig system api-user\nedit {API_USER}\n\
         set accprofile {API_USER}\n{vdom}config trusthost\nedit 1\nset ipv4-trusthost 127.0.0.0 255.0.0.0\nend\nend\n\
         execute api-user generate-key {API_USER}\n"
    );
    let said = typed_in(running, &typed);
    said.split("New API key: ").nth(1)?.split_whitespace().next().map(Secret::new)
}

/// API access as it is found in the field, for an audit to find: a few users too many, each with a weakness of its own.
pub(super) fn weak_users(running: &Running) {
    let spec = running.device.spec();
    let (scope, vdom) = if spec.vdom_mode.is_on() { ("config global\n", "set vdom root\n") } else { ("", "") };
    let typed = format!("{scope}{}", WEAK.replace("set-vdom\n", vdom));
    typed_in(running, &typed);
}

/// Types lines at the device's console; what it said to the last one.
fn typed_in(running: &Running, typed: &str) -> String {
    let (mut shell, _) = Shell::open(&running.device, Login { rows: 1000, cols: 511, ..Login::default() });
    let mut said = String::new();
    for line in typed.lines() {
        said = heard(&mut shell, line);
        // A release that asks for the password at a commit.
        if said.ends_with("password: ") {
            said = heard(&mut shell, PASSWORD);
        }
    }
    said
}

fn heard(shell: &mut Shell, line: &str) -> String {
    String::from_utf8_lossy(&shell.receive(format!("{line}\n").as_bytes()).bytes).into_owned()
}
