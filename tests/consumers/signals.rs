//! Signals: those of the terminal reach the command by themselves, those to us are handed on, and none ends us before it.

use std::io::{Read, Write};
use std::process::Stdio;

use crate::desk::{Desk, Ready, is_there, text};

/// A command that says which signals it gets, and goes on for a while.
const SAYS: &str = "for s in HUP INT TERM USR1 QUIT; do trap \"echo got $s\" $s; done; echo ready; \
                    for i in 1 2 3 4 5 6 7 8; do sleep 0.05; done; echo over; exit 5";

#[test]
fn what_is_sent_to_us_alone_is_handed_on_once() {
    if !is_there("setsid", "--version") {
        return;
    }
    let desk = Desk::new();
    for name in ["TERM", "HUP", "USR1", "INT", "QUIT"] {
        let mut command = desk.command("setsid");
        command.args(["fgtkey", "exec", "--from", "dotenv:fw1.env", "--", "sh", "-c", SAYS]);
        let ready = Ready::start(&mut command);
        ready.signal(name);
        let (status, stdout, stderr) = ready.ended();
        assert_eq!(stdout, format!("got {name}\nover\n"), "{stderr}");
        assert_eq!(status, Some(5), "we outlive {name}: {stderr}");
    }
}

#[test]
fn a_command_that_dies_of_what_we_hand_on_is_told_so() {
    let desk = Desk::new();
    let ready = Ready::start(&mut desk.exec("echo ready; exec sleep 30"));
    ready.signal("TERM");
    assert_eq!(ready.ended().0, Some(143));
}

#[test]
fn what_our_parent_lets_us_ignore_the_command_ignores_too() {
    let desk = Desk::new();
    let script = "trap '' HUP; exec fgtkey exec --from dotenv:fw1.env -- \
                  sh -c 'kill -HUP $PPID; kill -HUP $$; sleep 0.1; echo alive'";
    let ran = desk.command("sh").args(["-c", script]).output().unwrap();
    assert_eq!((ran.status.code(), text(&ran.stdout).as_str()), (Some(0), "alive\n"), "{}", text(&ran.stderr));
}

#[test]
fn ctrl_c_at_the_terminal_reaches_the_command_once_and_we_wait_for_it() {
    if !is_there("script", "--version") {
        return;
    }
    let desk = Desk::new();
    desk.write("says", SAYS);
    let line = "trap : INT; fgtkey exec --from dotenv:fw1.env -- sh says; echo status $?";
    let mut command = desk.command("script");
    command.args(["-q", "-c", line, "/dev/null"]).env("SHELL", "/bin/sh").stdin(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut seen, mut byte) = (Vec::new(), [0]);
    let mut screen = child.stdout.take().unwrap();
    while !seen.ends_with(b"ready\r\n") && screen.read(&mut byte).unwrap() == 1 {
        seen.push(byte[0]);
    }
    child.stdin.as_mut().unwrap().write_all(b"\x03").unwrap();
    screen.read_to_end(&mut seen).unwrap();
    child.wait().unwrap();
    let seen = text(&seen);
    assert_eq!(seen.matches("got INT").count(), 1, "{seen}");
    assert!(seen.contains("over\r\n") && seen.contains("status 5"), "{seen}");
}
