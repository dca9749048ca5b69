//! The rules about the device itself.

use super::Policy;
use super::finding::Finding;
use super::mend::{CLIENT_ADDRESS, Mend, set_line, set_system};
use super::rule::Rule;
use super::tables::Tables;
use crate::fortios::show::Entry;

/// What is weak about the device. What could not be read breaks no rule.
pub(super) fn findings(tables: &Tables, policy: &Policy) -> Vec<Finding> {
    let switches = [
        is(tables, "rest-api-key-url-query", "enable", Rule::KeyInUrl, "The API takes keys out of URLs"),
        is(tables, "strong-crypto", "disable", Rule::WeakCrypto, "strong-crypto is off"),
    ];
    let https = if policy.gui_closed { gui_open(tables) } else { open_https(tables) };
    switches.into_iter().flatten().chain(old_ssh(tables)).chain(old_session(tables)).chain(https).collect()
}

fn finding(rule: Rule, sentence: String, mend: Option<Mend>) -> Finding {
    Finding { rule, user: None, sentence, mend }
}

fn is(tables: &Tables, name: &str, value: &str, rule: Rule, what: &str) -> Option<Finding> {
    let found = tables.global.get(name)?;
    let opposite = if value == "enable" { "disable" } else { "enable" };
    let mend = set_system("global", None, set_line(name, &[opposite]));
    (found == value).then(|| finding(rule, format!("{what} (`set {name} {value}`)"), Some(mend)))
}

/// Switches of SSH up to 7.0.1 that let something old in. Source: ssh-audit's notes on hardening FortiOS, release notes 7.0.2.
const OLD_SWITCHES: [&str; 5] = ["admin-ssh-v1", "ssh-cbc-cipher", "ssh-hmac-md5", "ssh-kex-sha1", "ssh-mac-weak"];

/// Lists of algorithms from 7.0.2 on.
const LISTS: [&str; 5] = ["ssh-enc-algo", "ssh-hostkey-algo", "ssh-hsk-algo", "ssh-kex-algo", "ssh-mac-algo"];

/// What an old algorithm's name has in it.
const OLD: [&str; 11] =
    ["cbc", "arcfour", "md5", "sha1", "ripemd", "umac-64", "ssh-rsa", "ssh-dss", "group1-", "3des", "blowfish"];

fn old_ssh(tables: &Tables) -> Vec<Finding> {
    let on = |name: &&str| tables.global.get(*name).is_some_and(|value| value == "enable");
    let switches = OLD_SWITCHES.into_iter().filter(on).map(|name| {
        let mend = set_system("global", None, set_line(name, &["disable"]));
        finding(Rule::OldSsh, format!("SSH administration takes old algorithms (`set {name} enable`)"), Some(mend))
    });
    let lists = [("global", &tables.global), ("ssh-config", &tables.ssh)].into_iter().flat_map(|(table, settings)| {
        LISTS.into_iter().filter_map(move |name| old_list(table, name, settings.get(name)?))
    });
    switches.chain(lists).collect()
}

fn is_old(algorithm: &&str) -> bool {
    OLD.iter().any(|old| algorithm.contains(old))
}

/// The session itself: old algorithms are the last of what we offer, so that a device which agrees on one has nothing newer
/// that we know, or somebody has put it first.
fn old_session(tables: &Tables) -> Option<Finding> {
    let old: Vec<&str> = tables.agreed.iter().map(String::as_str).filter(is_old).collect();
    let weak = tables.global.get("strong-crypto").is_some_and(|value| value == "disable");
    let mend = weak.then(|| set_system("global", None, set_line("strong-crypto", &["enable"])));
    let sentence = format!("The SSH session of this audit had to use {}", old.join(", "));
    (!old.is_empty()).then(|| finding(Rule::OldSsh, sentence, mend))
}

fn old_list(table: &str, name: &str, value: &str) -> Option<Finding> {
    let (old, rest): (Vec<&str>, Vec<&str>) = value.split_whitespace().partition(is_old);
    let mend = (!rest.is_empty()).then(|| set_system(table, None, set_line(name, &rest)));
    let sentence = format!("SSH administration takes {} ({name})", old.join(", "));
    (!old.is_empty()).then(|| finding(Rule::OldSsh, sentence, mend))
}

/// The interfaces on which HTTPS administration listens.
fn https_interfaces(tables: &Tables) -> Vec<&str> {
    let serves = |interface: &&Entry| {
        let access = interface.values("allowaccess").iter().flat_map(|value| value.split_whitespace());
        interface.value("status") != Some("down") && access.into_iter().any(|way| way == "https")
    };
    tables.interfaces.iter().flatten().filter(serves).map(|interface| interface.name.as_str()).collect()
}

/// A unit answers administration from everywhere as long as one administrator has no trusted host.
///
/// Source: the vendor's administration guides on trusted hosts of administrators.
fn open_https(tables: &Tables) -> Vec<Finding> {
    let interfaces = https_interfaces(tables);
    let open: Vec<&str> = tables.open_administrators().collect();
    let Some(first) = open.first().filter(|_| !interfaces.is_empty()) else { return Vec::new() };
    let sentence = format!(
        "HTTPS administration, the GUI included, answers every address on {}, because no trusted host is set for {}",
        interfaces.join(", "),
        open.join(", ")
    );
    let mend = set_system("admin", Some(first), set_line("trusthost1", &[CLIENT_ADDRESS, "255.255.255.255"]));
    vec![finding(Rule::OpenHttps, sentence, Some(mend))]
}

fn gui_open(tables: &Tables) -> Vec<Finding> {
    let interfaces = https_interfaces(tables);
    if interfaces.is_empty() {
        return Vec::new();
    }
    let sentence = format!(
        "The GUI is reachable on {}: allowaccess has https, which the API needs too, so only trusted hosts of the \
         administrators or a local-in policy can close the one and keep the other",
        interfaces.join(", ")
    );
    vec![finding(Rule::GuiOpen, sentence, None)]
}
