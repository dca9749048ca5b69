//! Devices behind jump hosts: two real `sshd`s on loopback, and simulated FortiGates behind them.

use std::collections::BTreeSet;
use std::process::Command;

use fgtkey::sim::{self, Device, DeviceSpec, Listen};
use fgtkey::ssh::config::Jump;
use fgtkey::ssh::{DialError, Endpoint, HostKeyPolicy, Method, PasswordSource, Shell};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

use crate::desk::{Desk, endpoint};
use crate::openssh::{Sshd, installed};
use crate::server::Server;

/// A desk whose `ssh_config` knows these hops as `hop1`, `hop2` and so on; the password is the simulated device's.
fn desk_with(hops: &[&Sshd]) -> Desk {
    let mut known = String::new();
    let mut config = String::new();
    for (index, hop) in hops.iter().enumerate() {
        known += &format!("[127.0.0.1]:{} {}\n", hop.port, hop.host_key.to_openssh().unwrap());
        let (number, port, user, identity) = (index + 1, hop.port, &hop.user, hop.identity.display());
        config += &format!("Host hop{number}\nHostName 127.0.0.1\nPort {port}\nUser {user}\nIdentityFile {identity}\n");
    }
    config += "Host *\nIdentityAgent none\n";
    Desk::new().password("admin").known_hosts_is(&known).config(&config)
}

async fn device() -> sim::Server {
    device_with(&DeviceSpec::default().serial).await
}

async fn device_with(serial: &str) -> sim::Server {
    let spec = DeviceSpec { seed: Some(1), serial: serial.to_owned(), ..DeviceSpec::default() };
    sim::Server::start(Device::new(spec).unwrap(), Listen { lockout: false, ..Listen::default() }).await.unwrap()
}

fn pinned(device: &sim::Server) -> HostKeyPolicy {
    device.fingerprint().parse().unwrap()
}

async fn prompt(shell: &mut Shell) -> String {
    let mut seen = Vec::new();
    while !seen.ends_with(b"# ") {
        seen.push(shell.stream.read_u8().await.unwrap());
    }
    String::from_utf8(seen).unwrap()
}

