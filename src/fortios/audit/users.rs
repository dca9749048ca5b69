//! The rules about one API user.

use ipnet::IpNet;

use super::Policy;
use super::account::{Account, Host, ProfileState, Shown};
use super::effective;
use super::finding::Finding;
use super::mend::{
    self, Mend, NARROWER_PROFILE, PEER_GROUP, VDOM_NAME, delete_user, narrow_row, set_line, set_user, unset_user,
};
use super::rule::Rule;
use super::tables::Tables;
use crate::fortios::edit::{Edit, PermissionBlock, ProfileEdit};
use crate::fortios::show::Entry;
use crate::fortios::version::Version;

/// What is weak about an API user.
pub(super) fn findings(account: &Account, tables: &Tables, policy: &Policy) -> Vec<Finding> {
    let rights = rights(account, tables);
    let profile = profile(account);
    let hosts = hosts(account, policy);
    let others = [origin(account), unknown(account), no_key(account), peer(account), vdom(account, tables)];
    rights.into_iter().chain(profile).chain(hosts).chain(others.into_iter().flatten()).collect()
}

fn finding(account: &Account, rule: Rule, sentence: String, mend: Mend) -> Finding {
    Finding { rule, user: Some(account.name.clone()), sentence, mend: Some(mend) }
}

/// The worst thing that the profile permits.
fn rights(account: &Account, tables: &Tables) -> Option<Finding> {
    let name = &account.name;
    let other = set_user(name, "accprofile", NARROWER_PROFILE);
    let profile = account.profile.as_deref()?;
    if profile == "super_admin" {
        let sentence = format!("{name} has the profile super_admin: its key may do everything");
        return Some(finding(account, Rule::SuperAdmin, sentence, other));
    }
    let entry = tables.profile(profile)?;
    if effective::is_all_read_write(entry, tables.version) {
        let sentence = format!("{profile}, the profile of {name}, is read-write in every permission group");
        return Some(finding(account, Rule::AllReadWrite, sentence, other));
    }
    effective::may_administer(entry, tables.version).then(|| {
        let sentence = format!("{profile}, the profile of {name}, may change administrators and API users");
        // People who have the same profile keep it as it is.
        let own = account.shared_with.is_empty();
        let mend = if own { read_administrators(entry, tables.version) } else { other };
        finding(account, Rule::MayAdminister, sentence, mend)
    })
}

/// The profile keeps everything but the right to write administrators.
fn read_administrators(profile: &Entry, version: Version) -> Mend {
    let read = |name: &str| set_line(name, &["read"]);
    let whole = effective::is_whole_sysgrp(profile, version);
    let block = PermissionBlock { name: "sysgrp-permission".into(), set: vec![read("admin")] };
    Mend::Edit(Edit::Profile(ProfileEdit {
        name: profile.name.clone(),
        create: false,
        set: if whole { vec![read("sysgrp")] } else { Vec::new() },
        unset: Vec::new(),
        blocks: if whole { Vec::new() } else { vec![block] },
    }))
}

fn profile(account: &Account) -> Option<Finding> {
    let name = &account.name;
    let other = set_user(name, "accprofile", NARROWER_PROFILE);
    match (&account.profile, account.state) {
        (None, _) => Some(finding(account, Rule::ProfileMissing, format!("{name} has no profile"), other)),
        (Some(profile), ProfileState::Missing) => {
            let sentence = format!("{profile}, the profile of {name}, is not on the device");
            Some(finding(account, Rule::ProfileMissing, sentence, other))
        }
        // A built-in profile is judged by what it permits.
        (Some(profile), ProfileState::OnDevice) if !account.shared_with.is_empty() => {
            let people = account.shared_with.join(", ");
            let sentence = format!("{profile}, the profile of {name}, is also that of {}: {people}", count(account));
            Some(finding(account, Rule::ProfileShared, sentence, other))
        }
        _ => None,
    }
}

fn count(account: &Account) -> String {
    match account.shared_with.len() {
        1 => "an administrator".into(),
        several => format!("{several} administrators"),
    }
}

