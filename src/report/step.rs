//! The words of the story: one line for each event.

use std::time::Duration;

use jiff::Timestamp;

use super::Verbosity;
use crate::deliver::Stored;
use crate::fortios::permissions::{Access, Permissions};
use crate::fortios::version::NEWEST;
use crate::verbs::event::{Connected, Event, Found, Taken, Trust, Warning};
use crate::verbs::verified::{Cause, Verified};

/// From how much talk on an event is told.
pub(super) fn verbosity(event: &Event) -> Verbosity {
    match event {
        Event::Warning(_) | Event::KeyLost => Verbosity::Quiet,
        Event::Line(_) => Verbosity::Lines,
        Event::Trace(_) => Verbosity::Session,
        _ => Verbosity::Story,
    }
}

/// The verb of the line (at most nine characters, so that the columns hold) and its text.
pub(super) fn words(event: &Event) -> (&'static str, String) {
    match event {
        Event::Connected(connected) => ("connected", connection(connected)),
        Event::Found(found) => ("found", device(found)),
        Event::Profile { name, action, permissions } => ("profile", behind(name, action.word(), &granted(permissions))),
        Event::ApiUser { name, action, trusted_hosts, vdoms } => {
            ("api user", behind(name, action.word(), &reach(trusted_hosts, vdoms)))
        }
        Event::Key(stored) => ("key", format!("generated, delivered to {}", delivered(stored))),
        Event::Scraped(stored) => ("key", format!("found, delivered to {}", delivered(stored))),
        Event::Read { from } => ("key", format!("read from {from}")),
        Event::Runs { command, hostname } => ("runs", format!("{command}, with the key for {hostname}")),
        Event::Pushed { transaction: true } => ("pushed", "in one configuration transaction".into()),
        Event::Pushed { transaction: false } => ("pushed", "object by object: there was no transaction".into()),
        Event::KeyLost => ("key", "did not arrive whole; generating another one, which voids it".into()),
        Event::Fresh { api_user, generated_at } => {
            ("key", format!("of {api_user} is of {}, not old enough", generated_at.strftime("%Y-%m-%d %H:%M UTC")))
        }
        Event::Grace { old, grace: Some(grace) } => {
            ("grace", format!("the old key of {old} works on for {} s", grace.as_secs()))
        }
        Event::Grace { old, grace: None } => {
            ("grace", format!("the old key of {old} works on until `fgtkey rotate --finish`"))
        }
        Event::Retired { api_user } => ("retired", format!("{api_user}: its key is void, the API user is gone")),
        Event::TimeUp { ttl } => {
            ("time up", format!("the {} s of the access are over, the command still runs", ttl.as_secs()))
        }
        Event::Revoked { api_user, removed: false, .. } => {
            ("revoked", format!("the key of {api_user} is void; the API user, which was there before, stays"))
        }
        Event::Revoked { api_user, profile: None, .. } => {
            ("revoked", format!("{api_user}: its key is void, it is gone"))
        }
        Event::Revoked { api_user, profile: Some(profile), .. } => {
            ("revoked", format!("{api_user}: its key is void, it is gone, and so is the profile {profile}"))
        }
        Event::TakenUp { began, key } => ("taken up", taken_up(*began, *key)),
        Event::Verified(verified) => ("verified", verification(verified)),
        Event::Done { elapsed } => ("done", seconds(*elapsed)),
        Event::Undone { objects } => ("undone", listed(objects)),
        Event::Warning(warning) => ("warning", caution(warning)),
        Event::Line(line) => ("sent", line.clone()),
        Event::Trace(text) => ("session", text.clone()),
    }
}

/// What became of an earlier run for the same API user.
fn taken_up(began: Timestamp, key: Taken) -> String {
    let began = began.strftime("%Y-%m-%d %H:%M:%S UTC");
    match key {
        Taken::NoKey => format!("the run of {began}, which ended before it had a key"),
        Taken::Lost => format!("the run of {began}, whose key reached nobody; another one takes its place"),
        Taken::Delivered => format!("the run of {began}, whose key is delivered and has not replaced the old one yet"),
        Taken::Shut => {
            format!("the run of {began}, whose key cannot be taken out of the escrow; another one replaces it")
        }
        Taken::Lent => format!("the run of {began}, which lent an access and did not live to take it back"),
        Taken::FromEscrow => format!("the run of {began}, whose key is in the escrow and is delivered now"),
    }
}

fn behind(name: &str, action: &str, detail: &str) -> String {
    match detail {
        "" => format!("{name} {action}"),
        detail => format!("{name} {action}: {detail}"),
    }
}

fn connection(connected: &Connected) -> String {
    let Connected { address, port, host_key, trust, through } = connected;
    let way = if through.is_empty() { String::new() } else { format!(" through {}", through.join(", ")) };
    format!("{address} port {port}{way}, host key {host_key} {}", trusted(trust))
}

