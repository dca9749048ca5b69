//! The words of a check: a table for people, one object for programs, and the command to type next.

use serde::Serialize;

use super::step::{listed, trusted};
use super::text::printable;
use crate::fortios::central_management::CentralManagement;
use crate::fortios::rights::{Lack, Rights};
use crate::fortios::status::{HaRole, Status, VdomMode};
use crate::fortios::version::NEWEST;
use crate::verbs::check::{Caution, Checked, Obstacle, Way};

/// What the next command needs to get to the same device in the same way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// The device and the flags of the login, one word each, not quoted.
    pub words: Vec<String>,
    /// Whether it is the embedded device, for which a mint needs no request.
    pub simulated: bool,
}

impl Next {
    /// The mint to type next.
    fn mint(&self, checked: &Checked) -> String {
        let mut words = vec!["fgtkey".to_owned(), "mint".into()];
        words.extend(self.words.iter().map(|word| shell_word(word)));
        if !self.simulated {
            words.extend(["--api-user", "terraform", "--preset", "terraform-tutorial"].map(str::to_owned));
            let host = if checked.source_is_known() { "auto" } else { "ADDRESS/LENGTH" };
            words.extend(["--trusted-host".into(), host.into()]);
            if checked.status.vdom_mode.has_vdoms() {
                words.extend(["--vdom".into(), "root".into()]);
            }
        }
        if checked.needs_save() {
            words.push("--save".into());
        }
        words.join(" ")
    }

    /// What to do next: the mint, or what takes the obstacle away.
    fn step(&self, checked: &Checked) -> Option<String> {
        match checked.obstacles().into_iter().next() {
            None => Some(self.mint(checked)),
            Some(Obstacle::Device(error)) => error.hint(),
            Some(Obstacle::Rights { profile, lack: Lack::CliSwitches(off) }) => Some(format!(
                "log in as a super_admin (-u USER), or let one set {} to enable in the access profile {profile}",
                words_of(&off)
            )),
            Some(Obstacle::Rights { .. }) => Some("log in as a super_admin: -u USER".into()),
        }
    }
}

/// A word as a POSIX shell takes it.
fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The findings, one a line: the device's name, what it is about, what was found; the verdict and the next command last.
pub fn to_table(checked: &Checked, next: &Next) -> String {
    let device = printable(&checked.device);
    let line = |(name, value): (&str, String)| format!("{device}  {name:12}  {}\n", printable(&value));
    rows(checked).into_iter().chain(conclusion(checked, next)).map(line).collect()
}

type Row = (&'static str, String);

fn rows(checked: &Checked) -> Vec<Row> {
    let Status { model, serial, hostname, .. } = &checked.status;
    let hops = checked.way.hops.iter();
    let hops =
        hops.map(|hop| ("jump host", format!("{}, host key {} {}", hop.name, hop.host_key, trusted(&hop.trust))));
    let way = &checked.way;
    let rows = [
        ("address", address(way)),
        ("host key", format!("{} {} {}", way.host_key_type, way.connected.host_key, trusted(&way.connected.trust))),
        ("algorithms", algorithms(way)),
        ("login", format!("{} by {}", checked.administrator, listed(&methods(way)))),
        ("device", format!("{model} {serial}, host name {hostname}")),
        ("FortiOS", version(checked)),
        ("VDOMs", vdoms(checked.status.vdom_mode).into()),
        ("HA", checked.status.ha.clone()),
        ("FIPS-CC", if checked.status.fips { "on" } else { "off" }.into()),
        ("cfg-save", cfg_save(checked).unwrap_or("the device does not tell").into()),
        ("profile", profile(&checked.rights)),
        ("seen from", source(checked).unwrap_or_else(|| "the device does not tell".into())),
        ("FortiManager", central_management(&checked.central_management)),
    ];
    hops.chain(rows).collect()
}

fn conclusion(checked: &Checked, next: &Next) -> Vec<Row> {
    let obstacles = obstacles(checked);
    let verdict = match &checked.rights {
        _ if !obstacles.is_empty() => "mint would be refused here",
        Rights::Full => "mint works here",
        Rights::Enough { .. } => "mint should work here",
        _ => "mint may work here",
    };
    let because = obstacles.into_iter().map(|text| ("because", text));
    let cautions = cautions(checked).into_iter().map(|text| ("note", text));
    let step = next.step(checked).map(|step| ("next", step));
    [("verdict", verdict.to_owned())].into_iter().chain(because).chain(cautions).chain(step).collect()
}

fn address(way: &Way) -> String {
    let jumps = if way.hops.is_empty() { ", directly" } else { ", through the jump hosts above" };
    format!("{} port {}{jumps}", way.connected.address, way.connected.port)
}

fn algorithms(way: &Way) -> String {
    match &way.algorithms {
        Some(agreed) => format!("{}, {}, {}", agreed.kex, agreed.cipher, agreed.host_key),
        None => "not known".into(),
    }
}

fn methods(way: &Way) -> Vec<String> {
    way.methods.iter().map(ToString::to_string).collect()
}

fn version(checked: &Checked) -> String {
    let version = checked.status.version;
    if version.is_newer_than_known() {
        format!("{version}, newer than fgtkey knows")
    } else {
        format!("{version}, known to fgtkey")
    }
}

fn vdoms(mode: VdomMode) -> &'static str {
    match mode {
        VdomMode::Disable => "none",
        VdomMode::Multiple => "several (multiple)",
        VdomMode::SplitTask => "two (split-task)",
    }
}

fn cfg_save(checked: &Checked) -> Option<&'static str> {
    checked.facts.cfg_save.map(|mode| mode.word())
}

