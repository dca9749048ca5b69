//! Getting in, and not getting in: what reaches the server, and what the person is told.

use std::path::PathBuf;

use fgtkey::ssh::{DialError, Method, PasswordSource};
use russh::MethodKind;
use russh::keys::ssh_key::LineEnding;
use russh::keys::{Algorithm, EcdsaCurve, HashAlg};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::desk::{Desk, endpoint, greeting};
use crate::server::{GREETING, Server, key};

const INTERACTIVE: [MethodKind; 2] = [MethodKind::PublicKey, MethodKind::KeyboardInteractive];

#[tokio::test]
async fn a_password_opens_a_shell_with_one_attempt_and_no_probe() {
    let server = Server::default().start().await;
    let mut shell = Desk::new().knows(&server).open(&server).await.unwrap();
    assert_eq!(greeting(&mut shell).await, GREETING);
    assert_eq!(server.seen(), ["password admin", "terminal vt100 511x10000", "shell"]);
    assert_eq!(shell.route.method, Method::Password);
    assert_eq!(shell.password.unwrap().expose(), "s3cret");
    assert_eq!(shell.route.address.unwrap().port(), server.port);
    assert!(shell.route.local_port().is_some());
}

#[tokio::test]
async fn what_is_typed_arrives_and_the_end_is_seen() {
    let server = Server::default().start().await;
    let mut shell = Desk::new().knows(&server).open(&server).await.unwrap();
    greeting(&mut shell).await;
    shell.stream.write_all(b"get system status\r").await.unwrap();
    let mut echo = [0; 18];
    shell.stream.read_exact(&mut echo).await.unwrap();
    assert_eq!(&echo, b"get system status\r");
    shell.stream.write_all(b"exit\r").await.unwrap();
    let mut rest = Vec::new();
    shell.stream.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"");
    shell.stream.close().await;
}

#[tokio::test]
async fn a_login_works_over_a_pipe_as_over_a_socket() {
    let server = Server::default();
    let pinned = server.keys[0].public_key().fingerprint(HashAlg::Sha256).to_string();
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    tokio::spawn(server.serve(theirs, Default::default()));
    let mut shell = Desk::new().policy(&pinned).dial().open_on(&endpoint(22), ours).await.unwrap();
    assert_eq!(greeting(&mut shell).await, GREETING);
    assert_eq!(shell.route.local_port(), None);
}

#[tokio::test]
async fn a_wrong_password_reaches_the_server_once() {
    let server = Server::default().start().await;
    let error = Desk::new().password("wrong").knows(&server).refused(&server).await;
    assert_eq!(server.seen(), ["password admin"]);
    assert_eq!(error.to_string(), "the device refused admin: password did not get in; it takes publickey, password");
    assert!(!format!("{error:?} {}", error.hint().unwrap()).contains("wrong"));
}

#[tokio::test]
async fn a_wrong_password_is_told_from_a_hang_up_when_no_method_is_left() {
    let server = Server { methods: vec![], ..Server::default() }.start().await;
    let error = Desk::new().password("wrong").knows(&server).refused(&server).await;
    assert_eq!(server.seen(), ["password admin"]);
    assert_eq!(error.to_string(), "the device refused admin: password did not get in");
}

#[tokio::test]
async fn a_key_file_opens_a_shell() {
    let curve = EcdsaCurve::NistP256;
    for algorithm in [Algorithm::Ed25519, Algorithm::Ecdsa { curve }, Algorithm::Rsa { hash: None }] {
        let key = key(algorithm);
        let server = Server { user_key: Some(key.public_key().clone()), ..Server::default() }.start().await;
        let desk = Desk::new().source(PasswordSource::None).identity("id", &key).knows(&server);
        let shell = desk.open(&server).await.unwrap();
        assert_eq!(shell.route.method, Method::Key(desk.options.identities[0].clone()));
        assert!(shell.password.is_none());
        assert_eq!(server.seen()[..2], ["offer admin", "key admin"]);
    }
}

