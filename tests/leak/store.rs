//! A secret store: it gets the key and a token, and nobody else does, whatever it answers.

use super::run::Desk;
use super::vault::{Asked, Server, json_of};

/// The destination; the token is the word that is searched for as the password is.
fn destination(server: &Server) -> String {
    format!("vault:secret/fw1,address=http://127.0.0.1:{},token-file=../password", server.port)
}

#[test]
fn a_secret_store_is_the_only_one_who_is_told() {
    let server = Server::start(|_, _| None);
    let desk = Desk::new();
    let ran = desk.mint(&["-vv", "--transcript", "session.txt", "--to", &destination(&server)]);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    desk.live_key(server.writes()[0]["data"]["access_token"].as_str().unwrap());
    ran.leaks_nothing_but_in(&[]);
}

#[test]
fn what_a_store_repeats_of_key_and_token_is_not_shown() {
    let echo = |asked: &Asked, _| {
        let said = format!("{} {:?}", asked.body, asked.headers);
        asked.is_write().then(|| json_of(400, &serde_json::json!({ "errors": [said] })))
    };
    let server = Server::start(echo);
    let desk = Desk::new();
    let ran = desk.mint(&["-vv", "--transcript", "session.txt", "--to", &destination(&server)]);
    assert_eq!(ran.status, Some(5), "{}", ran.stderr);
    ran.leaks_nothing_but_in(&[&desk.escrowed()[0]]);
    let resumed = desk.run(&["deliver", "--resume", "-vv"], None, "");
    assert_eq!(resumed.status, Some(5), "{}", resumed.stderr);
    resumed.leaks_nothing_but_in(&[&desk.escrowed()[0]]);
}

#[test]
fn a_token_that_is_refused_is_not_shown() {
    let server = Server::start(|asked, _| {
        Some(json_of(403, &serde_json::json!({ "errors": [format!("permission denied: {:?}", asked.headers)] })))
    });
    let desk = Desk::new();
    let ran = desk.mint(&["-vv", "--to", &destination(&server)]);
    assert_eq!(ran.status, Some(1), "{}", ran.stderr);
    ran.leaks_nothing_but_in(&[]);
}
