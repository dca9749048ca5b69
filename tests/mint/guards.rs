//! Devices and requests that are refused, or done with a word on them.

use fgtkey::fortios::plan::PlanError;
use fgtkey::fortios::status::StatusError;
use fgtkey::fortios::version::Version;
use fgtkey::session::fault::{Fault, FaultKind};
use fgtkey::sim::{CfgSave, Ha, OtherSession};
use fgtkey::verbs::Event;
use fgtkey::verbs::event::Warning;
use fgtkey::verbs::failure::{Left, MintError};
use fgtkey::verbs::survey::SurveyError;

use super::scene::{NAME, RIGHT_OBJECTS, Scene};
use super::story::Story;

async fn refused(scene: Scene) -> Story {
    let story = scene.run().await;
    assert!(matches!(story.left(), Left::Untouched), "{:?}", story.left());
    assert_eq!(story.config_lines(), Vec::<&str>::new());
    assert_eq!(story.delivered(), None);
    story.keeps_its_promises().unwrap();
    story
}

async fn not_planned(scene: Scene) -> PlanError {
    match refused(scene).await.error() {
        MintError::Plan(error) => error.clone(),
        other => panic!("{other:?}"),
    }
}

async fn minted(scene: Scene) -> Story {
    let story = scene.run().await;
    assert!(story.is_done(), "{:?}", story.error());
    story.keeps_its_promises().unwrap();
    story
}

fn warned(story: &Story, warning: &Warning) -> bool {
    story.events.iter().any(|event| matches!(event, Event::Warning(told) if told == warning))
}

#[tokio::test]
async fn a_secondary_member_of_a_cluster_is_refused() {
    for version in ["6.0.4", "7.4.8", "7.6.7"] {
        let mut scene = Scene::new().on(version);
        scene.spec.ha = Ha::Secondary;
        assert_eq!(not_planned(scene).await, PlanError::HaSecondary, "{version}");
    }
    let mut scene = Scene::new();
    scene.spec.ha = Ha::Primary;
    let story = minted(scene).await;
    assert!(story.events.iter().any(|event| matches!(event, Event::Warning(Warning::HaMember { .. }))));
}

#[tokio::test]
async fn a_device_in_fips_mode_is_refused() {
    let mut scene = Scene::new();
    scene.spec.fips = true;
    assert_eq!(not_planned(scene).await, PlanError::Fips);
}

#[tokio::test]
async fn a_device_that_does_not_save_by_itself_is_left_alone_without_save() {
    for (mode, word) in [(CfgSave::Manual, "manual"), (CfgSave::Revert, "revert")] {
        let mut scene = Scene::new();
        scene.spec.cfg_save = mode;
        let error = not_planned(scene).await;
        assert!(matches!(error, PlanError::Unsaved(found) if found.word() == word), "{error:?}");
    }
}

#[tokio::test]
async fn with_save_the_key_outlives_a_restart() {
    for vdoms in [false, true] {
        let mut scene = if vdoms { Scene::new().with_vdoms() } else { Scene::new() };
        scene.spec.cfg_save = CfgSave::Manual;
        scene.consent.save = true;
        let story = minted(scene).await;
        assert!(warned(&story, &Warning::SavedPending));
        story.device.restart();
        story.has_delivered_the_live_key().unwrap();
    }
}

#[tokio::test]
async fn a_save_that_fails_is_told_and_the_key_is_delivered() {
    for fault in ["execute cfg save#*=refuse", "execute cfg save#*=drop"] {
        let mut scene = Scene::new().with_faults(&[fault]);
        scene.spec.cfg_save = CfgSave::Revert;
        scene.consent.save = true;
        let story = scene.run().await;
        assert!(matches!(story.error(), MintError::Unsaved(_)), "{:?}", story.error());
        assert!(matches!(story.left(), Left::Unsaved));
        story.has_delivered_the_live_key().unwrap();
    }
}

#[tokio::test]
async fn a_session_that_is_lost_behind_the_key_is_opened_again_to_save() {
    let mut scene = Scene::new().with_faults(&["execute api-user generate-key=cut:120"]);
    scene.spec.cfg_save = CfgSave::Manual;
    scene.consent.save = true;
    let story = minted(scene).await;
    assert!(!story.device.has_unsaved_changes());
}

#[tokio::test]
async fn a_profile_that_is_only_named_has_to_be_there() {
    let mut scene = Scene::new();
    scene.flags.grants.clear();
    scene.flags.profile = Some("ops".into());
    assert_eq!(not_planned(scene).await, PlanError::NoProfile { profile: "ops".into() });
}