#[tokio::test]
async fn a_passphrase_is_asked_for_once_and_only_when_the_server_wants_the_key() {
    let plain = key(Algorithm::Ed25519);
    let locked = plain.encrypt(&mut russh::keys::key::safe_rng(), "open sesame").unwrap();
    let server = Server { user_key: Some(plain.public_key().clone()), ..Server::default() }.start().await;
    let desk = Desk::new().person(&["wrong", "open sesame"]).identity("id", &locked).knows(&server);
    let dial = desk.dial();
    for _ in 0..2 {
        dial.open(&endpoint(server.port)).await.unwrap();
    }
    assert_eq!(desk.questions(), 2, "one wrong answer, one right answer, and no question for the second login");

    let stranger = Server::default().start().await;
    let desk = desk.knows(&stranger);
    let shell = desk.open(&stranger).await.unwrap();
    assert_eq!(shell.route.method, Method::Password);
    assert_eq!(desk.questions(), 2, "a key that the server does not take is not unlocked");
}

#[tokio::test]
async fn an_encrypted_key_without_anybody_to_ask_says_so() {
    let plain = key(Algorithm::Ed25519);
    let locked = plain.encrypt(&mut russh::keys::key::safe_rng(), "open sesame").unwrap();
    let server = Server { user_key: Some(plain.public_key().clone()), ..Server::default() }.start().await;
    let desk = Desk::new().identity("id", &locked).knows(&server);
    let error = desk.refused(&server).await.to_string();
    let file = desk.options.identities[0].display();
    assert_eq!(error, format!("{file} is encrypted, and there is no terminal to ask for its passphrase"));
}

#[tokio::test]
async fn no_more_keys_are_offered_than_the_lockout_allows() {
    let server = Server::default().start().await;
    let mut desk = Desk::new().source(PasswordSource::None).knows(&server);
    for name in ["one", "two", "three"] {
        desk = desk.identity(name, &key(Algorithm::Ed25519));
    }
    let error = desk.refused(&server).await;
    assert_eq!(server.seen(), ["offer admin", "offer admin"]);
    let DialError::Refused { tried, kept_back, .. } = &error else { panic!("{error:?}") };
    assert_eq!((tried.len(), *kept_back), (2, 1));
    assert_eq!(
        error.hint().unwrap(),
        "1 more keys were not offered, to stay below the lockout: name the right one with -i"
    );
}

#[tokio::test]
async fn a_key_that_others_can_read_is_refused_as_ssh_does() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::default().start().await;
    let desk = Desk::new().identity("id", &key(Algorithm::Ed25519)).knows(&server);
    let file = desk.options.identities[0].clone();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let error = desk.refused(&server).await;
    assert_eq!(error.to_string(), format!("{} can be read by others (mode 0644)", file.display()));
    assert_eq!(error.hint().unwrap(), format!("chmod 600 {}", file.display()));
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn what_is_no_key_is_named() {
    let server = Server::default().start().await;
    let mut desk = Desk::new().knows(&server);
    desk.options.identities = vec![desk.file("id", "not a key\n"), PathBuf::from("/nonexistent")];
    let error = desk.refused(&server).await.to_string();
    assert!(error.contains("id is not a private key that can be read"), "{error}");
}

#[tokio::test]
async fn keyboard_interactive_answers_the_password_question() {
    let server = Server { methods: INTERACTIVE.to_vec(), ..Server::default() }.start().await;
    let shell = Desk::new().knows(&server).open(&server).await.unwrap();
    assert_eq!(shell.route.method, Method::KeyboardInteractive);
    // The password method is not offered, so what was sent by it was not judged.
    assert_eq!(server.seen()[..3], ["password admin", "interactive admin", "answers 1"]);
}

#[tokio::test]
async fn a_wrong_answer_is_not_given_twice() {
    let server = Server { methods: INTERACTIVE.to_vec(), ..Server::default() }.start().await;
    let error = Desk::new().password("wrong").knows(&server).refused(&server).await;
    assert_eq!(server.seen(), ["password admin", "interactive admin", "answers 1"]);
    assert!(error.to_string().contains("keyboard-interactive did not get in"), "{error}");
}

#[tokio::test]
async fn a_wrong_password_is_not_tried_again_by_keyboard_interactive() {
    let methods = vec![MethodKind::Password, MethodKind::KeyboardInteractive];
    let server = Server { methods, ..Server::default() }.start().await;
    Desk::new().password("wrong").knows(&server).refused(&server).await;
    assert_eq!(server.seen(), ["password admin"]);
}

