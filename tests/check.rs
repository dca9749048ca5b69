//! `check` against simulated devices of every kind: it sends nothing but reads, and its verdict is what a mint would meet.

// What tests share may panic as they do; clippy's own exception covers only what stands inside a `#[test]`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used)]

use std::time::Duration;

use fgtkey::fortios::central_management::CentralManagement;
use fgtkey::fortios::plan::PlanError;
use fgtkey::fortios::render::Templates;
use fgtkey::fortios::rights::{Lack, Rights};
use fgtkey::fortios::status::{CfgSave, VdomMode};
use fgtkey::fortios::version::Version;
use fgtkey::report::check::{Next, to_json, to_table};
use fgtkey::secret::Secret;
use fgtkey::session::drive::Interrupt;
use fgtkey::sim::{self, Device, DeviceSpec, Fault, Ha, Listen, OtherSession, Server};
use fgtkey::ssh::{Dial, DialOptions, Endpoint, HostKeyPolicy, Method, PasswordSource, Person};
use fgtkey::verbs::check::{Caution, Check, Checked, Obstacle};
use fgtkey::verbs::console::Line;
use fgtkey::verbs::event::Trust;
use fgtkey::verbs::failure::{Failure, Left, MintError};
use fgtkey::verbs::gate::Gate;
use fgtkey::verbs::survey::SurveyError;
use fgtkey::verbs::{Event, Observer};

struct Nobody;

impl Observer for Nobody {
    fn on(&mut self, _device: &str, _event: Event) {}
}

/// Checks a device with the password `password`, and holds what every check promises.
async fn checked_with(spec: DeviceSpec, password: &'static str) -> (Result<Checked, Box<Failure>>, Server) {
    let device = Device::new(spec).unwrap();
    let server = Server::start(device.clone(), Listen::default()).await.unwrap();
    let (before, commits) = (device.config_text(), device.commits());
    let within = Duration::from_secs(20);
    let dial = Dial::new(DialOptions {
        password: PasswordSource::Ask,
        person: Person::answering(move |_| Ok(Secret::new(password))),
        host_key: server.fingerprint().parse::<HostKeyPolicy>().unwrap(),
        ..DialOptions::default()
    });
    let addr = server.addr();
    let endpoint =
        Endpoint { name: "fw1".into(), host: addr.ip().to_string(), port: addr.port(), user: "admin".into() };
    let line = Line {
        dial,
        endpoint,
        within,
        interrupt: Interrupt::never(),
        simulated: false,
        serial: None,
        gate: Gate::Open,
    };
    let result = Check { line, templates: Templates::embedded().unwrap() }.run(&mut Nobody).await;
    for command in device.commands() {
        let reads = ["get ", "show "].iter().any(|verb| command.starts_with(verb));
        assert!(reads || ["config global", "end", "exit"].contains(&command.as_str()), "{command}");
    }
    assert_eq!(device.commits(), commits);
    assert_eq!(device.config_text(), before);
    (result, server)
}

async fn checked(spec: DeviceSpec) -> Checked {
    checked_with(spec, "admin").await.0.unwrap()
}

async fn failed(spec: DeviceSpec) -> MintError {
    let failure = checked_with(spec, "admin").await.0.unwrap_err();
    assert!(matches!(failure.left, Left::Untouched), "{:?}", failure.left);
    failure.error
}

fn on(version: &str) -> DeviceSpec {
    DeviceSpec { version: version.parse().unwrap(), ..DeviceSpec::default() }
}

/// An administrator with a profile of these settings.
fn with_profile(version: &str, settings: &str) -> DeviceSpec {
    let mut spec = on(version);
    spec.admins[0].accprofile = "ops".into();
    spec.config = format!("config system accprofile\nedit ops\n{settings}next\nend\n");
    spec
}

fn next() -> Next {
    Next { words: vec!["admin@fw1".into()], simulated: false }
}

#[tokio::test]
async fn what_a_plain_device_is_and_how_it_was_reached_is_found() {
    let found = checked(on("7.4.8")).await;
    assert_eq!(found.status.serial, "FG100FTK00000000");
    assert_eq!(found.way.methods, [Method::Password]);
    assert_eq!(found.way.connected.trust, Trust::Pinned);
    assert!(found.way.hops.is_empty() && found.way.algorithms.is_some());
    assert_eq!(found.rights, Rights::Full);
    assert_eq!(found.facts.cfg_save, Some(CfgSave::Automatic));
    assert_eq!(found.central_management, CentralManagement::Unmanaged);
    assert!(found.source_is_known());
    assert_eq!((found.obstacles(), found.cautions()), (vec![], vec![]));
}

