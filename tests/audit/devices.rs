//! Every release, VDOM mode and way of printing gives the same audit; what cannot be read is said or is an error.

use fgtkey::fortios::audit::Policy;
use fgtkey::fortios::audit::account::ProfileState;
use fgtkey::session::fault::FaultKind;
use fgtkey::sim::{Algorithms, DeviceSpec, Fault, Ha, VdomMode};
use fgtkey::verbs::failure::MintError;
use fgtkey::verbs::survey::SurveyError;

use super::scene::{audited, failed, found, on, run, run_over};

const EXPECTED: [&str; 4] = ["FGT001 bad", "FGT004 bad", "FGT008 bad", "FGT018 -"];

fn fault(text: &str) -> Vec<Fault> {
    vec![text.parse().unwrap()]
}

#[tokio::test]
async fn every_release_shows_the_same_weaknesses() {
    for version in ["6.0.4", "6.2.6", "6.4.14", "7.0.13", "7.2.8", "7.4.3", "7.4.8", "7.6.4", "7.6.7", "8.0.0"] {
        let found_here = audited(on(version)).await;
        assert_eq!(found(&found_here), EXPECTED, "{version}");
        assert_eq!(found_here.unread, [], "{version}");
        assert_eq!(found_here.audit.accounts.len(), 2, "{version}");
        assert_eq!(found_here.audit.accounts[0].summary(), ["fwgrp.address read"], "{version}");
        assert!(found_here.audit.accounts.iter().all(|account| account.has_key), "{version}");
    }
}

#[tokio::test]
async fn a_device_with_vdoms_is_read_in_its_global_scope() {
    for mode in [VdomMode::Enable, VdomMode::Multiple, VdomMode::SplitTask] {
        let found_here = audited(DeviceSpec { vdom_mode: mode, ..on("7.0.13") }).await;
        let root_only: Vec<String> = ["FGT014 bad", "FGT014 good"].map(str::to_owned).to_vec();
        let mut expected: Vec<String> = EXPECTED[..3].iter().map(|id| (*id).to_owned()).collect();
        expected.extend(root_only);
        expected.push("FGT018 -".into());
        assert_eq!(found(&found_here), expected, "{mode:?}");
    }
}

#[tokio::test]
async fn few_round_trips_are_needed() {
    let (_, device) = run(on("7.4.8"), Policy::default()).await;
    let commands = device.commands();
    assert_eq!(commands.iter().filter(|line| line.starts_with("show system api-user")).count(), 1, "{commands:?}");
    assert!(commands.len() <= 9, "{commands:?}");
}

#[tokio::test]
async fn a_shell_that_takes_no_pipe_is_read_page_by_page() {
    let many: String = (0..60).map(|n| format!("edit user{n:02}\nset accprofile narrow\nnext\n")).collect();
    for refused in ["*grep#*=refuse", "show system api-user | grep=refuse"] {
        let mut spec = DeviceSpec { faults: fault(refused), ..on("7.4.8") };
        spec.config.push_str(&format!("config system api-user\n{many}end\n"));
        let found_here = audited(spec).await;
        assert_eq!(found_here.audit.accounts.len(), 62, "{refused}");
        assert_eq!(found_here.unread, [], "{refused}");
    }
}

#[tokio::test]
async fn a_read_only_administrator_audits_as_far_as_the_profile_lets_it() {
    for version in ["6.4.14", "7.4.8", "8.0.0"] {
        let mut spec = on(version);
        spec.admins[0].accprofile = "readers".into();
        let switches = if version == "6.4.14" { "" } else { "set cli-get enable\nset cli-show enable\n" };
        spec.config
            .push_str(&format!("config system accprofile\nedit readers\nset sysgrp read\n{switches}next\nend\n"));
        assert_eq!(found(&audited(spec).await), EXPECTED, "{version}");
    }
}

#[tokio::test]
async fn what_is_refused_is_said_and_nothing_is_concluded_from_it() {
    let spec = DeviceSpec { faults: fault("show system accprofile#*=refuse"), ..on("7.4.8") };
    let found_here = audited(spec).await;
    assert_eq!(found_here.unread.len(), 1);
    assert_eq!(found_here.unread[0].command, "show system accprofile");
    assert!(found_here.unread[0].refusal.is_some());
    let good = &found_here.audit.accounts[0];
    assert_eq!((good.state, good.permissions.len()), (ProfileState::Unread, 0));

    let spec = DeviceSpec { faults: fault("show system admin#*=refuse"), ..on("7.4.8") };
    let found_here = audited(spec).await;
    assert_eq!(found(&found_here), &EXPECTED[..3], "without administrators it is not known who could come in");
    assert_eq!(found_here.unread[0].command, "show system admin");

    let spec = DeviceSpec { faults: fault("show system interface#*=refuse"), ..on("7.4.8") };
    assert_eq!(audited(spec).await.unread[0].command, "show system interface");
}

#[tokio::test]
async fn a_table_of_api_users_that_cannot_be_read_is_an_error_and_never_an_empty_audit() {
    let spec = DeviceSpec { faults: fault("show system api-user#*=refuse"), ..on("7.4.8") };
    assert!(matches!(failed(spec).await, MintError::Survey(SurveyError::Refused { .. })));

    let mut spec = on("7.4.8");
    spec.admins[0].accprofile = "blind".into();
    spec.config.push_str("config system accprofile\nedit blind\nset cli-get enable\nnext\nend\n");
    assert!(matches!(failed(spec).await, MintError::Survey(SurveyError::Refused { .. })));

    let spec = DeviceSpec { faults: fault("show system api-user#*=cut:40"), ..on("7.4.8") };
    assert!(matches!(failed(spec).await, MintError::Fault(_)));
}

#[tokio::test]
async fn a_vdom_administrator_who_may_not_enter_the_global_scope_is_told_so() {
    let spec = DeviceSpec { vdom_mode: VdomMode::Multiple, faults: fault("config global=refuse"), ..on("7.4.8") };
    let MintError::Fault(fault) = failed(spec).await else { panic!("it went on") };
    assert!(matches!(fault.kind, FaultKind::Refused(_)), "{:?}", fault.kind);
}

#[tokio::test]
async fn a_secondary_can_be_audited() {
    let found_here = audited(DeviceSpec { ha: Ha::Secondary, ..on("7.6.7") }).await;
    assert_eq!(found(&found_here), EXPECTED);
}

#[tokio::test]
async fn a_device_without_api_users_has_nothing_to_find_but_itself() {
    let spec = DeviceSpec { config: String::new(), keyed_users: Vec::new(), ..on("7.4.8") };
    let found_here = audited(spec).await;
    assert!(found_here.audit.accounts.is_empty() && found_here.audit.findings.is_empty());
}

#[tokio::test]
async fn a_device_that_has_only_old_ssh_algorithms_is_found_by_the_session_itself() {
    let audited = run_over(Algorithms::Legacy, on("6.0.4"), Policy::default()).await.0.unwrap();
    let told = audited.audit.findings.iter().find(|finding| finding.sentence.starts_with("The SSH session"));
    let sentence = &told.unwrap().sentence;
    assert!(sentence.contains("sha1") && sentence.contains("cbc"), "{sentence}");
}
