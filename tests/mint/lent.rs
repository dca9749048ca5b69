//! An access that is lent to a command, and what is left of it when everything goes wrong that can.

use std::time::Duration;

use fgtkey::verbs::Event;
use fgtkey::verbs::child::Ended;
use fgtkey::verbs::failure::{Left, MintError};

use super::cases::all;
use super::scene::{Lending, RIGHT_OBJECTS, Scene, Start};

/// What a lending promises: the device is as before, or a person is told that it is not.
fn keeps_its_promise(lending: &Lending) -> Result<(), String> {
    let failure = match &lending.ran {
        Ok(ran) => ran.revoked.as_ref().err(),
        Err(failure) => Some(failure),
    };
    match failure.map(|failure| &failure.left) {
        Some(Left::NeedsPerson { .. }) => Ok(()),
        Some(Left::Minted | Left::Escrowed(_) | Left::Unsaved | Left::OldStays { .. }) => {
            Err(format!("a key is left: {failure:?}"))
        }
        None | Some(Left::Untouched | Left::Undone(_)) if lending.after == lending.before => Ok(()),
        _ => Err(format!("nobody says that this is left: {failure:?}\n{}", lending.after)),
    }
}

#[tokio::test]
async fn the_device_is_as_before_when_the_command_has_ended() {
    for scene in [Scene::new(), Scene::new().with_vdoms(), Scene::new().on("7.6.4")] {
        let lending = scene.lend(None, "exit 3").await;
        let ran = lending.ran.unwrap();
        assert_eq!(ran.ended.unwrap(), Some(Ended::Status(3)));
        ran.revoked.unwrap();
        assert_eq!(lending.after, lending.before);
    }
}

#[tokio::test]
async fn of_an_api_user_that_was_there_without_a_key_only_the_key_is_voided() {
    let lending = Scene::new().having(RIGHT_OBJECTS).lend(None, "true").await;
    lending.ran.unwrap().revoked.unwrap();
    assert!(!lending.commands.iter().any(|line| line.trim_start().starts_with("delete")), "{:?}", lending.commands);
    let generated =
        lending.commands.iter().filter(|line| line.trim_start().starts_with("execute api-user generate-key"));
    assert_eq!(generated.count(), 2, "{:?}", lending.commands);
    let revoked = Event::Revoked { api_user: "tf".into(), removed: false, profile: None };
    assert!(lending.events.contains(&revoked), "{:?}", lending.events);
}

#[tokio::test]
async fn the_time_of_an_access_stands_behind_it_on_releases_that_count_it() {
    for (version, end) in [("7.6.3", " 16"), ("7.6.2", ""), ("7.6.5", "")] {
        let lending = Scene::new().on(version).lend(Some(Duration::from_secs(15 * 60)), "true").await;
        lending.ran.unwrap().revoked.unwrap();
        let line = lending.commands.iter().find(|line| line.contains("generate-key")).unwrap();
        assert_eq!(line.trim(), format!("execute api-user generate-key tf{end}"), "{version}");
    }
}

#[tokio::test]
async fn an_interrupt_before_the_command_starts_leaves_nothing() {
    let lending = Scene::new().interrupted_at(1, "execute api-user generate-key").lend(None, "exit 3").await;
    keeps_its_promise(&lending).unwrap();
    match &lending.ran {
        Ok(ran) => assert!(matches!(ran.ended, Ok(None)), "{:?}", ran.ended),
        Err(failure) => assert!(matches!(failure.error, MintError::Fault(_)), "{failure:?}"),
    }
}

#[tokio::test]
async fn no_fault_leaves_an_access_unsaid() {
    let starts: [Start; 2] = [("a new user", Scene::new), ("with VDOMs", || Scene::new().with_vdoms())];
    let mut cases = Vec::new();
    for (name, scene) in starts {
        let setup = scene().device().0.commands().len();
        let lines = scene().lend(None, "true").await.commands.len();
        for (fault, line) in ["drop", "drop-after", "refuse"].into_iter().flat_map(|f| (1..=lines).map(move |n| (f, n)))
        {
            let fault = format!("{}={fault}", setup + line);
            cases.push((format!("{name}: {fault}"), async move {
                keeps_its_promise(&scene().with_faults(&[&fault]).lend(None, "true").await)
            }));
        }
    }
    all(cases).await;
}
