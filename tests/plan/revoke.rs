//! What a revocation that failed says is what is on the device.

use fgtkey::fortios::plan::Consent;
use fgtkey::report::Exit;
use fgtkey::sim::{DeviceSpec, VdomMode};
use fgtkey::verbs::failure::{Failure, Left, Remains};

use super::desk::{Desk, exit, request, spec, told};

const FAULTS: [(VdomMode, &[&str]); 2] =
    [(VdomMode::Disable, &["refuse", "drop", "drop-after"]), (VdomMode::Multiple, &["refuse"])];

/// A device with `tf`, which has a key.
async fn keyed(spec: DeviceSpec) -> Desk {
    let mut desk = Desk::at(spec).await;
    desk.mint(&request()).await.unwrap();
    desk
}

/// That what is told of the device is so.
fn check(failure: &Failure, desk: &Desk, before: &str, key: &str) {
    let (now, text) = (desk.device.config_text(), told(failure));
    let (user, lives) = (desk.device.api_user("tf").is_some(), desk.device.key_is_live("tf", key));
    let profile = now.contains("config system accprofile");
    match &failure.left {
        Left::Untouched => assert!(now == before && lives, "{text}\n{now}"),
        Left::NeedsPerson { what: Remains::Part { gone, there, key }, mend } => {
            assert_eq!(there.contains(&"the API user tf".to_owned()), user, "{text}\n{now}");
            assert_eq!(there.contains(&"the access profile tf".to_owned()), profile, "{text}\n{now}");
            assert_eq!(gone.len() + there.len(), 2, "{text}");
            assert!(!user || key.is_some() || lives, "{text}");
            let mend = mend.as_ref().unwrap().to_string();
            assert_eq!((mend.contains("api-user"), mend.contains("accprofile")), (user, profile), "{mend}");
            assert_eq!(exit(failure), Exit::NeedsPerson);
        }
        left => panic!("{left:?}: {text}"),
    }
}

#[tokio::test]
async fn whatever_line_a_revocation_fails_at_what_is_told_is_what_the_device_shows() {
    for (vdom_mode, faults) in FAULTS {
        let spec = || DeviceSpec { vdom_mode, ..spec("") };
        let mut desk = keyed(spec()).await;
        desk.revoke(true).await.unwrap();
        let commands = desk.device.commands();
        // The lines that change something begin where the key is voided.
        let first = commands.iter().rposition(|line| line.starts_with("execute api-user")).unwrap();
        for line in first..commands.len() {
            for fault in faults {
                let mut desk =
                    keyed(DeviceSpec { faults: vec![format!("{}={fault}", line + 1).parse().unwrap()], ..spec() })
                        .await;
                let (before, key) = (desk.device.config_text(), desk.key());
                match desk.revoke(true).await {
                    Ok(_) => assert!(!desk.device.config_text().contains("\"tf\""), "{line} {fault}"),
                    Err(failure) => check(&failure, &desk, &before, &key),
                }
                desk.revoke(true).await.unwrap_or_else(|failure| panic!("{}", told(&failure)));
            }
        }
    }
}

#[tokio::test]
async fn a_profile_that_something_else_refers_to_is_said_to_be_there_and_the_api_user_to_be_gone() {
    let faults = vec!["delete tf#2=refuse:The entry is used by other 3 entries".parse().unwrap()];
    let mut desk = keyed(DeviceSpec { faults, ..spec("") }).await;
    let text = told(&desk.revoke(true).await.unwrap_err());
    assert!(text.contains("the access profile tf is still there; the API user tf is gone"), "{text}");
    assert!(!text.contains("generate-key") && text.contains("--keep-profile"), "{text}");
}

#[tokio::test]
async fn a_revocation_whose_first_line_is_refused_has_changed_nothing() {
    let faults = vec!["execute api-user#2=refuse".parse().unwrap()];
    let mut desk = keyed(DeviceSpec { faults, ..spec("") }).await;
    let (before, key) = (desk.device.config_text(), desk.key());
    let failure = desk.revoke(true).await.unwrap_err();
    assert!(matches!(failure.left, Left::Untouched), "{}", told(&failure));
    assert!(desk.device.key_is_live("tf", &key) && desk.device.config_text() == before);
}

#[tokio::test]
async fn what_is_gone_but_not_saved_is_told_with_the_line_that_saves_it() {
    let mut unsaved = spec("");
    unsaved.cfg_save = fgtkey::sim::CfgSave::Manual;
    unsaved.faults = vec!["execute cfg save#2=refuse".parse().unwrap()];
    let mut desk = Desk::at(unsaved).await;
    desk.consent = Consent { save: true, ..Consent::default() };
    desk.mint(&request()).await.unwrap();
    let text = told(&desk.revoke(true).await.unwrap_err());
    assert!(text.contains("a reboot of the device takes it back") && text.contains("execute cfg save"), "{text}");
    assert!(!text.contains("delete tf"), "{text}");
}
