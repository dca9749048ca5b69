//! Two runs at the same time.

use std::fs;

use crate::desk::{Desk, ended};
use crate::start::{Start, To};

#[test]
fn a_run_on_an_api_user_that_another_one_holds_changes_nothing() {
    for start in Start::ALL {
        let desk = Desk::new(start, To::Exec);
        desk.write("block", "");
        let first = desk.spawn();
        drop(fs::read(desk.path("began")).unwrap());
        let (config, escrow, states) = (desk.device.config_text(), desk.escrow(), desk.states());
        let second = desk.run();
        assert_eq!(second.status, Some(1), "{second:#?}");
        assert!(second.stderr.contains("another fgtkey is at work on the API user tf"), "{second:#?}");
        let resumed = desk.run_of(&["deliver", "--resume"]);
        assert_eq!(resumed.status, Some(5), "{resumed:#?}");
        assert_eq!((desk.device.config_text(), desk.escrow(), desk.states()), (config, escrow, states));
        desk.release();
        let first = ended(first);
        assert_eq!(first.status, Some(0), "{first:#?}");
        desk.is_done(&first, "together");
    }
}
