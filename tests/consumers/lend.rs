//! An access that lives as long as its command: whatever becomes of the command, of us or of the terminal, it goes.

use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};

use crate::desk::{Desk, PASSWORD, Ready, is_there, text};
use crate::files::example;
use crate::simulator::Simulator;

/// A command that leaves its key where the test finds it, says it is ready, and waits for a line that may not come.
const WAITS: &str = "echo $FORTIOS_ACCESS_TOKEN > key; echo ready; read line; exit 3";

/// A desk with a simulated FortiGate that is running.
struct Office {
    desk: Desk,
    simulator: Simulator,
}

impl Office {
    fn open() -> Office {
        let desk = Desk::new();
        let simulator = Simulator::start(&desk);
        desk.write("request.yaml", &example("request.yaml"));
        desk.write("password", PASSWORD);
        Office { desk, simulator }
    }

    /// `fgtkey exec` of a shell script, with a key that is made for it.
    fn lend(&self, flags: &[&str], script: &str) -> Command {
        let mut command = self.desk.command("fgtkey");
        command.args(["exec", "fw1", "-r", "request.yaml"]).args(flags).args(["--", "sh", "-c", script]);
        command
    }

    /// What the device says of the key that the command left, and of its API user.
    fn verify(&self) -> Output {
        let words = ["verify", "fw1", "--key-file", "key", "--api-user", "terraform"];
        self.desk.command("fgtkey").args(words).output().unwrap()
    }

    fn assert_gone(&self, story: &str) {
        let verified = self.verify();
        let told = text(&verified.stderr);
        assert!(told.contains("the device has no API user terraform"), "{told}\n{story}");
        assert!(!story.contains(self.desk.read("key").trim()), "the key is in the story: {story}");
    }
}

#[test]
fn the_access_works_while_the_command_runs_and_is_gone_behind_it() {
    let office = Office::open();
    let script = "echo $FORTIOS_ACCESS_TOKEN > key; \
                  fgtkey verify fw1 --key-file key --verify require --password-file password; echo $? > verified";
    let ran = office.lend(&["--revoke-after"], script).output().unwrap();
    let told = text(&ran.stderr);
    assert_eq!((ran.status.code(), office.desk.read("verified").as_str()), (Some(0), "0\n"), "{told}");
    assert!(
        told.contains("revoked    terraform: its key is void, it is gone, and so is the profile terraform"),
        "{told}"
    );
    office.assert_gone(&told);
}

#[test]
fn the_command_is_told_the_resolved_address_and_the_port_of_https() {
    let office = Office::open();
    let script = "echo $FORTIOS_ACCESS_TOKEN > key; echo $FORTIOS_ACCESS_HOSTNAME";
    let ran = office.lend(&["--revoke-after"], script).output().unwrap();
    let host = office.simulator.https.strip_prefix("https://").unwrap();
    assert_eq!(text(&ran.stdout).trim(), host, "{}", text(&ran.stderr));
}

#[test]
fn whatever_the_command_ends_with_is_our_end_and_the_access_is_gone() {
    let office = Office::open();
    for (end, status) in [("exit 7", 7), ("kill -KILL $$", 137)] {
        let script = format!("echo $FORTIOS_ACCESS_TOKEN > key; {end}");
        let ran = office.lend(&["--revoke-after"], &script).output().unwrap();
        assert_eq!(ran.status.code(), Some(status), "{}", text(&ran.stderr));
        office.assert_gone(&text(&ran.stderr));
    }
}

#[test]
fn a_signal_is_the_commands_and_the_access_goes_all_the_same() {
    if !is_there("setsid", "--version") {
        return;
    }
    for name in ["TERM", "HUP", "INT"] {
        let office = Office::open();
        let mut command = office.desk.command("setsid");
        let script = "echo $FORTIOS_ACCESS_TOKEN > key; echo ready; exec sleep 30";
        command.args(["fgtkey", "exec", "fw1", "-r", "request.yaml", "--revoke-after", "--", "sh", "-c", script]);
        let ready = Ready::start(&mut command);
        ready.signal(name);
        // The second one, as somebody sends it who does not want to wait.
        ready.signal(name);
        let (status, _, told) = ready.ended();
        assert!(status.is_some_and(|status| status > 128), "{name}: {status:?} {told}");
        office.assert_gone(&told);
    }
}

