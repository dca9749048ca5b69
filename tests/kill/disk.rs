//! The journal cannot be written, or not be read.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use nix::unistd::Uid;

use crate::desk::{Desk, Ran, ended, is_thorough};
use crate::start::{Start, To};

/// A run in a file system of its own, of so many bytes, for the state.
const SMALL: &str = r#"mkdir -p state && mount -t tmpfs -o "size=$1" tmpfs state || exit 99
    size=$1; shift; "$@"; echo "status $?" >&2; find state -name '*.json*' -o -name '.fgtkey-*' >&2"#;

#[test]
fn a_state_directory_that_is_read_only_is_told_before_the_device_is_contacted() {
    if Uid::effective().is_root() {
        return in_a_read_only_mount();
    }
    let desk = Desk::new(Start::Nothing, To::File);
    fs::create_dir(desk.path("state")).unwrap();
    fs::set_permissions(desk.path("state"), fs::Permissions::from_mode(0o500)).unwrap();
    is_told(&desk, &desk.run());
}

fn in_a_read_only_mount() {
    let desk = Desk::new(Start::Nothing, To::File);
    let script = r#"mkdir state && mount -t tmpfs -o ro tmpfs state || exit 99; "$@""#;
    if let Some(ran) = unshared(&desk, script, &[]) {
        is_told(&desk, &ran);
    }
}

fn is_told(desk: &Desk, ran: &Ran) {
    assert_eq!(ran.status, Some(1), "{ran:#?}");
    assert!(ran.stderr.contains(": could not create ") && ran.stderr.contains("XDG_STATE_HOME"), "{ran:#?}");
    assert_eq!(desk.server.counters().connections.load(std::sync::atomic::Ordering::Relaxed), 0);
}

/// Runs a shell script in a mount namespace of its own, our program and its arguments behind it.
fn unshared(desk: &Desk, script: &str, leading: &[&str]) -> Option<Ran> {
    let ours = desk.arguments();
    let own = ["--mount", "sh", "-c", script, "sh"].into_iter().chain(leading.iter().copied());
    let all: Vec<&str> = own.chain([env!("CARGO_BIN_EXE_fgtkey")]).chain(ours.iter().map(String::as_str)).collect();
    let ran = desk.command_of(Path::new("unshare"), &all).spawn().map(ended).ok();
    let ran = ran.filter(|ran| ran.status != Some(99) && !ran.stderr.contains("unshare failed"));
    assert!(ran.is_some() || !is_thorough(), "no mount namespace");
    ran
}

/// Page by page there is room for one thing more: each of them fails once.
#[test]
fn a_disk_that_fills_up_at_any_point_costs_no_key() {
    for start in [Start::Nothing, Start::Keyed] {
        for pages in (1..16).filter(|pages| is_thorough() || pages % 2 == 1) {
            let desk = Desk::new(start, To::File);
            let before = desk.device.config_text();
            let Some(ran) = unshared(&desk, SMALL, &[&format!("{}k", 4 * pages)]) else { return };
            let (told, left) = ran.stderr.split_once("status ").unwrap();
            match left.trim_end() {
                "0" => desk.keys(&ran).iter().for_each(|key| assert!(desk.device.user_of_key(key).is_some())),
                "1" => assert_eq!(desk.device.config_text(), before, "{pages} pages: {told}"),
                other => panic!("{pages} pages: {other} {told}"),
            }
        }
    }
}

#[test]
fn a_journal_of_bytes_that_are_no_journal_is_passed_over() {
    let desk = Desk::with_faults(Start::Nothing, To::File, &["12=hang-after".into()]);
    let killed = desk.kill_at_line(12);
    let run = desk.runs().pop().unwrap();
    fs::write(run.with_file_name("00000000T000000.000000000-1.ndjson"), b"\xff\xfe\0 no journal").unwrap();
    fs::write(run.with_file_name("99999999T000000.000000000-1.ndjson"), "").unwrap();
    desk.finish(&killed, "beside other files");
}
