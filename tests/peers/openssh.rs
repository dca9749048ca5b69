//! The OpenSSH client against the simulated device: what a person does who may not run this program on the way in.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use fgtkey::sim::{Server, VdomMode};
use tempfile::TempDir;

use crate::peer::{aside, dry_run, fed, is_there, scraped, serve, text, works};

fn has_ssh() -> bool {
    is_there("the OpenSSH client", works(Command::new("ssh").arg("-V")))
}

/// A person's directory: a key pair, and the known hosts.
struct Client(TempDir);

impl Client {
    fn new() -> Client {
        let client = Client(tempfile::tempdir().unwrap());
        let mut keygen = Command::new("ssh-keygen");
        assert!(works(keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", "a person", "-f"]).arg(client.path("key"))));
        client
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn public_key(&self) -> String {
        std::fs::read_to_string(self.path("key.pub")).unwrap()
    }

    /// `ssh` with this person's key, that asks nobody anything and knows this host key only.
    async fn ssh(&self, server: &Server, known: &str, options: &[&str], command: &[&str], input: &str) -> Output {
        std::fs::write(self.path("known_hosts"), known).unwrap();
        let mut ssh = Command::new("ssh");
        ssh.args([
            "-F",
            "/dev/null",
            "-o",
            "BatchMode=yes",
            "-o",
            "StrictHostKeyChecking=yes",
            "-o",
            "IdentitiesOnly=yes",
        ])
        .arg("-o")
        .arg(format!("UserKnownHostsFile={}", self.path("known_hosts").display()))
        .arg("-i")
        .arg(self.path("key"))
        .args(options)
        .args(["-p", &server.addr().port().to_string(), "admin@127.0.0.1"])
        .args(command)
        .env_remove("SSH_AUTH_SOCK");
        let input = input.to_owned();
        aside(move || fed(&mut ssh, &input)).await
    }
}

/// A line of known_hosts for the server.
fn known(server: &Server) -> String {
    format!("[127.0.0.1]:{} {}\n", server.addr().port(), server.host_key().to_openssh().unwrap())
}

async fn pastes_the_dry_run(version: &str, vdom_mode: VdomMode, flags: &[&str]) {
    if !has_ssh() {
        return;
    }
    let client = Client::new();
    let key = client.public_key();
    let (device, server) = serve(&[], |spec| {
        spec.version = version.parse().unwrap();
        spec.vdom_mode = vdom_mode;
        spec.admins[0].public_keys = vec![key];
    })
    .await;
    let lines = dry_run(&[&["--fortios", version], flags].concat()) + "exit\n";
    let pasted = client.ssh(&server, &known(&server), &["-tt"], &[], &lines).await;
    let log = text(&pasted.stdout);
    assert!(pasted.status.success(), "{}\n{log}", text(&pasted.stderr));
    assert!(device.key_is_live("terraform", &scraped(&log)), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_pasted_into_ssh_makes_the_key_that_scrape_finds_in_the_log() {
    pastes_the_dry_run("7.4.8", VdomMode::Disable, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_for_vdoms_pasted_into_ssh_makes_the_key_that_scrape_finds_in_the_log() {
    pastes_the_dry_run("7.4.8", VdomMode::Multiple, &["--vdom-mode", "multi"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_for_the_oldest_version_pastes_too() {
    pastes_the_dry_run("6.0.4", VdomMode::Disable, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ssh_refuses_the_device_when_another_host_key_is_known() {
    if !has_ssh() {
        return;
    }
    let client = Client::new();
    let key = client.public_key();
    let (device, server) = serve(&[], |spec| spec.admins[0].public_keys = vec![key]).await;
    let another = format!("[127.0.0.1]:{} {}", server.addr().port(), client.public_key());
    let refused = client.ssh(&server, &another, &[], &["get system status"], "").await;
    assert_eq!(refused.status.code(), Some(255));
    assert!(text(&refused.stderr).contains("REMOTE HOST IDENTIFICATION HAS CHANGED"), "{}", text(&refused.stderr));
    let right = client.ssh(&server, &known(&server), &[], &["get system status"], "").await;
    assert!(text(&right.stdout).contains("Hostname: fw1"), "{right:?}");
    assert_eq!(device.commands(), ["get system status"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn ssh_keyscan_reads_the_host_key_that_the_device_announces() {
    if !is_there("ssh-keyscan", Path::new("/usr/bin/ssh-keyscan").exists()) {
        return;
    }
    let (_, server) = serve(&[], |_| ()).await;
    let port = server.addr().port().to_string();
    let scan = aside(move || Command::new("ssh-keyscan").args(["-p", &port, "127.0.0.1"]).output().unwrap()).await;
    assert!(text(&scan.stdout).contains(known(&server).trim()), "{}", text(&scan.stdout));
}
