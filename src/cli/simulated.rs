//! `--sim`: an embedded simulated device, and the login to it.

use std::time::Duration;

use crate::secret::Secret;
use crate::sim::{Running, SimOptions, VdomMode};
use crate::ssh::{Dial, DialOptions, Endpoint, HostKeyPolicy, PasswordSource, Person};

use super::args::VdomModeArg;

/// The password of the embedded device, which anybody may know.
const PASSWORD: &str = "admin";

/// Starts one device; the error is a message for the person.
pub(super) async fn start(options: &SimOptions) -> Result<Running, String> {
    let started = options.run().await.map_err(|error| format!("--sim: {error}"))?;
    started.into_iter().next().ok_or_else(|| "--sim: no device was started".into())
}

/// The VDOM mode that the flag names.
pub(super) fn vdom_mode(arg: Option<VdomModeArg>) -> VdomMode {
    match arg {
        None | Some(VdomModeArg::Single) => VdomMode::Disable,
        Some(VdomModeArg::Multi) => VdomMode::Multiple,
    }
}

/// The way to the embedded device: its own host key is the one that is trusted, its own password the one that is given.
pub(super) fn login(running: &Running, within: Duration) -> (Dial, Endpoint) {
    let addr = running.server.addr();
    let host_key = running.server.fingerprint().parse::<HostKeyPolicy>().unwrap_or_default();
    let person = Person::answering(|_question| Ok(Secret::new(PASSWORD)));
    let options =
        DialOptions { password: PasswordSource::Ask, host_key, timeout: within, person, ..DialOptions::default() };
    let endpoint =
        Endpoint { name: "sim".into(), host: addr.ip().to_string(), port: addr.port(), user: "admin".into() };
    (Dial::new(options), endpoint)
}
