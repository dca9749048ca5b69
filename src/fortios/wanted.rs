//! What the objects should be: what is there, with what the request says over it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::admin_session::OwnSession;
use super::facts::Facts;
use super::objects::{Profile, User};
use super::plan::PlanError;
use super::request::{ProfileRequest, Request};
use super::request_error::RequestError;
use super::schema::Schema;
use super::trusted_host::{TrustedHost, TrustedHosts};

/// The profile as it should be: what it has of its own that the request does not speak of stays.
pub(super) fn wanted_profile(request: &Request, facts: &Facts) -> Result<Option<Profile>, PlanError> {
    let existing = facts.objects.profile.as_ref();
    let (name, permissions, comments, scope_global) = match &request.profile {
        ProfileRequest::Existing(name) => {
            let there = existing.is_some() || Schema::is_built_in(name.as_str());
            return if there { Ok(None) } else { Err(PlanError::NoProfile { profile: name.to_string() }) };
        }
        ProfileRequest::Made { name, permissions, comments, scope_global } => {
            (name, permissions, comments, *scope_global)
        }
    };
    let resolved = permissions.resolve(facts.version).map_err(RequestError::from)?;
    let mut settings = existing.map(|profile| profile.settings.clone()).unwrap_or_default();
    settings.extend(resolved.settings.into_iter().map(|setting| (setting.name, setting.value)));
    settings.extend(comments.as_ref().map(|comments| ("comments".to_owned(), comments.to_string())));
    if scope_global && facts.vdom_mode.has_vdoms() {
        settings.insert("scope".into(), "global".into());
    }
    let mut permissions = resolved.permissions.minimal();
    // A group that is `custom` with nothing in it permits as much as one that is not set: it is right already.
    let nothing =
        existing.into_iter().flat_map(|profile| &profile.permissions.0).filter(|(_, access)| access.is_none());
    for (group, access) in nothing {
        permissions.0.entry(group.clone()).or_insert_with(|| access.clone());
    }
    Ok(Some(Profile { name: name.to_string(), permissions, settings }))
}

/// The user as it should be, and the VDOM that was assumed for it.
pub(super) fn wanted_user(request: &Request, facts: &Facts) -> Result<(User, Option<String>), PlanError> {
    let asked = &request.api_user;
    let existing = facts.objects.user.clone().unwrap_or_default();
    let mut settings = existing.settings;
    let mut set = |name: &str, values: Vec<String>| settings.insert(name.to_owned(), values);
    set("accprofile", vec![request.profile.name().to_string()]);
    let text = |value: Option<String>| value.map(|value| vec![value]);
    let optional = [
        ("comments", text(asked.comments.as_ref().map(ToString::to_string))),
        ("schedule", text(asked.schedule.as_ref().map(ToString::to_string))),
        ("cors-allow-origin", text(asked.cors_origin.as_ref().map(ToString::to_string))),
        ("peer-auth", text(asked.peer_group.as_ref().map(|_| "enable".to_owned()))),
        ("peer-group", text(asked.peer_group.as_ref().map(ToString::to_string))),
    ];
    for (name, values) in optional {
        values.map(|values| set(name, values));
    }
    let mut assumed = None;
    if !asked.vdoms.is_empty() {
        set("vdom", asked.vdoms.iter().map(ToString::to_string).collect());
    } else if facts.vdom_mode.has_vdoms() && facts.objects.user.is_none() {
        set("vdom", vec!["root".to_owned()]);
        assumed = Some("root".to_owned());
    }
    let hosts = wanted_hosts(&asked.trusted_hosts, facts)?;
    let user = User {
        name: asked.name.to_string(),
        settings,
        trusted_hosts: rows(&existing.trusted_hosts, &hosts),
        has_key: existing.has_key,
    };
    Ok((user, assumed))
}

fn wanted_hosts(asked: &TrustedHosts, facts: &Facts) -> Result<Vec<IpNet>, PlanError> {
    let mut hosts = Vec::new();
    for host in asked.hosts() {
        let network = match host {
            TrustedHost::Net(network) => *network,
            TrustedHost::Auto => IpNet::from(own_address(&facts.session)?),
        };
        if !hosts.contains(&network) {
            hosts.push(network);
        }
    }
    Ok(hosts)
}

fn own_address(session: &OwnSession) -> Result<IpAddr, PlanError> {
    match session {
        OwnSession::Found(own) => own.source.ok_or_else(|| PlanError::AutoUnclear(vec![own.clone()])),
        OwnSession::Unclear(candidates) => Err(PlanError::AutoUnclear(candidates.clone())),
    }
}

/// The rows for these hosts: a host that has a row keeps it, the others get the next free numbers.
fn rows(existing: &BTreeMap<u32, IpNet>, hosts: &[IpNet]) -> BTreeMap<u32, IpNet> {
    let mut rows: BTreeMap<u32, IpNet> = BTreeMap::new();
    for (id, host) in existing {
        if hosts.contains(host) && !rows.values().any(|kept| kept == host) {
            rows.insert(*id, *host);
        }
    }
    let mut free = (1..).filter(|id| !existing.contains_key(id));
    for host in hosts {
        if !rows.values().any(|kept| kept == host)
            && let Some(id) = free.next()
        {
            rows.insert(id, *host);
        }
    }
    rows
}
