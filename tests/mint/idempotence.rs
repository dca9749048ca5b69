//! What is right already is not sent again.

use fgtkey::fortios::plan::PlanError;
use fgtkey::verbs::failure::{Left, MintError};

use super::scene::{NAME, OTHER_OBJECTS, RIGHT_OBJECTS, Scene};

#[tokio::test]
async fn a_second_mint_sends_no_line_of_configuration() {
    for (version, vdoms) in [("6.0.4", false), ("7.4.8", true), ("7.6.4", false), ("8.0.0", true)] {
        let scene = || if vdoms { Scene::new().on(version).with_vdoms() } else { Scene::new().on(version) };
        let first = scene().run().await;
        first.keeps_its_promises().unwrap();
        assert!(first.is_done(), "{version}: {:?}", first.error());
        let commits = first.device.commits().len();
        let mut again = scene();
        again.consent.replace_key = true;
        let second = again.run_on(first.device.clone(), first.delivered()).await;
        second.keeps_its_promises().unwrap();
        assert_eq!(second.config_lines(), Vec::<&str>::new(), "{version}");
        assert_eq!(second.device.commits().len(), commits);
        assert_ne!(second.delivered(), first.delivered());
        let changes = second.result.unwrap().changes;
        assert!(changes.iter().all(|change| change.action == fgtkey::deliver::Action::Unchanged), "{changes:?}");
    }
}

#[tokio::test]
async fn only_the_difference_is_sent() {
    let mut scene = Scene::new().having(RIGHT_OBJECTS);
    scene.flags.trusted_hosts = vec!["10.0.0.1".into(), "10.7.0.0/16".into()];
    scene.flags.grants.push("sysgrp=read-write".into());
    let story = scene.run().await;
    story.keeps_its_promises().unwrap();
    assert_eq!(
        story.config_lines(),
        [
            "config system accprofile",
            "edit tf",
            "set sysgrp read-write",
            "config system api-user",
            "edit tf",
            "config trusthost",
            "delete 2",
            "edit 3",
            "set ipv4-trusthost 10.7.0.0 255.255.0.0",
        ]
    );
}

#[tokio::test]
async fn a_key_that_exists_is_not_replaced_unasked() {
    let mut scene = Scene::new().having(OTHER_OBJECTS).replacing_a_key();
    scene.consent.replace_key = false;
    let story = scene.run().await;
    assert!(matches!(story.error(), MintError::Plan(PlanError::HasKey { user }) if user == NAME));
    assert!(matches!(story.left(), Left::Untouched));
    assert_eq!(story.config_lines(), Vec::<&str>::new());
    story.keeps_its_promises().unwrap();
}

#[tokio::test]
async fn the_way_from_what_is_there_to_what_is_wanted_ends_where_the_way_from_nothing_does() {
    let fresh = Scene::new().run().await.device;
    let altered = Scene::new().having(OTHER_OBJECTS).run().await.device;
    assert_eq!(
        fresh.profile(NAME).map(|mut p| p.remove("comments")),
        altered.profile(NAME).map(|mut p| p.remove("comments").filter(|_| false))
    );
    let hosts = |user: fgtkey::sim::ApiUserState| {
        let mut hosts = user.trusted_hosts;
        hosts.sort();
        hosts
    };
    assert_eq!(fresh.api_user(NAME).map(hosts), altered.api_user(NAME).map(hosts));
}
