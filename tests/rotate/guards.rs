//! What is not known is not guessed, and what is not old enough stays.

use std::time::Duration;

use fgtkey::fortios::rotation::RotationError;
use fgtkey::journal::{Journal, JournalError};
use fgtkey::sim::Ha;
use fgtkey::verbs::Event;
use fgtkey::verbs::event::Warning;
use fgtkey::verbs::failure::MintError;
use fgtkey::verbs::rotate::{Rotate, Rotated, Way};

use super::scene::{AT_ONCE, Scene, Site};

const SERIAL: &str = "FG100FTK00000000";

fn unclear(site: &Site, story: &super::story::Story, users: &[&str]) {
    let MintError::Rotation(RotationError::Unclear { users: told }) = story.error() else { panic!("{story:?}") };
    assert_eq!((told.join(" "), story.exit()), (users.join(" "), 1));
    assert!(story.said().1.contains("--current NAME"), "{}", story.said().1);
    assert_eq!(site.device.api_users().len(), site.keys.len(), "nothing is changed");
}

#[tokio::test]
async fn two_keys_and_no_journal_need_somebody_who_knows() {
    for current in ["tf", "tf-b"] {
        let site = Scene::new().with_users(&["tf", "tf-b"]).start().await;
        for way in [AT_ONCE, Way::Finish] {
            unclear(&site, &site.run(way).await, &["tf", "tf-b"]);
        }
        let story = site.run_as(AT_ONCE, |rotate| rotate.current = Some(current.into())).await;
        assert_eq!(story.exit(), 0, "{:?}", story.said());
        let new = if current == "tf" { "tf-b" } else { "tf-a" };
        assert_eq!((site.device.api_users(), site.user_in_use()), (vec![new.to_owned()], Some(new.into())));
    }
}

#[tokio::test]
async fn finish_with_the_current_one_named_retires_the_other() {
    let site = Scene::new().with_users(&["tf", "tf-b"]).start().await;
    let story = site.run_as(Way::Finish, |rotate| rotate.current = Some("tf".into())).await;
    assert_eq!((story.exit(), story.retired(), site.device.api_users()), (0, vec!["tf-b"], vec!["tf".to_owned()]));
    assert!(site.device.key_is_live("tf", site.key()));
}

#[tokio::test]
async fn of_three_users_with_keys_the_one_that_is_named_as_current_is_followed_by_the_other() {
    let mut site = Scene::new().with_users(&["tf-b", "tf-a", "tf"]).start().await;
    site.name = "tf".into();
    let story = site.run_as(AT_ONCE, |rotate| rotate.current = Some("tf-b".into())).await;
    assert_eq!(story.exit(), 0, "{:?}", story.said());
    assert_eq!(site.user_in_use().as_deref(), Some("tf-a"));
    assert_eq!(site.device.api_users(), ["tf-a"], "the operator said which one is used");
}

#[tokio::test]
async fn a_lost_journal_is_no_trouble_once_a_rotation_is_finished() {
    let site = Scene::new().start().await;
    site.run(AT_ONCE).await;
    std::fs::remove_dir_all(site.path("journal")).unwrap();
    let story = site.run(AT_ONCE).await;
    assert_eq!((story.exit(), site.user_in_use().as_deref()), (0, Some("tf-a")), "{:?}", story.said());
}

#[tokio::test]
async fn a_lost_journal_in_the_middle_of_a_rotation_is_not_guessed_about() {
    let site = Scene::new().start().await;
    site.run(Way::Later).await;
    std::fs::remove_dir_all(site.path("journal")).unwrap();
    let story = site.run(AT_ONCE).await;
    assert!(matches!(story.error(), MintError::Rotation(RotationError::Unclear { .. })), "{story:?}");
    let known = site.run_as(Way::Finish, |rotate| rotate.current = Some("tf-b".into())).await;
    assert_eq!((known.exit(), known.retired(), site.user_in_use()), (0, vec!["tf"], Some("tf-b".into())));
}

#[tokio::test]
async fn another_machine_that_knows_nothing_goes_on_where_one_key_is_left() {
    let site = Scene::new().start().await;
    site.run(AT_ONCE).await;
    let elsewhere = site.path("elsewhere");
    let story = site.run_as(AT_ONCE, |rotate| rotate.custody.journal = Journal::at(&elsewhere)).await;
    assert_eq!((story.exit(), site.user_in_use().as_deref()), (0, Some("tf-a")));
    // The first machine remembers a user that is gone.
    let story = site.run(AT_ONCE).await;
    assert_eq!((story.exit(), site.user_in_use().as_deref()), (0, Some("tf-b")), "{:?}", story.said());
}

#[tokio::test]
async fn both_names_of_a_pair_mean_the_pair() {
    for name in ["tf-a", "tf-b"] {
        let site = Scene::new().with_users(&[name]).start().await;
        for _ in 0..3 {
            let story = site.run(AT_ONCE).await;
            story.keeps_its_promises(&site).unwrap();
            assert_eq!(story.exit(), 0, "{:?}", story.said());
        }
        let other = if name == "tf-a" { "tf-b" } else { "tf-a" };
        assert_eq!(site.device.api_users(), [other]);
    }
}

#[tokio::test]
async fn without_a_key_there_is_nothing_to_rotate() {
    let mut scene = Scene::new();
    scene.keyed = false;
    let site = scene.start().await;
    let story = site.run(AT_ONCE).await;
    assert!(matches!(story.error(), MintError::Rotation(RotationError::NoKey { .. })), "{story:?}");
    assert_eq!(story.exit(), 1);
    assert!(story.said().1.contains("`fgtkey mint` makes the first"), "{}", story.said().1);
}

