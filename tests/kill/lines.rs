//! Killed at each line that the device receives.

use crate::desk::Desk;
use crate::start::{Start, To};

/// How many lines an undisturbed run sends.
fn lines(start: Start) -> usize {
    let desk = Desk::new(start, To::File);
    assert_eq!(desk.run().status, Some(0));
    desk.device.commands().len()
}

/// The device says nothing more at this line, and then the program is killed.
fn killed_at(start: Start, to: To, line: usize, action: &str) {
    let desk = Desk::with_faults(start, to, &[format!("{line}={action}")]);
    let killed = desk.kill_at_line(line);
    desk.finish(&killed, &format!("{action} at {line}"));
}

fn killed_at_each_line(start: Start) {
    for line in 1..=lines(start) {
        killed_at(start, To::ALL[line % To::ALL.len()], line, "hang-after");
    }
}

#[test]
fn a_mint_from_nothing_is_finished_wherever_it_was_killed() {
    killed_at_each_line(Start::Nothing);
}

#[test]
fn a_mint_with_another_profile_is_finished_wherever_it_was_killed() {
    killed_at_each_line(Start::Profile);
}

#[test]
fn a_mint_of_a_user_without_a_key_is_finished_wherever_it_was_killed() {
    killed_at_each_line(Start::User);
}

#[test]
fn the_replacement_of_a_key_is_finished_wherever_it_was_killed() {
    killed_at_each_line(Start::Keyed);
}

#[test]
fn a_line_that_was_never_carried_out_is_sent_again() {
    for (index, start) in Start::ALL.into_iter().enumerate() {
        for line in (1 + index % 3..=lines(start)).step_by(3) {
            killed_at(start, To::File, line, "hang");
        }
    }
}
