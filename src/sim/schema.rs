//! The objects that the simulated device knows, by version and model.

use std::sync::Arc;

use crate::fortios::version::Version;

use super::definition::{Definition, Field, Kind, Scope, Shape, Source};
use super::spec::DeviceSpec;

type Release = (u16, u16, u16);

/// Permission groups in the order of `show`, and the release since which they take `custom`.
const GROUPS: [(&str, Option<Release>); 11] = [
    ("secfabgrp", Some((7, 6, 5))),
    ("ftviewgrp", None),
    ("authgrp", None),
    ("sysgrp", Some((6, 0, 0))),
    ("netgrp", Some((6, 0, 0))),
    ("loggrp", Some((6, 0, 0))),
    ("fwgrp", Some((6, 0, 0))),
    ("vpngrp", None),
    ("utmgrp", Some((6, 0, 0))),
    ("wanoptgrp", None),
    ("wifi", None),
];

const LAST: Release = (u16::MAX, 0, 0);

/// Children of the groups: group, name, first and last release.
const CHILDREN: [(&str, &str, Release, Release); 37] = [
    ("netgrp", "cfg", (6, 0, 0), LAST),
    ("netgrp", "packet-capture", (6, 0, 0), LAST),
    ("netgrp", "route-cfg", (6, 0, 0), LAST),
    ("sysgrp", "admin", (6, 0, 0), LAST),
    ("sysgrp", "upd", (6, 0, 0), LAST),
    ("sysgrp", "cfg", (6, 0, 0), LAST),
    ("sysgrp", "mnt", (6, 0, 0), LAST),
    ("fwgrp", "policy", (6, 0, 0), LAST),
    ("fwgrp", "address", (6, 0, 0), LAST),
    ("fwgrp", "service", (6, 0, 0), LAST),
    ("fwgrp", "schedule", (6, 0, 0), LAST),
    ("fwgrp", "others", (7, 0, 1), LAST),
    ("loggrp", "config", (6, 0, 0), LAST),
    ("loggrp", "data-access", (6, 0, 0), LAST),
    ("loggrp", "report-access", (6, 0, 0), LAST),
    ("loggrp", "threat-weight", (6, 0, 0), LAST),
    ("utmgrp", "antivirus", (6, 0, 0), LAST),
    ("utmgrp", "ips", (6, 0, 0), LAST),
    ("utmgrp", "webfilter", (6, 0, 0), LAST),
    ("utmgrp", "spamfilter", (6, 0, 0), (6, 0, 99)),
    ("utmgrp", "emailfilter", (6, 2, 0), LAST),
    ("utmgrp", "data-loss-prevention", (6, 0, 0), (7, 2, 3)),
    ("utmgrp", "data-leak-prevention", (7, 2, 4), (7, 4, 3)),
    ("utmgrp", "dlp", (7, 4, 4), LAST),
    ("utmgrp", "file-filter", (6, 4, 0), LAST),
    ("utmgrp", "application-control", (6, 0, 0), LAST),
    ("utmgrp", "icap", (6, 0, 0), LAST),
    ("utmgrp", "voip", (6, 0, 0), LAST),
    ("utmgrp", "waf", (6, 0, 0), LAST),
    ("utmgrp", "dnsfilter", (6, 0, 0), LAST),
    ("utmgrp", "endpoint-control", (6, 0, 0), LAST),
    ("utmgrp", "videofilter", (7, 2, 0), LAST),
    ("utmgrp", "virtual-patch", (7, 4, 1), LAST),
    ("utmgrp", "casb", (7, 4, 1), LAST),
    ("utmgrp", "telemetry", (7, 6, 4), LAST),
    ("secfabgrp", "csfsys", (7, 6, 5), LAST),
    ("secfabgrp", "csffoo", (7, 6, 5), LAST),
];

/// Switches of a profile beside its groups: name, default, first and last release.
const SWITCHES: [(&str, &str, Release, Release); 8] = [
    ("system-diagnostics", "enable", (6, 4, 0), (7, 4, 1)),
    ("cli-diagnose", "disable", (7, 4, 2), LAST),
    ("cli-get", "disable", (7, 4, 2), LAST),
    ("cli-show", "disable", (7, 4, 2), LAST),
    ("cli-exec", "disable", (7, 4, 2), LAST),
    ("cli-config", "disable", (7, 4, 2), LAST),
    ("system-execute-ssh", "enable", (7, 2, 1), LAST),
    ("system-execute-telnet", "enable", (7, 2, 1), LAST),
];

fn is_in(version: Version, from: Release, to: Release) -> bool {
    let release = |(major, minor, patch)| Version::new(major, minor, patch);
    release(from) <= version && version <= release(to)
}

