//! What `ssh_config` says about a device, seen in what happens.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fgtkey::ssh::{DialError, Judgement};
use russh::keys::{Algorithm, HashAlg, PublicKey};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::desk::{Desk, endpoint};
use crate::server::{Server, key};

fn line(name: &str, key: &PublicKey) -> String {
    format!("{name} {}\n", key.to_openssh().unwrap())
}

#[tokio::test]
async fn an_alias_is_the_name_of_the_host_key_whatever_the_port() {
    let server = Server::default().start().await;
    let desk = Desk::new().known_hosts_is(&line("berlin", &server.key)).option("HostKeyAlias berlin");
    let shell = desk.open(&server).await.unwrap();
    assert!(matches!(shell.route.judgement, Judgement::Known(place) if place.line == 1));

    let other = key(Algorithm::Ed25519);
    let desk = desk.known_hosts_is(&line("berlin", other.public_key()));
    let error = desk.refused(&server).await;
    assert!(error.hint().unwrap().ends_with("-R berlin"), "{:?}", error.hint());
}

#[tokio::test]
async fn several_files_are_read_and_the_first_one_is_written_to() {
    let server = Server::default().start().await;
    let name = format!("[127.0.0.1]:{}", server.port);
    let mut desk = Desk::new();
    desk.options.known_hosts = None;
    let (one, two) = (desk.file("one", ""), desk.file("two", &line(&name, &server.key)));
    let files = format!("UserKnownHostsFile {} {}", one.display(), two.display());
    let desk = desk.option("GlobalKnownHostsFile none").option(&files);
    let shell = desk.open(&server).await.unwrap();
    assert!(matches!(shell.route.judgement, Judgement::Known(place) if *place.file == *two));

    std::fs::write(&two, "").unwrap();
    assert!(matches!(desk.refused(&server).await, DialError::HostKeyUnknown(_)));
    let desk = desk.option("StrictHostKeyChecking accept-new");
    desk.open(&server).await.unwrap();
    assert_eq!(std::fs::read_to_string(&one).unwrap(), line(&name, &server.key));

    let global = desk.file("global", &line(&name, &server.key));
    std::fs::write(&one, "").unwrap();
    let desk = desk.option("StrictHostKeyChecking yes").option(&format!("GlobalKnownHostsFile {}", global.display()));
    desk.open(&server).await.unwrap();
}

#[tokio::test]
async fn host_key_checking_is_never_off() {
    let server = Server::default().start().await;
    let other = key(Algorithm::Ed25519);
    for (word, accepted) in [("yes", false), ("ask", false), ("accept-new", true), ("no", true), ("off", true)] {
        let desk = Desk::new().option(&format!("StrictHostKeyChecking {word}"));
        assert_eq!(desk.open(&server).await.is_ok(), accepted, "{word}");
        let name = format!("[127.0.0.1]:{}", server.port);
        let desk = desk.known_hosts_is(&line(&name, other.public_key()));
        assert!(matches!(desk.refused(&server).await, DialError::HostKeyChanged { .. }), "{word}");
    }
    let shell = Desk::new().option("StrictHostKeyChecking no").open(&server).await.unwrap();
    assert!(shell.route.warnings[0].contains("taken as accept-new"), "{:?}", shell.route.warnings);
    // The flag wins over the file.
    let desk = Desk::new().option("StrictHostKeyChecking no").policy("strict");
    assert!(matches!(desk.refused(&server).await, DialError::HostKeyUnknown(_)));
}

#[tokio::test]
async fn a_name_is_hashed_where_that_is_said_and_found_again() {
    let server = Server::default().start().await;
    let desk = Desk::new().option("HashKnownHosts yes").policy("accept-new");
    desk.open(&server).await.unwrap();
    let file = desk.known_hosts();
    assert!(file.starts_with("|1|") && !file.contains("127.0.0.1"), "{file}");
    let shell = desk.policy("strict").open(&server).await.unwrap();
    assert!(matches!(shell.route.judgement, Judgement::Known(place) if place.line == 1));
}

#[tokio::test]
async fn in_batch_mode_nobody_is_asked() {
    let server = Server::default().start().await;
    let desk = Desk::new().source(fgtkey::ssh::PasswordSource::Ask).person(&["s3cret"]).knows(&server);
    let desk = desk.option("BatchMode yes").option("IdentityFile none");
    let error = desk.refused(&server).await;
    assert_eq!(error.to_string(), "a password is needed, and none is given");
    assert_eq!((desk.questions(), server.seen().len()), (0, 0));
}

