//! A rotation: the new key is where it was sent, and the old one is nowhere any more.

use super::run::{Desk, Ran};

const TALKATIVE: [&str; 3] = ["-vv", "--transcript", "session.txt"];

/// A device whose API user has a key that was delivered to `key`.
fn desk() -> Desk {
    let desk = Desk::new();
    let minted = desk.mint(&["--to", "file:key"]);
    assert_eq!(minted.status, Some(0), "{}", minted.stderr);
    desk
}

fn rotate(desk: &Desk, flags: &[&str]) -> Ran {
    desk.at_device("rotate", &[&["--api-user", "tf"], flags, &TALKATIVE].concat(), "")
}

#[test]
fn a_key_that_takes_the_place_of_another_is_only_there() {
    let desk = desk();
    let ran = rotate(&desk, &["--grace", "1s", "--to", "file:key"]);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    desk.live_key_of("tf-b", desk.read("work/key").trim());
    ran.leaks_nothing_but_in(&["work/key"]);
}

#[test]
fn a_rotation_in_two_steps_shows_neither_key() {
    let desk = desk();
    let begun = rotate(&desk, &["--grace", "later", "-o", "json", "--to", "file:new"]);
    assert_eq!(begun.status, Some(0), "{}", begun.stderr);
    begun.leaks_nothing_but_in(&["work/key", "work/new"]);
    let finished = rotate(&desk, &["--finish"]);
    assert_eq!(finished.status, Some(0), "{}", finished.stderr);
    desk.live_key_of("tf-b", desk.read("work/new").trim());
    finished.leaks_nothing_but_in(&["work/key", "work/new"]);
}

#[test]
fn a_key_that_is_replaced_in_place_is_only_there() {
    let desk = desk();
    let ran = rotate(&desk, &["--in-place"]);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    desk.live_key(&ran.key());
    ran.leaks_nothing_but_in(&["stdout", "work/key"]);
}

#[test]
fn a_rotation_that_fails_shows_nothing() {
    for line in ["show system api-user tf-b", "edit tf-b", "execute api-user generate-key tf-b", "delete tf"] {
        for action in ["refuse", "drop", "cut:40"] {
            let desk = Desk::with_faults(&[&format!("{line}={action}")]);
            assert_eq!(desk.mint(&["--to", "file:key"]).status, Some(0));
            let ran = rotate(&desk, &["--timeout", "2", "--grace", "1s", "--to", "file:key"]);
            assert!(ran.status.is_some(), "{line}={action}: {}", ran.stderr);
            ran.leaks_nothing_but_in(&["work/key"]);
        }
    }
}
