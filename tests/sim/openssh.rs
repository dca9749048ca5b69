//! The simulated FortiGate behind its SSH server, with the OpenSSH client in front of it.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use fgtkey::sim::{Algorithms, Device, DeviceSpec, Listen, Methods, Server};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;

/// Whether `ssh` is installed; says so when it is not, because the test then proves nothing.
fn has_ssh() -> bool {
    let found = Command::new("ssh").arg("-V").stderr(Stdio::null()).status().is_ok();
    if !found {
        assert!(std::env::var_os("FGTKEY_REQUIRE_PEERS").is_none(), "the OpenSSH client is not installed");
        eprintln!("SKIPPED: there is no `ssh` on this machine");
    }
    found
}

/// A client's side: a directory with the program that gives the password and an empty configuration.
struct Client {
    dir: TempDir,
}

impl Client {
    fn new(password: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let askpass = dir.path().join("askpass");
        std::fs::write(&askpass, format!("#!/bin/sh\necho '{password}'\n")).unwrap();
        std::fs::set_permissions(&askpass, std::fs::Permissions::from_mode(0o700)).unwrap();
        Client { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Runs `ssh ARGUMENTS admin@device COMMAND` with `input` on its stdin.
    fn ssh(&self, server: &Server, arguments: &[&str], command: &[&str], input: &str) -> Output {
        let port = server.addr().port().to_string();
        let mut child = Command::new("ssh")
            .args(arguments)
            .args(["-F", "/dev/null", "-p", &port, "-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR"])
            .args(["-o", "UserKnownHostsFile=/dev/null", "-o", "NumberOfPasswordPrompts=1"])
            .arg("admin@127.0.0.1")
            .args(command)
            .env("SSH_ASKPASS", self.path("askpass"))
            .env("SSH_ASKPASS_REQUIRE", "force")
            .env_remove("SSH_AUTH_SOCK")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }
}

async fn serve(change: impl FnOnce(&mut DeviceSpec), listen: Listen) -> (Device, Server) {
    let mut spec = DeviceSpec { seed: Some(1), ..DeviceSpec::default() };
    change(&mut spec);
    let device = Device::new(spec).unwrap();
    let server = Server::start(device.clone(), listen).await.unwrap();
    (device, server)
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

const TUTORIAL: &str = "\
config system accprofile
edit terraform
set fwgrp custom
config fwgrp-permission
set address read
end
next
end
config system api-user
edit terraform
set accprofile terraform
config trusthost
edit 1
set ipv4-trusthost 10.20.100.99 255.255.255.255
next
end
next
end
execute api-user generate-key terraform
exit
";

#[tokio::test(flavor = "multi_thread")]
async fn a_person_with_openssh_types_the_tutorial_and_gets_a_live_key() {
    if !has_ssh() {
        return;
    }
    let (device, server) = serve(|_| (), Listen::default()).await;
    let client = Client::new("admin");
    let output = client.ssh(&server, &["-tt"], &[], TUTORIAL);
    let screen = stdout(&output);
    assert!(output.status.success(), "{output:?}");
    let key = screen.split("New API key: ").nth(1).unwrap_or_else(|| panic!("{screen}"));
    assert!(device.key_is_live("terraform", key.lines().next().unwrap().trim()), "{screen}");
    assert!(screen.ends_with("fw1 # exit\r\r\n"), "{screen:?}");
    assert_eq!(server.counters().failures.load(Ordering::Relaxed), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_over_exec_answers_behind_a_prompt_and_succeeds_whatever_happens() {
    if !has_ssh() {
        return;
    }
    let (_, server) = serve(|_| (), Listen::default()).await;
    let client = Client::new("admin");
    let output = client.ssh(&server, &[], &["/bin/sh"], "");
    assert_eq!(stdout(&output), "fw1 # Unknown action 0\n\nfw1 # ");
    assert!(output.status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn keyboard_interactive_asks_one_question_and_a_wrong_answer_is_refused() {
    if !has_ssh() {
        return;
    }
    let methods = Methods { password: false, publickey: false, keyboard_interactive: true };
    let (_, server) = serve(|_| (), Listen { methods, ..Listen::default() }).await;
    let right = Client::new("admin").ssh(&server, &["-tt"], &[], "exit\n");
    assert!(right.status.success(), "{right:?}");
    let wrong = Client::new("nimda").ssh(&server, &["-tt"], &[], "exit\n");
    assert_eq!(wrong.status.code(), Some(255), "{wrong:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn three_wrong_passwords_lock_the_address_out() {
    if !has_ssh() {
        return;
    }
    let (_, server) = serve(|_| (), Listen::default()).await;
    for _ in 0..3 {
        let only = ["-o", "PreferredAuthentications=password"];
        assert!(!Client::new("wrong").ssh(&server, &only, &["get"], "").status.success());
    }
    let right = Client::new("admin").ssh(&server, &["-tt"], &[], "exit\n");
    assert!(!right.status.success(), "{right:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_key_opens_the_session_and_an_unknown_one_does_not() {
    if !has_ssh() {
        return;
    }
    let client = Client::new("");
    for name in ["known", "unknown"] {
        make_key(&client.path(name));
    }
    let known = std::fs::read_to_string(client.path("known.pub")).unwrap();
    let (_, server) = serve(|spec| spec.admins[0].public_keys = vec![known], Listen::default()).await;
    let with = |name: &str| {
        let identity = client.path(name).display().to_string();
        let only = ["-tt", "-o", "PreferredAuthentications=publickey", "-o", "IdentitiesOnly=yes", "-i", &identity];
        client.ssh(&server, &only, &[], "exit\n")
    };
    assert!(with("known").status.success());
    assert!(!with("unknown").status.success());
}

fn make_key(path: &Path) {
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path).status();
    assert!(made.unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_reply_ends_after_exactly_so_many_bytes() {
    if !has_ssh() {
        return;
    }
    let cut = |spec: &mut DeviceSpec| spec.faults = vec!["get system status=cut:20".parse().unwrap()];
    let (_, server) = serve(cut, Listen::default()).await;
    let output = Client::new("admin").ssh(&server, &["-tt"], &[], "get system status\n");
    assert_eq!(output.status.code(), Some(255));
    assert_eq!(stdout(&output), "fw1 # get system status\r\r\nVersion: FortiGate-1");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_banner_before_the_login_arrives_as_an_ssh_banner() {
    if !has_ssh() {
        return;
    }
    let (_, server) =
        serve(|spec| spec.pre_login_banner = Some("Authorized access only\n".into()), Listen::default()).await;
    let output = Client::new("admin").ssh(&server, &["-tt", "-o", "LogLevel=INFO"], &[], "exit\n");
    assert!(String::from_utf8_lossy(&output.stderr).contains("Authorized access only"), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_banner_to_accept_precedes_exec_too_and_the_command_is_not_its_answer() {
    if !has_ssh() {
        return;
    }
    let (device, server) = serve(|spec| spec.post_login_banner = Some("Hands off".into()), Listen::default()).await;
    let output = Client::new("admin").ssh(&server, &[], &["get system ha status"], "");
    assert_eq!(stdout(&output), "Hands off\n\n(Press 'a' to accept):");
    let accepted = Client::new("admin").ssh(&server, &[], &["get system ha status"], "a");
    assert!(stdout(&accepted).contains("Mode: Standalone"), "{accepted:?}");
    assert_eq!(device.commands(), ["get system ha status"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delayed_wire_costs_its_round_trips() {
    if !has_ssh() {
        return;
    }
    let delay = Duration::from_millis(40);
    let (_, server) = serve(|_| (), Listen { delay, ..Listen::default() }).await;
    let start = Instant::now();
    let output = Client::new("admin").ssh(&server, &["-tt"], &[], "exit\n");
    assert!(output.status.success(), "{output:?}");
    // The TCP handshake, the key exchange and the login alone are more than five round trips.
    assert!(start.elapsed() > delay * 2 * 5, "{:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_dropped_ends_its_connections_and_frees_its_port() {
    let (_, server) = serve(|_| (), Listen::default()).await;
    let addr = server.addr();
    let mut wire = tokio::net::TcpStream::connect(addr).await.unwrap();
    let mut hello = [0; 8];
    wire.read_exact(&mut hello).await.unwrap();
    assert_eq!(&hello, b"SSH-2.0-");
    drop(server);
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(5), wire.read_to_end(&mut rest)).await;
    assert!(ended.is_ok());
    assert!(tokio::net::TcpStream::connect(addr).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hardened_device_talks_to_a_client_that_knows_group_exchange_only() {
    if !has_ssh() {
        return;
    }
    let (_, server) = serve(|_| (), Listen { algorithms: Algorithms::Hardened, ..Listen::default() }).await;
    let with = |kex: &str| Client::new("admin").ssh(&server, &["-tt", "-o", kex], &[], "exit\n").status.success();
    assert!(with("KexAlgorithms=diffie-hellman-group-exchange-sha256"));
    assert!(!with("KexAlgorithms=curve25519-sha256,curve25519-sha256@libssh.org"));
}