#[test]
fn ctrl_c_twice_at_the_terminal_ends_the_command_and_not_the_tidying_up() {
    if !is_there("script", "--version") {
        return;
    }
    let office = Office::open();
    office.desk.write("waits", "echo $FORTIOS_ACCESS_TOKEN > key; echo ready; exec sleep 30");
    let line = "trap : INT; fgtkey exec fw1 -r request.yaml --revoke-after -- sh waits; echo status $?";
    let mut command = office.desk.command("script");
    command.args(["-q", "-c", line, "/dev/null"]).env("SHELL", "/bin/sh").stdin(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut seen, mut byte) = (Vec::new(), [0]);
    let mut screen = child.stdout.take().unwrap();
    while !seen.ends_with(b"ready\r\n") && screen.read(&mut byte).unwrap() == 1 {
        seen.push(byte[0]);
    }
    child.stdin.as_mut().unwrap().write_all(b"\x03\x03").unwrap();
    screen.read_to_end(&mut seen).unwrap();
    child.wait().unwrap();
    let seen = text(&seen);
    assert!(seen.contains("revoked") && seen.contains("status 130"), "{seen}");
    office.assert_gone(&seen);
}

#[test]
fn when_its_time_is_over_the_access_goes_and_the_command_runs_on() {
    let office = Office::open();
    let script = "echo $FORTIOS_ACCESS_TOKEN > key; echo ready; read line; exit 4";
    let mut ready = Ready::start(office.lend(&["--ttl", "1s"], script).stdin(Stdio::piped()));
    let told = ready.told_until("revoked");
    assert!(told.contains("time up    the 1 s of the access are over, the command still runs"), "{told}");
    office.assert_gone(&told);
    assert_eq!(ready.ended().0, Some(4));
}

#[test]
fn the_next_exec_takes_back_what_one_that_was_killed_has_lent() {
    let office = Office::open();
    let mut ready = Ready::start(office.lend(&["--revoke-after"], WAITS).stdin(Stdio::piped()));
    ready.child.kill().unwrap();
    ready.child.wait().unwrap();
    drop(ready);
    assert!(office.verify().status.success(), "the key of the one that was killed works");
    let ran = office.lend(&["--revoke-after"], "cat key; echo $FORTIOS_ACCESS_TOKEN > key2").output().unwrap();
    let told = text(&ran.stderr);
    assert!(ran.status.success(), "{told}");
    assert!(told.contains("which lent an access and did not live to take it back"), "{told}");
    assert_eq!(told.matches("revoked  ").count(), 2, "{told}");
    assert_ne!(office.desk.read("key"), office.desk.read("key2"));
    office.assert_gone(&told);
    assert_eq!(std::fs::read_dir(office.desk.path("state/fgtkey/escrow")).map_or(0, Iterator::count), 0);
}

#[test]
fn a_mint_and_a_rotation_know_of_what_was_lent() {
    let office = Office::open();
    let mut ready = Ready::start(office.lend(&["--revoke-after"], WAITS).stdin(Stdio::piped()));
    let mint = ["mint", "fw1", "-r", "request.yaml", "--to", "file:kept"];
    let busy = office.desk.command("fgtkey").args(mint).output().unwrap();
    assert!(text(&busy.stderr).contains("another fgtkey is at work"), "{}", text(&busy.stderr));
    ready.child.kill().unwrap();
    ready.child.wait().unwrap();
    let rotate = ["rotate", "fw1", "--api-user", "terraform", "--to", "file:kept"];
    let refused = office.desk.command("fgtkey").args(rotate).output().unwrap();
    assert!(text(&refused.stderr).contains("`fgtkey exec`"), "{}", text(&refused.stderr));
    let minted = office.desk.command("fgtkey").args(mint).output().unwrap();
    assert!(minted.status.success() && text(&minted.stderr).contains("revoked"), "{}", text(&minted.stderr));
    let kept = ["verify", "fw1", "--from", "file:kept", "--verify", "require"];
    assert!(office.desk.command("fgtkey").args(kept).status().unwrap().success());
}