fn profile(rights: &Rights) -> String {
    match rights {
        Rights::Full => "super_admin: may create API users".into(),
        Rights::Enough { profile } => {
            format!("{profile}: its settings allow API users, which Fortinet documents for super_admin only")
        }
        Rights::Lacking { profile, lack } => format!("{profile}: may not create API users, {lack}"),
        Rights::Unread { profile } => format!("{profile}: the device does not show what it permits"),
        Rights::Unknown => "the device does not tell".into(),
    }
}

fn words_of(words: &[&str]) -> String {
    listed(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
}

fn source(checked: &Checked) -> Option<String> {
    checked.facts.session.found()?.source.map(|source| source.to_string())
}

fn central_management(found: &CentralManagement) -> String {
    match found {
        CentralManagement::Unmanaged => "does not manage this device".into(),
        CentralManagement::Managed { fmg: Some(fmg) } => format!("{fmg} manages this device"),
        CentralManagement::Managed { fmg: None } => "manages this device".into(),
        CentralManagement::Unknown => "the device does not tell".into(),
    }
}

fn obstacles(checked: &Checked) -> Vec<String> {
    let words = |obstacle| match obstacle {
        Obstacle::Device(error) => error.to_string(),
        Obstacle::Rights { profile, lack } => {
            format!("the access profile {profile} may not create API users: {lack}")
        }
    };
    checked.obstacles().into_iter().map(words).collect()
}

fn cautions(checked: &Checked) -> Vec<String> {
    checked.cautions().into_iter().map(|caution| caution_words(checked, caution)).collect()
}

fn caution_words(checked: &Checked, caution: Caution) -> String {
    match caution {
        Caution::AsksPassword => {
            "FortiOS 7.6 may ask for your password when the change is saved: give it with FGTKEY_PASSWORD, --password-file or --password-command".into()
        }
        Caution::FortiManager => {
            "a change made here puts the device out of sync with its FortiManager, whose next installation may delete it".into()
        }
        Caution::NewerThanKnown => format!("this release is handled as {NEWEST}"),
        Caution::NeedsSave => format!(
            "cfg-save is {}: --save runs `execute cfg save`, which saves other administrators' pending changes too",
            cfg_save(checked).unwrap_or_default()
        ),
        Caution::RightsUnknown => {
            "API users need super_admin, and whether you are one cannot be told; a mint that is refused takes back what it did".into()
        }
        Caution::SourceUnknown => {
            "the device does not tell which address you come from: give --trusted-host ADDRESS/LENGTH".into()
        }
    }
}

/// One JSON object on one line. What the device did not tell is null.
pub fn to_json(checked: &Checked, next: &Next) -> String {
    let Checked { device, way, status, administrator, .. } = checked;
    let obstacles = obstacles(checked);
    let object = Object {
        device,
        address: &way.connected.address,
        port: way.connected.port,
        jump_hosts: way.hops.iter().map(|hop| hop.name.as_str()).collect(),
        host_key_type: &way.host_key_type,
        host_key: &way.connected.host_key,
        host_key_trust: trusted(&way.connected.trust),
        kex: way.algorithms.as_ref().map(|agreed| agreed.kex.as_str()),
        cipher: way.algorithms.as_ref().map(|agreed| agreed.cipher.as_str()),
        host_key_algorithm: way.algorithms.as_ref().map(|agreed| agreed.host_key.as_str()),
        authentication: methods(way),
        hostname: &status.hostname,
        serial: &status.serial,
        model: &status.model,
        fortios: status.version.to_string(),
        fortios_known: !status.version.is_newer_than_known(),
        vdom_mode: status.vdom_mode.word(),
        ha: &status.ha,
        ha_secondary: checked.facts.ha_role == HaRole::Secondary,
        fips: status.fips,
        cfg_save: cfg_save(checked),
        administrator,
        profile: checked.rights.profile(),
        may_create_api_users: checked.rights.may_create(),
        source: source(checked),
        fortimanager: match checked.central_management {
            CentralManagement::Managed { .. } => Some(true),
            CentralManagement::Unmanaged => Some(false),
            CentralManagement::Unknown => None,
        },
        mint_works: if obstacles.is_empty() { checked.rights.may_create() } else { Some(false) },
        next: obstacles.is_empty().then(|| next.mint(checked)),
        obstacles,
        notes: cautions(checked),
    };
    // Strings, numbers and lists always have a JSON form.
    serde_json::to_string(&object).map(|line| line + "\n").unwrap_or_default()
}

/// The form of `-o json`: stable.
#[derive(Serialize)]
struct Object<'a> {
    device: &'a str,
    address: &'a str,
    port: u16,
    jump_hosts: Vec<&'a str>,
    host_key_type: &'a str,
    host_key: &'a str,
    host_key_trust: String,
    kex: Option<&'a str>,
    cipher: Option<&'a str>,
    host_key_algorithm: Option<&'a str>,
    authentication: Vec<String>,
    hostname: &'a str,
    serial: &'a str,
    model: &'a str,
    fortios: String,
    fortios_known: bool,
    vdom_mode: &'static str,
    ha: &'a str,
    ha_secondary: bool,
    fips: bool,
    cfg_save: Option<&'static str>,
    administrator: &'a str,
    profile: Option<&'a str>,
    may_create_api_users: Option<bool>,
    source: Option<String>,
    fortimanager: Option<bool>,
    mint_works: Option<bool>,
    obstacles: Vec<String>,
    notes: Vec<String>,
    next: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_next_command_survive_a_shell() {
        for (word, quoted) in [
            ("admin@192.0.2.1:22", "admin@192.0.2.1:22"),
            ("[2001:db8::1]", "'[2001:db8::1]'"),
            ("pass show fw1", "'pass show fw1'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
        ] {
            assert_eq!(shell_word(word), quoted);
        }
    }
}
