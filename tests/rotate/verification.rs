//! The new key is proven before anybody has it.

use fgtkey::sim::Trap;
use fgtkey::verbs::failure::{Left, MintError};
use fgtkey::verbs::rotate::Rotate;
use fgtkey::verbs::verification::Mode;

use super::scene::{AT_ONCE, Scene};

fn proving(mode: Mode) -> impl FnOnce(&mut Rotate) {
    move |rotate| rotate.custody.verification.mode = mode
}

fn trap(name: &str) -> Scene {
    let scene = Scene::new();
    scene.with(|spec| name.parse::<Trap>().unwrap().apply(spec))
}

#[tokio::test]
async fn a_key_that_works_is_delivered_and_the_old_one_retired() {
    let site = Scene::new().trap("https-sha256").start().await;
    for mode in [Mode::Auto, Mode::Require] {
        let story = site.run_as(AT_ONCE, proving(mode)).await;
        story.keeps_its_promises(&site).unwrap();
        assert_eq!(story.exit(), 0, "{:?}", story.said());
        assert!(site.journal_text().contains(r#""verified":true"#));
    }
}

#[tokio::test]
async fn a_key_that_the_api_refuses_is_given_to_nobody_and_its_user_is_removed() {
    let site = trap("https-sha256").trap("https-foreign-keys").start().await;
    for mode in [Mode::Auto, Mode::Require] {
        let story = site.run_as(AT_ONCE, proving(mode)).await;
        assert!(matches!(story.error(), MintError::NotProven(_)), "{:?}", story.error());
        assert!(matches!(story.left(), Left::Undone(objects) if objects == &["system api-user tf-b"]));
        assert_eq!(story.exit(), 1, "{:?}", story.said());
        story.keeps_its_promises(&site).unwrap();
        assert_eq!((site.device.api_users(), site.escrowed().len()), (vec!["tf".to_owned()], 0));
        assert!(!site.destination().exists(), "nothing is delivered");
    }
}

#[tokio::test]
async fn where_nobody_answers_a_required_proof_takes_it_back_and_otherwise_it_goes_on() {
    let site = trap("https-closed").start().await;
    let required = site.run_as(AT_ONCE, proving(Mode::Require)).await;
    assert_eq!((required.exit(), site.device.api_users()), (1, vec!["tf".to_owned()]), "{:?}", required.said());
    required.keeps_its_promises(&site).unwrap();
    let asked = site.run_as(AT_ONCE, proving(Mode::Auto)).await;
    assert_eq!((asked.exit(), site.device.api_users()), (0, vec!["tf-b".to_owned()]), "{:?}", asked.said());
    asked.keeps_its_promises(&site).unwrap();
}
