//! To and fro between two API users that are the same but for their names and keys.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use fgtkey::fortios::plan::PlanError;
use fgtkey::sim::{CfgSave, Ha};
use fgtkey::verbs::Event;
use fgtkey::verbs::failure::MintError;
use fgtkey::verbs::rotate::{Rotated, Way};

use super::api::Consumer;
use super::scene::{AT_ONCE, Scene, Site};

/// The only API user, with its name and key left out.
fn shape(site: &Site) -> String {
    let [_] = site.device.api_users().try_into().unwrap();
    let text = site.device.config_text();
    let (_, users) = text.split_once("config system api-user").unwrap();
    let lines = users.lines().filter(|line| !line.contains("api-key") && !line.starts_with("    edit"));
    lines.fold(String::new(), |text, line| text + line + "\n")
}

async fn six_rounds(scene: Scene) {
    let site = scene.start().await;
    let before = shape(&site);
    let profile = site.device.profile("tf");
    for expected in ["tf-b", "tf-a", "tf-b", "tf-a", "tf-b", "tf-a"] {
        let old = site.delivered();
        let story = site.run(AT_ONCE).await;
        assert!(story.result.is_ok(), "{:?}", story.error());
        story.keeps_its_promises(&site).unwrap();
        assert_eq!(site.user_in_use().as_deref(), Some(expected));
        assert_eq!(site.device.api_users(), [expected]);
        assert_eq!(site.device.user_of_key(&old), None);
        assert_eq!(shape(&site), before);
    }
    assert_eq!(site.device.profile("tf"), profile);
    assert_eq!(site.escrowed(), [] as [std::path::PathBuf; 0]);
}

#[tokio::test]
async fn six_rotations_go_to_and_fro_and_change_nothing_but_name_and_key() {
    six_rounds(Scene::new()).await;
}

#[tokio::test]
async fn six_rotations_on_a_device_with_vdoms() {
    six_rounds(Scene::new().with_vdoms()).await;
}

#[tokio::test]
async fn six_rotations_on_7_6_which_asks_for_the_password_and_on_8_0() {
    six_rounds(Scene::new().on("7.6.4")).await;
    six_rounds(Scene::new().on("8.0.0").with_vdoms()).await;
    six_rounds(Scene::new().trap("admin-password")).await;
}

#[tokio::test]
async fn the_old_key_works_until_it_is_retired_and_the_new_one_before_that() {
    let site = Scene::new().start().await;
    let consumer = Consumer::of(&site.device, &site.https);
    assert_eq!(consumer.asks(site.key()).await, 200);
    let seen = Arc::new(Mutex::new(None));
    let (device, told) = (site.device.clone(), Arc::clone(&seen));
    let (old, path) = (site.key().to_owned(), site.destination());
    let hook = move |event: &Event| {
        if matches!(event, Event::Grace { .. }) {
            let text = std::fs::read_to_string(&path).unwrap();
            let new = text.lines().find_map(|line| line.strip_prefix("FORTIOS_ACCESS_TOKEN=")).unwrap();
            *told.lock().unwrap() = Some((device.user_of_key(&old), device.user_of_key(new)));
        }
    };
    let story = site.run_hooked(AT_ONCE, |_| (), Box::new(hook)).await;
    assert_eq!(*seen.lock().unwrap(), Some((Some("tf".into()), Some("tf-b".into()))));
    assert_eq!(story.retired(), ["tf"]);
    assert_eq!((consumer.asks(site.key()).await, consumer.asks(&site.delivered()).await), (401, 200));
    assert!(site.device.profile("tf").is_some(), "the new API user has the profile");
}

