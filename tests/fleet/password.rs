//! A password that all devices share.

use crate::field::{Field, REQUEST, said};

#[test]
fn one_refused_password_ends_the_run_before_a_hundred_devices_have_refused_it() {
    let field = Field::open(100, &["--password", "another"]);
    let output = field.run("mint", &REQUEST);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("password"), "{}", said(&output));
    let refused: u64 = field.close().values().map(|account| account.count("refused_logins")).sum();
    assert_eq!(refused, 1);
}

#[test]
fn a_password_that_one_device_refuses_in_the_middle_is_not_tried_on_the_rest() {
    let field = Field::open(100, &["--fault-rate", "refuse-login=3%"]);
    let output = field.run("mint", &[&REQUEST[..], &["--canary", "0", "-j", "8"]].concat());
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    let accounts = field.close();
    let refused: u64 = accounts.values().map(|account| account.count("refused_logins")).sum();
    // Those that were at it when the first one refused.
    assert!((1..=3).contains(&refused), "{refused}");
    let untouched = accounts.values().filter(|account| account.is_untouched()).count();
    assert!(untouched > 3, "{untouched}");
}
