//! By what the device's certificate is recognised, and what is refused.

use fgtkey::rest::{Recognised, Strength};
use fgtkey::verbs::Event;
use fgtkey::verbs::event::Warning;
use fgtkey::verbs::verification::TrustChoice;

use crate::scene::{Scene, bundle, fingerprint, to_pem};

async fn recognised(traps: &[&str]) -> Recognised {
    let story = Scene::new().trap(traps).run().await;
    assert_eq!(story.told().0, Some(true), "{traps:?}: {}", story.told().2);
    story.verified().assurance.clone().unwrap().by
}

#[tokio::test]
async fn what_was_shown_over_ssh_is_recognised_by_whatever_hash_is_printed() {
    for (trap, strength) in
        [("https-serial-line", Strength::Md5), ("https-sha1", Strength::Sha1), ("https-sha256", Strength::Sha256)]
    {
        assert_eq!(recognised(&[trap]).await, Recognised::Shown(strength), "{trap}");
        assert_eq!(recognised(&[trap, "https-self-signed"]).await, Recognised::Shown(strength), "{trap}");
        assert_eq!(recognised(&[trap, "https-imported"]).await, Recognised::Shown(strength), "{trap}");
    }
}

#[tokio::test]
async fn one_that_was_issued_again_meanwhile_is_recognised_by_its_authority_or_by_asking_again() {
    let expected = Recognised::Signed { by: "Fortinet_CA_SSL".into(), strength: Strength::Sha256 };
    assert_eq!(recognised(&["https-sha256", "https-reissued"]).await, expected);
    let alone = recognised(&["https-sha256", "https-reissued", "https-leaf-only"]).await;
    assert_eq!(alone, Recognised::Shown(Strength::Sha256));
}

#[tokio::test]
async fn an_expired_one_that_the_device_shows_is_the_devices_and_told() {
    let story = Scene::new().trap(&["https-expired"]).run().await;
    assert_eq!(story.told().0, Some(true));
    assert!(story.told().2.contains("but it expired at 2"), "{}", story.told().2);
}

#[tokio::test]
async fn a_file_of_authorities_is_what_webpki_makes_of_it() {
    for (traps, verified, told) in [
        (&[][..], Some(true), "its certificate is vouched for by"),
        (&["https-expired"][..], None, "the certificate expired at 2"),
        (&["https-foreign-ca"][..], None, "is not signed by an authority in"),
        (&["https-self-signed"][..], None, "is not signed by an authority in"),
    ] {
        let site = Scene::new().trap(traps).start().await;
        let story = site.trusting(site.ca()).await;
        assert_eq!(story.told().0, verified, "{traps:?}: {}", story.told().2);
        assert!(story.told().2.contains(told), "{traps:?}: {}", story.told().2);
    }
}

#[tokio::test]
async fn a_self_signed_certificate_is_its_own_authority() {
    let site = Scene::new().trap(&["https-self-signed"]).start().await;
    let leaf = site.device.presented().unwrap().unwrap().leaf;
    assert_eq!(site.trusting(bundle(&to_pem(&leaf))).await.told().0, Some(true));
}

#[tokio::test]
async fn a_fingerprint_is_the_right_one_or_not() {
    let site = Scene::new().start().await;
    let leaf = site.device.presented().unwrap().unwrap().leaf;
    let wrong = site.trusting(fingerprint(b"another")).await;
    assert_eq!((wrong.told().0, wrong.told().1, wrong.requests), (None, "certificate", 0));
    assert_eq!(site.trusting(fingerprint(&leaf)).await.told().0, Some(true));
}

#[tokio::test]
async fn nothing_is_checked_only_when_asked_for_and_loudly() {
    let site = Scene::new().trap(&["https-foreign-ca"]).start().await;
    let story = site.trusting(TrustChoice::Insecure).await;
    assert_eq!(story.told().0, Some(true));
    assert!(story.events.contains(&Event::Warning(Warning::Insecure)));
}

#[tokio::test]
async fn a_device_that_shows_no_certificate_gets_no_key() {
    let scene = Scene::new().with(|scene| {
        for fault in ["get vpn certificate#*=refuse", "get certificate#*=refuse"] {
            scene.spec.faults.push(fault.parse().unwrap());
        }
    });
    let story = scene.run().await;
    assert_eq!((story.told().1, story.requests), ("certificate", 0));
    let hint = story.verified().cause.as_ref().unwrap().hint().unwrap();
    assert!(hint.contains("--tls-fingerprint SHA256:") && hint.contains("--ca FILE"), "{hint}");
}
