//! Killed at each line that the device receives.

use crate::desk::{Desk, is_thorough};
use crate::outcome::Undisturbed;
use crate::start::{Start, To};

/// The device says nothing more at this line, and then the program is killed.
fn killed_at(start: Start, to: To, line: usize, action: &str) {
    let desk = Desk::with_faults(start, to, &[format!("{line}={action}")]);
    let killed = desk.kill_at_line(line);
    desk.finish(&killed, &format!("{action} at {line}"));
}

/// Every line in a thorough run, and otherwise every `step`th.
fn killed_at_each_line(start: Start, step: usize) {
    for line in (1..=Undisturbed::from(start).lines).step_by(if is_thorough() { 1 } else { step }) {
        killed_at(start, To::ALL[line % To::ALL.len()], line, "hang-after");
    }
}

#[test]
fn a_mint_from_nothing_is_finished_wherever_it_was_killed() {
    killed_at_each_line(Start::Nothing, 1);
}

#[test]
fn a_mint_with_another_profile_is_finished_wherever_it_was_killed() {
    killed_at_each_line(Start::Profile, 3);
}

#[test]
fn a_mint_of_a_user_without_a_key_is_finished_wherever_it_was_killed() {
    killed_at_each_line(Start::User, 2);
}

#[test]
fn the_replacement_of_a_key_is_finished_wherever_it_was_killed() {
    killed_at_each_line(Start::Keyed, 2);
}

#[test]
fn a_line_that_was_never_carried_out_is_sent_again() {
    for (index, start) in Start::ALL.into_iter().enumerate() {
        for line in (1 + index..=Undisturbed::from(start).lines).step_by(if is_thorough() { 1 } else { 4 }) {
            killed_at(start, To::File, line, "hang");
        }
    }
}
