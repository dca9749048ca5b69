//! What is in the way of a key, and whether it is told rightly.

use fgtkey::verbs::Event;
use fgtkey::verbs::verification::{Mode, TrustChoice};

use crate::scene::{NAME, Scene, generate, type_in};

#[tokio::test]
async fn a_key_that_works_is_proven_and_said_to_be_so() {
    let story = Scene::new().trap(&["https-sha256"]).run().await;
    let told = "the API answered 200; its certificate is the one this device showed over SSH (SHA-256)";
    assert_eq!(story.told(), (Some(true), "", told));
    assert!(
        story.events.iter().any(|event| matches!(event, Event::Verified(verified) if **verified == *story.verified()))
    );
}

#[tokio::test]
async fn a_key_of_a_user_on_a_device_with_vdoms_is_asked_for_where_the_user_may_be() {
    for vdom in ["root", "edge"] {
        assert_eq!(Scene::new().vdom(vdom).run().await.told().0, Some(true), "{vdom}");
    }
}

#[tokio::test]
async fn a_user_that_nobody_names_may_be_in_another_vdom() {
    let story = Scene::new().vdom("edge").with(|scene| scene.named = false).run().await;
    assert_eq!(story.told().0, Some(false));
    assert_eq!(story.told().2, "the API answered 403: the API user may not enter the VDOM root");
    assert!(story.verified().cause.as_ref().unwrap().hint().unwrap().contains("--api-user"));
}

const ELSEWHERE: &str = "set ipv4-trusthost 10.20.0.0 255.255.0.0";

#[tokio::test]
async fn who_may_not_come_from_here_is_told_so_and_the_api_is_not_asked() {
    let story = Scene::new().with(|scene| scene.hosts = vec![ELSEWHERE]).run().await;
    let told = "the device sees you come from 127.0.0.1, which is not among its trusted hosts (10.20.0.0/16)";
    assert_eq!(story.told(), (None, "trusted-host", told));
    assert_eq!((story.requests, &story.verified().mend), (0, &None));
}

#[tokio::test]
async fn who_requires_a_proof_gets_the_lines_that_mend_it() {
    let story = Scene::new().with(|scene| (scene.hosts, scene.mode) = (vec![ELSEWHERE], Mode::Require)).run().await;
    assert_eq!((story.told().0, story.told().1, story.requests), (Some(false), "trusted-host", 1));
    let mend = story.verified().mend.as_ref().unwrap().to_string();
    let lines: Vec<&str> = mend.lines().map(str::trim).collect();
    let expected = [
        "config system api-user",
        "edit tf",
        "config trusthost",
        "edit 2",
        "set ipv4-trusthost 127.0.0.1 255.255.255.255",
        "end",
        "end",
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn the_lines_that_mend_it_do() {
    let scene = Scene::new().vdom("edge").with(|scene| (scene.hosts, scene.mode) = (vec![ELSEWHERE], Mode::Require));
    let site = scene.start().await;
    let story = site.trusting(TrustChoice::Learned).await;
    type_in(&site.device, &story.verified().mend.as_ref().unwrap().to_string());
    let verified = site.device.api_user(NAME).unwrap();
    assert_eq!(verified.trusted_hosts.len(), 2, "{verified:?}");
}

#[tokio::test]
async fn an_old_key_is_told_from_a_wrong_address() {
    let mut site = Scene::new().start().await;
    let old = std::mem::replace(&mut site.key, generate(&site.device));
    site.key = old;
    let story = site.run().await;
    assert_eq!((story.told().0, story.told().1), (Some(false), "key-void"));
    assert!(story.told().2.starts_with("the API answered 401: the API user tf has another key by now"));
}

#[tokio::test]
async fn a_user_without_a_name_on_the_device_is_an_error() {
    let site = Scene::new().start().await;
    type_in(&site.device, &format!("config system api-user\ndelete {NAME}\nend\n"));
    let error = site.run().await.result.unwrap_err().error.to_string();
    assert_eq!(error, "the device has no API user tf");
}

#[tokio::test]
async fn keys_in_urls_that_are_refused_are_known_and_not_in_the_way() {
    let story = Scene::new().run().await;
    assert_eq!((story.told().0, story.verified().key_in_url), (Some(true), Some(false)));
    let site = Scene::new().start().await;
    type_in(&site.device, "config system global\nset rest-api-key-url-query enable\nend\n");
    assert_eq!(site.run().await.verified().key_in_url, Some(true));
}

#[tokio::test]
async fn each_trap_is_told_apart() {
    let cases: [(&[&str], Option<bool>, &str); 7] = [
        (&["https-closed"], None, "port-closed"),
        (&["https-other-port"], None, "port-closed"),
        (&["https-foreign-ca"], None, "certificate"),
        (&["https-foreign-keys", "ha-primary"], Some(false), "ha-role"),
        (&["https-foreign-keys"], Some(false), "key-void"),
        (&["https-403", "https-other-source"], Some(false), "trusted-host"),
        (&["https-serial-line"], Some(true), ""),
    ];
    for (traps, verified, cause) in cases {
        let known: Vec<&str> = traps.iter().copied().filter(|trap| *trap != "ha-primary").collect();
        let scene = Scene::new().trap(&known).with(|scene| {
            if traps.contains(&"ha-primary") {
                scene.spec.ha = fgtkey::sim::Ha::Primary;
            }
        });
        let story = scene.run().await;
        assert_eq!((story.told().0, story.told().1), (verified, cause), "{traps:?}: {}", story.told().2);
    }
}

#[tokio::test]
async fn the_port_may_be_named() {
    let mut site = Scene::new().trap(&["https-other-port"]).start().await;
    site.scene.https_port = Some(site.https.addr().port());
    assert_eq!(site.run().await.told().0, Some(true));
}

#[tokio::test]
async fn ipv6_is_a_way_too() {
    let scene = Scene::new().with(|scene| {
        scene.listen = "[::1]:0".parse().unwrap();
        scene.hosts = vec!["set type ipv6-trusthost\nset ipv6-trusthost ::1/128"];
    });
    let site = scene.start().await;
    assert_eq!(site.trusting(TrustChoice::Learned).await.told().0, Some(true));
}

#[tokio::test]
async fn every_surveyed_release_lets_its_keys_be_proven() {
    for version in ["6.0.11", "6.4.14", "7.0.15", "7.2.8", "7.6.7", "8.0.0"] {
        let scene = Scene::new().with(|scene| scene.spec.version = version.parse().unwrap());
        let story = scene.run().await;
        assert_eq!(story.told().0, Some(true), "{version}: {}", story.told().2);
    }
}

#[tokio::test]
async fn a_proof_that_nobody_asked_for_sends_nothing() {
    let story = Scene::new().with(|scene| scene.mode = Mode::Off).run().await;
    assert_eq!((story.told().0, story.told().1, story.requests), (None, "off", 0));
    assert!(!story.events.iter().any(|event| matches!(event, Event::Verified(_))));
}