#[tokio::test]
async fn a_user_that_is_there_without_a_key_is_made_the_same_first() {
    let site = Scene::new().start().await;
    super::scene::type_in(
        &site.device,
        "config system api-user\nedit tf-b\nset accprofile prof_admin\nset cors-allow-origin https://x\n\
         config trusthost\nedit 1\nset ipv4-trusthost 10.0.0.0 255.0.0.0\nnext\nend\nnext\nend\n",
    );
    let wanted = site.device.api_user("tf").unwrap();
    assert!(site.run(AT_ONCE).await.result.is_ok());
    let made = site.device.api_user("tf-b").unwrap();
    assert_eq!((made.trusted_hosts, site.device.api_users()), (wanted.trusted_hosts, vec!["tf-b".to_owned()]));
    assert!(!site.device.config_text().contains("cors-allow-origin"));
}

#[tokio::test]
async fn a_device_that_saves_by_hand_is_saved_with_consent_and_keeps_everything_over_a_restart() {
    let site = Scene::new().with(|spec| spec.cfg_save = CfgSave::Manual).start().await;
    let story = site.run(AT_ONCE).await;
    assert!(matches!(story.error(), MintError::Plan(PlanError::Unsaved(_))), "{:?}", story.error());
    assert_eq!(site.device.api_users(), ["tf"]);
    let story = site.run_as(AT_ONCE, |rotate| rotate.consent.save = true).await;
    assert!(story.result.is_ok(), "{:?}", story.error());
    assert!(!site.device.has_unsaved_changes());
    site.device.restart();
    assert_eq!((site.device.api_users(), site.user_in_use()), (vec!["tf-b".to_owned()], Some("tf-b".into())));
}

#[tokio::test]
async fn a_device_that_makes_no_keys_or_is_no_primary_is_left_alone() {
    for (fips, ha, expected) in
        [(true, Ha::Standalone, PlanError::Fips), (false, Ha::Secondary, PlanError::HaSecondary)]
    {
        let with_key = vec!["tf".to_owned()];
        let mut scene = Scene::new().with(|spec| (spec.fips, spec.ha, spec.keyed_users) = (fips, ha, with_key));
        scene.keyed = false;
        let site = scene.start().await;
        for way in [AT_ONCE, Way::InPlace] {
            let story = site.run(way).await;
            assert!(matches!(story.error(), MintError::Plan(error) if *error == expected), "{:?}", story.error());
            assert_eq!((story.exit(), site.device.api_users()), (1, vec!["tf".to_owned()]));
        }
    }
}

#[tokio::test]
async fn an_expiry_is_given_to_the_new_key() {
    let site = Scene::new().on("7.6.4").start().await;
    let expires = |rotate: &mut fgtkey::verbs::rotate::Rotate| rotate.expires = Some("7d".parse().unwrap());
    let story = site.run_as(AT_ONCE, expires).await;
    assert!(story.commands.iter().any(|line| line.starts_with("execute api-user generate-key tf-b 10080")));
    let Ok(Rotated::New { record, .. }) = &story.result else { panic!("{:?}", story.error()) };
    let age = record.expires_at.unwrap().duration_since(record.generated_at);
    assert_eq!(age.as_secs(), Duration::from_hours(24 * 7).as_secs() as i64);
    let old = Scene::new().start().await;
    let refused = old.run_as(AT_ONCE, expires).await;
    assert_eq!((refused.exit(), old.device.api_users()), (1, vec!["tf".to_owned()]));
}

#[tokio::test]
async fn the_old_user_stays_until_somebody_finishes_it() {
    let site = Scene::new().start().await;
    let story = site.run(Way::Later).await;
    story.keeps_its_promises(&site).unwrap();
    assert_eq!((story.retired(), site.device.api_users()), (vec![], vec!["tf".to_owned(), "tf-b".to_owned()]));
    assert!(site.device.key_is_live("tf", site.key()));
    let finish = site.run(Way::Finish).await;
    finish.keeps_its_promises(&site).unwrap();
    assert_eq!((finish.retired(), site.device.api_users()), (vec!["tf"], vec!["tf-b".to_owned()]));
    assert!(!finish.commands.iter().any(|line| line.contains("generate-key tf-b")));
    let again = site.run(Way::Finish).await;
    assert!(matches!(again.result, Ok(Rotated::Finished { ref retired }) if retired.is_empty()), "{again:?}");
}
