//! The objects that the simulated device knows, by version and model.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::fortios::schema::{self, FieldKind, Group, Schema};
use crate::fortios::version::Version;

use super::certificate::default_name;
use super::definition::{Definition, Field, Kind, Scope, Shape, Source};
use super::spec::DeviceSpec;

/// The objects of one device.
pub(super) type Definitions = Arc<[Arc<Definition>]>;

/// The permission group that only models with WAN optimisation have.
const WANOPT: &str = "wanoptgrp";

/// What an access profile's group or a child of it takes.
const LEVELS: [&str; 3] = ["none", "read", "read-write"];

/// What the objects of a device depend on: its release, whether it has VDOMs, whether its model knows WAN optimisation,
/// and its certificate's name.
type Make = (Version, bool, bool, &'static str);

/// The objects of each make, shared by its devices: they are much larger than what one device has configured.
static MADE: Mutex<BTreeMap<Make, Definitions>> = Mutex::new(BTreeMap::new());

/// Every object that `config` opens on this device.
pub(super) fn definitions(spec: &DeviceSpec) -> Definitions {
    let make = (spec.version, spec.vdom_mode.is_on(), spec.traps.no_wanopt, default_name(spec));
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(made.entry(make).or_insert_with(|| defined(spec)))
}

fn defined(spec: &DeviceSpec) -> Definitions {
    let all = [
        system_global(spec),
        access_profile(spec),
        system_admin(),
        api_user(spec),
        central_management(),
        system_console(),
        system_interface(),
        system_settings(),
        firewall_address(),
    ];
    all.into_iter().chain(ssh_config(spec)).map(Arc::new).collect()
}

fn object(path: &str, shape: Shape, scope: Scope, fields: Vec<Field>) -> Definition {
    Definition { path: path.into(), shape, scope, fields, children: Vec::new(), when: None }
}

fn access_profile(spec: &DeviceSpec) -> Definition {
    let schema = Schema::of(spec.version);
    let offered = |field: &&schema::Field| !field.model_dependent && (spec.vdom_mode.is_on() || !field.multi_vdom_only);
    let (before, after): (Vec<_>, Vec<_>) = schema
        .profile_fields()
        .filter(|field| field.name != "name")
        .filter(offered)
        .partition(|field| ["scope", "comments"].contains(&field.name.as_str()));
    let groups = schema.groups().filter(|group| group.name != WANOPT || !spec.traps.no_wanopt);
    let mut fields: Vec<_> = before.into_iter().map(profile_field).collect();
    fields.extend(groups.map(|group| group_field(group, spec.version)));
    fields.extend(after.into_iter().map(profile_field));
    let children = schema.blocks().map(|group| Arc::new(permission_block(schema, group))).collect();
    Definition { children, ..object("system accprofile", Shape::Named(35), Scope::Global, fields) }
}

/// `admintimeout` counts only with its override.
fn profile_field(field: &schema::Field) -> Field {
    let kind = match &field.kind {
        FieldKind::Text { max_length } => Kind::Text(*max_length),
        FieldKind::Choice { values } => Kind::Choice(values.clone()),
        FieldKind::Integer { min, max } => Kind::Integer((*min).into(), (*max).into()),
        FieldKind::Network => Kind::Ipv4Net,
    };
    let own = Field { default: field.default.clone(), ..Field::new(&field.name, kind) };
    if field.name == "admintimeout" { own.when("admintimeout-override", "enable") } else { own }
}

fn group_field(group: &Group, version: Version) -> Field {
    let custom = group.takes_custom(version).then_some("custom");
    let values: Vec<&str> = LEVELS.into_iter().chain(custom).collect();
    Field::choice(&group.name, &values, "none")
}

fn permission_block(schema: Schema, group: &'static Group) -> Definition {
    let children = schema.children(group).filter(|child| !child.model_dependent);
    let fields = children.map(|child| Field::choice(&child.name, &LEVELS, "none")).collect();
    let block = object(&format!("{}-permission", group.name), Shape::Single, Scope::Global, fields);
    Definition { when: Some((group.name.clone(), "custom".into())), ..block }
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

/// Above it, a FortiManager. Source: terraform-provider-fortios 1.25.0, `fortios_system_centralmanagement`.
fn central_management() -> Definition {
    let fields = vec![
        Field::choice("mode", &["normal", "backup"], "normal"),
        Field::choice("type", &["fortimanager", "fortiguard", "none"], "none"),
        Field::new("serial-number", Kind::Text(127)).when("type", "fortimanager"),
        Field::new("fmg", Kind::Text(127)).when("type", "fortimanager"),
    ];
    object("system central-management", Shape::Single, Scope::Global, fields)
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
    let certificate = Field::new("admin-server-cert", Kind::Reference(35, Source::LocalCertificate));
    fields.push(certificate.default(default_name(spec)));
    fields.push(Field::new("alias", Kind::Text(35)));
    fields.push(Field::choice("cfg-save", &["automatic", "manual", "revert"], "automatic"));
    fields.push(
        Field::new("cfg-revert-timeout", Kind::Integer(10, 4_294_967_295)).default("600").when("cfg-save", "revert"),
    );
    fields.push(Field::new("hostname", Kind::Text(35)));
    if has_url_key_switch(spec.version) {
        fields.push(Field::switch("rest-api-key-url-query", "disable"));
    }
    if ssh_place(spec.version) == Some(SshPlace::Global) {
        fields.extend(ssh_algorithms());
    }
    if spec.version >= Version::new(6, 2, 0) {
        fields.push(Field::choice("vdom-mode", &["no-vdom", "multi-vdom"], "no-vdom"));
    }
    fields.sort_by(|a, b| a.name.cmp(&b.name));
    object("system global", Shape::Single, Scope::Global, fields)
}

/// Where the algorithms of SSH are set.
#[derive(PartialEq, Eq)]
enum SshPlace {
    Global,
    Own,
}

/// In `system global` from 7.0.2 on, in `system ssh-config` from 7.4.4 on (release notes of 7.4.4, 968305).
fn ssh_place(version: Version) -> Option<SshPlace> {
    if version >= Version::new(7, 4, 4) {
        return Some(SshPlace::Own);
    }
    (version >= Version::new(7, 0, 2)).then_some(SshPlace::Global)
}

fn ssh_config(spec: &DeviceSpec) -> Option<Definition> {
    let own = ssh_place(spec.version) == Some(SshPlace::Own);
    own.then(|| object("system ssh-config", Shape::Single, Scope::Global, ssh_algorithms()))
}

/// Defaults of the CLI reference 7.4.8.
fn ssh_algorithms() -> Vec<Field> {
    let lists = [
        ("ssh-enc-algo", "aes256-ctr aes256-gcm@openssh.com"),
        ("ssh-kex-algo", "diffie-hellman-group-exchange-sha256 curve25519-sha256@libssh.org"),
        ("ssh-mac-algo", "hmac-sha2-256 hmac-sha2-512"),
    ];
    lists.into_iter().map(|(name, default)| Field::new(name, Kind::Words).default(default)).collect()
}

/// `rest-api-key-url-query` came with 7.4.5 and 7.6.1, and 8.0 has it no more.
pub(super) fn has_url_key_switch(version: Version) -> bool {
    let since = |minor, patch| version.minor == minor && version >= Version::new(7, minor, patch);
    version.major == 7 && (since(4, 5) || since(6, 1))
}

fn global_field(name: &str, default: &str) -> Field {
    let kind = match default {
        "enable" | "disable" => return Field::switch(name, default),
        number if number.parse::<u64>().is_ok() && name != "timezone" => Kind::Integer(0, 4_294_967_295),
        _ => Kind::Words,
    };
    Field::new(name, kind).default(default)
}
