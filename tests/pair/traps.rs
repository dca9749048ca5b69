//! Every trap of the simulator, alone and in pairs: the key comes, and the objects are those that were asked for.

use fgtkey::fortios::plan::PlanError;
use fgtkey::sim::{Device, DeviceSpec, Ha, Trap};

use super::pair::Chunks;
use super::story::{Stop, mint, request, spec, trap};

const VERSIONS: [&str; 4] = ["6.0.10", "7.4.8", "7.6.4", "8.0.0"];

/// A mint with these traps on: the configuration that it leaves.
fn minted_with(version: &str, vdoms: bool, traps: &[&Trap], chunks: Chunks) -> String {
    let names: Vec<&str> = traps.iter().map(|trap| trap.name).collect();
    let device = Device::new(spec(version, vdoms, |spec| traps.iter().for_each(|trap| trap.apply(spec)))).unwrap();
    let minted = mint(&device, &request(), chunks);
    if let Err(stop) = &minted.result {
        panic!("{version}, VDOMs {vdoms}, {names:?}: {stop:?}\n{}", minted.trace.join("\n"));
    }
    device.config_text()
}

#[test]
fn every_trap_alone_is_survived_on_every_version_with_and_without_vdoms() {
    for version in VERSIONS {
        for vdoms in [false, true] {
            let plain = minted_with(version, vdoms, &[], Chunks::of(4096));
            for trap in Trap::all().iter().filter(|trap| trap.name != "no-wanopt") {
                assert_eq!(minted_with(version, vdoms, &[trap], Chunks::of(4096)), plain, "{version} {}", trap.name);
            }
        }
    }
}

#[test]
fn every_two_traps_together_are_survived() {
    // Those of HTTPS do nothing to a terminal: alone they are tried above.
    let traps: Vec<&Trap> = Trap::all().iter().filter(|trap| !trap.name.starts_with("https-")).collect();
    for (at, first) in traps.iter().enumerate() {
        for second in &traps[at + 1..] {
            // Each pair on one version and one VDOM mode; over all pairs each trap meets each of them.
            let version = VERSIONS[(at + second.name.len()) % VERSIONS.len()];
            minted_with(version, (at + first.name.len()) % 2 == 0, &[first, second], Chunks::of(4096));
        }
    }
}

#[test]
fn the_bytes_may_be_cut_anywhere() {
    let together = [
        "admin-password",
        "cli-debug",
        "disk-warning",
        "foreign-lines",
        "login-banner",
        "long-hostname",
        "pager-24",
        "prompt-again",
        "role-flips",
        "welcome",
        "wrap-80",
    ];
    let others = [
        "admin-password-bare",
        "build-tag",
        "dollar",
        "key-blank-lines",
        "key-wrapped-note",
        "login-banner-space",
        "no-code-line",
        "other-sessions",
        "verifying-password",
        "wrap-80-crlf",
    ];
    let together = together.map(trap);
    let others = others.map(trap);
    for size in 1..=199 {
        minted_with("7.6.4", false, &together.iter().collect::<Vec<_>>(), Chunks::of(size));
        minted_with("7.4.8", true, &others.iter().collect::<Vec<_>>(), Chunks::of(size));
    }
}

/// What must not be done, and that nothing was done.
fn refused(change: impl FnOnce(&mut DeviceSpec)) -> Stop {
    let device = Device::new(spec("7.4.8", false, change)).unwrap();
    let before = device.config_text();
    let stop = mint(&device, &request(), Chunks::of(64)).result.map(|_| ()).unwrap_err();
    assert_eq!((device.config_text(), device.commits().len()), (before, 0), "{stop:?}");
    stop
}

#[test]
fn a_secondary_member_and_fips_mode_are_refused_and_left_untouched() {
    assert!(matches!(refused(|spec| spec.ha = Ha::Secondary), Stop::Plan(PlanError::HaSecondary)));
    assert!(matches!(refused(|spec| spec.fips = true), Stop::Plan(PlanError::Fips)));
    assert!(matches!(refused(|spec| spec.cfg_save = fgtkey::sim::CfgSave::Manual), Stop::Plan(PlanError::Unsaved(_))));
}

#[test]
fn a_forced_password_change_is_told_and_nothing_is_typed() {
    for version in VERSIONS {
        for size in [1, 7, 4096] {
            let device = Device::new(spec(version, false, |spec| spec.forced_password_change = true)).unwrap();
            let minted = mint(&device, &request(), Chunks::of(size));
            let Err(Stop::Fault(fault)) = &minted.result else { panic!("{:?}", minted.trace) };
            assert_eq!(fault.kind, fgtkey::session::fault::FaultKind::NewPassword);
            assert_eq!(minted.pair.writes, [] as [Vec<u8>; 0]);
        }
    }
}