#[tokio::test]
async fn one_of_several_pinned_fingerprints_is_enough() {
    let server = Server::default().start().await;
    let other = key(Algorithm::Ed25519).public_key().fingerprint(HashAlg::Sha256).to_string();
    let desk = Desk::new().policy(&format!("{other},{}", server.fingerprint()));
    assert_eq!(desk.open(&server).await.unwrap().route.judgement, Judgement::Pinned);
    let error = Desk::new().policy(&other).refused(&server).await;
    assert!(matches!(error, DialError::HostKeyNotPinned { .. }), "{error}");
}

#[tokio::test]
async fn host_name_port_and_user_come_from_the_configuration() {
    let server = Server::default().start().await;
    let config = format!("Host fw1\nHostName 127.0.0.1\nPort {}\nUser admin\nIdentityAgent none\n", server.port);
    let dial = Desk::new().knows(&server).config(&config);
    let (desk, dial) = (&dial, dial.dial());
    let found = dial.endpoint("fw1", None, None).unwrap();
    assert_eq!((found.name.as_str(), found.host.as_str(), found.port), ("fw1", "fw1", server.port));
    assert_eq!(found.user, "admin");
    dial.open(&found).await.unwrap();
    assert!(desk.known_hosts().contains("[127.0.0.1]"), "the key is known by where the device is");

    let users = [
        (dial.endpoint("me@fw1", None, Some("request")), "me"),
        (dial.endpoint("me@fw1", Some("flag"), None), "flag"),
        (dial.endpoint("fw1", None, Some("request")), "request"),
    ];
    for (endpoint, user) in users {
        assert_eq!(endpoint.unwrap().user, user);
    }
    let typed = dial.endpoint("fw1:22", None, None).unwrap();
    assert_eq!((typed.name.as_str(), typed.port), ("fw1", 22));
}

#[tokio::test]
async fn the_options_lists_are_what_is_offered() {
    let server = Server::default().start().await;
    let desk =
        Desk::new().knows(&server).option("Ciphers aes128-ctr").option("KexAlgorithms ^diffie-hellman-group14-sha256");
    let agreed = desk.open(&server).await.unwrap().route.algorithms.unwrap();
    assert_eq!((agreed.kex.as_str(), agreed.cipher.as_str()), ("diffie-hellman-group14-sha256", "aes128-ctr"));
}

#[tokio::test]
async fn a_failed_negotiation_names_the_option_that_helps_and_it_helps() {
    let preferred = russh::Preferred {
        kex: vec![russh::kex::DH_G14_SHA1].into(),
        cipher: vec![russh::cipher::AES_128_CBC].into(),
        mac: vec![russh::mac::HMAC_SHA1].into(),
        ..russh::Preferred::DEFAULT
    };
    let server = Server { preferred, ..Server::default() }.start().await;
    let mut desk = Desk::new().knows(&server);
    for option in ["KexAlgorithms=+diffie-hellman-group14-sha1", "Ciphers=+aes128-cbc", "MACs=+hmac-sha1"] {
        let hint = desk.refused(&server).await.hint().unwrap();
        assert!(hint.ends_with(&format!("-o {option}")), "{hint}");
        desk = desk.option(option);
    }
    desk.open(&server).await.unwrap();
}

#[tokio::test]
async fn a_list_of_ours_that_is_too_short_is_lengthened() {
    let preferred = russh::Preferred { kex: vec![russh::kex::CURVE25519].into(), ..russh::Preferred::DEFAULT };
    let server = Server { preferred, ..Server::default() }.start().await;
    let desk = Desk::new().knows(&server).option("KexAlgorithms ecdh-sha2-nistp256");
    let hint = desk.refused(&server).await.hint().unwrap();
    assert_eq!(hint, "-o KexAlgorithms=+curve25519-sha256 offers it to this device");
}

