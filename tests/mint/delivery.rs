//! The key exists, and its destination does not any more.

use fgtkey::verbs::Event;
use fgtkey::verbs::failure::{Left, MintError};

use super::scene::{NAME, Scene};

#[tokio::test]
async fn a_key_that_cannot_be_delivered_is_in_the_escrow_and_alive() {
    let scene = Scene::new();
    let keys = scene.destination.parent().unwrap().to_owned();
    let story = scene
        .hooked(move |event| {
            if matches!(event, Event::Line(line) if line.starts_with("execute api-user")) {
                std::fs::remove_dir_all(&keys).unwrap();
            }
        })
        .run()
        .await;
    assert!(matches!(story.error(), MintError::Undelivered(_)), "{:?}", story.error());
    assert!(matches!(story.left(), Left::Minted));
    let [escrowed] = story.escrowed().try_into().unwrap();
    let text = std::fs::read_to_string(escrowed).unwrap();
    let user = text.split('"').find_map(|word| story.device.user_of_key(word));
    assert_eq!(user.as_deref(), Some(NAME), "the escrow holds the live key");
}

#[tokio::test]
async fn a_destination_that_cannot_take_the_key_is_found_before_anything_is_contacted() {
    let mut scene = Scene::new();
    scene.destination = scene.directory().join("key-is-a-directory");
    std::fs::create_dir(&scene.destination).unwrap();
    let story = scene.run().await;
    assert!(matches!(story.error(), MintError::Deliver(_)), "{:?}", story.error());
    assert_eq!(story.commands, Vec::<String>::new());
    assert_eq!(story.server.counters().connections.load(std::sync::atomic::Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_failed_mint_leaves_no_file_behind() {
    let story = Scene::new().with_faults(&["edit tf=refuse"]).run().await;
    assert!(!story.is_done());
    assert_eq!((story.delivered(), story.escrowed()), (None, Vec::new()));
}
