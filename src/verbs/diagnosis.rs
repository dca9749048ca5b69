//! Why a key was not seen to work: from what came back, and what is known, to the likely cause. Pure.

use std::error::Error;
use std::io;
use std::net::IpAddr;

use jiff::Timestamp;

use crate::fortios::edit::{Edit, UserEdit};
use crate::fortios::objects::User;
use crate::fortios::status::HaRole;
use crate::fortios::version::Version;
use crate::rest::{Answer, AskError, HandshakeError};
use crate::ssh::DialError;

use super::verification::Known;
use super::verified::Cause;

/// The first release in which every member of a cluster knows the keys of all. Source: reports of users on 7.4 and 7.6.
const KEYS_ARE_SYNCHRONISED_SINCE: Version = Version::new(7, 6, 0);

/// The VDOM in which a request without `vdom` is answered, unless somebody chose another management VDOM.
const MANAGEMENT_VDOM: &str = "root";

/// Why the answer does not prove the key; `None`: it does. `asked` is the VDOM that was asked in.
pub(super) fn diagnose(answer: &Answer, known: &Known<'_>, asked: Option<&str>, now: Timestamp) -> Option<Cause> {
    let not_fortigate = |what: &str| Some(Cause::NotFortiGate(what.to_owned()));
    match answer.status {
        200 if !answer.is_api => not_fortigate("no JSON of the API"),
        200 => another_device(answer, known),
        300..=399 => Some(Cause::LoginPage { location: answer.location.clone().unwrap_or_default() }),
        401 | 403 => Some(refusal(answer.status, known, asked, now)),
        424 if asked.is_some() => Some(vdom(known, asked)),
        429 => Some(Cause::RateLimited),
        status @ 500.. => Some(Cause::Failing { status }),
        404 => not_fortigate("it has no such page"),
        _ => not_fortigate("an answer that the API does not give"),
    }
}

fn another_device(answer: &Answer, known: &Known<'_>) -> Option<Cause> {
    let serial = answer.serial.clone().filter(|serial| *serial != known.status.serial)?;
    Some(match known.facts.ha_role {
        HaRole::Standalone => Cause::OtherDevice { serial },
        HaRole::Primary | HaRole::Secondary => Cause::HaRole { ha: known.status.ha.clone() },
    })
}

/// The likely cause of a refusal: what is certain first, then what is likely. FortiOS answers 401 to a key that it does not
/// know and 403 to one that may not; to a wrong address, either.
///
/// Source: Fortinet's REST guide; reports of users disagree about addresses.
fn refusal(status: u16, known: &Known<'_>, asked: Option<&str>, now: Timestamp) -> Cause {
    let certain = [key_age(known, now), untrusted(known), no_key(known), peer_auth(known), secondary(known)];
    if let Some(cause) = certain.into_iter().flatten().next() {
        return cause;
    }
    let hosts = known.user.map(User::hosts).unwrap_or_default();
    let elsewhere = (!hosts.is_empty()).then_some(Cause::TrustedHost { seen: None, hosts });
    let likely = match status {
        403 => [wrong_vdom(known, asked), powerless(known), elsewhere, schedule(known)],
        _ => [schedule(known), elsewhere.filter(|_| source(known).is_none()), None, None],
    };
    likely.into_iter().flatten().next().unwrap_or_else(|| match status {
        403 => Cause::Profile(profile_name(known).map(str::to_owned)),
        _ => Cause::KeyVoid { api_user: known.user.map(|user| user.name.clone()), has_key: None },
    })
}

fn key_age(known: &Known<'_>, now: Timestamp) -> Option<Cause> {
    known.expires_at.filter(|at| *at <= now).map(|at| Cause::KeyAge { at })
}

/// We are known not to come from a trusted host.
pub(super) fn untrusted(known: &Known<'_>) -> Option<Cause> {
    let (hosts, seen) = (known.user?.hosts(), source(known)?);
    let trusted = hosts.is_empty() || hosts.iter().any(|host| host.contains(&seen));
    (!trusted).then_some(Cause::TrustedHost { seen: Some(seen), hosts })
}

fn source(known: &Known<'_>) -> Option<IpAddr> {
    known.facts.session.found()?.source
}

fn no_key(known: &Known<'_>) -> Option<Cause> {
    let user = known.user.filter(|user| !user.has_key)?;
    Some(Cause::KeyVoid { api_user: Some(user.name.clone()), has_key: Some(false) })
}