#[tokio::test]
async fn every_release_and_vdom_mode_can_be_checked() {
    let modes = [
        (sim::VdomMode::Disable, VdomMode::Disable),
        (sim::VdomMode::Enable, VdomMode::Multiple),
        (sim::VdomMode::Multiple, VdomMode::Multiple),
        (sim::VdomMode::SplitTask, VdomMode::SplitTask),
    ];
    for version in ["6.0.4", "6.2.0", "6.4.14", "7.0.13", "7.2.8", "7.4.8", "7.6.4", "8.0.0"] {
        for (mode, expected) in modes {
            let spec = DeviceSpec { vdom_mode: mode, ..on(version) };
            let found = checked(spec).await;
            assert_eq!(found.status.vdom_mode, expected, "{version}");
            assert_eq!(found.facts.cfg_save, Some(CfgSave::Automatic), "{version} {mode:?}");
            assert_eq!(found.obstacles(), [], "{version} {mode:?}");
        }
    }
}

#[tokio::test]
async fn a_secondary_and_a_device_in_fips_mode_are_obstacles() {
    for version in ["6.0.4", "7.4.8", "7.6.7"] {
        let found = checked(DeviceSpec { ha: Ha::Secondary, ..on(version) }).await;
        assert_eq!(found.obstacles(), [Obstacle::Device(PlanError::HaSecondary)], "{version}");
        let found = checked(DeviceSpec { ha: Ha::Primary, ..on(version) }).await;
        assert_eq!(found.obstacles(), [], "{version}");
    }
    let found = checked(DeviceSpec { fips: true, ha: Ha::Secondary, ..on("7.4.8") }).await;
    assert_eq!(found.obstacles(), [PlanError::HaSecondary, PlanError::Fips].map(Obstacle::Device));
}

#[tokio::test]
async fn a_device_that_does_not_save_by_itself_needs_save() {
    for (mode, expected) in [(sim::CfgSave::Manual, CfgSave::Manual), (sim::CfgSave::Revert, CfgSave::Revert)] {
        for vdom_mode in [sim::VdomMode::Disable, sim::VdomMode::Multiple] {
            let found = checked(DeviceSpec { cfg_save: mode, vdom_mode, ..on("7.4.8") }).await;
            assert_eq!(found.facts.cfg_save, Some(expected));
            assert_eq!(found.cautions(), [Caution::NeedsSave]);
            assert!(to_table(&found, &next()).trim_end().ends_with(" --save"));
        }
    }
}

#[tokio::test]
async fn the_profile_of_the_administrator_decides() {
    let reads = "set cli-get enable\nset cli-show enable\n";
    let all = format!("{reads}set cli-config enable\nset cli-exec enable\n");
    let custom = "set sysgrp custom\nconfig sysgrp-permission\nset admin read-write\nend\n";
    let lacking = |lack| Rights::Lacking { profile: "ops".into(), lack };
    let enough = || Rights::Enough { profile: "ops".into() };
    let off = || lacking(Lack::CliSwitches(vec!["cli-config", "cli-exec"]));
    for (version, settings, expected) in [
        ("7.2.8", "set sysgrp read\n".to_owned(), lacking(Lack::Write)),
        ("7.2.8", "set sysgrp read-write\n".to_owned(), enough()),
        ("7.2.8", custom.to_owned(), enough()),
        ("7.4.8", format!("set sysgrp read-write\n{reads}"), off()),
        ("7.4.8", format!("set sysgrp read-write\n{all}"), enough()),
        ("7.6.4", format!("{custom}{all}"), enough()),
    ] {
        let found = checked(with_profile(version, &settings)).await;
        assert_eq!(found.rights, expected, "{version}: {settings}");
        assert_eq!(found.obstacles().is_empty(), expected == enough(), "{version}: {settings}");
    }
}

#[tokio::test]
async fn built_in_profiles_are_known_without_being_read() {
    for (profile, may) in [("super_admin", Some(true)), ("super_admin_readonly", Some(false))] {
        let mut spec = on("7.2.8");
        spec.admins[0].accprofile = profile.into();
        assert_eq!(checked(spec).await.rights.may_create(), may, "{profile}");
    }
    let mut spec = on("7.4.8");
    spec.admins[0].accprofile = "prof_admin".into();
    assert_eq!(checked(spec).await.rights, Rights::Enough { profile: "prof_admin".into() });
}

