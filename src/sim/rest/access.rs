//! Who asks, from where, and what that API user may see.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::SignedDuration;

use super::super::device::State;
use super::super::spec::DeviceSpec;
use super::super::tree::Node;
use super::{Denied, Request};
use crate::fortios::version::Version;
use crate::secret::Secret;

/// The release from which the key in the URL is off by default.
const NO_KEY_IN_URL: Version = Version::new(7, 4, 5);

/// How long a source stays blocked.
const BLOCKED: SignedDuration = SignedDuration::from_secs(60);

/// An API user whose key was right, from a place that it may call from.
pub(super) struct Caller {
    user: Node,
}

impl Caller {
    /// Judges the key and the source.
    pub(super) fn of(state: &mut State, request: &Request) -> Result<Self, Denied> {
        let source = seen(&state.spec, request.source);
        if is_blocked(state, source) {
            return Err(Denied::Blocked);
        }
        let caller = Caller::with_key(state, request).filter(|caller| caller.is_trusted(source));
        match (caller, state.spec.traps.https.forbids_untrusted) {
            (Some(caller), _) => {
                state.refused.remove(&source);
                Ok(caller)
            }
            (None, true) if Caller::with_key(state, request).is_some() => Err(Denied::Forbidden),
            (None, _) => {
                failed(state, source);
                Err(Denied::Unauthorized)
            }
        }
    }

    fn with_key(state: &State, request: &Request) -> Option<Self> {
        let in_url = request.query("access_token").filter(|_| takes_key_in_url(state));
        let key = request.bearer.as_ref().or(in_url).filter(|_| !state.spec.traps.https.foreign_keys)?;
        let name = state.user_of_key(key)?;
        let user = state.running.global.entry("system api-user", &name)?.clone();
        Some(Caller { user })
    }

    /// Any matching row lets the source in; without rows everybody may come, and so with a row at its default.
    fn is_trusted(&self, source: IpAddr) -> bool {
        let rows = self.user.entries("trusthost");
        rows.is_empty() || rows.iter().any(|(_, row)| covers(row, source))
    }

    /// The VDOM that a request is for: the one it names, else the management VDOM. The API user has to have access to
    /// it. That a user without the management VDOM is refused when it names none is the general shape; no capture was
    /// found.
    pub(super) fn vdom(&self, state: &State, asked: Option<&str>) -> Result<String, Denied> {
        let management = state.spec.vdoms.first().map_or("root", String::as_str);
        let wanted = asked.unwrap_or(management);
        if !state.spec.vdom_mode.is_on() {
            return if wanted == management { Ok(wanted.to_owned()) } else { Err(Denied::Forbidden) };
        }
        let reaches = match self.user.settings.get("vdom") {
            _ if self.is_global(state) => true,
            Some(vdoms) => vdoms.iter().any(|vdom| vdom == wanted),
            None => wanted == management,
        };
        let known = state.running.vdom(wanted).is_some();
        if reaches && known { Ok(wanted.to_owned()) } else { Err(Denied::Forbidden) }
    }

    /// super_admin, and profiles with `scope global`, are at home in every VDOM.
    fn is_global(&self, state: &State) -> bool {
        self.profile_name().starts_with("super_admin")
            || self.profile(state).and_then(|profile| profile.first("scope")) == Some("global")
    }

    /// Whether the profile grants reading `group`: `fwgrp`, or `fwgrp.address`.
    pub(super) fn may_read(&self, state: &State, group: &str) -> bool {
        if self.profile_name().starts_with("super_admin") {
            return true;
        }
        let (group, child) = group.split_once('.').unwrap_or((group, ""));
        let Some(profile) = self.profile(state) else { return false };
        match profile.first(group) {
            Some("custom") => {
                let block = profile.singles.get(&format!("{group}-permission"));
                is_read(block.and_then(|block| block.first(child)))
            }
            level => is_read(level),
        }
    }

    fn profile_name(&self) -> &str {
        self.user.first("accprofile").unwrap_or_default()
    }

    fn profile<'a>(&self, state: &'a State) -> Option<&'a Node> {
        state.running.global.entry("system accprofile", self.profile_name())
    }
}