/// Every object that `config` opens on this device.
pub(super) fn definitions(spec: &DeviceSpec) -> Vec<Arc<Definition>> {
    let all = [
        system_global(spec),
        access_profile(spec),
        system_admin(),
        api_user(spec),
        system_console(),
        system_interface(),
        system_settings(),
        firewall_address(),
    ];
    all.into_iter().map(Arc::new).collect()
}

fn object(path: &str, shape: Shape, scope: Scope, fields: Vec<Field>) -> Definition {
    Definition { path: path.into(), shape, scope, fields, children: Vec::new(), when: None }
}

fn access_profile(spec: &DeviceSpec) -> Definition {
    let mut fields = Vec::new();
    if spec.vdom_mode.is_on() {
        fields.push(Field::choice("scope", &["vdom", "global"], "vdom"));
    }
    fields.push(Field::new("comments", Kind::Text(255)));
    let groups = GROUPS.iter().filter(|(group, _)| *group != "wanoptgrp" || !spec.traps.no_wanopt);
    fields.extend(groups.map(|(group, custom)| group_field(group, *custom, spec.version)));
    fields.push(Field::switch("admintimeout-override", "disable"));
    fields
        .push(Field::new("admintimeout", Kind::Integer(0, 480)).default("10").when("admintimeout-override", "enable"));
    let switches = SWITCHES.iter().filter(|(_, _, from, to)| is_in(spec.version, *from, *to));
    fields.extend(switches.map(|(name, default, _, _)| Field::switch(name, default)));
    let children = GROUPS.iter().filter_map(|(group, _)| permission_block(group, spec.version)).map(Arc::new).collect();
    Definition { children, ..object("system accprofile", Shape::Named(35), Scope::Global, fields) }
}

fn group_field(group: &str, custom: Option<Release>, version: Version) -> Field {
    match custom {
        Some(since) if is_in(version, since, LAST) => {
            Field::choice(group, &["none", "read", "read-write", "custom"], "none")
        }
        _ => Field::choice(group, &["none", "read", "read-write"], "none"),
    }
}

fn permission_block(group: &str, version: Version) -> Option<Definition> {
    let children = CHILDREN.iter().filter(|(of, _, from, to)| *of == group && is_in(version, *from, *to));
    let fields: Vec<_> =
        children.map(|(_, name, _, _)| Field::choice(name, &["none", "read", "read-write"], "none")).collect();
    if fields.is_empty() {
        return None;
    }
    let block = object(&format!("{group}-permission"), Shape::Single, Scope::Global, fields);
    Some(Definition { when: Some((group.into(), "custom".into())), ..block })
}

fn api_user(spec: &DeviceSpec) -> Definition {
    let vdom_length = if spec.version < Version::new(6, 2, 0) { 64 } else { 79 };
    let fields = vec![
        Field::new("comments", Kind::Text(255)),
        Field::new("api-key", Kind::ApiKey),
        Field::new("accprofile", Kind::Reference(35, Source::AccessProfile)).required(),
        Field::new("vdom", Kind::References(vdom_length, Source::Vdom)),
        Field::new("schedule", Kind::Text(35)),
        Field::new("cors-allow-origin", Kind::Text(269)),
        Field::switch("peer-auth", "disable"),
        Field::new("peer-group", Kind::Text(35)).when("peer-auth", "enable"),
    ];
    let children = vec![Arc::new(trusted_host())];
    Definition { children, ..object("system api-user", Shape::Named(35), Scope::Global, fields) }
}

fn trusted_host() -> Definition {
    let fields = vec![
        Field::choice("type", &["ipv4-trusthost", "ipv6-trusthost"], "ipv4-trusthost"),
        Field::new("ipv4-trusthost", Kind::Ipv4Net).default("0.0.0.0 0.0.0.0").when("type", "ipv4-trusthost"),
        Field::new("ipv6-trusthost", Kind::Ipv6Net).default("::/0").when("type", "ipv6-trusthost"),
    ];
    object("trusthost", Shape::Numbered, Scope::Global, fields)
}

fn system_admin() -> Definition {
    let mut fields = vec![
        Field::new("accprofile", Kind::Reference(35, Source::AccessProfile)).required(),
        Field::new("vdom", Kind::References(79, Source::Vdom)),
        Field::new("comments", Kind::Text(255)),
        Field::new("password", Kind::Password),
    ];
    fields.extend((1..=3).map(|number| Field::new(&format!("ssh-public-key{number}"), Kind::Text(4096))));
    fields.extend(
        (1..=10).map(|number| Field::new(&format!("trusthost{number}"), Kind::Ipv4Net).default("0.0.0.0 0.0.0.0")),
    );
    object("system admin", Shape::Named(64), Scope::Global, fields)
}

