//! Killed at each state of the journal that no line of the device stands for.

use std::fs;

use crate::desk::Desk;
use crate::start::{Start, To};

#[test]
fn a_key_that_one_destination_has_goes_to_the_other_too() {
    for start in Start::ALL {
        for to in [To::Exec, To::FileAndExec] {
            let desk = Desk::new(start, to);
            let killed = desk.kill_in_delivery();
            let first = desk.keys(&killed);
            let again = desk.finish(&killed, "in the delivery");
            assert_eq!(desk.keys(&again), first, "a key that somebody has is replaced");
        }
    }
}

/// What is on the device and in the escrow is the same from the line that makes the key to the first destination.
#[test]
fn a_key_in_the_escrow_is_delivered_whatever_the_journal_still_learned_of_it() {
    for start in Start::ALL {
        for state in ["generating", "issued", "delivering"] {
            for torn in ["", "{", r#"{"at":"2026-01-01T00:00:00Z","state":"iss"#, "\0\0\0\0"] {
                let desk = Desk::new(start, To::Exec);
                let killed = desk.kill_in_delivery();
                desk.rewind_to(state, torn);
                let first = desk.keys(&killed);
                let again = desk.finish(&killed, &format!("{state} {torn:?}"));
                assert_eq!(desk.keys(&again), first, "a key that was not lost is replaced: {state} {torn:?}");
            }
        }
    }
}

#[test]
fn a_run_that_died_between_its_last_line_and_the_escrow_empties_the_escrow() {
    for start in Start::ALL {
        let desk = Desk::new(start, To::Exec);
        desk.write("take", "#!/bin/sh\ncat > got\ncp -a state/fgtkey/escrow saved\n");
        let killed = desk.run();
        assert_eq!(killed.status, Some(0), "{killed:#?}");
        for file in fs::read_dir(desk.path("saved")).unwrap().flatten() {
            fs::rename(file.path(), desk.state().join("escrow").join(file.file_name())).unwrap();
        }
        fs::remove_dir(desk.path("saved")).unwrap();
        let first = desk.keys(&killed);
        desk.write("take", "#!/bin/sh\ncat > got\n");
        let again = desk.run();
        assert_eq!(again.status, Some(0), "{again:#?}");
        assert!(again.stderr.contains("taken up"), "{again:#?}");
        desk.is_done(&again, "done");
        assert_eq!(desk.keys(&again), first);
    }
}

#[test]
fn a_run_is_taken_up_as_often_as_it_takes() {
    let desk = Desk::with_faults(Start::Nothing, To::FileAndExec, &["8=hang-after".into(), "30=hang-after".into()]);
    desk.kill_at_line(8);
    desk.kill_at_line(30);
    let killed = desk.kill_in_delivery();
    desk.kill_in_delivery();
    desk.finish(&killed, "four times");
    assert_eq!(desk.runs().len(), 1, "it is one run");
}

#[test]
fn a_key_that_was_to_go_to_stdout_is_not_shown_to_a_run_that_writes_elsewhere() {
    let mut desk = Desk::new(Start::Nothing, To::Exec).saying(&["--to", "stdout"]);
    let killed = desk.kill_in_delivery();
    desk.to = To::File;
    desk.flags.clear();
    let again = desk.finish(&killed, "elsewhere");
    assert_eq!(again.stdout, "");
}
