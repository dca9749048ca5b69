//! Every row of the embedded schema at the versions where it comes and goes.

use fgtkey::fortios::schema::{Expiry, FieldKind, Schema};
use fgtkey::fortios::version::Version;

fn at(version: &str) -> Schema {
    Schema::of(version.parse().unwrap())
}

/// `fwgrp.others` of the groups, `cli-exec` of the fields, `fwgrp` itself.
fn has(version: &str, subject: &str) -> bool {
    let schema = at(version);
    match subject.split_once('.') {
        Some((group, child)) => schema.child(schema.group(group).unwrap(), child).is_some(),
        None => schema.group(subject).is_some() || schema.has(subject),
    }
}

/// Two neighbouring releases, the earlier first.
type Step = (&'static str, &'static str);

/// Subject, the last release without it and the first with it, the last with it and the first without it again.
const ROWS: &[(&str, Option<Step>, Option<Step>)] = &[
    ("secfabgrp.csfsys", Some(("7.6.4", "7.6.5")), None),
    ("secfabgrp.csffoo", Some(("7.6.4", "7.6.5")), None),
    ("secfabgrp.mmsgtp", Some(("7.6.4", "7.6.5")), Some(("7.6.7", "8.0.0"))),
    ("fwgrp.others", Some(("7.0.0", "7.0.1")), None),
    ("utmgrp.spamfilter", None, Some(("6.0.11", "6.2.0"))),
    ("utmgrp.emailfilter", Some(("6.0.11", "6.2.0")), None),
    ("utmgrp.data-loss-prevention", None, Some(("7.2.3", "7.2.4"))),
    ("utmgrp.data-leak-prevention", Some(("7.2.3", "7.2.4")), Some(("7.4.3", "7.4.4"))),
    ("utmgrp.dlp", Some(("7.4.3", "7.4.4")), None),
    ("utmgrp.file-filter", Some(("6.2.7", "6.4.0")), None),
    ("utmgrp.mmsgtp", None, Some(("7.6.4", "7.6.5"))),
    ("utmgrp.videofilter", Some(("7.0.19", "7.2.0")), None),
    ("utmgrp.virtual-patch", Some(("7.4.0", "7.4.1")), None),
    ("utmgrp.casb", Some(("7.4.0", "7.4.1")), None),
    ("utmgrp.telemetry", Some(("7.6.3", "7.6.4")), None),
    ("cli-diagnose", Some(("7.4.1", "7.4.2")), None),
    ("cli-get", Some(("7.4.1", "7.4.2")), None),
    ("cli-show", Some(("7.4.1", "7.4.2")), None),
    ("cli-exec", Some(("7.4.1", "7.4.2")), None),
    ("cli-config", Some(("7.4.1", "7.4.2")), None),
    ("system-execute-ssh", Some(("7.2.0", "7.2.1")), None),
    ("system-execute-telnet", Some(("7.2.0", "7.2.1")), None),
    ("gui-theme-type", Some(("7.6.7", "8.0.0")), None),
    ("gui-theme", Some(("7.6.7", "8.0.0")), None),
    ("gui-custom-theme", Some(("7.6.7", "8.0.0")), None),
    ("gui-ai-assistant", Some(("7.6.7", "8.0.0")), None),
    ("system-diagnostics", Some(("6.2.7", "6.4.0")), Some(("7.4.1", "7.4.2"))),
];

/// What every surveyed release has.
const ALWAYS: &[&str] = &[
    "secfabgrp",
    "ftviewgrp",
    "authgrp",
    "sysgrp",
    "netgrp",
    "loggrp",
    "fwgrp",
    "vpngrp",
    "utmgrp",
    "wanoptgrp",
    "wifi",
    "sysgrp.admin",
    "sysgrp.upd",
    "sysgrp.cfg",
    "sysgrp.mnt",
    "netgrp.cfg",
    "netgrp.packet-capture",
    "netgrp.route-cfg",
    "loggrp.config",
    "loggrp.data-access",
    "loggrp.report-access",
    "loggrp.threat-weight",
    "fwgrp.policy",
    "fwgrp.address",
    "fwgrp.service",
    "fwgrp.schedule",
    "utmgrp.antivirus",
    "utmgrp.ips",
    "utmgrp.webfilter",
    "utmgrp.application-control",
    "utmgrp.icap",
    "utmgrp.voip",
    "utmgrp.waf",
    "utmgrp.dnsfilter",
    "utmgrp.endpoint-control",
    "name",
    "scope",
    "comments",
    "admintimeout",
    "admintimeout-override",
];

