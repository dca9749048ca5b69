//! What stands in the way of a change, each by its name, each with words that a person can act on.

use fgtkey::fortios::plan::Consent;
use fgtkey::fortios::transaction::Transaction;
use fgtkey::sim::{DeviceSpec, Trap};
use fgtkey::verbs::Event;
use fgtkey::verbs::event::Warning;

use super::desk::{Desk, request, shown, spec, told, type_in};

const OPS: &str = "config system api-user\nedit ops\nset accprofile tf\nend\n";
const PROFILE: &str =
    "config system accprofile\nedit tf\nset fwgrp custom\nconfig fwgrp-permission\nset address read\nend\nend\n";

fn trapped(name: &str) -> DeviceSpec {
    let mut spec = spec("");
    name.parse::<Trap>().unwrap().apply(&mut spec);
    spec
}

#[tokio::test]
async fn another_administrator_who_edits_the_same_object_in_a_transaction_is_named_as_the_cause() {
    let mut desk = Desk::at(spec(PROFILE)).await;
    let mut other = desk.console();
    type_in(&mut other, "execute config-transaction start\nconfig system api-user\nedit tf\nset accprofile tf\nend");
    let before = desk.device.config_text();
    let failure = desk.mint(&request()).await.unwrap_err();
    let text = told(&failure);
    assert!(text.contains("`edit tf` was refused") && text.contains("another administrator has it open"), "{text}");
    assert_eq!(desk.device.config_text(), before);
    type_in(&mut other, "execute config-transaction abort");
    desk.mint(&request()).await.unwrap();
}

#[tokio::test]
async fn a_transaction_that_expires_in_mid_push_leaves_nothing_and_is_said_to_have() {
    let mut desk = Desk::at(trapped("transaction-expires")).await;
    desk.transaction = Transaction::Auto;
    let before = desk.device.config_text();
    let text = told(&desk.mint(&request()).await.unwrap_err());
    assert!(text.contains("transaction expired before it was committed"), "{text}");
    assert!(text.contains("nothing was changed on the device"), "{text}");
    assert_eq!(desk.device.config_text(), before);
    assert!(desk.device.commits().is_empty(), "{:?}", desk.device.commits());
}

#[tokio::test]
async fn in_a_transaction_profile_and_user_appear_at_one_instant() {
    for vdoms in [false, true] {
        let mut spec = spec("");
        if vdoms {
            spec.vdom_mode = fgtkey::sim::VdomMode::Multiple;
        }
        let mut desk = Desk::at(spec).await;
        desk.transaction = Transaction::Require;
        desk.mint(&request()).await.unwrap();
        assert_eq!(desk.device.commits(), ["transaction"]);
        assert!(desk.events.contains(&Event::Pushed { transaction: true }));
    }
}

#[tokio::test]
async fn where_a_transaction_is_open_already_auto_goes_on_and_require_sends_nothing() {
    let mut desk = Desk::at(trapped("no-transaction")).await;
    desk.transaction = Transaction::Require;
    let typed = desk.device.commands().len();
    let text = told(&desk.mint(&request()).await.unwrap_err());
    assert!(text.contains("opened no configuration transaction"), "{text}");
    assert!(text.contains("another one may be open; --transaction auto goes on without"), "{text}");
    let sent = desk.device.commands().split_off(typed);
    assert!(!sent.iter().any(|line| line.starts_with("config ")), "{sent:?}");
    desk.transaction = Transaction::Auto;
    desk.mint(&request()).await.unwrap();
    assert!(desk.events.contains(&Event::Pushed { transaction: false }));
}

#[tokio::test]
async fn a_refusal_in_a_transaction_drops_it_and_the_next_run_can_open_one() {
    let mut spec = spec("");
    spec.faults = vec!["set ipv4-trusthost=refuse".parse().unwrap()];
    let mut desk = Desk::at(spec).await;
    desk.transaction = Transaction::Require;
    let before = desk.device.config_text();
    let text = told(&desk.mint(&request()).await.unwrap_err());
    assert!(text.contains("nothing was changed on the device"), "{text}");
    assert_eq!(desk.device.config_text(), before);
    desk.mint(&request()).await.unwrap();
}

#[tokio::test]
async fn a_session_lost_in_a_transaction_changes_nothing_and_the_transaction_that_stays_open_is_told_of() {
    let mut spec = spec("");
    spec.faults = vec!["set ipv4-trusthost=drop".parse().unwrap()];
    let mut desk = Desk::at(spec).await;
    desk.transaction = Transaction::Require;
    let before = desk.device.config_text();
    let text = told(&desk.mint(&request()).await.unwrap_err());
    assert!(text.contains("nothing was changed on the device"), "{text}");
    assert_eq!(desk.device.config_text(), before);
    assert!(desk.events.contains(&Event::Warning(Warning::TransactionLost)), "{:?}", desk.events);
}

