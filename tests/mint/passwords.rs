//! The ways to log in, and the password that FortiOS 7.6 asks for again inside the session.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fgtkey::secret::Secret;
use fgtkey::session::fault::FaultKind;
use fgtkey::sim::{Listen, Methods};
use fgtkey::ssh::{DialOptions, PasswordSource, Person};
use fgtkey::verbs::failure::{Left, MintError};
use russh::keys::ssh_key::LineEnding;
use russh::keys::{Algorithm, PrivateKey};

use super::scene::{RIGHT_OBJECTS, Scene, with_password};
use super::story::{Story, type_in};

/// We log in with a key; where a password comes from is another matter.
fn with_key(mut scene: Scene, password: PasswordSource, person: Person) -> Scene {
    let key = PrivateKey::random(&mut russh::keys::key::safe_rng(), Algorithm::Ed25519).unwrap();
    let file = scene.directory().join("id_ed25519");
    key.write_openssh_file(&file, LineEnding::LF).unwrap();
    scene.spec.admins[0].public_keys = vec![key.public_key().to_openssh().unwrap()];
    scene.login = DialOptions { identities: vec![file], password, person, ..DialOptions::default() };
    scene
}

fn minted(story: &Story) {
    assert!(story.is_done(), "{:?}", story.error());
    story.keeps_its_promises().unwrap();
}

fn fault(story: &Story) -> &FaultKind {
    match story.error() {
        MintError::Fault(fault) => &fault.kind,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_password_that_logged_in_answers_the_question() {
    for version in ["7.6.0", "7.6.7", "8.0.0"] {
        minted(&Scene::new().on(version).run().await);
        minted(&Scene::new().on(version).with_vdoms().run().await);
    }
}

#[tokio::test]
async fn a_login_by_key_fetches_the_password_from_its_source_when_it_is_asked_for() {
    let file_scene = || {
        let scene = Scene::new().on("7.6.4");
        let file = scene.directory().join("password");
        std::fs::write(&file, "admin\n").unwrap();
        (scene, PasswordSource::File(file))
    };
    for start in ["", RIGHT_OBJECTS] {
        let (scene, source) = file_scene();
        minted(&with_key(scene.having(start), source, Person::nobody()).run().await);
        let command = PasswordSource::Command("echo admin".into());
        minted(&with_key(Scene::new().on("7.6.4").having(start), command, Person::nobody()).run().await);
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let person = Person::answering(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            Ok(Secret::new("admin"))
        });
        minted(&with_key(Scene::new().on("7.6.4").having(start), PasswordSource::AskLast, person).run().await);
        assert_eq!(asked.load(Ordering::Relaxed), 1, "a person is asked once");
    }
}

#[tokio::test]
async fn a_login_by_key_needs_no_password_where_none_is_asked_for() {
    minted(&with_key(Scene::new(), PasswordSource::AskLast, Person::nobody()).run().await);
}

#[tokio::test]
async fn with_nobody_to_ask_the_question_is_the_error_and_the_device_is_clean() {
    for source in [PasswordSource::AskLast, PasswordSource::None] {
        for start in ["", RIGHT_OBJECTS] {
            let story = with_key(Scene::new().on("7.6.4").having(start), source.clone(), Person::nobody()).run().await;
            assert_eq!(fault(&story), &FaultKind::NoPassword);
            assert!(matches!(story.left(), Left::Untouched | Left::Undone(_)), "{:?}", story.left());
            story.keeps_its_promises().unwrap();
        }
    }
}

#[tokio::test]
async fn a_source_that_fails_is_the_error_and_the_device_is_clean() {
    let source = PasswordSource::Command("exit 3".into());
    let story = with_key(Scene::new().on("7.6.4"), source, Person::nobody()).run().await;
    assert!(matches!(story.error(), MintError::Password(_)), "{:?}", story.error());
    story.keeps_its_promises().unwrap();
}

#[tokio::test]
async fn a_wrong_password_inside_the_session_is_given_once() {
    for start in ["", RIGHT_OBJECTS] {
        let source = PasswordSource::Command("echo wrong".into());
        let story = with_key(Scene::new().on("7.6.4").having(start), source, Person::nobody()).run().await;
        let kind = fault(&story);
        assert!(matches!(kind, FaultKind::WrongPassword | FaultKind::Refused(_)), "{kind:?}");
        assert!(matches!(story.left(), Left::Untouched | Left::Undone(_)), "{:?}", story.left());
        story.keeps_its_promises().unwrap();
    }
}

#[tokio::test]
async fn a_device_that_asks_although_its_version_does_not_is_met_with_care() {
    for vdoms in [false, true] {
        let mut scene = if vdoms { Scene::new().with_vdoms() } else { Scene::new() };
        scene.spec.traps.asks_admin_password = Some(true);
        minted(&scene.run().await);
        let mut scene = with_key(Scene::new(), PasswordSource::Command("echo admin".into()), Person::nobody());
        scene.spec.traps.asks_admin_password = Some(true);
        minted(&scene.run().await);
    }
}

#[tokio::test]
async fn a_device_that_asks_unexpectedly_is_taken_back_with_care_too() {
    let mut scene = Scene::new().having(super::scene::OTHER_OBJECTS).with_faults(&["execute api-user#*=refuse"]);
    scene.spec.traps.asks_admin_password = Some(true);
    let story = scene.run().await;
    assert!(matches!(story.left(), Left::Undone(objects) if objects.len() == 2), "{:?}", story.left());
    story.keeps_its_promises().unwrap();
}

#[tokio::test]
async fn one_method_is_enough() {
    let only = |methods: Methods| Listen { methods, ..Listen::default() };
    let none = Methods { password: false, publickey: false, keyboard_interactive: false };
    let mut scene = Scene::new().on("7.6.4");
    scene.listen = only(Methods { keyboard_interactive: true, ..none });
    minted(&scene.run().await);
    let mut scene = with_key(Scene::new(), PasswordSource::AskLast, Person::nobody());
    scene.listen = only(Methods { publickey: true, ..none });
    minted(&scene.run().await);
}

#[tokio::test]
async fn a_wrong_password_costs_one_attempt() {
    let mut scene = Scene::new();
    scene.login = with_password("wrong");
    let story = scene.run().await;
    assert!(matches!(story.error(), MintError::Dial(_)), "{:?}", story.error());
    assert_eq!(story.failed_logins(), 1);
    assert!(type_in(&story.device, "get system status").contains("FortiGate"));
}
