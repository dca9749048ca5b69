//! From a preset and grants to the permissions of one version.

use fgtkey::fortios::grant::Grant;
use fgtkey::fortios::permission_request::{GrantRefused, PermissionRequest, Resolved};
use fgtkey::fortios::permissions::{Access, Permissions};
use fgtkey::fortios::place::{Place, Placed};
use fgtkey::fortios::preset::Preset;
use fgtkey::fortios::version::Version;

fn ask(preset: Option<&str>, grants: &[&str]) -> PermissionRequest {
    let grant = |text: &&str| Placed::new(text.parse::<Grant>().unwrap(), Place::Flag(format!("--grant {text}")));
    PermissionRequest {
        preset: preset.map(|name| Preset::find(name).unwrap()),
        grants: grants.iter().map(grant).collect(),
    }
}

fn resolve(preset: Option<&str>, grants: &[&str], version: &str) -> Result<Resolved, GrantRefused> {
    ask(preset, grants).resolve(version.parse().unwrap())
}

/// `fwgrp={address=read} wifi=read`
fn written(permissions: &Permissions) -> String {
    let access = |access: &Access| match access {
        Access::Whole(level) => level.to_string(),
        Access::Custom(children) => {
            let children: Vec<_> = children.iter().map(|(name, level)| format!("{name}={level}")).collect();
            format!("{{{}}}", children.join(" "))
        }
    };
    let groups: Vec<_> = permissions.0.iter().map(|(name, has)| format!("{name}={}", access(has))).collect();
    groups.join(" ")
}

#[test]
fn grants_apply_in_order_over_the_preset() {
    for (preset, grants, result) in [
        (None, &["fwgrp=read"][..], "fwgrp=read"),
        (None, &["fwgrp.address=read"], "fwgrp={address=read}"),
        (None, &["fwgrp.address=read", "fwgrp.policy=read-write"], "fwgrp={address=read policy=read-write}"),
        (None, &["fwgrp.address=read", "fwgrp=read-write"], "fwgrp=read-write"),
        (None, &["fwgrp=read", "fwgrp.address=read"], "fwgrp=read"),
        (
            None,
            &["fwgrp=read", "fwgrp.address=read-write"],
            "fwgrp={address=read-write others=read policy=read schedule=read service=read}",
        ),
        (None, &["netgrp=read", "netgrp.packet-capture=none"], "netgrp={cfg=read route-cfg=read}"),
        (None, &["fwgrp.address=read", "fwgrp.address=none"], ""),
        (None, &["sysgrp=none"], ""),
        (Some("firewall-address-read"), &["fwgrp.address=read-write", "sysgrp=none"], "fwgrp={address=read-write}"),
        (Some("firewall-address-read"), &["fwgrp=none"], ""),
    ] {
        let resolved = resolve(preset, grants, "7.4.8").unwrap();
        assert_eq!(written(&resolved.permissions), result, "{preset:?} {grants:?}");
        assert_eq!(resolved.notes, []);
    }
}

#[test]
fn a_whole_group_is_spread_over_the_children_of_that_version_that_every_model_has() {
    let resolved = resolve(None, &["utmgrp=read", "utmgrp.ips=none"], "6.0.5").unwrap();
    assert_eq!(
        written(&resolved.permissions),
        "utmgrp={antivirus=read application-control=read data-loss-prevention=read dnsfilter=read \
         endpoint-control=read icap=read spamfilter=read voip=read waf=read webfilter=read}"
    );
}

#[test]
fn a_renamed_permission_goes_under_the_versions_own_name_and_says_so() {
    let resolved = resolve(None, &["utmgrp.dlp=read"], "7.0.5").unwrap();
    assert_eq!(written(&resolved.permissions), "utmgrp={data-loss-prevention=read}");
    let notes: Vec<_> = resolved.notes.iter().map(ToString::to_string).collect();
    assert_eq!(notes, ["utmgrp.dlp is called `data-loss-prevention` on FortiOS 7.0.5"]);
}

#[test]
fn what_the_version_has_not_is_refused_when_granted_and_left_out_when_in_a_preset() {
    let error = resolve(None, &["fwgrp.others=read"], "6.4.4").unwrap_err();
    let said = "--grant fwgrp.others=read: FortiOS 6.4.4 has no `others` in fwgrp-permission (it came with 7.0.1)";
    assert_eq!(error.to_string(), said);
    let resolved = resolve(Some("cert-automation"), &[], "6.4.4").unwrap();
    assert_eq!(written(&resolved.permissions), "sysgrp={cfg=read-write} vpngrp=read-write");
    let notes: Vec<_> = resolved.notes.iter().map(ToString::to_string).collect();
    assert_eq!(notes, ["the preset's fwgrp.others is left out: FortiOS 6.4.4 has no such thing (it came with 7.0.1)"]);
}