fn is_read(level: Option<&str>) -> bool {
    matches!(level, Some("read" | "read-write"))
}

/// The address from which the device sees an API client come: as it sees SSH sessions, unless a trap says otherwise.
fn seen(spec: &DeviceSpec, source: IpAddr) -> IpAddr {
    let nat = spec.seen_from.map(|seen| seen.ip());
    spec.traps.https.seen_from.or(nat).unwrap_or(source)
}

/// `rest-api-key-url-query` decides where the version has it; 8.0 has it no more, and takes no such key.
fn takes_key_in_url(state: &State) -> bool {
    let version = state.spec.version;
    let system = state.running.global.singles.get("system global");
    match super::super::schema::has_url_key_switch(version) {
        true => system.and_then(|node| node.first("rest-api-key-url-query")) == Some("enable"),
        false => version < NO_KEY_IN_URL || version.major == 7,
    }
}

fn covers(row: &Node, source: IpAddr) -> bool {
    match (row.first("type"), source) {
        (Some("ipv6-trusthost"), IpAddr::V6(source)) => {
            row.first("ipv6-trusthost").is_none_or(|prefix| covers_v6(prefix, source))
        }
        (None | Some("ipv4-trusthost"), IpAddr::V4(source)) => {
            row.first("ipv4-trusthost").is_none_or(|network| covers_v4(network, source))
        }
        _ => false,
    }
}

/// `10.0.0.0 255.0.0.0`.
fn covers_v4(network: &str, source: Ipv4Addr) -> bool {
    let parsed = network.split_once(' ').and_then(|(net, mask)| Some((bits(net)?, bits(mask)?)));
    parsed.is_some_and(|(net, mask)| u32::from(source) & mask == net & mask)
}

fn bits(address: &str) -> Option<u32> {
    address.parse::<Ipv4Addr>().ok().map(u32::from)
}

/// `2001:db8::/32`.
fn covers_v6(prefix: &str, source: Ipv6Addr) -> bool {
    let Some((net, length)) = prefix.split_once('/') else { return false };
    let (Ok(net), Ok(length)) = (net.parse::<Ipv6Addr>(), length.parse::<u32>()) else { return false };
    let mask = 128_u32.checked_sub(length).map_or(0, |host| u128::MAX.checked_shl(host).unwrap_or(0));
    u128::from(source) & mask == u128::from(net) & mask
}

fn is_blocked(state: &State, source: IpAddr) -> bool {
    let Some(limit) = state.spec.traps.https.blocks_after else { return false };
    let refused = state.refused.get(&source);
    refused.is_some_and(|(count, last)| *count >= limit && state.now().duration_since(*last) < BLOCKED)
}

fn failed(state: &mut State, source: IpAddr) {
    let now = state.now();
    let entry = state.refused.entry(source).or_insert((0, now));
    *entry = (entry.0 + 1, now);
}

impl State {
    /// The API user whose key this is, as long as the key lives.
    pub(in crate::sim) fn user_of_key(&self, key: &Secret) -> Option<String> {
        let now = self.now();
        let lives = self.keys.iter().find(|(_, live)| live.is(key.expose()) && !live.is_over(now));
        lives.map(|(user, _)| user.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_covers_its_own_addresses_only() {
        let cases = [
            ("10.0.0.0 255.0.0.0", "10.1.2.3", true),
            ("10.0.0.0 255.0.0.0", "11.1.2.3", false),
            ("192.0.2.7 255.255.255.255", "192.0.2.8", false),
            ("0.0.0.0 0.0.0.0", "192.0.2.8", true),
        ];
        for (network, source, covered) in cases {
            assert_eq!(covers_v4(network, source.parse().unwrap()), covered, "{network} {source}");
        }
        for (prefix, source, covered) in
            [("2001:db8::/32", "2001:db8::1", true), ("::/0", "::1", true), ("::1/128", "::2", false)]
        {
            assert_eq!(covers_v6(prefix, source.parse().unwrap()), covered, "{prefix} {source}");
        }
    }
}