#[test]
fn every_row_is_there_from_its_first_release_to_its_last() {
    for (subject, comes, goes) in ROWS {
        let (before, first) = comes.map_or((None, "6.0.0"), |(before, first)| (Some(before), first));
        let (last, after) = goes.map_or(("8.0.0", None), |(last, after)| (last, Some(after)));
        assert!(has(first, subject) && has(last, subject), "{subject}");
        for absent in before.into_iter().chain(after) {
            assert!(!has(absent, subject), "{subject} on {absent}");
        }
    }
}

#[test]
fn what_is_always_there_is_there_first_and_last() {
    for subject in ALWAYS {
        assert!(has("6.0.0", subject) && has("7.4.2", subject) && has("8.0.0", subject), "{subject}");
    }
}

#[test]
fn every_row_of_the_schema_is_in_one_of_the_two_tables() {
    let tabled = |subject: &str| ALWAYS.contains(&subject) || ROWS.iter().any(|row| row.0 == subject);
    for version in Version::lines() {
        let schema = Schema::of(version);
        for group in schema.groups() {
            assert!(tabled(&group.name), "{}", group.name);
            for child in group.all_children() {
                assert!(tabled(&format!("{}.{}", group.name, child.name)), "{}.{}", group.name, child.name);
            }
        }
        for field in schema.profile_fields() {
            assert!(tabled(&field.name), "{}", field.name);
        }
    }
}

#[test]
fn groups_and_blocks_come_in_the_order_fortios_defines_them() {
    let groups: Vec<_> = at("7.4.8").groups().map(|group| group.name.as_str()).collect();
    assert_eq!(groups.join(" "), "secfabgrp ftviewgrp authgrp sysgrp netgrp loggrp fwgrp vpngrp utmgrp wanoptgrp wifi");
    let blocks = |version| at(version).blocks().map(|group| group.name.as_str()).collect::<Vec<_>>().join(" ");
    assert_eq!(blocks("7.6.4"), "netgrp sysgrp fwgrp loggrp utmgrp");
    assert_eq!(blocks("7.6.5"), "netgrp sysgrp fwgrp loggrp utmgrp secfabgrp");
}

#[test]
fn a_group_takes_custom_where_it_has_a_block() {
    for (group, without, with) in [
        ("sysgrp", None, Some("6.0.0")),
        ("netgrp", None, Some("6.0.0")),
        ("loggrp", None, Some("6.0.0")),
        ("fwgrp", None, Some("6.0.0")),
        ("utmgrp", None, Some("6.0.0")),
        ("secfabgrp", Some("7.6.4"), Some("7.6.5")),
        ("ftviewgrp", Some("8.0.0"), None),
        ("authgrp", Some("8.0.0"), None),
        ("vpngrp", Some("8.0.0"), None),
        ("wanoptgrp", Some("8.0.0"), None),
        ("wifi", Some("8.0.0"), None),
    ] {
        let takes = |version: &str| {
            let schema = at(version);
            schema.group(group).unwrap().takes_custom(schema.version())
        };
        assert!(without.is_none_or(|version| !takes(version)), "{group}");
        assert!(with.is_none_or(takes), "{group}");
    }
}

#[test]
fn a_permission_is_found_under_each_versions_name_of_it() {
    for (version, dlp, email) in [
        ("6.0.5", "data-loss-prevention", "spamfilter"),
        ("6.4.4", "data-loss-prevention", "emailfilter"),
        ("7.2.10", "data-leak-prevention", "emailfilter"),
        ("7.6.7", "dlp", "emailfilter"),
    ] {
        for asked in ["data-loss-prevention", "data-leak-prevention", "dlp"] {
            assert_eq!(at(version).current_name_of("utmgrp", asked), Some(dlp), "{asked} on {version}");
        }
        for asked in ["spamfilter", "emailfilter"] {
            assert_eq!(at(version).current_name_of("utmgrp", asked), Some(email), "{asked} on {version}");
        }
    }
    assert_eq!(at("6.0.5").current_name_of("utmgrp", "casb"), None);
}

#[test]
fn what_some_models_lack_is_marked() {
    let schema = at("7.4.2");
    assert!(schema.group("wanoptgrp").unwrap().model_dependent);
    assert!(schema.child(schema.group("utmgrp").unwrap(), "mmsgtp").unwrap().model_dependent);
    assert!(!schema.group("fwgrp").unwrap().model_dependent);
    assert!(at("8.0.0").profile_field("gui-theme").unwrap().model_dependent);
}

