//! One fault at each line of a rotation and of the end of the old API user.

use std::time::{Duration, Instant};

use fgtkey::fortios::transaction::Transaction;
use fgtkey::verbs::rotate::Rotate;

use super::cases::all;
use super::scene::{AT_ONCE, Scene};

/// A silence is waited out in each of its cases, so that there is one kind of it.
const ACTIONS: [&str; 6] = ["refuse", "drop", "drop-after", "hang-after", "cut:40", "ask"];

async fn every_fault(scene: fn() -> Scene, transaction: Transaction) {
    let clean = scene().start().await;
    let prefix = clean.device.commands().len();
    let story = clean.run_as(AT_ONCE, |rotate| rotate.transaction = transaction).await;
    story.keeps_its_promises(&clean).unwrap();
    let mut cases = Vec::new();
    let all_of_them = std::env::var_os("FGTKEY_REQUIRE_PEERS").is_some();
    for (at, line) in story.commands.iter().enumerate() {
        // Every second one, each action at every second line, where time is short.
        for (_, action) in ACTIONS.iter().enumerate().filter(|(nth, _)| all_of_them || (at + nth) % 2 == 0) {
            let name = format!("{action} at line {} `{line}`", at + 1);
            cases.push((name, Box::pin(one_fault(scene, transaction, format!("{}={action}", prefix + at + 1)))));
        }
    }
    let (count, began) = (cases.len(), Instant::now());
    all(cases).await;
    eprintln!("{count} rotations in {:.1} s", began.elapsed().as_secs_f32());
}

/// The consumers have a live key after it, and the same command again ends well.
async fn one_fault(scene: fn() -> Scene, transaction: Transaction, fault: String) -> Result<(), String> {
    let with = |rotate: &mut Rotate| rotate.transaction = transaction;
    let mut site = scene().with_faults(&[&fault]).start().await;
    let hangs = fault.contains("=hang");
    site.within = Duration::from_millis(if hangs { 2_000 } else { 20_000 });
    let story = site.run_as(AT_ONCE, with).await;
    story.keeps_its_promises(&site)?;
    let status = story.exit();
    if ![0, 1, 6].contains(&status) {
        return Err(format!("status {status}: {:?}", story.result));
    }
    let first = story.said();
    let mut again = site.run_as(AT_ONCE, with).await;
    if hangs && again.exit() != 0 {
        // On a busy machine the first run may have given up before it came to the line.
        again.keeps_its_promises(&site)?;
        again = site.run_as(AT_ONCE, with).await;
    }
    again.keeps_its_promises(&site).map_err(|error| format!("{first:?}\nagain: {error}"))?;
    if again.exit() != 0 {
        return Err(format!("{first:?}\nagain: {:?}", again.said()));
    }
    match site.device.api_users().as_slice() {
        [only] if Some(only) == site.user_in_use().as_ref() => Ok(()),
        users => Err(format!("{first:?}\nagain there are {users:?}")),
    }
}

#[tokio::test]
async fn no_fault_cuts_the_consumers_off_on_7_4() {
    every_fault(Scene::new, Transaction::Off).await;
}

#[tokio::test]
async fn no_fault_cuts_the_consumers_off_with_vdoms_on_7_6_which_asks_for_the_password() {
    every_fault(|| Scene::new().on("7.6.4").with_vdoms(), Transaction::Off).await;
}

#[tokio::test]
async fn no_fault_cuts_the_consumers_off_in_a_transaction() {
    every_fault(Scene::new, Transaction::Auto).await;
}
