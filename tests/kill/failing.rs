//! The run that takes up a killed one fails: what the killed one had made is taken back too.

use crate::desk::{Desk, Ran};
use crate::start::{NAME, Start, To};

/// Killed behind the `nth` line that begins with `text`; the next run is refused its key.
fn refused(start: Start, text: &str, nth: usize, key: usize) -> (Desk, String, Ran) {
    let faults = [format!("{text}#{nth}=hang-after"), format!("execute api-user#{key}=refuse")];
    let desk = Desk::with_faults(start, To::File, &faults);
    let before = desk.device.config_text();
    desk.kill_when(|desk| {
        crate::desk::until(|| desk.device.commands().iter().filter(|line| line.starts_with(text)).count() >= nth);
    });
    let failed = desk.run();
    (desk, before, failed)
}

#[test]
fn what_the_killed_run_had_made_is_taken_back_when_the_next_one_fails() {
    for start in Start::ALL {
        // The profile is there; both objects are there; they were read back.
        for (text, nth) in [("end", 2), ("end", 4), ("show system api-user tf", 2)] {
            let (desk, before, failed) = refused(start, text, nth, 1);
            assert_eq!(failed.status, Some(1), "{start:?} {text}#{nth} {failed:#?}");
            assert!(failed.stderr.contains("taken up"), "{failed:#?}");
            assert_eq!(desk.device.config_text(), before, "{start:?} {text}#{nth} {failed:#?}");
            desk.nothing_lies_about("taken back");
            assert_eq!(desk.states().last().map(String::as_str), Some("taken-back"));
            let again = desk.run();
            assert_eq!(again.status, Some(0), "{again:#?}");
            assert!(!again.stderr.contains("taken up"), "{again:#?}");
            desk.is_done(&again, "once more");
        }
    }
}

#[test]
fn a_user_whose_key_nobody_has_goes_with_the_run_that_made_it() {
    for start in [Start::Nothing, Start::Profile] {
        let (desk, before, failed) = refused(start, "execute api-user", 1, 2);
        assert_eq!(failed.status, Some(1), "{failed:#?}");
        assert_eq!(desk.device.config_text(), before, "{failed:#?}");
        assert_eq!(desk.device.api_user(NAME), None);
        desk.nothing_lies_about("taken back");
    }
}

#[test]
fn a_key_that_nobody_has_on_a_user_that_was_there_is_told_and_replaced_by_the_same_command() {
    for start in [Start::User, Start::Keyed] {
        let (desk, _, failed) = refused(start, "execute api-user", 1, 2);
        assert_eq!(failed.status, Some(6), "{failed:#?}");
        let again = desk.run();
        assert_eq!(again.status, Some(0), "{again:#?}");
        desk.is_done(&again, "once more");
    }
}