#[test]
fn api_user_fields_have_the_lengths_of_the_cli_reference() {
    let length = |version: &str, field: &str| at(version).api_user_field(field).unwrap().max_length();
    for (field, max) in [
        ("name", 35),
        ("comments", 255),
        ("accprofile", 35),
        ("schedule", 35),
        ("cors-allow-origin", 269),
        ("peer-group", 35),
        ("api-key", 128),
    ] {
        assert_eq!((length("6.0.0", field), length("8.0.0", field)), (Some(max), Some(max)), "{field}");
    }
    assert_eq!((length("6.0.11", "vdom"), length("6.2.0", "vdom")), (Some(64), Some(79)));
    assert_eq!(at("6.0.0").profile_field("name").unwrap().max_length(), Some(35));
    assert_eq!(at("6.0.0").profile_field("comments").unwrap().max_length(), Some(255));
    assert!(matches!(at("6.0.0").profile_field("admintimeout").unwrap().kind, FieldKind::Integer { min: 0, max: 480 }));
}

#[test]
fn defaults_are_what_show_leaves_out() {
    let schema = at("7.4.8");
    for (field, default) in [("scope", "vdom"), ("cli-exec", "disable"), ("system-execute-ssh", "enable")] {
        assert_eq!(schema.profile_field(field).unwrap().default.as_deref(), Some(default));
    }
    assert_eq!(schema.api_user_field("peer-auth").unwrap().default.as_deref(), Some("disable"));
    for (field, default) in
        [("type", "ipv4-trusthost"), ("ipv4-trusthost", "0.0.0.0 0.0.0.0"), ("ipv6-trusthost", "::/0"), ("id", "0")]
    {
        assert_eq!(schema.trusthost_field(field).unwrap().default.as_deref(), Some(default));
    }
    assert_eq!(schema.trusthost_field("type").unwrap().values(), ["ipv4-trusthost", "ipv6-trusthost"]);
}

#[test]
fn scope_and_vdom_are_for_multi_vdom_devices() {
    let schema = at("7.4.8");
    assert!(schema.profile_field("scope").unwrap().multi_vdom_only);
    assert!(schema.api_user_field("vdom").unwrap().multi_vdom_only);
    assert!(!schema.api_user_field("name").unwrap().multi_vdom_only);
}

#[test]
fn a_key_can_be_given_an_expiry_between_7_6_3_and_7_6_4_only() {
    let since = |text: &str| text.parse::<Version>().unwrap();
    for (version, rule) in [
        ("6.0.0", Expiry::NotYet { since: since("7.6.3") }),
        ("7.6.2", Expiry::NotYet { since: since("7.6.3") }),
        ("7.6.3", Expiry::Minutes { min: 1, max: 10080 }),
        ("7.6.4", Expiry::Minutes { min: 1, max: 10080 }),
        ("7.6.5", Expiry::SupportToolOnly { since: since("7.6.5") }),
        ("8.0.0", Expiry::SupportToolOnly { since: since("7.6.5") }),
    ] {
        assert_eq!(at(version).expiry(), rule, "{version}");
    }
}

#[test]
fn plain_names_are_the_rule_of_two_short_ranges() {
    for (version, plain) in
        [("7.2.13", false), ("7.4.0", true), ("7.4.4", true), ("7.4.5", false), ("7.6.0", true), ("7.6.1", false)]
    {
        assert_eq!(at(version).plain_names_only(), plain, "{version}");
    }
}

#[test]
fn a_version_newer_than_any_known_has_the_newest_schema() {
    let newer = at("9.9.9");
    assert_eq!(newer.version(), at("8.0.0").version());
    assert!(newer.has("gui-theme") && !newer.has("system-diagnostics"));
    assert!(newer.group("secfabgrp").unwrap().takes_custom("9.9.9".parse().unwrap()));
}

#[test]
fn names_that_are_wrong_everywhere_have_their_right_one() {
    for (wrong, right) in [
        ("routegrp", "netgrp.route-cfg"),
        ("admingrp", "sysgrp.admin"),
        ("updategrp", "sysgrp.upd"),
        ("mntgrp", "sysgrp.mnt"),
        ("endpoint-control-grp", "utmgrp.endpoint-control"),
        ("logreport", "loggrp"),
        ("fwgrp.other", "fwgrp.others"),
        ("sysgrp.route-cfg", "netgrp.route-cfg"),
    ] {
        assert_eq!(Schema::wrong_name(wrong).map(|name| name.right.as_str()), Some(right));
        assert!(has("8.0.0", right));
    }
    assert!(Schema::is_built_in("super_admin") && Schema::is_built_in("super_admin_readonly"));
    assert!(!Schema::is_built_in("prof_admin"));
}