fn system_console() -> Definition {
    let fields = vec![
        Field::choice("baudrate", &["9600", "19200", "38400", "57600", "115200"], "9600"),
        Field::switch("login", "enable"),
        Field::choice("mode", &["batch", "line"], "line"),
        Field::choice("output", &["standard", "more"], "more"),
    ];
    object("system console", Shape::Single, Scope::Global, fields)
}

fn system_interface() -> Definition {
    let fields = vec![
        Field::new("vdom", Kind::Reference(79, Source::Vdom)),
        Field::new("ip", Kind::Ipv4Net).default("0.0.0.0 0.0.0.0"),
        Field::new("allowaccess", Kind::Words),
        Field::new("alias", Kind::Text(25)),
        Field::new("description", Kind::Text(255)),
        Field::choice("status", &["up", "down"], "up"),
    ];
    object("system interface", Shape::Named(15), Scope::Global, fields)
}

fn system_settings() -> Definition {
    let fields = vec![
        Field::new("comments", Kind::Text(255)),
        Field::choice("opmode", &["nat", "transparent"], "nat"),
        Field::switch("gui-dns-database", "disable"),
    ];
    object("system settings", Shape::Single, Scope::Vdom, fields)
}

fn firewall_address() -> Definition {
    let fields = vec![
        Field::choice("type", &["ipmask", "iprange", "fqdn", "geography"], "ipmask"),
        Field::new("subnet", Kind::Ipv4Net).default("0.0.0.0 0.0.0.0").when("type", "ipmask"),
        Field::new("fqdn", Kind::Text(255)).when("type", "fqdn"),
        Field::new("comment", Kind::Text(255)),
    ];
    object("firewall address", Shape::Named(79), Scope::Vdom, fields)
}

/// Settings of `config system global` that are whole numbers or switches, with their defaults. Enough of them for
/// `get system global` to need a second page on a terminal of 24 rows, as it does on a device.
const GLOBAL: [(&str, &str); 32] = [
    ("admin-concurrent", "enable"),
    ("admin-https-redirect", "enable"),
    ("admin-lockout-duration", "60"),
    ("admin-lockout-threshold", "3"),
    ("admin-login-max", "100"),
    ("admin-maintainer", "enable"),
    ("admin-port", "80"),
    ("admin-scp", "disable"),
    ("admin-sport", "443"),
    ("admin-ssh-grace-time", "120"),
    ("admin-ssh-password", "enable"),
    ("admin-ssh-port", "22"),
    ("admin-telnet", "enable"),
    ("admintimeout", "5"),
    ("arp-max-entry", "131072"),
    ("auth-http-port", "1000"),
    ("auth-https-port", "1003"),
    ("check-protocol-header", "loose"),
    ("cli-audit-log", "disable"),
    ("fds-statistics", "enable"),
    ("gui-allow-default-hostname", "disable"),
    ("ip-src-port-range", "1024-25000"),
    ("lldp-reception", "disable"),
    ("lldp-transmission", "disable"),
    ("management-vdom", "root"),
    ("post-login-banner", "disable"),
    ("pre-login-banner", "disable"),
    ("revision-backup-on-logout", "disable"),
    ("strong-crypto", "enable"),
    ("timezone", "04"),
    ("user-server-cert", "Fortinet_Factory"),
    ("wireless-mode", "ac"),
];

fn system_global(spec: &DeviceSpec) -> Definition {
    let mut fields: Vec<_> = GLOBAL.iter().map(|(name, default)| global_field(name, default)).collect();
    fields.push(Field::new("alias", Kind::Text(35)));
    fields.push(Field::choice("cfg-save", &["automatic", "manual", "revert"], "automatic"));
    fields.push(
        Field::new("cfg-revert-timeout", Kind::Integer(10, 4_294_967_295)).default("600").when("cfg-save", "revert"),
    );
    fields.push(Field::new("hostname", Kind::Text(35)));
    if is_in(spec.version, (7, 6, 1), (7, 6, 99)) || is_in(spec.version, (7, 4, 5), (7, 4, 99)) {
        fields.push(Field::switch("rest-api-key-url-query", "disable"));
    }
    if spec.version >= Version::new(6, 2, 0) {
        fields.push(Field::choice("vdom-mode", &["no-vdom", "multi-vdom"], "no-vdom"));
    }
    fields.sort_by(|a, b| a.name.cmp(&b.name));
    object("system global", Shape::Single, Scope::Global, fields)
}

fn global_field(name: &str, default: &str) -> Field {
    let kind = match default {
        "enable" | "disable" => return Field::switch(name, default),
        number if number.parse::<u64>().is_ok() && name != "timezone" => Kind::Integer(0, 4_294_967_295),
        _ => Kind::Words,
    };
    Field::new(name, kind).default(default)
}