#[test]
fn refusals_name_the_grant_the_rule_and_the_way_out() {
    for (grant, version, said, hint) in [
        (
            "utmgrp.casb=read",
            "7.0.12",
            "FortiOS 7.0.12 has no `casb` in utmgrp-permission (it came with 7.4.1)",
            "leave it out for this device, or see `fgtkey preset --groups --fortios 7.0.12`",
        ),
        (
            "utmgrp.mmsgtp=read",
            "8.0.0",
            "FortiOS 8.0.0 has no `mmsgtp` in utmgrp-permission (it went with 7.6.5)",
            "leave it out for this device, or see `fgtkey preset --groups --fortios 8.0.0`",
        ),
        (
            "secfabgrp.csfsys=read",
            "7.6.4",
            "FortiOS 7.6.4 has no secfabgrp-permission (it came with 7.6.5)",
            "ask for secfabgrp=read or secfabgrp=read-write, or see `fgtkey preset --groups --fortios 7.6.4`",
        ),
        (
            "authgrp.users=read",
            "7.4.8",
            "authgrp has no children: it takes none, read or read-write as a whole",
            "ask for authgrp=read",
        ),
        ("fwgroup=read", "7.4.8", "FortiOS has no permission group `fwgroup`", "did you mean fwgrp?"),
        ("banana=read", "7.4.8", "FortiOS has no permission group `banana`", "see `fgtkey preset --groups`"),
        ("fwgrp.adress=read", "7.4.8", "FortiOS has no `adress` in fwgrp-permission", "did you mean address?"),
        ("routegrp=read", "7.4.8", "FortiOS has no `routegrp` (it went with 6.0.0)", "it is netgrp.route-cfg today"),
        ("fwgrp.other=read", "7.4.8", "FortiOS has no `fwgrp.other`", "it is fwgrp.others today"),
        ("logreport=read", "7.4.8", "FortiOS has no `logreport`", "it is loggrp today"),
    ] {
        let error = resolve(None, &[grant], version).unwrap_err();
        assert_eq!(error.to_string(), format!("--grant {grant}: {said}"));
        assert_eq!(error.hint().as_deref(), Some(hint), "{grant}");
    }
}

#[test]
fn what_no_version_has_is_found_before_the_version_is_known() {
    assert!(ask(None, &["fwgrp.adress=read"]).check_known().is_err());
    assert!(ask(None, &["utmgrp.casb=read", "utmgrp.spamfilter=read", "wanoptgrp=read"]).check_known().is_ok());
}

#[test]
fn what_some_models_lack_is_granted_with_a_warning() {
    for (grant, version) in
        [("wanoptgrp=read", "7.4.2"), ("utmgrp.mmsgtp=read", "7.4.8"), ("secfabgrp.mmsgtp=read", "7.6.5")]
    {
        let resolved = resolve(None, &[grant], version).unwrap();
        assert_eq!(resolved.notes.len(), 1, "{grant}");
        assert!(resolved.notes[0].to_string().contains("not on every model"));
    }
}

#[test]
fn every_preset_resolves_on_every_version() {
    for preset in Preset::all().iter().filter(|preset| preset.accprofile.is_none()) {
        for version in Version::lines().chain([Version::new(6, 0, 0), Version::new(9, 1, 0)]) {
            let resolved = resolve(Some(&preset.name), &[], &version.to_string()).unwrap();
            assert!(!resolved.permissions.0.is_empty(), "{} on {version}", preset.name);
            let all = resolved.permissions.is_all_read_write(version);
            assert_eq!(all, preset.name == "forticonverter", "{} on {version}", preset.name);
        }
    }
}

#[test]
fn a_preset_brings_its_settings_to_the_versions_that_have_them() {
    let settings = |version| resolve(Some("terraform_policy_objects"), &[], version).unwrap().settings;
    assert_eq!(
        settings("7.4.1").iter().map(|s| format!("{} {}", s.name, s.value)).collect::<Vec<_>>(),
        ["system-diagnostics disable"]
    );
    assert_eq!(settings("7.4.2"), []);
}
