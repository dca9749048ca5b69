//! Host keys: judged before anything secret is sent.

use std::os::unix::fs::PermissionsExt;

use fgtkey::ssh::{DialError, Judgement};
use russh::keys::{Algorithm, EcdsaCurve};

use crate::desk::{Desk, endpoint};
use crate::server::{Server, key};

#[tokio::test]
async fn an_unknown_host_key_is_refused_with_its_fingerprint_and_the_way_to_accept_it() {
    let server = Server::default().start().await;
    let error = Desk::new().refused(&server).await;
    let fingerprint = server.fingerprint();
    assert_eq!(error.to_string(), format!("the host key is not known: ssh-ed25519 {fingerprint}"));
    assert!(error.hint().unwrap().ends_with(&format!("--host-key {fingerprint}")));
    assert!(server.seen().is_empty(), "nothing is sent to a stranger");
}

#[tokio::test]
async fn a_changed_host_key_is_refused_whatever_the_policy() {
    for policy in ["strict", "accept-new"] {
        let server = Server::default().start().await;
        let other = key(Algorithm::Ed25519).public_key().clone();
        let line = format!("# a comment\n[127.0.0.1]:{} {}\n", server.port, other.to_openssh().unwrap());
        let desk = Desk::new().policy(policy).known_hosts_is(&line);
        let error = desk.refused(&server).await;
        let file = desk.options.known_hosts.as_ref().unwrap().display().to_string();
        let known = other.fingerprint(russh::keys::HashAlg::Sha256);
        assert_eq!(
            error.to_string(),
            format!(
                "the host key has changed: ssh-ed25519 {}, but ssh-ed25519 {known} is known from {file} line 2",
                server.fingerprint()
            )
        );
        let removal = format!("ssh-keygen -f {file} -R '[127.0.0.1]:{}'", server.port);
        assert!(error.hint().unwrap().ends_with(&removal), "{:?}", error.hint());
        assert!(server.seen().is_empty());
        assert_eq!(desk.known_hosts(), line);
    }
}

#[tokio::test]
async fn a_revoked_host_key_is_refused_even_where_it_is_also_known() {
    let server = Server::default().start().await;
    let key = server.key.to_openssh().unwrap();
    let lines = format!("[127.0.0.1]:{} {key}\n@revoked * {key}\n", server.port);
    let error = Desk::new().policy("accept-new").known_hosts_is(&lines).refused(&server).await;
    assert!(matches!(&error, DialError::HostKeyRevoked { place, .. } if place.line == 2), "{error}");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_known_host_key_names_its_line() {
    let server = Server::default().start().await;
    let shell = Desk::new().knows(&server).open(&server).await.unwrap();
    assert!(matches!(shell.route.judgement, Judgement::Known(place) if place.line == 1));
    assert_eq!(shell.route.host_key.to_string(), server.fingerprint());
}

#[tokio::test]
async fn accept_new_adds_a_line_that_strict_then_finds() {
    let server = Server::default().start().await;
    let mut desk = Desk::new().policy("accept-new");
    desk.options.known_hosts = Some(desk.directory.path().join("new/known_hosts"));
    let shell = desk.open(&server).await.unwrap();
    assert!(matches!(shell.route.judgement, Judgement::Added(place) if place.line == 1));
    let file = desk.options.known_hosts.clone().unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    let key = server.key.to_openssh().unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("[127.0.0.1]:{} {}\n", server.port, key.trim()));

    desk.policy("strict").open(&server).await.unwrap();
}

#[tokio::test]
async fn accept_new_appends_to_a_last_line_without_an_end() {
    let (first, second) = (Server::default().start().await, Server::default().start().await);
    let desk = Desk::new().knows(&first).policy("accept-new");
    let text = desk.known_hosts();
    let desk = desk.known_hosts_is(text.trim_end());
    desk.open(&second).await.unwrap();
    assert_eq!(desk.known_hosts().lines().count(), 2);
    desk.open(&first).await.unwrap();
}

#[tokio::test]
async fn accept_new_adds_one_line_when_many_logins_race() {
    let server = Server::default().start().await;
    let desk = Desk::new().policy("accept-new");
    let dial = desk.dial();
    let logins = (0..8).map(|_| {
        let (dial, endpoint) = (dial.clone(), endpoint(server.port));
        tokio::spawn(async move { dial.open(&endpoint).await.map(|_| ()) })
    });
    for login in logins.collect::<Vec<_>>() {
        login.await.unwrap().unwrap();
    }
    assert_eq!(desk.known_hosts().lines().count(), 1);
}

#[tokio::test]
async fn a_pinned_fingerprint_beats_known_hosts() {
    let server = Server::default().start().await;
    let other = key(Algorithm::Ed25519).public_key().to_openssh().unwrap();
    let line = format!("[127.0.0.1]:{} {other}\n", server.port);
    let desk = Desk::new().known_hosts_is(&line).policy(&server.fingerprint());
    assert_eq!(desk.open(&server).await.unwrap().route.judgement, Judgement::Pinned);
    assert_eq!(desk.known_hosts(), line);
}

#[tokio::test]
async fn another_key_than_the_pinned_one_is_refused_though_known() {
    let server = Server::default().start().await;
    let pinned = key(Algorithm::Ed25519).public_key().fingerprint(russh::keys::HashAlg::Sha256);
    let error = Desk::new().knows(&server).policy(&pinned.to_string()).refused(&server).await;
    let shown = server.fingerprint();
    assert_eq!(
        error.to_string(),
        format!("the host key is not the one that was asked for: ssh-ed25519 {shown}, expected {pinned}")
    );
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_device_with_several_keys_shows_the_one_that_is_known() {
    let ecdsa = key(Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 });
    let server = Server { keys: vec![key(Algorithm::Ed25519), ecdsa.clone()], ..Server::default() }.start().await;
    let line = format!("[127.0.0.1]:{} {}\n", server.port, ecdsa.public_key().to_openssh().unwrap());
    let shell = Desk::new().known_hosts_is(&line).open(&server).await.unwrap();
    assert_eq!(shell.route.host_key_type, "ecdsa-sha2-nistp256");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_never_empty() {
    let server = Server::default().start().await;
    let desk = Desk::new().policy("accept-new");
    std::fs::create_dir(desk.directory.path().join("known_hosts")).unwrap();
    let error = desk.refused(&server).await.to_string();
    assert!(error.ends_with("known_hosts cannot be read"), "{error}");
}

#[tokio::test]
async fn a_line_that_cannot_be_read_stops_the_login() {
    let server = Server::default().start().await;
    let desk = Desk::new().knows(&server);
    let text = desk.known_hosts();
    let error = desk.known_hosts_is(&format!("{text}fw2 ssh-ed25519 AAAA!\n")).refused(&server).await;
    assert!(error.to_string().ends_with("known_hosts line 2 cannot be read: its key is not base64"), "{error}");
    assert!(server.seen().is_empty());
}
