//! The new API user of a rotation, made in a configuration transaction.

use fgtkey::fortios::plan::PlanError;
use fgtkey::fortios::transaction::Transaction;
use fgtkey::verbs::Event;
use fgtkey::verbs::failure::{Left, MintError};
use fgtkey::verbs::rotate::{Rotate, Rotated, Way};

use super::scene::{AT_ONCE, Scene};
use super::story::Story;

fn with(transaction: Transaction) -> impl FnOnce(&mut Rotate) {
    move |rotate| rotate.transaction = transaction
}

/// What the record and the story say of the push.
fn told(story: &Story) -> (Option<bool>, Option<bool>) {
    let Ok(Rotated::New { record, .. }) = &story.result else { panic!("{:?}", story.error()) };
    let pushed = story.events.iter().find_map(|event| match event {
        Event::Pushed { transaction } => Some(*transaction),
        _ => None,
    });
    (record.transaction, pushed)
}

#[tokio::test]
async fn in_a_transaction_the_new_user_appears_at_one_instant_and_the_record_says_so() {
    for scene in [Scene::new(), Scene::new().with_vdoms(), Scene::new().on("7.6.4"), Scene::new().on("8.0.0")] {
        let site = scene.start().await;
        let before = site.device.commits().len();
        let story = site.run_as(Way::Later, with(Transaction::Require)).await;
        story.keeps_its_promises(&site).unwrap();
        assert_eq!(told(&story), (Some(true), Some(true)));
        assert_eq!(site.device.commits().split_off(before), ["transaction"]);
        assert_eq!(site.user_in_use().as_deref(), Some("tf-b"));
    }
}

#[tokio::test]
async fn who_asks_for_no_transaction_hears_of_none() {
    let site = Scene::new().start().await;
    let story = site.run(AT_ONCE).await;
    assert_eq!(told(&story), (None, None));
    assert!(!story.commands.iter().any(|line| line.contains("transaction")), "{:?}", story.commands);
}

#[tokio::test]
async fn where_a_transaction_is_open_already_auto_goes_on_without_and_require_changes_nothing() {
    let site = Scene::new().trap("no-transaction").start().await;
    let story = site.run_as(AT_ONCE, with(Transaction::Require)).await;
    story.keeps_its_promises(&site).unwrap();
    assert!(matches!(story.error(), MintError::NoTransaction(_)), "{:?}", story.error());
    assert!(matches!(story.left(), Left::Untouched), "{:?}", story.left());
    let (status, text) = story.said();
    assert!(status == 1 && text.contains("another one may be open; --transaction auto goes on without"), "{text}");
    let story = site.run_as(AT_ONCE, with(Transaction::Auto)).await;
    assert_eq!(told(&story), (Some(false), Some(false)));
    assert_eq!(site.device.api_users(), ["tf-b"]);
}

#[tokio::test]
async fn a_release_without_transactions_is_told_before_anything_is_sent() {
    let site = Scene::new().on("6.0.0").start().await;
    let story = site.run_as(AT_ONCE, with(Transaction::Require)).await;
    assert!(matches!(story.error(), MintError::Plan(PlanError::NoTransaction(_))), "{:?}", story.error());
    assert!(!story.commands.iter().any(|line| line.starts_with("config ")), "{:?}", story.commands);
    assert_eq!(told(&site.run_as(AT_ONCE, with(Transaction::Auto)).await), (Some(false), Some(false)));
}

#[tokio::test]
async fn a_transaction_that_expires_in_mid_push_leaves_the_old_user_alone() {
    let site = Scene::new().trap("transaction-expires").start().await;
    let before = site.device.config_text();
    let story = site.run_as(AT_ONCE, with(Transaction::Require)).await;
    story.keeps_its_promises(&site).unwrap();
    let (status, text) = story.said();
    assert!(status == 1 && text.contains("transaction expired before it was committed"), "{text}");
    assert_eq!(site.device.config_text(), before);
    assert_eq!(site.user_in_use().as_deref(), Some("tf"));
}

#[tokio::test]
async fn another_administrator_who_edits_the_new_user_in_a_transaction_is_named_as_the_cause() {
    let site = Scene::new().start().await;
    let (mut other, _) = super::scene::shell(&site.device);
    let mut type_in = |line: &str| drop(other.receive(format!("{line}\n").as_bytes()));
    for line in ["execute config-transaction start", "config system api-user", "edit tf-b", "set accprofile tf", "end"]
    {
        type_in(line);
    }
    for transaction in [Transaction::Off, Transaction::Auto] {
        let story = site.run_as(AT_ONCE, with(transaction)).await;
        story.keeps_its_promises(&site).unwrap();
        let (status, text) = story.said();
        assert!(status == 1 && text.contains("`edit tf-b` was refused"), "{text}");
        assert!(text.contains("another administrator has it open"), "{text}");
    }
    type_in("execute config-transaction abort");
    assert!(site.run(AT_ONCE).await.result.is_ok());
}
