//! The end of the old key: waited for, interrupted, taken up again.

use std::time::{Duration, Instant};

use fgtkey::fortios::rotation::RotationError;
use fgtkey::verbs::Event;
use fgtkey::verbs::failure::{Left, MintError};
use fgtkey::verbs::rotate::{Rotated, Way};

use super::scene::{AT_ONCE, Scene, Site, type_in};
use super::story::Story;

async fn unfinished() -> Site {
    let site = Scene::new().start().await;
    assert_eq!(site.run(Way::Later).await.exit(), 0);
    site
}

fn rotation_error(story: &Story) -> &RotationError {
    match story.error() {
        MintError::Rotation(error) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_time_of_grace_is_waited_for() {
    let site = Scene::new().start().await;
    let began = Instant::now();
    let story = site.run(Way::Grace(Duration::from_millis(1500))).await;
    assert_eq!(story.exit(), 0);
    assert!(began.elapsed() > Duration::from_millis(1500));
}

#[tokio::test]
async fn an_interruption_in_the_time_of_grace_leaves_the_old_key_and_the_same_command_finishes() {
    let site = Scene::new().start().await;
    let grace = Way::Grace(Duration::from_hours(1));
    let story = site.interrupted(grace, |event| matches!(event, Event::Grace { .. })).await;
    assert!(matches!(story.result, Ok(Rotated::New { interrupted: true, .. })), "{story:?}");
    story.keeps_its_promises(&site).unwrap();
    let (status, said) = story.said();
    assert_eq!(status, 130);
    assert!(said.contains("the old one still works") && said.contains("`fgtkey rotate --finish`"), "{said}");
    assert!(site.device.key_is_live("tf", site.key()));
    let again = site.interrupted(grace, |event| matches!(event, Event::Grace { .. })).await;
    assert_eq!((again.exit(), site.device.api_users().len()), (130, 2), "it waits again");
    assert!(matches!(again.left(), Left::Untouched));
    let last = site.run(AT_ONCE).await;
    assert_eq!((last.exit(), last.retired(), site.device.api_users()), (0, vec!["tf"], vec!["tf-b".to_owned()]));
}

#[tokio::test]
async fn an_interruption_at_the_end_of_the_old_key_leaves_it_or_comes_too_late() {
    let clean = Scene::new().start().await;
    let lines = clean.run(AT_ONCE).await.commands;
    let delivered = lines.iter().position(|line| line.contains("generate-key tf-b")).unwrap();
    for at in (0..lines.len()).step_by(3) {
        let site = Scene::new().start().await;
        let mut seen = 0;
        let story = site
            .interrupted(AT_ONCE, move |event| {
                seen += usize::from(matches!(event, Event::Line(_)));
                seen == at + 1
            })
            .await;
        story.keeps_its_promises(&site).unwrap();
        // What is in flight when it comes is answered first: then there is nothing left to stop.
        let expected: &[u8] = if at >= delivered { &[0, 130] } else { &[130] };
        assert!(expected.contains(&story.exit()), "at {at} `{}`: {:?}", lines[at], story.said());
        assert_eq!(site.run(AT_ONCE).await.exit(), 0);
    }
}

#[tokio::test]
async fn who_rotates_again_before_the_end_finishes_and_makes_no_key() {
    let site = unfinished().await;
    let key = site.delivered();
    let again = site.run(AT_ONCE).await;
    assert!(matches!(again.result, Ok(Rotated::Finished { .. })));
    assert_eq!((again.retired(), site.delivered()), (vec!["tf"], key));
}

#[tokio::test]
async fn who_leaves_the_old_key_twice_is_told_to_finish() {
    let site = unfinished().await;
    let again = site.run(Way::Later).await;
    assert!(matches!(rotation_error(&again), RotationError::Unfinished { old, .. } if old == "tf"));
    assert_eq!(again.exit(), 1);
    assert!(again.said().1.contains("`fgtkey rotate --finish` retires tf"), "{}", again.said().1);
    assert_eq!(site.device.api_users().len(), 2);
}

#[tokio::test]
async fn an_old_user_that_somebody_removed_by_hand_is_no_trouble() {
    let site = unfinished().await;
    type_in(&site.device, "config system api-user\ndelete tf\nend\n");
    let next = site.run(Way::Later).await;
    assert_eq!(next.exit(), 0, "{:?}", next.said());
    next.keeps_its_promises(&site).unwrap();
    assert_eq!(site.user_in_use().as_deref(), Some("tf-a"));
    let finish = site.run(Way::Finish).await;
    assert_eq!((finish.exit(), finish.retired(), site.user_in_use()), (0, vec!["tf-b"], Some("tf-a".into())));
}

#[tokio::test]
async fn an_end_that_was_not_saved_is_saved_by_the_next_run() {
    use fgtkey::sim::CfgSave;
    let scene = Scene::new().with(|spec| spec.cfg_save = CfgSave::Manual);
    let site = scene.with_faults(&["execute cfg save#2=drop", "execute cfg save#3=drop", "execute cfg save#4=drop"]);
    let site = site.start().await;
    let consenting = |rotate: &mut fgtkey::verbs::rotate::Rotate| rotate.consent.save = true;
    let story = site.run_as(AT_ONCE, consenting).await;
    assert_eq!((story.exit(), site.device.has_unsaved_changes()), (6, true), "{:?}", story.said());
    let again = site.run_as(AT_ONCE, consenting).await;
    assert_eq!((again.exit(), site.device.has_unsaved_changes()), (0, false), "{:?}", again.said());
    site.device.restart();
    assert_eq!((site.device.api_users(), site.user_in_use()), (vec!["tf-b".to_owned()], Some("tf-b".into())));
}

#[tokio::test]
async fn an_end_whose_save_was_lost_is_saved_in_a_new_session() {
    use fgtkey::sim::CfgSave;
    let scene = Scene::new().with(|spec| spec.cfg_save = CfgSave::Manual).with_faults(&["execute cfg save#2=drop"]);
    let site = scene.start().await;
    let story = site.run_as(AT_ONCE, |rotate| rotate.consent.save = true).await;
    assert_eq!((story.exit(), site.device.has_unsaved_changes()), (0, false), "{:?}", story.said());
}
