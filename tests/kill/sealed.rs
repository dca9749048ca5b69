//! The escrow is sealed: what is in it can be had with an identity only.

use age::secrecy::ExposeSecret;

use crate::desk::Desk;
use crate::start::{Start, To};

/// A desk whose escrow is sealed, and the flag that opens it.
fn sealed(start: Start, to: To) -> (Desk, [String; 2]) {
    let identity = age::x25519::Identity::generate();
    let desk = Desk::new(start, to).saying(&["--escrow-recipient", &identity.to_public().to_string()]);
    desk.write("identity", identity.to_string().expose_secret());
    (desk, ["--escrow-identity".into(), "identity".into()])
}

#[test]
fn a_sealed_key_is_delivered_with_its_identity() {
    for start in Start::ALL {
        for state in ["generating", "issued", "delivering"] {
            let (mut desk, identity) = sealed(start, To::Exec);
            desk.flags.extend(identity);
            let killed = desk.kill_in_delivery();
            desk.rewind_to(state, "");
            let first = desk.keys(&killed);
            let again = desk.finish(&killed, state);
            assert_eq!(desk.keys(&again), first, "{state}");
        }
    }
}

#[test]
fn a_sealed_key_that_nobody_has_is_replaced_without_its_identity() {
    for start in Start::ALL {
        for state in ["generating", "issued"] {
            let (desk, _) = sealed(start, To::Exec);
            let killed = desk.kill_in_delivery();
            desk.rewind_to(state, "");
            let first = desk.keys(&killed);
            let again = desk.finish(&killed, state);
            assert_ne!(desk.keys(&again), first, "{state}");
        }
    }
}

#[test]
fn a_sealed_key_that_is_replaced_is_not_delivered_any_more() {
    let (mut desk, identity) = sealed(Start::Nothing, To::Exec);
    desk.kill_in_delivery();
    desk.rewind_to("issued", "");
    // The second run replaces it, and dies in its turn: its own key is the one to be delivered.
    let killed = desk.kill_in_delivery();
    let second = desk.keys(&killed);
    desk.flags.extend(identity);
    let again = desk.finish(&killed, "twice sealed");
    assert_eq!(desk.keys(&again), second);
}

#[test]
fn a_sealed_key_that_somebody_may_have_is_not_replaced_unasked() {
    let (mut desk, identity) = sealed(Start::Nothing, To::Exec);
    let killed = desk.kill_in_delivery();
    let (first, before) = (desk.keys(&killed), desk.device.config_text());
    let refused = desk.run();
    assert_eq!(refused.status, Some(1), "{refused:#?}");
    assert!(refused.stderr.contains("--escrow-identity"), "{refused:#?}");
    assert_eq!(desk.device.config_text(), before);
    desk.flags.extend(identity);
    let again = desk.finish(&killed, "with its identity");
    assert_eq!(desk.keys(&again), first);
}

#[test]
fn a_sealed_key_whose_identity_is_lost_is_replaced_when_that_is_asked_for() {
    let (mut desk, _) = sealed(Start::Nothing, To::Exec);
    let killed = desk.kill_in_delivery();
    desk.flags.push("--replace-key".into());
    desk.finish(&killed, "--replace-key");
}
