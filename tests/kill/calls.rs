//! Killed at each system call that changes a file: `strace` says when.
//!
//! Without `strace` the test is skipped, loudly; with `FGTKEY_REQUIRE_PEERS=1` it fails instead.

use std::path::Path;

use crate::desk::{Desk, Ran, ended, is_thorough};
use crate::start::{Start, To};

/// What changes a file, or what a later look at it can find. (`write` is what an SSH connection does too.)
const CALLS: [&str; 7] = ["fsync", "fdatasync", "rename,renameat2,linkat", "unlink", "unlinkat", "ftruncate", "write"];

/// More of a call than one thread of a run makes.
const MOST: usize = 200;

/// A run that is killed when one of its threads is about to make this call for the `nth` time.
fn kill_at_call(desk: &Desk, call: &str, nth: usize) -> Ran {
    let (traced, killed) = (format!("trace={call}"), format!("inject={call}:signal=KILL:when={nth}"));
    let ours = desk.arguments();
    let leading = ["-f", "-qq", "-o", "/dev/null", "-e", &traced, "-e", &killed, env!("CARGO_BIN_EXE_fgtkey")];
    let all: Vec<&str> = leading.into_iter().chain(ours.iter().map(String::as_str)).collect();
    ended(desk.command_of(Path::new("strace"), &all).spawn().unwrap())
}

fn has_strace() -> bool {
    let found = std::process::Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).output();
    let found = found.is_ok_and(|output| output.status.success());
    assert!(found || !is_thorough(), "strace: not there, and it is required");
    if !found {
        eprintln!("SKIPPED: strace is not installed, or may not trace");
    }
    found
}

fn killed_at_each(call: &str, desk: impl Fn() -> Desk, step: usize) {
    for nth in (1..MOST).step_by(step) {
        let desk = desk();
        let killed = kill_at_call(&desk, call, nth);
        if killed.status.is_some() {
            assert_eq!(killed.status, Some(0), "{call} {nth} {killed:#?}");
            return;
        }
        desk.finish(&killed, &format!("{call} {nth}"));
    }
    panic!("{call}: it never came to an end");
}

#[test]
fn a_mint_is_finished_whatever_it_was_about_to_write() {
    if !has_strace() {
        return;
    }
    for (index, call) in CALLS.into_iter().enumerate() {
        let step = if call == "write" { 9 } else { 2 };
        let starts = if is_thorough() { &Start::ALL[..] } else { &Start::ALL[index % 2..][..1] };
        for start in starts {
            let desk = || Desk::new(*start, To::ALL[index % To::ALL.len()]);
            killed_at_each(call, desk, if is_thorough() { 1 } else { step });
        }
    }
}

#[test]
fn a_rotation_is_finished_whatever_it_was_about_to_write() {
    if !has_strace() {
        return;
    }
    for (index, call) in CALLS.into_iter().enumerate() {
        let step = if call == "write" { 19 } else { 3 };
        let desk = || Desk::rotating([To::File, To::Both][index % 2], 0, &[]);
        killed_at_each(call, desk, if is_thorough() { 1 } else { step });
    }
}