fn older_than(seconds: u64) -> impl FnOnce(&mut Rotate) {
    move |rotate| rotate.if_older_than = Some(Duration::from_secs(seconds))
}

#[tokio::test]
async fn a_key_of_unknown_age_is_taken_for_old_and_a_young_one_stays() {
    let site = Scene::new().start().await;
    let story = site.run_as(AT_ONCE, older_than(3600)).await;
    let told = |event: &Event| matches!(event, Event::Warning(Warning::Said(text)) if text.contains("how old"));
    assert!(story.events.iter().any(told) && story.exit() == 0, "{story:?}");
    let key = site.delivered();
    let young = site.run_as(AT_ONCE, older_than(3600)).await;
    assert!(matches!(young.result, Ok(Rotated::Fresh)), "{young:?}");
    assert_eq!((site.delivered(), young.exit()), (key.clone(), 0));
    let old = site.run_as(AT_ONCE, older_than(0)).await;
    assert!(matches!(old.result, Ok(Rotated::New { .. })) && site.delivered() != key);
}

#[tokio::test]
async fn an_unfinished_rotation_is_finished_however_young_its_key_is() {
    let site = Scene::new().start().await;
    site.run(Way::Later).await;
    let story = site.run_as(AT_ONCE, older_than(3600)).await;
    assert_eq!((story.retired(), site.device.api_users()), (vec!["tf"], vec!["tf-b".to_owned()]));
}

#[tokio::test]
async fn while_one_rotation_is_at_work_another_one_and_a_mint_are_told_to_wait() {
    let site = Scene::new().start().await;
    for name in ["tf", "tf-a", "tf-b"] {
        let lock = Journal::at(site.path("journal")).lock(SERIAL, name).unwrap();
        let story = site.run(AT_ONCE).await;
        assert!(matches!(story.error(), MintError::Journal(JournalError::Busy { .. })), "{name}: {story:?}");
        assert_eq!((story.exit(), site.device.api_users()), (1, vec!["tf".to_owned()]));
        drop(lock);
    }
    let (one, other) = tokio::join!(site.run(AT_ONCE), site.run(Way::Grace(Duration::from_millis(700))));
    let mut ends = [one.exit(), other.exit()];
    ends.sort_unstable();
    assert!(ends[0] == 0, "{:?} {:?}", one.said(), other.said());
    assert_eq!(site.user_in_use(), site.device.api_users().pop(), "one user is left, and its key is delivered");
}

#[tokio::test]
async fn a_mint_whose_key_is_in_the_escrow_is_not_rotated_over() {
    use fgtkey::journal::{Planned, State};
    let site = Scene::new().start().await;
    let escrow = site.path("escrow-file");
    std::fs::write(&escrow, "").unwrap();
    let journal = Journal::at(site.path("journal"));
    let planned = Planned {
        lent: None,
        run: None,
        verb: "mint".into(),
        device: "fw1".into(),
        host: "127.0.0.1".into(),
        port: 22,
        serial: SERIAL.into(),
        api_user: "tf".into(),
        retires: None,
        before: Default::default(),
        edits: Vec::new(),
        destinations: Vec::new(),
    };
    let mut run = journal.begin(planned).await.unwrap();
    run.enter(State::Generating { escrow: escrow.clone() }).await.unwrap();
    run.enter(State::Issued { escrow: Some(escrow), generated_at: jiff::Timestamp::now() }).await.unwrap();
    drop(run);
    let story = site.run(AT_ONCE).await;
    assert_eq!((story.exit(), site.device.api_users()), (1, vec!["tf".to_owned()]), "{:?}", story.said());
}

#[tokio::test]
async fn a_secondary_member_of_a_cluster_is_neither_rotated_nor_finished_and_the_person_is_sent_to_the_primary() {
    for (way, current) in [(AT_ONCE, None), (Way::Later, None), (Way::InPlace, None), (Way::Finish, Some("tf-b"))] {
        let users = if way == Way::Finish { vec!["tf", "tf-b"] } else { vec!["tf"] };
        let keyed = users.iter().map(|user| (*user).to_owned()).collect();
        let mut scene =
            Scene::new().with_users(&users).with(|spec| (spec.ha, spec.keyed_users) = (Ha::Secondary, keyed));
        scene.keyed = false;
        let site = scene.start().await;
        let before = site.device.config_text();
        let story = site.run_as(way, |rotate| rotate.current = current.map(str::to_owned)).await;
        let (_, text) = story.said();
        assert!(text.contains("connect to the cluster's address or to the primary member"), "{way:?}: {text}");
        let reads = |line: &String| line.starts_with("show ") || line.starts_with("get ");
        assert!(story.commands.iter().all(reads), "{way:?}: {:?}", story.commands);
        assert_eq!(site.device.config_text(), before);
    }
}

#[tokio::test]
async fn a_rotation_warns_of_a_fortimanager_and_of_what_is_known_of_a_clusters_keys() {
    let site = Scene::new().with(|spec| spec.ha = Ha::Primary).start().await;
    super::scene::type_in(
        &site.device,
        "config system central-management\nset type fortimanager\nset fmg 192.0.2.9\nend\n",
    );
    let story = site.run(AT_ONCE).await;
    let warned: Vec<_> = story
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Warning(Warning::CentrallyManaged { fmg }) => fmg.clone(),
            Event::Warning(Warning::HaMember { keys_follow, .. }) => Some(keys_follow.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(warned, ["false", "192.0.2.9"]);
}
