//! The question at a real terminal: this test binary runs itself under `script`, which gives it one, and under
//! `setsid`, which takes it away.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fgtkey::ssh::{PasswordSource, Person};

use crate::desk::Desk;
use crate::server::Server;

const LOGIN: &str = "terminal::logs_in_with_a_password_from_the_terminal";

/// Run by the two tests below only.
#[tokio::test]
#[ignore = "the other half of the tests of the terminal"]
async fn logs_in_with_a_password_from_the_terminal() {
    let server = Server::default().start().await;
    let mut desk = Desk::new().source(PasswordSource::Ask).knows(&server);
    desk.options.person = Person::at_terminal();
    match desk.open(&server).await {
        Ok(shell) => println!("RESULT: in by {}", shell.route.method),
        Err(error) => println!("RESULT: {error}; {}", error.hint().unwrap_or_default()),
    }
}

fn this_binary() -> String {
    std::env::current_exe().unwrap().display().to_string()
}

fn start(command: &mut Command, test: &str) -> Option<Child> {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    if child.is_err() {
        assert!(std::env::var_os("FGTKEY_REQUIRE_PEERS").is_none(), "{:?} is not installed", command.get_program());
        eprintln!("SKIPPED: {test}: {:?} is not installed", command.get_program());
    }
    child.ok()
}

fn read_until(child: &mut Child, awaited: &str) -> String {
    let mut seen = Vec::new();
    let mut byte = [0];
    let output = child.stdout.as_mut().unwrap();
    while !String::from_utf8_lossy(&seen).contains(awaited) && output.read(&mut byte).unwrap() == 1 {
        seen.push(byte[0]);
    }
    String::from_utf8(seen).unwrap()
}

#[test]
fn a_password_is_asked_for_without_echo() {
    let command = format!("{} --exact {LOGIN} --ignored --nocapture", this_binary());
    let mut script = Command::new("script");
    script.args(["-q", "-e", "-c", &command, "/dev/null"]);
    let Some(mut child) = start(&mut script, "a_password_is_asked_for_without_echo") else { return };
    let question = read_until(&mut child, "password: ");
    assert!(question.contains("admin@127.0.0.1:"), "{question}");
    // Nobody types in the microseconds between the question and the end of the echo.
    std::thread::sleep(Duration::from_millis(300));
    child.stdin.as_mut().unwrap().write_all(b"s3cret\r").unwrap();
    let answer = read_until(&mut child, "RESULT: in by password");
    assert!(answer.ends_with("RESULT: in by password"), "{question}{answer}");
    assert!(!answer.contains("s3cret"));
    child.wait().unwrap();
}

#[test]
fn without_a_terminal_the_other_ways_are_named() {
    let mut setsid = Command::new("setsid");
    setsid.args(["-w", &this_binary(), "--exact", LOGIN, "--ignored", "--nocapture"]);
    let Some(child) = start(&mut setsid, "without_a_terminal_the_other_ways_are_named") else { return };
    let output = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    assert!(
        output.contains("RESULT: a password is needed, and there is no terminal to ask for it; set FGTKEY_PASSWORD")
    );
}