#[tokio::test]
async fn a_built_in_profile_is_used_as_it_is() {
    for version in ["7.4.8", "7.6.4"] {
        let mut scene = Scene::new().on(version);
        scene.flags.grants.clear();
        scene.flags.profile = Some("super_admin".into());
        scene.flags.allow_weak = true;
        let story = minted(scene).await;
        assert_eq!(story.device.api_user(NAME).unwrap().accprofile, "super_admin");
        assert!(!story.commands.iter().any(|line| line == "config system accprofile"));
    }
}

const SHARED: &str = "config system accprofile\nedit tf\nset sysgrp read\nnext\nend\n\
    config system api-user\nedit other\nset accprofile tf\nnext\nend\n";

#[tokio::test]
async fn a_profile_that_others_use_is_not_altered_unasked() {
    let mut scene = Scene::new();
    scene.spec.config = SHARED.into();
    let error = not_planned(scene).await;
    let PlanError::SharedProfile { profile, users } = error else { panic!("{error:?}") };
    assert_eq!((profile.as_str(), users), ("tf", vec!["the API user other".to_owned()]));
    let mut scene = Scene::new();
    scene.spec.config = SHARED.into();
    scene.consent.change_shared_profile = true;
    minted(scene).await;
}

#[tokio::test]
async fn an_administrator_with_the_profile_counts_as_somebody_who_uses_it() {
    let mut scene = Scene::new().having(RIGHT_OBJECTS);
    scene.flags.grants.push("netgrp=read".into());
    scene.spec.admins.push(fgtkey::sim::Admin { name: "ops".into(), accprofile: "tf".into(), ..Default::default() });
    let error = not_planned(scene).await;
    assert!(matches!(&error, PlanError::SharedProfile { users, .. } if users[0].contains("ops")), "{error:?}");
}

#[tokio::test]
async fn auto_is_the_address_that_the_device_sees_and_not_our_own() {
    for (version, seen) in [
        ("6.0.4", None),
        ("7.4.8", None),
        ("7.4.8", Some("198.51.100.7:40022")),
        ("8.0.0", Some("[2001:db8::7]:40022")),
    ] {
        let mut scene = Scene::new().on(version);
        scene.flags.trusted_hosts = vec!["auto".into()];
        scene.spec.seen_from = seen.map(|seen| seen.parse().unwrap());
        let story = minted(scene).await;
        let host = match seen {
            None => "127.0.0.1 255.255.255.255",
            Some(v4) if v4.starts_with("198") => "198.51.100.7 255.255.255.255",
            Some(_) => "2001:db8::7/128",
        };
        assert_eq!(story.device.api_user(NAME).unwrap().trusted_hosts, [host], "{version}");
    }
}

fn other_session() -> OtherSession {
    OtherSession {
        user: "admin".into(),
        local: "ssh".into(),
        device: "port1:192.0.2.1:22".into(),
        profile: "super_admin".into(),
        remote: "198.51.100.20:50122".into(),
    }
}

/// Where the device does not tell the own session, its list of all sessions is left.
fn without_own_status(scene: Scene) -> Scene {
    let mut scene = scene.with_faults(&["get system admin status#*=refuse:command parse error before 'status'"]);
    scene.flags.trusted_hosts = vec!["auto".into()];
    scene
}

#[tokio::test]
async fn without_its_own_status_a_session_is_found_by_its_port_or_by_being_the_only_one() {
    let mut by_port = without_own_status(Scene::new());
    by_port.spec.other_sessions = vec![other_session()];
    let story = minted(by_port).await;
    assert_eq!(story.device.api_user(NAME).unwrap().trusted_hosts, ["127.0.0.1 255.255.255.255"]);
    let mut only = without_own_status(Scene::new());
    only.spec.seen_from = Some("198.51.100.7:40022".parse().unwrap());
    let story = minted(only).await;
    assert_eq!(story.device.api_user(NAME).unwrap().trusted_hosts, ["198.51.100.7 255.255.255.255"]);
}

#[tokio::test]
async fn an_own_session_that_cannot_be_told_is_refused_with_the_candidates() {
    let mut scene = without_own_status(Scene::new());
    scene.spec.other_sessions = vec![other_session()];
    scene.spec.seen_from = Some("198.51.100.7:40022".parse().unwrap());
    let error = not_planned(scene).await.to_string();
    assert!(error.contains("198.51.100.20 or 198.51.100.7"), "{error}");
}

#[tokio::test]
async fn a_request_that_the_version_cannot_have_is_refused() {
    for version in ["7.4.8", "7.6.4", "8.0.0"] {
        let mut scene = Scene::new().on(version);
        scene.flags.expires = Some("30d".into());
        let error = not_planned(scene).await;
        assert!(matches!(error, PlanError::Request(_)), "{version}: {error:?}");
    }
}