#[tokio::test]
async fn an_rsa_key_that_is_refused_with_sha2_is_explained() {
    // FortiOS before 7.0.14: it does not announce that it knows SHA-2 with RSA.
    let rsa = key(Algorithm::Rsa { hash: None });
    let preferred = russh::Preferred { key: vec![Algorithm::Ed25519].into(), ..russh::Preferred::DEFAULT };
    let server = Server { preferred, ..Server::default() }.start().await;
    let desk = Desk::new().source(fgtkey::ssh::PasswordSource::None).identity("id", &rsa).knows(&server);
    let error = desk.refused(&server).await;
    let hint = error.hint().unwrap();
    assert!(hint.contains("FortiOS before 7.0.14 and 7.2.8"), "{hint}");
    assert!(hint.contains("-o PubkeyAcceptedAlgorithms=+ssh-rsa"), "{hint}");
}

#[tokio::test]
async fn an_rsa_key_signs_with_sha1_when_that_is_allowed() {
    let rsa = key(Algorithm::Rsa { hash: None });
    let user_key = Some(rsa.public_key().clone());
    let preferred = russh::Preferred {
        key: vec![Algorithm::Ed25519, Algorithm::Rsa { hash: None }].into(),
        ..russh::Preferred::DEFAULT
    };
    let server = Server { preferred, user_key, ..Server::default() }.start().await;
    let desk = Desk::new().source(fgtkey::ssh::PasswordSource::None).identity("id", &rsa).knows(&server);
    assert!(desk.refused(&server).await.hint().unwrap().contains("SHA-1 only"));
    assert!(server.seen().is_empty(), "what the device says it does not take is not offered");
    let mut desk = desk.option("PubkeyAcceptedAlgorithms +ssh-rsa");
    desk.open(&server).await.unwrap();
    desk = desk.option("PubkeyAcceptedAlgorithms -nothing");
    desk.options.legacy_algorithms = true;
    desk.open(&server).await.unwrap();
}

/// Passes connections on to the server, after refusing the first few: closed at once, as with too many sessions.
async fn shy(server: u16, refusals: usize) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Arc::new(AtomicUsize::new(0));
    let count = seen.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            if count.fetch_add(1, Ordering::SeqCst) < refusals {
                continue;
            }
            tokio::spawn(async move {
                let mut far = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut far).await;
            });
        }
    });
    (port, seen)
}

#[tokio::test]
async fn too_many_sessions_are_waited_out_before_the_login() {
    let server = Server::default().start().await;
    let (port, seen) = shy(server.port, 2).await;
    let desk = Desk::new().policy(&server.fingerprint());
    desk.dial().open(&endpoint(port)).await.unwrap();
    assert_eq!(seen.load(Ordering::SeqCst), 3);
    assert_eq!(server.seen().iter().filter(|entry| entry.starts_with("password")).count(), 1);

    let (port, seen) = shy(server.port, 9).await;
    let error = desk.option("ConnectionAttempts 2").dial().open(&endpoint(port)).await.err().unwrap();
    assert!(error.to_string().starts_with("the device closed the connection during the key exchange"), "{error}");
    assert_eq!(seen.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn nothing_is_tried_again_once_a_password_was_sent() {
    let server = Server { hang_up: Some(crate::server::Step::Authentication), ..Server::default() }.start().await;
    let error = Desk::new().knows(&server).refused(&server).await;
    assert_eq!(error.to_string(), "the device closed the connection during the authentication");
    assert_eq!(server.seen(), ["password admin"]);
}

#[tokio::test]
async fn a_connection_that_falls_silent_is_noticed() {
    let server = Server::default().start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (silence, mut silent) = tokio::sync::watch::channel(false);
    tokio::spawn(async move {
        let (mut near, _) = listener.accept().await.unwrap();
        let mut far = TcpStream::connect(("127.0.0.1", server.port)).await.unwrap();
        tokio::select! {
            _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
            _ = silent.changed() => std::future::pending().await,
        }
    });
    let desk = Desk::new().policy(&server.key.fingerprint(HashAlg::Sha256).to_string());
    let desk = desk.option("ServerAliveInterval 1").option("ServerAliveCountMax 1");
    let mut shell = desk.dial().open(&endpoint(port)).await.unwrap();
    crate::desk::greeting(&mut shell).await;
    silence.send(true).unwrap();
    let begun = Instant::now();
    let mut rest = Vec::new();
    let _ = shell.stream.read_to_end(&mut rest).await;
    assert!(begun.elapsed() < Duration::from_secs(6));
    let why = shell.stream.why_ended().await.unwrap().to_string();
    assert_eq!(why, "the device closed the connection during the opening of the shell: it does not answer any more");
    assert!(shell.stream.write_all(b"x").await.is_err());
}
