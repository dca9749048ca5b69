//! A rotation that is killed: the same command again finishes it, and at no time is there no key.

use crate::consumer::Consumers;
use crate::desk::{Desk, is_thorough};
use crate::outcome::Undisturbed;
use crate::random::{Dice, killed_after};
use crate::start::{Start, To};

/// How many lines an undisturbed rotation sends.
fn lines() -> usize {
    let desk = Desk::rotating(To::File, 0, &[]);
    let minted = desk.device.commands().len();
    let ran = desk.run();
    assert_eq!(ran.status, Some(0), "{ran:#?}");
    desk.is_done(&ran, "undisturbed");
    desk.device.commands().len() - minted
}

#[test]
fn a_rotation_is_finished_wherever_it_was_killed() {
    let minted = Undisturbed::from(Start::Nothing).lines;
    for line in (1..=lines()).step_by(if is_thorough() { 1 } else { 2 }) {
        let line = minted + line;
        let to = [To::File, To::Both, To::Exec][line % 3];
        let desk = Desk::rotating(to, 0, &[format!("{line}=hang-after")]);
        assert_eq!(desk.device.commands().len(), minted);
        let killed = desk.kill_at_line(line);
        desk.finish(&killed, &format!("hang-after at {line}"));
    }
}

#[test]
fn a_rotation_goes_on_with_the_key_in_the_escrow() {
    for state in ["generating", "issued", "delivering"] {
        for to in [To::Exec, To::FileAndExec] {
            let desk = Desk::rotating(to, 0, &[]);
            let killed = desk.kill_in_delivery();
            if to == To::Exec {
                desk.rewind_to(state, "{");
            }
            let first = desk.read("got").unwrap();
            let again = desk.finish(&killed, state);
            assert!(desk.keys(&again).iter().all(|key| first.contains(key)), "{state}");
        }
    }
}

#[test]
fn a_resumed_delivery_leaves_the_old_user_to_the_next_rotation() {
    let desk = Desk::rotating(To::FileAndExec, 0, &[]);
    let killed = desk.kill_in_delivery();
    let resumed = desk.run_of(&["deliver", "--resume"]);
    assert_eq!(resumed.status, Some(0), "{resumed:#?}");
    let delivered = desk.keys(&killed);
    assert_eq!(desk.device.api_users().len(), 2, "{resumed:#?}");
    let again = desk.finish(&killed, "resumed");
    assert_eq!(desk.keys(&again), delivered);
}

#[test]
fn consumers_see_no_refused_request_in_rotations_that_are_killed_at_random_instants() {
    let seed = crate::random::seed();
    let desk = Desk::rotating(To::Both, 1, &[]);
    let consumers = Consumers::of(&desk);
    let whole = u64::try_from(Undisturbed::from(Start::Nothing).takes.as_micros()).unwrap();
    let mut dice = Dice(seed);
    for round in 0..if is_thorough() { 60 } else { 4 } {
        let killed = killed_after(&desk, dice.below(whole + whole / 2));
        desk.finish(&killed, &format!("FGTKEY_KILL_SEED={seed}, round {round}"));
    }
    consumers.were_never_refused();
}

#[test]
fn consumers_see_no_refused_request_in_rotations() {
    let desk = Desk::rotating(To::Both, 1, &[]);
    let consumers = Consumers::of(&desk);
    for _ in 0..if is_thorough() { 100 } else { 4 } {
        let ran = desk.run();
        assert_eq!(ran.status, Some(0), "{ran:#?}");
    }
    consumers.were_never_refused();
    desk.nothing_lies_about("rotated");
}
