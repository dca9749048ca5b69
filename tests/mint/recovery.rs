//! A second fault, while the first one is recovered from.

use std::time::Duration;

use fgtkey::sim::{DeviceSpec, Password};
use fgtkey::ssh::DialError;
use fgtkey::verbs::Event;
use fgtkey::verbs::failure::{Left, MintError, Remains};

use super::cases::all;
use super::scene::{OTHER_OBJECTS, RIGHT_OBJECTS, Reconnect, Scene, Start};
use super::story::type_in;

/// The lines that follow a fault at the last commit: the status, both reads, what takes back, both reads.
#[tokio::test]
async fn a_second_fault_at_any_line_of_the_recovery_leaves_nothing_unsaid() {
    let starts: [Start; 4] = [
        ("a new user", Scene::new),
        ("objects to alter", || Scene::new().having(OTHER_OBJECTS)),
        ("a key to replace, with VDOMs", || Scene::new().with_vdoms().having(OTHER_OBJECTS).replacing_a_key()),
        ("a new user on 7.6", || Scene::new().on("7.6.4")),
    ];
    let mut cases = Vec::new();
    for (name, scene) in starts {
        let setup = scene().device().0.commands().len();
        let clean = scene().run().await;
        let commit = setup + clean.commands.iter().rposition(|line| line == "end" || line == "next").unwrap();
        let commit = if name.contains("VDOMs") { commit - 4 } else { commit } + 1;
        for first in ["drop-after", "refuse"] {
            for (second, more) in
                ["drop", "refuse", "hang-after", "cut:30"].into_iter().flat_map(|f| (1..24).map(move |m| (f, m)))
            {
                let faults = [format!("{commit}={first}"), format!("{}={second}", commit + more)];
                cases.push((format!("{name}: {}", faults.join(" and ")), async move {
                    let within = Duration::from_millis(if second.starts_with("hang") { 700 } else { 20_000 });
                    let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
                    scene().with_faults(&faults).silent_after(within).run().await.keeps_its_promises()
                }));
            }
        }
    }
    all(cases).await;
}

#[tokio::test]
async fn faults_that_do_not_end_leave_a_person_with_the_cli_that_mends_it() {
    let faults = ["show system api-user#2=drop", "delete tf#1=drop", "delete tf#2=drop"];
    let story = Scene::new().with_faults(&faults).run().await;
    let Left::NeedsPerson { what: Remains::NotTakenBack(error), mend: Some(mend) } = story.left() else {
        panic!("{:?}", story.left())
    };
    assert!(matches!(**error, MintError::Fault(_)), "{error:?}");
    let mend = mend.to_string();
    assert!(mend.contains("delete tf") && mend.contains("system accprofile"), "{mend}");
    story.keeps_its_promises().unwrap();
}

#[tokio::test]
async fn a_profile_that_somebody_else_began_to_use_stays_and_is_told() {
    let faults = ["execute api-user generate-key#*=refuse"];
    let scene = Scene::new().with_faults(&faults);
    let (device, key) = scene.device();
    let other = device.clone();
    let scene = scene.hooked(move |event| {
        if matches!(event, Event::Line(line) if line.starts_with("execute api-user")) {
            type_in(&other, "config system admin\nedit ops\nset accprofile tf\nset password x\nnext\nend");
        }
    });
    let story = scene.run_on(device, key).await;
    let Left::NeedsPerson { what: Remains::NotTakenBack(error), mend: Some(mend) } = story.left() else {
        panic!("{:?}", story.left())
    };
    assert!(error.to_string().contains("is used by other 1 entries"), "{error}");
    assert!(!mend.to_string().contains("api-user"), "the user is gone already: {mend}");
    assert_eq!(story.device.api_users(), Vec::<String>::new());
}

#[tokio::test]
async fn what_another_administrator_did_meanwhile_is_left_alone() {
    let faults = ["execute api-user generate-key#*=refuse"];
    let scene = Scene::new().having(RIGHT_OBJECTS).with_faults(&faults);
    let (device, key) = scene.device();
    let other = device.clone();
    let scene = scene.hooked(move |event| {
        if matches!(event, Event::Line(line) if line.starts_with("execute api-user")) {
            type_in(&other, "config system accprofile\nedit tf\nset netgrp read\nend");
        }
    });
    let story = scene.run_on(device, key).await;
    assert!(matches!(story.left(), Left::Untouched), "{:?}", story.left());
    assert_eq!(story.device.profile("tf").unwrap().get("netgrp").map(String::as_str), Some("read"));
}

/// The session is lost behind the commit of the profile.
fn lost() -> Scene {
    Scene::new().with_faults(&["config system api-user=drop"])
}

fn unreached(scene: &super::story::Story) -> &MintError {
    match scene.remains() {
        Remains::Unreached(error) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_device_that_cannot_be_reached_again_is_left_to_a_person() {
    for reconnect in [Reconnect::Refused, Reconnect::Closed] {
        let story = lost().then_meeting([reconnect]).run().await;
        assert!(matches!(unreached(&story), MintError::Dial(_)), "{:?}", story.remains());
        story.keeps_its_promises().unwrap();
    }
}

#[tokio::test]
async fn a_connection_that_fails_once_is_tried_again() {
    let spec = DeviceSpec { serial: "FG100FTK00000000".into(), ..DeviceSpec::default() };
    let story = lost().then_meeting([Reconnect::Closed, Reconnect::To(Box::new(spec))]).run().await;
    // The successor has the serial number of the device, and nothing to take back.
    assert!(matches!(story.left(), Left::Untouched), "{:?}", story.left());
}

#[tokio::test]
async fn another_device_at_the_address_is_not_touched_and_is_told() {
    let other = DeviceSpec { serial: "FG100FTK00000001".into(), ..DeviceSpec::default() };
    for fault in ["config system api-user=drop", "execute api-user generate-key=cut:5"] {
        let story =
            Scene::new().with_faults(&[fault]).then_meeting([Reconnect::To(Box::new(other.clone()))]).run().await;
        assert!(matches!(story.remains(), Remains::OtherDevice { serial } if serial == "FG100FTK00000001"));
        story.keeps_its_promises().unwrap();
    }
}

#[tokio::test]
async fn a_refused_login_is_never_tried_again() {
    let mut other = DeviceSpec::default();
    other.admins[0].password = Some(Password::new("changed meanwhile"));
    for fault in ["config system api-user=drop", "execute api-user generate-key=cut:5"] {
        let story =
            Scene::new().with_faults(&[fault]).then_meeting([Reconnect::To(Box::new(other.clone()))]).run().await;
        assert!(matches!(unreached(&story), MintError::Dial(DialError::Refused { .. })), "{:?}", story.remains());
        let failures = &story.others[0].counters().failures;
        assert_eq!(failures.load(std::sync::atomic::Ordering::Relaxed), 1, "three lock the address out");
        story.keeps_its_promises().unwrap();
    }
}
