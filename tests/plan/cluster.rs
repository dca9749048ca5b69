//! On a secondary member of a cluster nothing is ever changed: what is configured there is undone or refused.

use fgtkey::sim::{DeviceSpec, Ha};
use fgtkey::verbs::access::Switch;
use fgtkey::verbs::event::Warning;
use fgtkey::verbs::{Event, failure::Failure};

use super::desk::{Desk, request, spec, told};

/// What `tf` is on both members.
const USER: &str = "config system accprofile\nedit tf\nset fwgrp custom\nconfig fwgrp-permission\nset address read\nend\nend\n\
                    config system api-user\nedit tf\nset accprofile tf\nconfig trusthost\nedit 1\n\
                    set ipv4-trusthost 10.0.0.1 255.255.255.255\nend\nend\n";

async fn member(ha: Ha, config: &str, keyed: bool) -> Desk {
    let keyed_users = if keyed { vec!["tf".to_owned()] } else { Vec::new() };
    Desk::at(DeviceSpec { ha, keyed_users, ..spec(config) }).await
}

/// It was refused with what to do about it, and no line was sent that changes the device.
fn is_left_alone<T>(desk: &Desk, done: Result<T, Box<Failure>>) {
    let text = told(&done.err().unwrap());
    assert!(text.contains("secondary member"), "{text}");
    assert!(text.contains("connect to the cluster's address or to the primary member"), "{text}");
    let reads = |line: &String| line.starts_with("show ") || line.starts_with("get ");
    assert!(desk.device.commands().iter().all(reads), "{:?}", desk.device.commands());
}

#[tokio::test]
async fn a_mint_is_refused_on_a_secondary() {
    let mut desk = member(Ha::Secondary, "", false).await;
    let done = desk.mint(&request()).await;
    is_left_alone(&desk, done);
}

#[tokio::test]
async fn a_plan_of_a_secondary_is_refused() {
    let mut desk = member(Ha::Secondary, "", false).await;
    let done = desk.plan(&request()).await;
    is_left_alone(&desk, done);
}

#[tokio::test]
async fn a_plan_that_was_saved_on_the_primary_is_not_carried_out_when_it_has_become_the_secondary() {
    let saved = member(Ha::Primary, "", false).await.plan(&request()).await.unwrap().to_saved();
    let mut desk = member(Ha::Secondary, "", false).await;
    let done = desk.mint_from(saved).await;
    is_left_alone(&desk, done);
}

#[tokio::test]
async fn no_access_is_lent_on_a_secondary() {
    let mut desk = member(Ha::Secondary, "", false).await;
    let done = desk.lend(&request()).await;
    is_left_alone(&desk, done);
}

#[tokio::test]
async fn a_revocation_is_refused_on_a_secondary() {
    let mut desk = member(Ha::Secondary, USER, true).await;
    let done = desk.revoke(true).await;
    is_left_alone(&desk, done);
}

#[tokio::test]
async fn nobody_is_disabled_on_a_secondary() {
    let mut desk = member(Ha::Secondary, USER, true).await;
    let done = desk.switch(Switch::Disable, desk.journal()).await;
    is_left_alone(&desk, done);
}

#[tokio::test]
async fn nobody_is_enabled_on_a_secondary() {
    let mut primary = member(Ha::Primary, USER, true).await;
    primary.switch(Switch::Disable, primary.journal()).await.unwrap();
    let disabled = USER.replace("10.0.0.1", "192.0.2.255");
    let mut desk = member(Ha::Secondary, &disabled, true).await;
    let done = desk.switch(Switch::Enable, primary.journal()).await;
    is_left_alone(&desk, done);
}

#[tokio::test]
async fn a_plan_and_a_mint_on_the_primary_say_what_is_known_of_its_keys() {
    for (version, keys_follow) in [("7.4.8", false), ("7.6.4", true)] {
        let spec = DeviceSpec { ha: Ha::Primary, version: version.parse().unwrap(), ..spec("") };
        let mut desk = Desk::at(spec).await;
        desk.plan(&request()).await.unwrap();
        desk.mint(&request()).await.unwrap();
        let told = desk.events.iter().filter_map(|event| match event {
            Event::Warning(Warning::HaMember { keys_follow, .. }) => Some(*keys_follow),
            _ => None,
        });
        assert_eq!(told.collect::<Vec<_>>(), [keys_follow, keys_follow], "{version}");
    }
}
