//! Round trips: each write of the client waits for what came before, so writes are what a mint costs.

use fgtkey::fortios::request::Request;
use fgtkey::sim::Device;

use super::pair::Chunks;
use super::story::{mint_plain, request, request_of, spec};

/// The writes of each job of a mint on a device that has nothing yet.
fn waves(version: &str, vdoms: bool, request: &Request) -> Vec<(&'static str, usize)> {
    let device = Device::new(spec(version, vdoms, |_| ())).unwrap();
    let waves = mint_plain(&device, request, Chunks::of(65536)).waves;
    print_waves(version, vdoms, &waves);
    waves
}

/// Shown by `cargo test -- --nocapture`.
#[allow(clippy::print_stdout)]
fn print_waves(version: &str, vdoms: bool, waves: &[(&str, usize)]) {
    let all: usize = waves.iter().map(|(_, writes)| writes).sum();
    println!("{version}, VDOMs {vdoms}: {all} round trips, {waves:?}");
}

/// A new profile of two plain groups, a new user with two trusted hosts.
fn plain_groups() -> Request {
    request_of(|flags| flags.grants = vec!["sysgrp=read".into(), "netgrp=read".into()])
}

#[test]
fn two_plain_groups_and_two_hosts_cost_a_write_a_barrier() {
    let cost = |version, vdoms| {
        waves(version, vdoms, &plain_groups()).into_iter().map(|(_, writes)| writes).collect::<Vec<_>>()
    };
    // login, status, survey, push, key
    assert_eq!(cost("7.4.8", false), [0, 1, 1, 4, 1]);
    // The reads ride with the `config global` around them.
    assert_eq!(cost("7.4.8", true), [0, 1, 1, 5, 3]);
    // From 7.6 on nothing rides behind a commit, and the password is a write of its own at the user's commit, with the
    // reads behind it, and at the key.
    assert_eq!(cost("7.6.4", false), [0, 1, 1, 6, 2]);
    assert_eq!(cost("8.0.0", true), [0, 1, 1, 7, 4]);
}

#[test]
fn two_custom_groups_cost_two_writes_more() {
    let cost =
        |version, vdoms| waves(version, vdoms, &request()).into_iter().map(|(_, writes)| writes).collect::<Vec<_>>();
    assert_eq!(cost("7.4.8", false), [0, 1, 1, 6, 1]);
    assert_eq!(cost("7.6.4", false), [0, 1, 1, 8, 2]);
}