#[tokio::test]
async fn what_the_device_refuses_to_tell_is_unknown_and_never_guessed() {
    let mut spec = with_profile("7.2.8", "set sysgrp read-write\n");
    spec.faults = ["show system accprofile=refuse", "show system central-management=refuse"]
        .map(|fault| fault.parse::<Fault>().unwrap())
        .into();
    let found = checked(spec).await;
    assert_eq!(found.rights, Rights::Unread { profile: "ops".into() });
    assert_eq!(found.central_management, CentralManagement::Unknown);
    assert_eq!((found.obstacles(), found.cautions()), (vec![], vec![Caution::RightsUnknown]));
    let mut spec = on("7.4.8");
    spec.faults = ["get system admin status=refuse", "get system admin list=refuse"]
        .map(|fault| fault.parse::<Fault>().unwrap())
        .into();
    let found = checked(spec).await;
    assert_eq!(found.rights, Rights::Unknown);
    assert_eq!(found.cautions(), [Caution::RightsUnknown, Caution::SourceUnknown]);
    assert!(to_table(&found, &next()).contains("--trusted-host ADDRESS/LENGTH"));
    assert!(to_json(&found, &next()).contains(r#""may_create_api_users":null"#));
}

#[tokio::test]
async fn a_release_that_does_not_tell_the_profile_leaves_the_rights_open() {
    let found = checked(on("6.0.4")).await;
    assert_eq!(found.rights, Rights::Unknown);
    assert_eq!(found.cautions(), [Caution::RightsUnknown]);
}

#[tokio::test]
async fn a_fortimanager_above_the_device_is_named() {
    let mut spec = on("7.4.8");
    spec.config = "config system central-management\nset type fortimanager\nset fmg \"192.0.2.9\"\nend\n".into();
    let found = checked(spec).await;
    assert_eq!(found.central_management, CentralManagement::Managed { fmg: Some("192.0.2.9".into()) });
    assert_eq!(found.cautions(), [Caution::FortiManager]);
    let mut spec = on("7.4.8");
    spec.other_sessions = vec![OtherSession {
        user: "Fortimanager_Access".into(),
        local: "fgfm".into(),
        device: "N/A".into(),
        profile: "super_admin".into(),
        remote: ":0".into(),
    }];
    assert_eq!(checked(spec).await.central_management, CentralManagement::Managed { fmg: None });
}

#[tokio::test]
async fn the_source_is_the_address_that_the_device_sees() {
    let mut spec = on("7.4.8");
    spec.seen_from = Some("198.51.100.7:40022".parse().unwrap());
    let found = checked(spec).await;
    assert!(to_table(&found, &next()).contains("fw1  seen from     198.51.100.7\n"));
}

#[tokio::test]
async fn a_newer_release_is_told_and_no_obstacle() {
    let found = checked(DeviceSpec { version: Version::new(9, 0, 1), ..DeviceSpec::default() }).await;
    assert_eq!(found.cautions(), [Caution::NewerThanKnown]);
    assert_eq!(found.obstacles(), []);
}

#[tokio::test]
async fn a_pager_and_a_shell_without_pipes_change_nothing() {
    let mut spec = DeviceSpec { vdom_mode: sim::VdomMode::Multiple, ..on("7.4.8") };
    spec.faults = vec!["get system global | grep=refuse".parse::<Fault>().unwrap()];
    let found = checked(spec).await;
    assert_eq!(found.facts.cfg_save, Some(CfgSave::Automatic));
}

#[tokio::test]
async fn a_wrong_password_is_tried_once() {
    let (result, server) = checked_with(on("7.4.8"), "wrong").await;
    assert!(matches!(result.unwrap_err().error, MintError::Dial(_)));
    assert_eq!(server.counters().failures.load(std::sync::atomic::Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_device_that_cannot_be_read_is_an_error_in_its_own_words() {
    let error = failed(with_profile("7.4.8", "set sysgrp read-write\n")).await;
    assert!(matches!(error, MintError::Survey(SurveyError::Refused { .. })), "{error:?}");
    let error = failed(DeviceSpec { model: "FortiAnalyzer-200F".into(), ..on("7.4.8") }).await;
    assert!(matches!(error, MintError::Survey(SurveyError::Status(_))), "{error:?}");
}

#[tokio::test]
async fn the_next_command_is_a_mint_that_fits_the_device() {
    let spec = DeviceSpec { vdom_mode: sim::VdomMode::Multiple, ..on("7.4.8") };
    let table = to_table(&checked(spec).await, &next());
    let next = "fgtkey mint admin@fw1 --api-user terraform --preset terraform-tutorial --trusted-host auto --vdom root";
    assert!(table.ends_with(&format!("fw1  next          {next}\n")), "{table}");
}