fn hosts(account: &Account, policy: &Policy) -> Vec<Finding> {
    let name = &account.name;
    if account.hosts.is_empty() {
        let sentence = format!("{name} has no trusted host: its key works from every address");
        return vec![finding(account, Rule::NoTrustedHost, sentence, narrow_row(name, 1, false, Vec::new()))];
    }
    let empty = account.empty_rows().map(|host| empty_row(account, host));
    let everything = [false, true].into_iter().filter_map(|v6| every_address(account, v6));
    let wide = account.hosts.iter().filter_map(|host| wide(account, host, policy));
    empty.chain(everything).chain(wide).collect()
}

fn empty_row(account: &Account, host: &Host) -> Finding {
    let name = &account.name;
    let family = if host.v6 { "IPv6" } else { "IPv4" };
    let said = match &host.shown {
        Shown::Unreadable(text) => format!("`{text}` instead of a network"),
        _ => "no address".to_owned(),
    };
    let sentence =
        format!("{name} has a trusted host with {said} (row {}), which lets every {family} address in", host.row);
    finding(account, Rule::EmptyRow, sentence, narrow_row(name, host.row, host.v6, Vec::new()))
}

/// Networks that are all of an address family, alone or put together. Rows without an address are told as such.
fn every_address(account: &Account, v6: bool) -> Option<Finding> {
    let rows: Vec<&Host> =
        account.hosts.iter().filter(|host| matches!(host.shown, Shown::Net(net) if mend::is_v6(net) == v6)).collect();
    let all = IpNet::aggregate(&rows.iter().map(|host| host.net()).collect()).into_iter();
    let all = all.into_iter().find(|network| network.prefix_len() == 0)?;
    let (first, others) = rows.split_first()?;
    let name = &account.name;
    let mend = narrow_row(name, first.row, v6, others.iter().map(|host| host.row).collect());
    let sentence = format!("{name} trusts all of {all}: its key works from every address");
    Some(finding(account, Rule::EveryAddress, sentence, mend))
}

fn wide(account: &Account, host: &Host, policy: &Policy) -> Option<Finding> {
    let Shown::Net(network) = host.shown else { return None };
    let widest = if host.v6 { policy.widest_ipv6 } else { policy.widest_ipv4 };
    let length = network.prefix_len();
    (length != 0 && length < widest).then(|| {
        let name = &account.name;
        let sentence = format!("{name} trusts {network} (row {}), which is wider than /{widest}", host.row);
        finding(account, Rule::WideTrustedHost, sentence, narrow_row(name, host.row, host.v6, Vec::new()))
    })
}

fn origin(account: &Account) -> Option<Finding> {
    let origin = account.cors_allow_origin.as_deref().filter(|origin| origin.contains('*'))?;
    let sentence = format!("{} has the CORS origin {origin}: web pages of others may use its key", account.name);
    Some(finding(account, Rule::AnyOrigin, sentence, unset_user(&account.name, "cors-allow-origin")))
}

fn unknown(account: &Account) -> Option<Finding> {
    (account.requested == Some(false)).then(|| {
        let sentence = format!("{} is in none of the requests", account.name);
        finding(account, Rule::UnknownUser, sentence, delete_user(&account.name))
    })
}

fn no_key(account: &Account) -> Option<Finding> {
    (!account.has_key).then(|| {
        let sentence = format!("{} has no key", account.name);
        finding(account, Rule::NoKey, sentence, delete_user(&account.name))
    })
}

fn peer(account: &Account) -> Option<Finding> {
    (account.peer_auth && account.peer_group.is_none()).then(|| {
        let sentence = format!("{} asks for a client certificate without a peer group", account.name);
        finding(account, Rule::PeerGroupMissing, sentence, set_user(&account.name, "peer-group", PEER_GROUP))
    })
}

fn vdom(account: &Account, tables: &Tables) -> Option<Finding> {
    let root_only = account.vdoms.iter().all(|vdom| vdom == "root");
    (tables.vdoms && root_only && !account.global_scope).then(|| {
        let which = if account.vdoms.is_empty() { "no VDOM set, so root" } else { "the VDOM root only" };
        let sentence = format!("{} has {which}", account.name);
        finding(account, Rule::RootOnly, sentence, set_user(&account.name, "vdom", VDOM_NAME))
    })
}