#[test]
fn a_key_that_is_in_use_is_not_lent() {
    let office = Office::open();
    let mint = ["mint", "fw1", "-r", "request.yaml", "--to", "file:key"];
    assert!(office.desk.command("fgtkey").args(mint).status().unwrap().success());
    let ran = office.lend(&["--revoke-after"], "touch ran").output().unwrap();
    assert_eq!(ran.status.code(), Some(1), "{}", text(&ran.stderr));
    assert!(!office.desk.path("ran").exists());
    assert!(office.verify().status.success(), "the key that was there works");
}

#[test]
fn with_a_destination_the_access_stays() {
    let office = Office::open();
    let ran = office.lend(&["--to", "file:key"], "test \"$FORTIOS_ACCESS_TOKEN\" = \"$(cat key)\"").output().unwrap();
    assert!(ran.status.success(), "{}", text(&ran.stderr));
    assert!(office.verify().status.success());
}

#[test]
fn an_access_that_cannot_be_taken_away_is_told_with_what_does_it() {
    let mut office = Office::open();
    let ready = Ready::start(office.lend(&["--revoke-after"], WAITS).stdin(Stdio::piped()));
    office.simulator.stop();
    let (status, _, told) = ready.ended();
    assert_eq!(status, Some(6), "{told}");
    assert!(told.contains("terraform could not be taken away, and its key still works"), "{told}");
    assert!(told.contains("fgtkey:       delete terraform"), "{told}");
}

#[test]
fn the_key_is_in_the_environment_of_the_command_alone() {
    let office = Office::open();
    let script = "echo $FORTIOS_ACCESS_TOKEN > key; echo $$; read line";
    let ready = Ready::start(office.lend(&["--revoke-after", "-vv"], script).stdin(Stdio::piped()));
    let key = office.desk.read("key");
    let of = |process: &str, file: &str| text(&std::fs::read(format!("/proc/{process}/{file}")).unwrap());
    let ours = ready.child.id().to_string();
    assert!(of(&ready.first, "environ").contains(key.trim()));
    for (process, file) in [(ready.first.as_str(), "cmdline"), (&ours, "cmdline"), (&ours, "environ")] {
        assert!(!of(process, file).contains(key.trim()), "the key is in {file}");
    }
    let journal = Command::new("grep").args(["-rl", key.trim()]).arg(office.desk.path("state")).output().unwrap();
    assert!(journal.stdout.is_empty(), "the key is in {}", text(&journal.stdout));
    let (_, stdout, stderr) = ready.ended();
    assert!(!stdout.contains(key.trim()) && !stderr.contains(key.trim()), "{stdout}{stderr}");
}

#[test]
fn the_pipelines_of_the_examples_lend_a_key_to_their_step() {
    let github = crate::files::yaml(&example("github/firewall.yml"));
    let gitlab = crate::files::yaml(&example("gitlab/.gitlab-ci.yml"));
    let step = github["jobs"]["apply"]["steps"][1]["run"].as_str().unwrap().to_owned();
    let lines = gitlab["firewall"]["script"].as_array().unwrap().iter();
    let job = lines.map(|line| line.as_str().unwrap()).collect::<Vec<_>>().join("\n");
    for script in [step, job] {
        let office = Office::open();
        office.desk.write("ci/request.yaml", &example("request.yaml"));
        let accepted = ["check", "fw1", "--known-hosts", "ci/known_hosts"];
        assert!(office.desk.command("fgtkey").args(accepted).status().unwrap().success());
        office.desk.stand_in("terraform", "[ \"$1\" = init ] || echo $FORTIOS_ACCESS_TOKEN > key");
        let ran = office.desk.shell(&script);
        assert!(ran.status.success(), "{script}: {}", text(&ran.stderr));
        office.assert_gone(&text(&ran.stderr));
    }
}