#[tokio::test]
async fn a_newer_release_is_taken_for_the_newest_known_with_a_warning() {
    for version in [Version::new(8, 0, 9), Version::new(9, 0, 1)] {
        let mut scene = Scene::new();
        scene.spec.version = version;
        let story = minted(scene).await;
        assert!(warned(&story, &Warning::NewerThanKnown(version)), "{version}: {:?}", story.events);
    }
}

#[tokio::test]
async fn a_release_older_than_6_0_is_refused() {
    let story = refused(Scene::new().on("5.6.3")).await;
    let MintError::Survey(SurveyError::Status(error)) = story.error() else { panic!("{:?}", story.error()) };
    assert_eq!(error, &StatusError::TooOld(Version::new(5, 6, 3)));
}

#[tokio::test]
async fn a_sister_product_is_refused() {
    let mut scene = Scene::new();
    scene.spec.model = "FortiAnalyzer-200F".into();
    let story = refused(scene).await;
    let error = story.error();
    assert!(matches!(error, MintError::Survey(SurveyError::Status(StatusError::NotFortiGate(_)))), "{error:?}");
}

#[tokio::test]
async fn an_administrator_who_may_not_do_it_is_told_by_the_devices_own_words() {
    let mut scene = Scene::new();
    scene.spec.admins[0].accprofile = "viewer".into();
    scene.spec.config = "config system accprofile\nedit viewer\nset sysgrp read\nnext\nend\n".into();
    let story = scene.run().await;
    assert!(!story.is_done());
    story.keeps_its_promises().unwrap();
    story.is_as_before().unwrap();
}

#[tokio::test]
async fn a_full_table_takes_the_profile_back() {
    let mut scene = Scene::new();
    scene.spec.limits.insert("system api-user".into(), 0);
    let story = scene.run().await;
    let error = story.error();
    assert!(matches!(error, MintError::Fault(Fault { kind: FaultKind::Refused(_), .. })), "{error:?}");
    assert!(
        matches!(story.left(), Left::Undone(objects) if objects == &["system accprofile tf"]),
        "{:?}",
        story.left()
    );
    story.keeps_its_promises().unwrap();
}

#[tokio::test]
async fn a_vdom_that_does_not_exist_is_refused_by_the_device_and_all_is_taken_back() {
    let mut scene = Scene::new().with_vdoms();
    scene.flags.vdoms = vec!["dmz".into()];
    let story = scene.run().await;
    let Left::Undone(_) = story.left() else { panic!("{:?}", story.left()) };
    story.keeps_its_promises().unwrap();
    let mut scene = Scene::new().with_vdoms();
    scene.flags.vdoms = vec!["edge".into()];
    assert_eq!(minted(scene).await.device.api_user(NAME).unwrap().vdoms, ["edge"]);
}

fn above() -> &'static str {
    "config system central-management\nset type fortimanager\nset fmg \"192.0.2.9\"\nend\n"
}

#[tokio::test]
async fn a_fortimanager_above_the_device_is_warned_of() {
    let warning = Warning::CentrallyManaged { fmg: Some("192.0.2.9".into()) };
    for scene in [Scene::new(), Scene::new().with_vdoms(), Scene::new().on("6.0.4")] {
        let story = minted(scene.having(above())).await;
        assert!(warned(&story, &warning), "{:?}", story.events);
    }
    let story = minted(Scene::new()).await;
    assert!(!story.events.iter().any(|event| matches!(event, Event::Warning(Warning::CentrallyManaged { .. }))));
}

#[tokio::test]
async fn a_device_that_does_not_tell_who_manages_it_loses_nothing() {
    for fault in ["show system central-management=refuse", "show system central-management | grep .=refuse"] {
        let clean = minted(Scene::new()).await;
        let story = minted(Scene::new().having(above()).with_faults(&[fault])).await;
        assert_eq!(story.commands, clean.commands, "no read more, no line less");
    }
}

#[tokio::test]
async fn what_is_known_of_keys_in_a_cluster_depends_on_the_release() {
    for (version, keys_follow) in [("6.4.0", false), ("7.4.8", false), ("7.6.4", true), ("8.0.0", true)] {
        let mut scene = Scene::new().on(version);
        scene.spec.ha = Ha::Primary;
        let story = minted(scene).await;
        let told = story.events.iter().find_map(|event| match event {
            Event::Warning(Warning::HaMember { fortios, keys_follow, .. }) => Some((fortios.to_string(), *keys_follow)),
            _ => None,
        });
        assert_eq!(told, Some((version.to_owned(), keys_follow)));
    }
}
