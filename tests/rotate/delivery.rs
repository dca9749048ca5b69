//! A destination that does not take the new key: the old one goes on, and nothing is lost.

use fgtkey::fortios::rotation::RotationError;
use fgtkey::verbs::Event;
use fgtkey::verbs::failure::{Left, MintError};
use fgtkey::verbs::rotate::{Rotated, Way};

use super::scene::{AT_ONCE, Scene, Site};
use super::story::Story;

/// A rotation whose second destination is gone when the key is generated; the first one, which has it, is `stored`.
async fn without_its_folder(site: &Site) -> Story {
    let folder = site.path("keys");
    std::fs::create_dir_all(&folder).unwrap();
    let destination = format!("file:{}", folder.join("tf.key").display()).parse().unwrap();
    let hook = move |event: &Event| {
        if matches!(event, Event::Line(line) if line.starts_with("execute api-user generate-key tf-b")) {
            std::fs::remove_dir_all(&folder).unwrap();
        }
    };
    site.run_hooked(AT_ONCE, |rotate| rotate.custody.destinations = vec![destination], Box::new(hook)).await
}

#[tokio::test]
async fn a_key_that_reaches_nobody_is_in_the_escrow_and_the_old_one_is_untouched() {
    let site = Scene::new().start().await;
    let story = without_its_folder(&site).await;
    assert!(matches!((story.error(), story.left()), (MintError::Undelivered(_), Left::Minted)), "{:?}", story.error());
    let (status, said) = story.said();
    assert_eq!(status, 5);
    assert!(said.contains("fgtkey deliver --resume"), "{said}");
    assert!(site.device.key_is_live("tf", site.key()));
    assert_eq!((story.retired(), site.escrowed().len()), (vec![], 1));
}

#[tokio::test]
async fn deliver_resume_delivers_it_and_leaves_the_old_user_to_be_retired() {
    let site = Scene::new().start().await;
    without_its_folder(&site).await;
    assert!(matches!(site.resume().as_slice(), [Err(_)]), "the folder is still missing");
    std::fs::create_dir(site.path("keys")).unwrap();
    assert_eq!(site.resume(), [Ok(Some("tf".to_owned()))]);
    let key = std::fs::read_to_string(site.path("keys/tf.key")).unwrap();
    assert!(site.device.key_is_live("tf-b", key.trim_end()) && site.device.key_is_live("tf", site.key()));
    let finish = site.run(Way::Finish).await;
    assert_eq!((finish.exit(), finish.retired()), (0, vec!["tf"]));
    assert!(site.device.key_is_live("tf-b", key.trim_end()));
    assert_eq!((site.device.api_users(), site.escrowed().len()), (vec!["tf-b".to_owned()], 0));
}

#[tokio::test]
async fn after_deliver_resume_the_same_command_finishes_too() {
    let site = Scene::new().start().await;
    without_its_folder(&site).await;
    std::fs::create_dir(site.path("keys")).unwrap();
    site.resume();
    let again = site.run(AT_ONCE).await;
    assert!(matches!(again.result, Ok(Rotated::Finished { ref retired }) if retired == &["tf"]), "{again:?}");
    assert_eq!(site.device.api_users(), ["tf-b"]);
}

#[tokio::test]
async fn without_deliver_resume_the_same_command_delivers_the_key_of_the_escrow() {
    let site = Scene::new().start().await;
    without_its_folder(&site).await;
    let still = site.run(AT_ONCE).await;
    assert_eq!((still.exit(), still.retired()), (5, vec![]), "what the first run owed is owed: {:?}", still.said());
    std::fs::create_dir(site.path("keys")).unwrap();
    let again = site.run(AT_ONCE).await;
    again.keeps_its_promises(&site).unwrap();
    assert_eq!((again.exit(), again.retired()), (0, vec!["tf"]));
    assert!(!again.commands.iter().any(|line| line.contains("generate-key tf-b")), "no other key is made");
    assert_eq!((site.user_in_use().as_deref(), site.escrowed().len()), (Some("tf-b"), 0));
}

#[tokio::test]
async fn finish_touches_nothing_while_the_new_key_is_in_the_escrow() {
    let site = Scene::new().start().await;
    without_its_folder(&site).await;
    let finish = site.run(Way::Finish).await;
    let in_escrow = RotationError::InEscrow { user: "tf-b".into() };
    assert!(matches!(finish.error(), MintError::Rotation(error) if *error == in_escrow), "{:?}", finish.error());
    assert_eq!((finish.exit(), site.device.api_users().len(), site.escrowed().len()), (1, 2, 1));
    assert!(finish.said().1.contains("`fgtkey deliver --resume` delivers it"), "{}", finish.said().1);
}

#[tokio::test]
async fn a_destination_that_cannot_take_the_key_is_found_before_anything_is_contacted() {
    let site = Scene::new().start().await;
    let directory = site.path("key-is-a-directory");
    std::fs::create_dir(&directory).unwrap();
    let destination = format!("file:{}", directory.display()).parse().unwrap();
    let story = site.run_as(AT_ONCE, |rotate| rotate.custody.destinations = vec![destination]).await;
    assert!(matches!(story.error(), MintError::Deliver(_)), "{:?}", story.error());
    assert_eq!((story.exit(), story.commands.len()), (1, 0));
}
