//! What the tests share: the device to talk to, our own binary, and whether a program is there.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use fgtkey::sim::{Device, DeviceSpec, Listen, Server, Trap};

/// Whether the peer is there. Says so when it is not, because the test then proves nothing.
pub fn is_there(peer: &str, found: bool) -> bool {
    let required = std::env::var_os("FGTKEY_REQUIRE_PEERS").is_some();
    assert!(found || !required, "{peer}: not there, and FGTKEY_REQUIRE_PEERS is set");
    if !found {
        eprintln!("SKIPPED: {peer}: not there");
    }
    found
}

/// Whether a command can be started and succeeds.
pub fn works(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Our own binary, deaf to what the person who runs the tests has in their environment.
pub fn fgtkey() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fgtkey"));
    for variable in ["FGTKEY_PASSWORD", "NO_COLOR", "CLICOLOR_FORCE"] {
        command.env_remove(variable);
    }
    command
}

/// Runs `command` with `input` on its stdin.
pub fn fed(command: &mut Command, input: &str) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that ends before it has read everything says why on stderr.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What `fgtkey mint --dry-run` prints for the API user `terraform`: the lines that a person pastes.
pub fn dry_run(device: &[&str]) -> String {
    let request = ["--api-user", "terraform", "--preset", "terraform-tutorial", "--trusted-host", "10.20.100.99/32"];
    let printed = fgtkey().args(["mint", "--dry-run"]).args(request).args(device).output().unwrap();
    assert!(printed.status.success(), "{}", text(&printed.stderr));
    text(&printed.stdout)
}

/// The key that `fgtkey scrape` finds in a terminal's log.
pub fn scraped(log: &str) -> String {
    let found = fed(fgtkey().args(["scrape", "--api-user", "terraform"]), log);
    assert!(found.status.success(), "{}\n{log}", text(&found.stderr));
    text(&found.stdout).trim_end().to_owned()
}

/// A simulated device that listens, after `change`, with the named traps.
pub async fn serve(traps: &[&str], change: impl FnOnce(&mut DeviceSpec)) -> (Device, Server) {
    let mut spec = DeviceSpec::default();
    change(&mut spec);
    for name in traps {
        name.parse::<Trap>().unwrap().apply(&mut spec);
    }
    let device = Device::new(spec).unwrap();
    let server = Server::start(device.clone(), Listen::default()).await.unwrap();
    (device, server)
}

/// Runs what blocks without stopping the device, which shares the runtime.
pub async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}