fn peer_auth(known: &Known<'_>) -> Option<Cause> {
    let user = known.user.filter(|user| user.value("peer-auth") == Some("enable"))?;
    Some(Cause::PeerAuth { group: user.value("peer-group").map(str::to_owned) })
}

fn secondary(known: &Known<'_>) -> Option<Cause> {
    let own_keys = known.status.version < KEYS_ARE_SYNCHRONISED_SINCE;
    let secondary = known.facts.ha_role == HaRole::Secondary;
    (secondary && own_keys).then(|| Cause::HaRole { ha: known.status.ha.clone() })
}

fn schedule(known: &Known<'_>) -> Option<Cause> {
    known.user?.value("schedule").filter(|name| !name.is_empty()).map(|name| Cause::Schedule(name.to_owned()))
}

/// The VDOM that was asked in may be another one than the user's.
fn wrong_vdom(known: &Known<'_>, asked: Option<&str>) -> Option<Cause> {
    let has_vdoms = known.status.vdom_mode.has_vdoms();
    (has_vdoms && (asked.is_some() || known.user.is_none())).then(|| vdom(known, asked))
}

fn vdom(known: &Known<'_>, asked: Option<&str>) -> Cause {
    let vdoms = known.user.map(vdoms);
    Cause::Vdom { asked: asked.unwrap_or(MANAGEMENT_VDOM).to_owned(), vdoms }
}

/// The profile is known to permit nothing at all.
fn powerless(known: &Known<'_>) -> Option<Cause> {
    let profile = known.profile.filter(|profile| profile.permissions.0.is_empty())?;
    Some(Cause::Profile(Some(profile.name.clone())))
}

fn profile_name<'a>(known: &Known<'a>) -> Option<&'a str> {
    known.user.and_then(|user| user.value("accprofile"))
}

fn vdoms(user: &User) -> Vec<String> {
    user.settings.get("vdom").cloned().unwrap_or_default()
}

/// The VDOM to ask in: one of the user's, where it has not the one in which the API answers by itself.
pub(super) fn vdom_to_ask_in(known: &Known<'_>) -> Option<String> {
    let vdoms = known.user.map(vdoms).filter(|_| known.status.vdom_mode.has_vdoms())?;
    if vdoms.iter().any(|vdom| vdom == MANAGEMENT_VDOM) { None } else { vdoms.into_iter().next() }
}

/// What mends a cause, where the CLI can.
pub(super) fn mending(cause: &Cause, user: &User) -> Option<Edit> {
    let mut mended = user.clone();
    match cause {
        Cause::TrustedHost { seen: Some(seen), .. } => {
            let free = user.trusted_hosts.keys().max().map_or(1, |last| last.saturating_add(1));
            mended.trusted_hosts.insert(free, (*seen).into());
        }
        Cause::Vdom { asked, vdoms: Some(_) } => {
            mended.settings.entry("vdom".into()).or_default().push(asked.clone());
            mended.settings.entry("vdom".into()).or_default().dedup();
        }
        _ => return None,
    }
    UserEdit::between(Some(user), &mended).map(Edit::User)
}

/// Why there is no connection.
pub(super) fn of_dial(error: &DialError) -> Cause {
    match error {
        DialError::Connect { host, port, source } => match source.kind() {
            io::ErrorKind::ConnectionRefused => Cause::PortClosed { host: host.clone(), port: *port },
            _ => Cause::Unreachable(with_source(error)),
        },
        DialError::TimedOut { after, .. } => Cause::TimedOut { while_doing: "for the connection", after: *after },
        error => Cause::Unreachable(with_source(error)),
    }
}

/// Why there is no TLS.
pub(super) fn of_handshake(error: &HandshakeError) -> Cause {
    match error {
        HandshakeError::NotTls | HandshakeError::Tls(_) => Cause::NotFortiGate(error.to_string()),
        HandshakeError::Closed | HandshakeError::Io(_) => Cause::Unreachable(with_source(error)),
    }
}

/// Why there is no answer.
pub(super) fn of_ask(error: &AskError) -> Cause {
    match error {
        AskError::NotHttp | AskError::TooLong => Cause::NotFortiGate(error.to_string()),
        AskError::Key | AskError::Host(_) | AskError::BrokenOff => Cause::Unreachable(error.to_string()),
    }
}

/// An error with the reason that the system gives.
fn with_source(error: &dyn Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
