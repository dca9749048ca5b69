//! Ctrl-C: 130 and a clean device, wherever it comes.

// What tests share may panic as they do; clippy's own exception covers only what stands inside a `#[test]`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used)]

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fgtkey::sim::{Device, DeviceSpec, Listen, Server};
use tokio::runtime::Runtime;

/// A device that takes its time.
struct Desk {
    device: Device,
    server: Server,
    home: tempfile::TempDir,
    _runtime: Runtime,
}

impl Desk {
    fn new() -> Desk {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let think = vec![(String::new(), Duration::from_millis(40))];
        let device = Device::new(DeviceSpec { think, ..DeviceSpec::default() }).unwrap();
        let server = runtime.block_on(Server::start(device.clone(), Listen::default())).unwrap();
        Desk { device, server, home: tempfile::tempdir().unwrap(), _runtime: runtime }
    }

    fn arguments(&self) -> Vec<String> {
        let device = format!("admin@{}", self.server.addr());
        let request = ["-v", "--api-user", "tf", "--grant", "fwgrp.address=read", "--trusted-host", "10.0.0.1/32"];
        let own = ["mint", &device, "--host-key", &self.server.fingerprint()].map(str::to_owned);
        own.into_iter().chain(request.map(str::to_owned)).collect()
    }

    fn spawn(&self, command: &mut Command) -> std::io::Result<Child> {
        command.env("HOME", self.home.path()).env("XDG_STATE_HOME", self.home.path()).env("NO_COLOR", "1");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
    }
}

fn interrupt(child: &Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn a_mint_that_is_interrupted_leaves_a_clean_device() {
    let points = [
        "connected",
        "get system admin status",
        "edit tf",
        "config system api-user",
        "set ipv4-trusthost",
        "show system",
    ];
    for point in points {
        let desk = Desk::new();
        let before = desk.device.config_text();
        let mut command = Command::new(env!("CARGO_BIN_EXE_fgtkey"));
        let mut child = desk.spawn(command.args(desk.arguments()).env("FGTKEY_PASSWORD", "admin")).unwrap();
        let mut story = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let mut told: Vec<String> = Vec::new();
        while !told.last().is_some_and(|line| line.contains(point)) {
            told.push(story.next().unwrap_or_else(|| panic!("it never came to {point}: {told:#?}")));
        }
        interrupt(&child);
        told.extend(story);
        assert_eq!(child.wait().unwrap().code(), Some(130), "{point}: {told:#?}");
        assert_eq!(desk.device.config_text(), before, "{point}: {told:#?}");
        let clean = |line: &String| line.starts_with("fgtkey: note: nothing ");
        assert!(told.iter().any(clean), "{point}: {told:#?}");
    }
}

#[test]
fn ctrl_c_at_the_password_question_gives_the_echo_back() {
    let desk = Desk::new();
    let program = format!("{} {}; echo status $?; stty -a", env!("CARGO_BIN_EXE_fgtkey"), desk.arguments().join(" "));
    let mut command = Command::new("script");
    let Ok(mut child) = desk.spawn(command.args(["-q", "-c", &program, "/dev/null"]).env("SHELL", "/bin/sh")) else {
        eprintln!("SKIPPED: ctrl_c_at_the_password_question_gives_the_echo_back: `script` is not installed");
        return;
    };
    let (mut seen, mut byte) = (Vec::new(), [0]);
    let mut screen = child.stdout.take().unwrap();
    while !seen.ends_with(b"password: ") && screen.read(&mut byte).unwrap() == 1 {
        seen.push(byte[0]);
    }
    // Nobody presses a key in the microseconds between the question and the end of the echo.
    std::thread::sleep(Duration::from_millis(300));
    child.stdin.as_mut().unwrap().write_all(b"\x03").unwrap();
    screen.read_to_end(&mut seen).unwrap();
    let seen = String::from_utf8_lossy(&seen).into_owned();
    child.wait().unwrap();
    assert!(seen.contains(": interrupted\r\n"), "{seen}");
    assert!(seen.contains("status 130"), "{seen}");
    assert!(seen.contains(" echo ") && !seen.contains("-echo "), "{seen}");
}
