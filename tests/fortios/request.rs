//! From flags and a request file to a typed request.

use fgtkey::fortios::request::{ProfileRequest, Request, RequestFile, RequestFlags, Warning};
use fgtkey::fortios::request_error::RequestError;
use fgtkey::fortios::trusted_host::TrustedHosts;
use fgtkey::fortios::version::Version;
use fgtkey::fortios::weakness::Weakness;

const EXAMPLE: &str = r#"
api_user:
  name: terraform
  comments: Terraform, NET-1234
  trusted_hosts: [auto, 10.20.100.99/32, "2001:db8:20::/64"]
  vdoms: [root]
profile:
  name: terraform-firewall
  preset: firewall-address-read     # start from a preset ...
  permissions:                      # ... and say what differs
    fwgrp: { address: read-write }
    sysgrp: none
deliver:
  - dotenv: keys/{{ device.name }}.env
  - vault: { mount: secret, path: "fortigate/{{ device.name }}" }
  - stdout
ssh:
  user: automation
"#;

fn file(text: &str) -> RequestFile {
    RequestFile::parse("req.yaml", text).unwrap()
}

fn from_file(text: &str) -> Result<Request, RequestError> {
    Request::from_parts(Some(RequestFile::parse("req.yaml", text)?), RequestFlags::default())
}

/// `--api-user ci --preset firewall-address-read --trusted-host 10.0.0.1`
fn flags() -> RequestFlags {
    RequestFlags {
        api_user: Some("ci".to_owned()),
        preset: Some("firewall-address-read".to_owned()),
        trusted_hosts: vec!["10.0.0.1".to_owned()],
        ..RequestFlags::default()
    }
}