#[tokio::test]
async fn a_table_at_its_limit_is_said_to_be_full_and_nothing_is_left() {
    let mut spec = spec(&format!("{PROFILE}{OPS}"));
    spec.limits.insert("system api-user".into(), 1);
    let mut desk = Desk::at(spec).await;
    let before = desk.device.config_text();
    let text = told(&desk.mint(&request()).await.unwrap_err());
    assert!(text.contains("the table may be full") && text.contains("revoke one that nobody needs"), "{text}");
    assert_eq!(desk.device.config_text(), before);
}

#[tokio::test]
async fn a_profile_in_use_by_others_is_neither_altered_nor_removed() {
    let mut desk = Desk::at(spec(&format!("{PROFILE}{OPS}"))).await;
    let mut wider = request();
    wider.grants.push("sysgrp=read".into());
    let text = told(&desk.mint(&wider).await.unwrap_err());
    assert!(text.contains("used by the API user ops") && text.contains("--change-shared-profile"), "{text}");
    let compared = desk.plan(&wider).await.unwrap();
    assert!(compared.refused.is_some() && compared.differences.len() > 1);
    desk.mint(&request()).await.unwrap();
    let sight = shown(&desk.sight(true).await);
    assert!(sight.contains("keeps      the access profile: it is used by the API user ops"), "{sight}");
    let revoked = desk.revoke(true).await.unwrap();
    assert!(revoked.user && !revoked.profile);
    assert!(desk.device.profile("tf").is_some() && desk.device.api_user("tf").is_none());
}

#[tokio::test]
async fn a_profile_that_something_unseen_uses_stays_and_the_person_hears_how_to_go_on() {
    // The administrator who has it is not shown to us.
    let people = "config system admin\nedit eve\nset accprofile tf\nset password x\nend\n";
    let mut spec = spec(&format!("{PROFILE}{people}"));
    spec.faults = vec!["show system admin | grep .#*=refuse:entry is not found in table".parse().unwrap()];
    let mut desk = Desk::at(spec).await;
    desk.mint(&request()).await.unwrap();
    let text = told(&desk.revoke(true).await.unwrap_err());
    assert!(text.contains("`delete tf` was refused: The entry is used by other 1 entries"), "{text}");
    assert!(text.contains("--keep-profile leaves a profile that is in use"), "{text}");
    assert!(desk.device.api_user("tf").is_none(), "the key is void, whatever becomes of the profile");
    let again = desk.revoke(false).await.unwrap();
    assert!(!again.user && !again.profile && desk.device.profile("tf").is_some());
}

#[tokio::test]
async fn a_revocation_is_idempotent() {
    let mut desk = Desk::at(spec("")).await;
    let before = desk.device.config_text();
    desk.mint(&request()).await.unwrap();
    assert!(desk.revoke(true).await.unwrap().profile);
    assert_eq!(desk.device.config_text(), before);
    let again = desk.revoke(true).await.unwrap();
    assert!(!again.user && !again.profile);
}

#[tokio::test]
async fn a_saved_plan_is_done_exactly_or_not_at_all() {
    let mut desk = Desk::at(spec("")).await;
    let saved = desk.plan(&request()).await.unwrap().to_saved();
    type_in(&mut desk.console(), "config system accprofile\nedit tf\nset netgrp read\nend");
    let text = told(&desk.mint_from(saved.clone()).await.unwrap_err());
    assert!(text.contains("system accprofile tf: netgrp read") && text.contains("fgtkey plan --out"), "{text}");
    type_in(&mut desk.console(), "config system accprofile\ndelete tf\nend");
    desk.mint_from(saved).await.unwrap();
    assert_eq!(desk.differences(&request()).await, [""; 0]);
}

#[tokio::test]
async fn a_plan_changes_nothing() {
    let mut desk = Desk::at(spec("")).await;
    let before = desk.device.config_text();
    desk.consent = Consent { replace_key: true, ..Consent::default() };
    desk.plan(&request()).await.unwrap();
    let reads = |line: &String| line.starts_with("show ") || line.starts_with("get ");
    assert!(desk.device.commands().iter().all(reads), "{:?}", desk.device.commands());
    assert_eq!(desk.device.config_text(), before);
}
