//! `fgtkey deliver --resume` instead of the same command.

use crate::desk::{Desk, Ran};
use crate::start::{Start, To};

fn resumed(desk: &Desk) -> Ran {
    let ran = desk.run_of(&["deliver", "--resume"]);
    assert_eq!(ran.status, Some(0), "{ran:#?}");
    ran
}

#[test]
fn a_key_in_the_escrow_is_delivered_without_the_device() {
    for start in Start::ALL {
        for to in [To::Exec, To::FileAndExec] {
            let desk = Desk::new(start, to);
            let killed = desk.kill_in_delivery();
            let (first, typed) = (desk.keys(&killed), desk.device.commands().len());
            let resumed = resumed(&desk);
            assert_eq!(desk.device.commands().len(), typed, "the device is asked nothing");
            assert_eq!(desk.keys(&resumed), first);
            desk.is_done(&resumed, "resumed");
        }
    }
}

#[test]
fn a_resumption_that_is_killed_too_is_finished_by_either_command() {
    for resumes in [true, false] {
        let desk = Desk::new(Start::Nothing, To::FileAndExec);
        let killed = desk.kill_in_delivery();
        desk.write("block", "");
        let mut child = desk.command(&["deliver", "--resume"]).spawn().unwrap();
        drop(std::fs::read(desk.path("began")).unwrap());
        child.kill().unwrap();
        let first = desk.keys(&crate::desk::ended(child));
        desk.release();
        let last = if resumes { resumed(&desk) } else { desk.finish(&killed, "after a resumption") };
        assert_eq!(desk.keys(&last), first);
        desk.is_done(&last, "resumed");
    }
}

#[test]
fn a_key_that_its_run_took_back_is_not_delivered() {
    let desk = Desk::new(Start::Nothing, To::FileAndExec);
    desk.kill_in_delivery();
    // As if the run had removed its API user and died before it could empty the escrow.
    let run = desk.runs().pop().unwrap();
    let text = std::fs::read_to_string(&run).unwrap();
    std::fs::write(&run, format!("{text}{{\"at\":\"2026-01-01T00:00:00Z\",\"state\":\"taken-back\"}}\n")).unwrap();
    std::fs::remove_file(desk.path("got")).unwrap();
    resumed(&desk);
    assert_eq!(desk.read("got"), None, "a void key is delivered");
    desk.nothing_lies_about("void");
}