fn from_flags(change: impl FnOnce(&mut RequestFlags)) -> Result<Request, RequestError> {
    let mut flags = flags();
    change(&mut flags);
    Request::from_parts(None, flags)
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn hosts(request: &Request) -> Vec<String> {
    request.api_user.trusted_hosts.hosts().iter().map(ToString::to_string).collect()
}

#[test]
fn the_example_file_becomes_a_request() {
    let request = from_file(EXAMPLE).unwrap();
    assert_eq!(request.api_user.name.as_str(), "terraform");
    assert_eq!(request.api_user.comments.as_ref().unwrap().as_str(), "Terraform, NET-1234");
    assert_eq!(hosts(&request), ["auto", "10.20.100.99/32", "2001:db8:20::/64"]);
    assert_eq!(request.api_user.vdoms.iter().map(ToString::to_string).collect::<Vec<_>>(), ["root"]);
    assert_eq!(request.ssh_user.as_deref(), Some("automation"));
    let ProfileRequest::Made { name, permissions, scope_global, .. } = &request.profile else { panic!() };
    assert_eq!((name.as_str(), *scope_global), ("terraform-firewall", false));
    assert_eq!(permissions.preset.unwrap().name, "firewall-address-read");
    let grants: Vec<_> = permissions.grants.iter().map(|grant| grant.value.to_string()).collect();
    assert_eq!(grants, ["fwgrp.address=read-write", "sysgrp=none"]);
    let kinds: Vec<_> = request.deliver.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(kinds, ["dotenv", "vault", "stdout"]);
    assert_eq!(request.deliver[0].value, "keys/{{ device.name }}.env");
    assert_eq!(request.deliver[1].value["path"], "fortigate/{{ device.name }}");
}

#[test]
fn flags_win_over_the_file() {
    let over = RequestFlags {
        api_user: some("ansible"),
        trusted_hosts: vec!["192.0.2.7".to_owned()],
        vdoms: vec!["edge".to_owned(), "edge".to_owned()],
        grants: vec!["fwgrp.policy=read".to_owned(), "sysgrp=read".to_owned()],
        ..RequestFlags::default()
    };
    let request = Request::from_parts(Some(file(EXAMPLE)), over).unwrap();
    assert_eq!(request.api_user.name.as_str(), "ansible");
    assert_eq!(request.api_user.comments.as_ref().unwrap().as_str(), "Terraform, NET-1234");
    assert_eq!(hosts(&request), ["192.0.2.7/32"]);
    assert_eq!(request.api_user.vdoms.len(), 1);
    let ProfileRequest::Made { permissions, .. } = &request.profile else { panic!() };
    let grants: Vec<_> = permissions.grants.iter().map(|grant| grant.value.to_string()).collect();
    assert_eq!(grants, ["fwgrp.address=read-write", "sysgrp=none", "fwgrp.policy=read", "sysgrp=read"]);
}

#[test]
fn a_made_profile_is_named_after_the_api_user_unless_it_is_named() {
    assert_eq!(from_flags(|_| {}).unwrap().profile.name().as_str(), "ci");
    let named = from_flags(|flags| flags.profile = some("ci-firewall")).unwrap();
    assert_eq!(named.profile.name().as_str(), "ci-firewall");
    assert!(matches!(named.profile, ProfileRequest::Made { .. }));
}

#[test]
fn a_profile_alone_is_one_that_the_device_has() {
    let request = from_flags(|flags| (flags.profile, flags.preset) = (some("netops"), None)).unwrap();
    assert_eq!(request.profile, ProfileRequest::Existing("netops".parse().unwrap()));
}

#[test]
fn the_tutorial_reads_firewall_addresses_from_where_the_session_comes_from() {
    let request = Request::tutorial().unwrap();
    assert_eq!((request.api_user.name.as_str(), request.profile.name().as_str()), ("terraform", "terraform"));
    assert_eq!(hosts(&request), ["auto"]);
    assert_eq!(request.check(Version::new(7, 4, 8), false), Ok(vec![]));
}

#[test]
fn a_request_without_its_essentials_says_what_to_type() {
    let nothing = Request::from_parts(None, RequestFlags::default()).unwrap_err();
    assert_eq!(nothing, RequestError::Nothing);
    assert!(nothing.hint().unwrap().contains("--preset firewall-address-read"));
    assert_eq!(from_flags(|flags| flags.api_user = None), Err(RequestError::NoApiUser));
    assert_eq!(from_flags(|flags| flags.preset = None), Err(RequestError::NoProfile));
}

#[test]
fn all_weak_things_are_named_at_once() {
    let weak = |flags: &mut RequestFlags| {
        flags.preset = some("terraform-full");
        flags.trusted_hosts.clear();
        flags.cors_origin = some("*");
    };
    let error = from_flags(weak).unwrap_err();
    let expected = vec![Weakness::NoTrustedHost, Weakness::SuperAdmin, Weakness::AnyOrigin];
    assert_eq!(error, RequestError::Weak(expected.clone()));
    assert!(error.hint().unwrap().contains("--allow-weak"));
    let meant = from_flags(|flags| {
        weak(flags);
        flags.allow_weak = true;
    })
    .unwrap();
    assert_eq!(meant.api_user.trusted_hosts, TrustedHosts::Anywhere);
    let warnings: Vec<_> = expected.into_iter().map(Warning::Weak).collect();
    assert_eq!(meant.check(Version::new(7, 4, 8), false), Ok(warnings));
}

#[test]
fn each_weak_thing_alone_needs_allow_weak() {
    let weaknesses = |change: fn(&mut RequestFlags)| match from_flags(change) {
        Err(RequestError::Weak(weaknesses)) => weaknesses,
        other => panic!("{other:?}"),
    };
    let everything = |text: &str| Weakness::EveryAddress(text.parse().unwrap());
    let hosts =
        |flags: &mut RequestFlags, hosts: &[&str]| flags.trusted_hosts = hosts.iter().map(|h| (*h).into()).collect();
    let _ = hosts;
    assert_eq!(weaknesses(|f| f.trusted_hosts.clear()), [Weakness::NoTrustedHost]);
    assert_eq!(weaknesses(|f| f.trusted_hosts.push("0.0.0.0/0".into())), [everything("0.0.0.0/0")]);
    assert_eq!(weaknesses(|f| f.trusted_hosts.push("::/0".into())), [everything("::/0")]);
    assert_eq!(
        weaknesses(|f| f.trusted_hosts = vec!["0.0.0.0/1".into(), "128.0.0.0/1".into()]),
        [everything("0.0.0.0/0")]
    );
    assert_eq!(weaknesses(|f| f.cors_origin = Some("*".into())), [Weakness::AnyOrigin]);
    assert_eq!(weaknesses(|f| f.preset = Some("forticonverter".into())), [Weakness::AllReadWrite]);
    assert_eq!(weaknesses(|f| (f.preset, f.profile) = (None, Some("super_admin".into()))), [Weakness::SuperAdmin]);
}

#[test]
fn a_built_in_profile_is_neither_made_nor_changed() {
    let named = from_flags(|flags| flags.profile = some("super_admin")).unwrap_err();
    assert!(named.to_string().contains("built-in"), "{named}");
    let granted =
        from_flags(|flags| (flags.preset, flags.grants) = (some("ansible-fortios"), vec!["wifi=read".into()]));
    assert!(matches!(granted, Err(RequestError::BuiltInPreset(_))));
    let renamed = from_flags(|flags| (flags.preset, flags.profile) = (some("ansible-fortios"), some("other")));
    assert!(matches!(renamed, Err(RequestError::BuiltInPreset(_))));
}

#[test]
fn errors_point_at_the_flag() {
    for (change, said) in [
        (
            (|f| f.api_user = Some("a#b".into())) as fn(&mut RequestFlags),
            "--api-user: the name of the API user \"a#b\" has '#' in it: \
             FortiOS refuses it even when quoted (error -173)",
        ),
        (
            |f| f.trusted_hosts = vec!["10.1.1.5/24".into()],
            "--trusted-host 10.1.1.5/24: 10.1.1.5/24 has bits set behind its prefix",
        ),
        (|f| f.preset = Some("terrafrom-full".into()), "--preset: there is no preset `terrafrom-full`"),
        (
            |f| f.grants = vec!["fwgrp.adress=read".into()],
            "--grant fwgrp.adress=read: FortiOS has no `adress` in fwgrp-permission",
        ),
        (|f| f.grants = vec!["fwgrp".into()], "--grant fwgrp: `fwgrp` is not GROUP[.CHILD]=none|read|read-write"),
        (|f| f.expires = Some("soon".into()), "--expires: \"soon\" is not a duration such as 90m, 12h or 7d"),
    ] {
        assert_eq!(from_flags(change).unwrap_err().to_string(), said);
    }
}

#[test]
fn errors_point_at_the_line_of_the_file() {
    for (text, said, hint) in [
        (
            "api_user:\n  name: a\n  trusted_hosts: [10.0.0.1,\n    10.0.0.300]\n",
            "req.yaml:4:5: api_user.trusted_hosts: \"10.0.0.300\" is not an address, a network or `auto`",
            "for example",
        ),
        (
            "api_user: {name: a, trusted_hosts: [auto]}\nprofile:\n  permissions:\n    fwgrp: { adress: read }\n",
            "req.yaml:4:22: profile.permissions.fwgrp.adress: FortiOS has no `adress` in fwgrp-permission",
            "did you mean address?",
        ),
        (
            "api_user: {name: a, trusted_hosts: [auto]}\nprofile:\n  permissions:\n    fwgrp: rw\n",
            "req.yaml:4:12: profile.permissions.fwgrp: `rw` is not a level of access: none, read or read-write",
            "did you mean read-write?",
        ),
        ("api_user:\n  nmae: a\n", "req.yaml:2:3: a request has no `nmae` here", "did you mean name?"),
        ("api-user:\n  name: a\n", "req.yaml:1:1: a request has no `api-user` here", "did you mean api_user?"),
        (
            "api_user: {name: a}\nprofile: {preset: read-all, scope: everywhere}\n",
            "req.yaml:2:36: profile.scope: \"everywhere\" is not a scope: vdom or global",
            "",
        ),
    ] {
        let error = from_file(text).unwrap_err();
        assert_eq!(error.to_string(), said);
        assert!(error.hint().unwrap_or_default().contains(hint), "{:?}", error.hint());
    }
}

#[test]
fn what_is_not_yaml_or_not_a_request_says_where() {
    for (text, said) in [
        ("api_user: [", "1:11: expected keys and values here"),
        ("api_user:\n  name: [a]\n", "2:9: expected text here"),
        ("api_user:\n  trusted_hosts: auto\n", "2:18: expected a list here"),
        ("api_user:\n  name: a\n  name: b\n", "3:3: `name` is there twice"),
        (
            "deliver:\n  - dotenv: a\n    file: b\n",
            "2:5: a destination is one key and its value; write each as an item of its own",
        ),
        ("- a\n", "1:1: expected keys and values here"),
        (
            "profile: {permissions: {fwgrp: [a]}}",
            "1:25: invalid type: sequence, expected none, read, read-write, or a map of children to these",
        ),
    ] {
        let error = RequestFile::parse("req.yaml", text).unwrap_err().to_string();
        assert_eq!(error, format!("req.yaml:{said}"));
    }
}

#[test]
fn what_only_the_version_can_refute_is_checked_when_it_is_known() {
    let check = |change: fn(&mut RequestFlags), version: &str, multi_vdom| {
        from_flags(change).unwrap().check(version.parse().unwrap(), multi_vdom).map_err(|error| error.to_string())
    };
    let expires: fn(&mut RequestFlags) = |f| f.expires = Some("7d".into());
    assert_eq!(check(expires, "7.6.4", false), Ok(vec![]));
    let error = check(expires, "7.4.8", false).unwrap_err();
    assert_eq!(error, "FortiOS 7.4.8 gives keys no expiry (it came with 7.6.3)");
    assert!(check(expires, "7.6.5", false).unwrap_err().contains("Support Tool"));

    let dotted: fn(&mut RequestFlags) = |f| f.api_user = Some("ci.runner".into());
    assert!(check(dotted, "7.4.4", false).unwrap_err().contains("7.4.4 takes only letters, digits, _ and -"));
    assert_eq!(check(dotted, "7.4.5", false), Ok(vec![]));

    let vdom: fn(&mut RequestFlags) = |f| f.vdoms = vec!["edge".into()];
    assert_eq!(check(vdom, "7.4.8", true), Ok(vec![]));
    assert!(check(vdom, "7.4.8", false).unwrap_err().contains("no VDOMs"));
    assert_eq!(check(|f| f.vdoms = vec!["root".into()], "7.4.8", false), Ok(vec![]));

    let casb: fn(&mut RequestFlags) = |f| f.grants = vec!["utmgrp.casb=read".into()];
    let error = check(casb, "7.0.12", false).unwrap_err();
    assert!(error.starts_with("--grant utmgrp.casb=read: FortiOS 7.0.12 has no `casb`"), "{error}");
}

#[test]
fn a_newer_version_and_a_useless_scope_are_warnings() {
    let newer = from_flags(|_| {}).unwrap().check(Version::new(8, 2, 0), false).unwrap();
    assert_eq!(newer, [Warning::NewerThanKnown(Version::new(8, 2, 0))]);
    let global = from_flags(|flags| flags.preset = some("mcp-readonly")).unwrap();
    assert_eq!(global.check(Version::new(7, 4, 8), false), Ok(vec![Warning::NoScope]));
    assert_eq!(global.check(Version::new(7, 4, 8), true), Ok(vec![]));
}

#[test]
fn comments_on_a_profile_that_exists_are_refused() {
    let text = "api_user: {name: a, trusted_hosts: [auto]}\nprofile: {name: netops, comments: x}\n";
    assert!(matches!(from_file(text), Err(RequestError::ExistingUnchanged { .. })));
    let text = "api_user: {name: a, trusted_hosts: [auto]}\nprofile: {preset: terraform-full, scope: global}\n";
    assert!(matches!(from_file(text), Err(RequestError::ExistingUnchanged { .. })));
}
