//! The escrow: a key that nobody has yet is there alone, and when it was delivered it is not there any more.

use super::run::Desk;

const TALKATIVE: [&str; 3] = ["-vv", "--transcript", "session.txt"];

/// A command that takes a key only when there is a file `ready`, and says it otherwise.
const LATER: &str = "exec:test -e ready && cat > taken || { cat; cat >&2; false; }";

#[test]
fn a_delivery_that_is_made_up_for_moves_the_key_from_the_escrow_to_its_place() {
    let desk = Desk::new();
    let minted = desk.mint(&[&TALKATIVE[..], &["--to", LATER]].concat());
    assert_eq!(minted.status, Some(5), "{}", minted.stderr);
    let escrow = desk.escrowed();
    minted.leaks_nothing_but_in(&[&escrow[0]]);
    let resume = [&["deliver", "--resume"], &TALKATIVE[..]].concat();
    let refused = desk.run(&resume, None, "");
    assert_eq!(refused.status, Some(5), "{}", refused.stderr);
    refused.leaks_nothing_but_in(&[&escrow[0]]);
    std::fs::write(desk.path("work/ready"), "").unwrap();
    let resumed = desk.run(&resume, None, "");
    assert_eq!(resumed.status, Some(0), "{}", resumed.stderr);
    let record: serde_json::Value = serde_json::from_str(&desk.read("work/taken")).unwrap();
    desk.live_key(record["key"].as_str().unwrap());
    resumed.leaks_nothing_but_in(&["work/taken"]);
}

#[test]
fn the_list_of_the_escrow_shows_no_key() {
    let desk = Desk::new();
    assert_eq!(desk.mint(&["--to", LATER]).status, Some(5));
    let listed = desk.run(&["deliver", "--list", "-vv"], None, "");
    assert_eq!(listed.status, Some(0), "{}", listed.stderr);
    assert!(listed.stdout.contains("tf"), "{}", listed.stdout);
    listed.leaks_nothing_but_in(&[&desk.escrowed()[0]]);
}

#[test]
fn a_sealed_escrow_has_no_key_in_the_open() {
    let desk = Desk::new();
    let recipient = "age1cy0su9fwf3gf9mw868g5yut09p6nytfmmnktexz2ya5uqg9vl9sss4euqm";
    let flags = ["--escrow-recipient", recipient, "--to", "file:key", "--to", "exec:false"];
    let ran = desk.mint(&[&TALKATIVE[..], &flags].concat());
    assert_eq!(ran.status, Some(5), "{}", ran.stderr);
    let key = desk.live_key(desk.read("work/key").trim());
    let escrow = desk.escrowed();
    assert_eq!(escrow.len(), 1, "{}", ran.stderr);
    let sealed = std::fs::read(desk.path(&escrow[0])).unwrap();
    assert!(!String::from_utf8_lossy(&sealed).contains(&key), "the key is in the open");
}