#[tokio::test]
async fn a_question_that_is_not_the_password_is_shown_and_not_answered() {
    for (rounds, message) in [
        (vec![vec![("FortiToken Code:\u{1b}[2J ", false)]], "`FortiToken Code: [2J`"),
        (vec![vec![("Password: ", false), ("Code: ", true)]], "`Code:`"),
        (vec![vec![("Password: ", false)], vec![("Password: ", false)]], "`Password:`"),
    ] {
        let expected = rounds.len() - 1;
        let server = Server { methods: INTERACTIVE.to_vec(), rounds, ..Server::default() }.start().await;
        let error = Desk::new().knows(&server).refused(&server).await;
        assert_eq!(error.to_string(), format!("the device asks for more than a password: {message}"));
        let answers = server.seen().iter().filter(|entry| entry.starts_with("answers")).count();
        assert_eq!(answers, expected);
    }
}

#[tokio::test]
async fn the_pre_login_banner_is_kept() {
    let banner = Some("Authorized use only #\r\n".to_owned());
    let server = Server { banner, ..Server::default() }.start().await;
    let shell = Desk::new().knows(&server).open(&server).await.unwrap();
    assert_eq!(shell.route.banner.as_deref(), Some("Authorized use only #\r\n"));
}

#[tokio::test]
async fn a_person_is_asked_for_the_password_once_in_a_run() {
    let server = Server::default().start().await;
    let desk = Desk::new().source(PasswordSource::Ask).person(&["s3cret"]).knows(&server);
    let dial = desk.dial();
    for _ in 0..3 {
        dial.open(&endpoint(server.port)).await.unwrap();
    }
    assert_eq!(dial.password(&endpoint(server.port)).await.unwrap().expose(), "s3cret");
    assert_eq!(desk.questions(), 1);
}

#[tokio::test]
async fn a_password_that_cannot_be_had_sends_nothing() {
    let server = Server::default().start().await;
    let desk = Desk::new().source(PasswordSource::Command("exit 1".to_owned())).knows(&server);
    let error = desk.refused(&server).await;
    assert_eq!(error.to_string(), "the password command failed (exit status: 1)");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn old_algorithms_are_used_on_request_only() {
    let preferred = russh::Preferred {
        kex: vec![russh::kex::DH_G14_SHA1].into(),
        cipher: vec![russh::cipher::AES_256_CBC].into(),
        mac: vec![russh::mac::HMAC_SHA1].into(),
        ..russh::Preferred::DEFAULT
    };
    let server = Server { preferred, ..Server::default() }.start().await;
    let mut desk = Desk::new().knows(&server);
    let error = desk.refused(&server).await;
    let begin =
        "no key exchange in common: the device offers diffie-hellman-group14-sha1; we offer mlkem768x25519-sha256,";
    assert!(error.to_string().starts_with(begin), "{error}");
    assert!(error.hint().unwrap().contains("--legacy-algorithms"));

    desk.options.legacy_algorithms = true;
    let shell = desk.open(&server).await.unwrap();
    let agreed = shell.route.algorithms.unwrap();
    assert_eq!((agreed.kex.as_str(), agreed.cipher.as_str()), ("diffie-hellman-group14-sha1", "aes256-cbc"));
}

#[tokio::test]
async fn what_a_hardened_fortigate_offers_is_enough() {
    let preferred = russh::Preferred {
        kex: vec![russh::kex::DH_GEX_SHA256].into(),
        cipher: vec![russh::cipher::AES_256_CTR, russh::cipher::AES_256_GCM].into(),
        mac: vec![russh::mac::HMAC_SHA256].into(),
        ..russh::Preferred::DEFAULT
    };
    let server = Server { preferred, ..Server::default() }.start().await;
    let shell = Desk::new().knows(&server).open(&server).await.unwrap();
    assert_eq!(shell.route.algorithms.unwrap().kex, "diffie-hellman-group-exchange-sha256");
}

#[tokio::test]
async fn a_key_of_a_file_in_another_format_is_read() {
    let key = key(Algorithm::Ed25519);
    let server = Server { user_key: Some(key.public_key().clone()), ..Server::default() }.start().await;
    let mut pem = Vec::new();
    russh::keys::encode_pkcs8_pem(&key, &mut pem).unwrap();
    let windows = key.to_openssh(LineEnding::CRLF).unwrap();
    for text in [String::from_utf8(pem).unwrap(), windows.to_string()] {
        let mut desk = Desk::new().source(PasswordSource::None).knows(&server);
        desk.options.identities = vec![desk.file("id", &text)];
        desk.open(&server).await.unwrap();
    }
}