/// Why a host key is trusted: it stands behind the key.
pub(super) fn trusted(trust: &Trust) -> String {
    match trust {
        Trust::KnownHosts { file, line } => format!("as in {file} line {line}"),
        Trust::Certified { file, line } => format!("signed by the authority in {file} line {line}"),
        Trust::Added { file } => format!("new, added to {file}"),
        Trust::Pinned => "as you named it".into(),
        Trust::Simulated => "of the simulated device".into(),
    }
}

fn device(found: &Found) -> String {
    let vdoms = if found.vdoms { "VDOMs" } else { "no VDOMs" };
    let who = match (&found.profile, found.source) {
        (Some(profile), Some(source)) => format!("; you are {profile} from {source}"),
        (Some(profile), None) => format!("; you are {profile}"),
        (None, Some(source)) => format!("; you come from {source}"),
        (None, None) => String::new(),
    };
    format!("{} {}, FortiOS {}, {vdoms}, {}{who}", found.model, found.serial, found.fortios, found.ha)
}

/// The groups of a profile in FortiOS's names: `sysgrp read, fwgrp.address read-write`.
fn granted(permissions: &Permissions) -> String {
    let groups = permissions.0.iter().flat_map(|(group, access)| match access {
        Access::Whole(level) => vec![format!("{group} {level}")],
        Access::Custom(children) => children.iter().map(|(child, level)| format!("{group}.{child} {level}")).collect(),
    });
    groups.collect::<Vec<_>>().join(", ")
}

fn reach(trusted_hosts: &[String], vdoms: &[String]) -> String {
    let hosts = match trusted_hosts {
        [] => "from anywhere".to_owned(),
        [one] => format!("trusted host {one}"),
        several => format!("trusted hosts {}", listed(several)),
    };
    match vdoms {
        [] => hosts,
        [one] => format!("{hosts}, VDOM {one}"),
        several => format!("{hosts}, VDOMs {}", listed(several)),
    }
}

pub(super) fn delivered(stored: &[Stored]) -> String {
    let places: Vec<String> = stored.iter().map(place).collect();
    listed(&places)
}

/// `fw1.env (0600)` for a file, the destination's own name otherwise.
fn place(stored: &Stored) -> String {
    match (&stored.path, stored.destination.split_once(':')) {
        (Some(_), Some((_, path))) => format!("{path} (0600)"),
        _ => stored.destination.clone(),
    }
}

fn verification(verified: &Verified) -> String {
    match (verified.verified, &verified.cause) {
        (Some(true), _) => verified.detail.clone(),
        (Some(false), _) => format!("no: {}", verified.detail),
        (None, Some(Cause::TrustedHost { .. })) => format!("not tried: {}", verified.detail),
        (None, _) => format!("not proven: {}", verified.detail),
    }
}

fn caution(warning: &Warning) -> String {
    match warning {
        Warning::NewerThanKnown(version) => {
            format!("FortiOS {version} is newer than fgtkey knows; it is handled as {NEWEST}")
        }
        Warning::CentrallyManaged { fmg } => managed(fmg.as_deref()),
        Warning::HaMember { ha, fortios, keys_follow: false } => format!(
            "a member of an HA cluster ({ha}): on FortiOS {fortios} a key is reported to work on the member that made it \
             only; behind a failover `fgtkey verify` tells, and `fgtkey rotate` makes another one"
        ),
        Warning::HaMember { ha, fortios, keys_follow: true } => format!(
            "a member of an HA cluster ({ha}): on FortiOS {fortios} a key is reported to be synchronised to the others; \
             behind a failover `fgtkey verify` tells"
        ),
        Warning::VdomAssumed { vdom } => format!("the request names no VDOM; the API user gets {vdom}"),
        Warning::Insecure => {
            "--insecure: the certificate is not checked, so whoever answers gets the key; do not do this to a device in use".into()
        }
        Warning::NotSaved => "the change is not saved on the device: a reboot loses it; run `execute cfg save`".into(),
        Warning::TransactionLost => "the session was lost with its configuration transaction open: the device drops that by itself \
             when it has been idle for five minutes, and may refuse changes to these objects until then"
            .into(),
        Warning::SavedPending => "saving also made pending changes of other administrators permanent".into(),
        Warning::KeyReplaced { api_user } => format!("the old key of {api_user} is void from now on"),
        Warning::Said(text) => text.clone(),
    }
}

fn managed(fmg: Option<&str>) -> String {
    let who = fmg.map(|fmg| format!(" ({fmg})")).unwrap_or_default();
    format!(
        "a FortiManager{who} manages this device: the change puts it out of sync, and a later installation may undo it or \
         delete the API user; have FortiManager retrieve the configuration of the device afterwards"
    )
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn seconds(elapsed: Duration) -> String {
    format!("{:.1} s", elapsed.as_secs_f64())
}
