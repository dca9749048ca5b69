//! A new key for the same API user.

use fgtkey::fortios::rotation::RotationError;
use fgtkey::verbs::Event;
use fgtkey::verbs::event::Warning;
use fgtkey::verbs::failure::MintError;
use fgtkey::verbs::rotate::Way;

use super::scene::{AT_ONCE, Scene};

/// The longest names there are.
const LONG: [&str; 2] = ["terraform-of-the-firewall-berlin-1", "terraform-of-the-firewall-berlin-22"];

#[tokio::test]
async fn in_place_the_name_stays_and_the_old_key_is_said_to_be_void() {
    let site = Scene::new().start().await;
    let story = site.run(Way::InPlace).await;
    assert_eq!(story.exit(), 0, "{:?}", story.said());
    story.keeps_its_promises(&site).unwrap();
    assert!(!site.device.key_is_live("tf", site.key()) && site.device.key_is_live("tf", &site.delivered()));
    let told = |event: &Event| matches!(event, Event::Warning(Warning::KeyReplaced { api_user }) if api_user == "tf");
    assert!(story.events.iter().any(told));
    assert_eq!((site.device.api_users(), site.escrowed().len()), (vec!["tf".to_owned()], 0));
}

#[tokio::test]
async fn a_name_that_leaves_no_room_for_a_pair_can_be_rotated_in_place_only() {
    for name in LONG {
        let site = Scene::new().with_users(&[name]).start().await;
        let story = site.run(AT_ONCE).await;
        assert!(matches!(story.error(), MintError::Rotation(RotationError::Name(_))), "{story:?}");
        assert!(story.said().1.contains("--in-place"), "{}", story.said().1);
        assert_eq!((story.exit(), story.commands.len()), (1, 0));
        for _ in 0..2 {
            let in_place = site.run(Way::InPlace).await;
            assert_eq!(in_place.exit(), 0, "{:?}", in_place.said());
            assert_eq!(site.user_in_use().as_deref(), Some(name));
        }
    }
}

#[tokio::test]
async fn in_place_means_the_one_that_is_in_use() {
    let site = Scene::new().start().await;
    site.run(AT_ONCE).await;
    let story = site.run(Way::InPlace).await;
    assert_eq!((story.exit(), site.user_in_use().as_deref()), (0, Some("tf-b")));
    let next = site.run(AT_ONCE).await;
    assert_eq!((next.exit(), site.user_in_use().as_deref()), (0, Some("tf-a")), "{:?}", next.said());
    next.keeps_its_promises(&site).unwrap();
}

#[tokio::test]
async fn in_place_nothing_is_done_before_a_rotation_is_finished() {
    let site = Scene::new().start().await;
    site.run(Way::Later).await;
    let key = site.delivered();
    let story = site.run(Way::InPlace).await;
    assert!(matches!(story.error(), MintError::Rotation(RotationError::Unfinished { .. })), "{story:?}");
    assert!(site.device.key_is_live("tf-b", &key) && site.device.key_is_live("tf", site.key()));
}

#[tokio::test]
async fn a_key_in_place_that_is_not_delivered_is_taken_from_the_escrow_by_the_next_run() {
    let site = Scene::new().start().await;
    let path = site.path("keys");
    std::fs::create_dir(&path).unwrap();
    let folder = path.clone();
    let destination = format!("file:{}", path.join("key").display());
    let hook = move |event: &Event| {
        if matches!(event, Event::Line(line) if line.starts_with("execute api-user")) {
            std::fs::remove_dir_all(&folder).unwrap();
        }
    };
    let to = |rotate: &mut fgtkey::verbs::rotate::Rotate| {
        rotate.custody.destinations = vec![destination.parse().unwrap()];
    };
    let story = site.run_hooked(Way::InPlace, to, Box::new(hook)).await;
    assert_eq!((story.exit(), site.escrowed().len()), (5, 1), "{:?}", story.said());

    std::fs::create_dir(&path).unwrap();
    let again = site.run(Way::InPlace).await;

    assert_eq!((again.exit(), site.escrowed().len(), site.user_in_use().as_deref()), (0, 0, Some("tf")));
    assert!(!again.commands.iter().any(|line| line.contains("generate-key")));
}

#[tokio::test]
async fn in_place_a_key_that_is_lost_with_the_connection_is_generated_again() {
    let site = Scene::new().with_faults(&["execute api-user generate-key tf=drop-after"]).start().await;
    let story = site.run(Way::InPlace).await;
    assert_eq!(story.exit(), 0, "{:?}", story.said());
    story.keeps_its_promises(&site).unwrap();
}