fn logins(hop: &Sshd) -> usize {
    hop.log().matches("Accepted publickey").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_behind_two_hops_is_reached_over_both() {
    if !installed("a_device_behind_two_hops_is_reached_over_both") {
        return;
    }
    let (near, far, device) = (Sshd::start("").await, Sshd::start("").await, device().await);
    let desk = desk_with(&[&near, &far]);
    let dial = desk.dial().with_jumps(Jump::list("hop1,hop2").unwrap()).with_host_key(pinned(&device));
    let mut shell = dial.open(&endpoint(device.addr().port())).await.unwrap();
    prompt(&mut shell).await;
    let passed: Vec<_> = shell.route.jumps.iter().map(|hop| (hop.name.as_str(), hop.method.clone())).collect();
    let (first, second) = (Method::Key(near.identity.clone()), Method::Key(far.identity.clone()));
    assert_eq!(passed, [("hop1", first), ("hop2", second)]);
    assert_eq!(shell.route.address, None);
    assert_eq!((logins(&near), logins(&far)), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hop_may_itself_be_configured_to_lie_behind_another() {
    if !installed("a_hop_may_itself_be_configured_to_lie_behind_another") {
        return;
    }
    let (near, far, device) = (Sshd::start("").await, Sshd::start("").await, device().await);
    let desk = desk_with(&[&near, &far]);
    let config = std::fs::read_to_string(desk.directory.path().join("config")).unwrap();
    let desk = desk.config(&format!("Host 127.0.0.1\nProxyJump hop2\nHost hop2\nProxyJump hop1\n{config}"));
    let dial = desk.dial().with_host_key(pinned(&device));
    let shell = dial.open(&endpoint(device.addr().port())).await.unwrap();
    let names: Vec<_> = shell.route.jumps.iter().map(|hop| hop.name.as_str()).collect();
    assert_eq!(names, ["hop1", "hop2"]);
}

/// How many devices of a fleet are tried behind one hop.
const MANY: usize = 200;

/// The serial number that the device states, asked for at its first prompt.
async fn serial(mut shell: Shell) -> String {
    prompt(&mut shell).await;
    shell.stream.write_all(b"get system status\n").await.unwrap();
    let seen = prompt(&mut shell).await;
    let (_, rest) = seen.split_once("Serial-Number: ").unwrap();
    rest.lines().next().unwrap().trim().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_devices_share_one_connection_to_the_hop() {
    if !installed("two_hundred_devices_share_one_connection_to_the_hop") {
        return;
    }
    let hop = Sshd::start("").await;
    let mut devices = Vec::new();
    for number in 0..MANY {
        devices.push(device_with(&format!("FG100FTK{number:08}")).await);
    }
    let desk = desk_with(&[&hop]);
    let dial = desk.dial().with_jumps(Jump::list("hop1").unwrap());
    let mut opening = JoinSet::new();
    for device in &devices {
        let (dial, target) = (dial.with_host_key(pinned(device)), endpoint(device.addr().port()));
        opening.spawn(async move { dial.open(&target).await });
    }
    let mut shells = Vec::new();
    while let Some(shell) = opening.join_next().await {
        shells.push(shell.unwrap().unwrap());
    }
    // All of them are open before the first is used.
    assert_eq!(shells.len(), MANY);
    let mut asking: JoinSet<_> = shells.into_iter().map(serial).collect();
    let mut serials = BTreeSet::new();
    while let Some(serial) = asking.join_next().await {
        serials.insert(serial.unwrap());
    }
    assert_eq!(serials.len(), MANY, "{serials:?}");
    assert_eq!(logins(&hop), 1, "{}", hop.log());
}

/// Ends the processes in which an `sshd` of ours serves its connections.
fn cut(hop: &Sshd) {
    let parent = format!(" {} ", hop.id());
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // After the name in brackets come the state and the parent.
        let is_child = stat.rsplit(')').next().is_some_and(|rest| rest.get(2..).unwrap_or("").starts_with(&parent));
        if is_child {
            Command::new("kill").arg("-9").arg(entry.file_name()).status().unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hop_that_dies_is_opened_again_and_named() {
    if !installed("a_hop_that_dies_is_opened_again_and_named") {
        return;
    }
    let (hop, device) = (Sshd::start("").await, device().await);
    let desk = desk_with(&[&hop]);
    let dial = desk.dial().with_jumps(Jump::list("hop1").unwrap()).with_host_key(pinned(&device));
    let target = endpoint(device.addr().port());
    let mut shell = dial.open(&target).await.unwrap();
    prompt(&mut shell).await;

    cut(&hop);
    let mut rest = Vec::new();
    let _ = shell.stream.read_to_end(&mut rest).await;
    let why = shell.stream.why_ended().await.unwrap().to_string();
    assert!(why.starts_with("jump host hop1: it closed the connection"), "{why}");

    let mut shell = dial.open(&target).await.unwrap();
    prompt(&mut shell).await;
    assert_eq!(logins(&hop), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hop_that_cannot_be_passed_is_named_and_the_password_is_not_for_it() {
    if !installed("a_hop_that_cannot_be_passed_is_named_and_the_password_is_not_for_it") {
        return;
    }
    let device = device().await;
    let hop = Sshd::start("PasswordAuthentication yes").await;
    let stranger = Sshd::start("").await;
    let known = desk_with(&[&hop]);

    // Its key is not known.
    let error = refused(desk_with(&[&hop]).known_hosts_is(""), &device).await;
    let fingerprint = hop.host_key.fingerprint(russh::keys::HashAlg::Sha256);
    assert_eq!(error.to_string(), format!("jump host hop1: the host key is not known: ssh-ed25519 {fingerprint}"));
    assert!(error.hint().unwrap().contains("ssh"), "{:?}", error.hint());
    assert_eq!(hop.log().matches("Failed").count(), 0);

    // It takes another key: the device's password is no way in, and there is nobody to ask for the hop's.
    let identity = stranger.identity.display();
    let config = format!("Host hop1\nHostName 127.0.0.1\nPort {}\nUser {}\n", hop.port, hop.user);
    let error = refused(known.config(&format!("{config}IdentityFile {identity}\nIdentityAgent none\n")), &device).await;
    let message = error.to_string();
    let expected = format!("jump host hop1: it refused {}: key {identity} did not get in", hop.user);
    assert!(message.starts_with(&expected), "{message}");
    assert!(error.hint().unwrap().contains("ssh hop1"));
    assert!(!hop.log().contains("Failed password"), "{}", hop.log());
}

async fn refused(desk: Desk, device: &sim::Server) -> DialError {
    let dial = desk.dial().with_jumps(Jump::list("hop1").unwrap()).with_host_key(pinned(device));
    dial.open(&endpoint(device.addr().port())).await.err().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hop_that_refuses_logs_in_once_for_all_devices() {
    let hop = Server::default().start().await;
    let config = format!("Host hop1\nHostName 127.0.0.1\nPort {}\nUser ops\nIdentityAgent none\n", hop.port);
    let desk = Desk::new().person(&["wrong"]).knows(&hop).config(&config);
    let dial = desk.dial().with_jumps(Jump::list("hop1").unwrap());
    let mut opening = JoinSet::new();
    for port in 1..=20 {
        let dial = dial.clone();
        opening.spawn(async move { dial.open(&endpoint(port)).await.err().unwrap().to_string() });
    }
    while let Some(error) = opening.join_next().await {
        let error = error.unwrap();
        assert!(error.starts_with("jump host hop1: it refused ops: password did not get in"), "{error}");
    }
    assert_eq!(hop.seen(), ["password ops"]);
    assert_eq!(desk.questions(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_hop_cannot_reach_and_what_it_forbids_is_told_apart() {
    if !installed("what_a_hop_cannot_reach_and_what_it_forbids_is_told_apart") {
        return;
    }
    let (open, closed) = (Sshd::start("").await, Sshd::start("AllowTcpForwarding no").await);
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let dial = desk_with(&[&open, &closed]).option("ConnectionAttempts 1");
    for (hop, message) in [
        (
            "hop1",
            format!("cannot connect to 127.0.0.1 port {nobody} through the jump host hop1: no connection from there"),
        ),
        (
            "hop2",
            format!(
                "cannot connect to 127.0.0.1 port {nobody} through the jump host hop2: it does not forward connections"
            ),
        ),
    ] {
        let dial = dial.dial().with_jumps(Jump::list(hop).unwrap());
        let error = dial.open(&endpoint(nobody)).await.err().unwrap();
        assert_eq!(error.to_string(), message);
        assert!(error.hint().is_some());
    }
}

#[tokio::test]
async fn hops_that_lead_to_one_another_are_an_error() {
    let desk = Desk::new().source(PasswordSource::None).config("Host a\nProxyJump b\nHost b\nProxyJump a\n");
    let error = desk.dial().open(&Endpoint::parse("me@a", None).unwrap()).await.err().unwrap();
    assert!(matches!(error, DialError::Config(_)), "{error:?}");
    assert!(error.hint().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_port_of_a_device_is_reached_over_the_connection_that_is_there() {
    if !installed("another_port_of_a_device_is_reached_over_the_connection_that_is_there") {
        return;
    }
    let (hop, device) = (Sshd::start("").await, device().await);
    let web = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = web.local_addr().unwrap().port();
    let desk = desk_with(&[&hop]);
    let dial = desk.dial().with_jumps(Jump::list("hop1").unwrap()).with_host_key(pinned(&device));
    let target = endpoint(device.addr().port());
    let _shell = dial.open(&target).await.unwrap();
    let within = std::time::Duration::from_secs(10);
    let mut tunnel = dial.tunnel(&target, port, within).await.unwrap();
    let (mut served, _) = web.accept().await.unwrap();
    served.write_all(b"hello").await.unwrap();
    let mut heard = [0; 5];
    tunnel.read_exact(&mut heard).await.unwrap();
    assert_eq!((&heard, tunnel.address, logins(&hop)), (b"hello", None, 1));

    drop(web);
    let error = dial.tunnel(&target, port, within).await.err().unwrap().to_string();
    let expected =
        format!("cannot connect to 127.0.0.1 port {port} through the jump host hop1: no connection from there");
    assert_eq!(error, expected);
}
