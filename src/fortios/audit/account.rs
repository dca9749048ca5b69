//! An API user as it is on the device: from where, to what, with which rights.

use std::fmt;
use std::net::Ipv4Addr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::Policy;
use super::effective::{self, GroupAccess};
use super::tables::Tables;
use crate::fortios::show::Entry;

/// One API user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// Its comment.
    pub comments: Option<String>,
    /// The name of its profile; `None`: none is set.
    pub profile: Option<String>,
    /// What is known of the profile.
    pub state: ProfileState,
    /// What the profile permits; empty where that is not known.
    pub permissions: Vec<GroupAccess>,
    /// Whether the profile is of scope `global`: every VDOM, whatever is set.
    pub global_scope: bool,
    /// The VDOMs that are set.
    pub vdoms: Vec<String>,
    /// The rows of its trusted hosts. Empty: every address.
    pub hosts: Vec<Host>,
    /// The firewall schedule outside which the key does not work.
    pub schedule: Option<String>,
    /// The web origin that may use the key.
    pub cors_allow_origin: Option<String>,
    /// Whether a client certificate is asked for.
    pub peer_auth: bool,
    /// Whose.
    pub peer_group: Option<String>,
    /// Whether it has a key.
    pub has_key: bool,
    /// The administrators with the same profile.
    pub shared_with: Vec<String>,
    /// Whether a request asks for it; `None`: no request was given.
    pub requested: Option<bool>,
}

/// What is known of an API user's profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProfileState {
    /// It is one of the device's own.
    OnDevice,
    /// It is built in: its name says what it permits.
    BuiltIn,
    /// There is none of that name, or none is set.
    Missing,
    /// The device did not let us read profiles.
    Unread,
}

/// One row of trusted hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// The number of the row.
    pub row: u32,
    /// Whether it is of IPv6.
    pub v6: bool,
    /// What is in it.
    pub shown: Shown,
}

/// What a row of trusted hosts says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// A network.
    Net(IpNet),
    /// Nothing: it is at its default, which is every address. (`show` leaves an explicit `0.0.0.0 0.0.0.0` out too.)
    Nothing,
    /// Something that is no network.
    Unreadable(String),
}

impl Host {
    fn of(entry: &Entry) -> Host {
        let v6 = entry.value("type") == Some("ipv6-trusthost");
        let values = entry.values(if v6 { "ipv6-trusthost" } else { "ipv4-trusthost" });
        let net =
            if v6 { values.first().and_then(|text| text.parse::<Ipv6Net>().ok()).map(IpNet::V6) } else { v4(values) };
        let shown = match (net, values) {
            (Some(net), _) => Shown::Net(net),
            (None, []) => Shown::Nothing,
            (None, values) => Shown::Unreadable(values.join(" ")),
        };
        Host { row: entry.name.parse().unwrap_or_default(), v6, shown }
    }

    /// What the row lets in: what cannot be read counts as everything.
    pub fn net(&self) -> IpNet {
        match (&self.shown, self.v6) {
            (Shown::Net(net), _) => *net,
            (_, true) => IpNet::V6(Ipv6Net::default()),
            (_, false) => IpNet::V4(Ipv4Net::default()),
        }
    }
}

/// `ADDRESS MASK`, or `ADDRESS/LENGTH`.
fn v4(values: &[String]) -> Option<IpNet> {
    match values {
        [address, mask] => {
            let (address, mask): (Ipv4Addr, Ipv4Addr) = (address.parse().ok()?, mask.parse().ok()?);
            Ipv4Net::with_netmask(address, mask).ok().map(IpNet::V4)
        }
        [network] => network.parse().ok(),
        _ => None,
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.shown {
            Shown::Unreadable(text) => f.write_str(text),
            _ => write!(f, "{}", self.net()),
        }
    }
}

impl Account {
    /// The API user of one entry of `show system api-user`. Nothing that is shown encrypted is kept.
    pub fn of(user: &Entry, tables: &Tables, policy: &Policy) -> Account {
        let text = |name: &str| user.value(name).filter(|value| !value.is_empty()).map(str::to_owned);
        let profile = text("accprofile");
        let (state, permissions) = permissions(profile.as_deref(), tables);
        let entry = profile.as_deref().and_then(|profile| tables.profile(profile));
        let rows = user.block("trusthost").map(|block| block.entries.as_slice()).unwrap_or_default();
        let shared = profile.iter().flat_map(|profile| tables.administrators_of(profile));
        Account {
            name: user.name.clone(),
            comments: text("comments"),
            shared_with: shared.map(str::to_owned).collect(),
            state,
            permissions,
            global_scope: entry.and_then(|entry| entry.value("scope")) == Some("global"),
            profile,
            vdoms: user.values("vdom").to_vec(),
            hosts: rows.iter().map(Host::of).collect(),
            schedule: text("schedule"),
            cors_allow_origin: text("cors-allow-origin"),
            peer_auth: user.value("peer-auth") == Some("enable"),
            peer_group: text("peer-group"),
            has_key: user.settings.iter().any(|setting| setting.name == "api-key"),
            requested: policy.known.as_ref().map(|known| known.has(&user.name)),
        }
    }

    /// The rows that let every address of their family in by what they do not say.
    pub fn empty_rows(&self) -> impl Iterator<Item = &Host> {
        self.hosts.iter().filter(|host| !matches!(host.shown, Shown::Net(_)))
    }

    /// What it may do, in the fewest words; empty: nothing, or it is not known.
    pub fn summary(&self) -> Vec<String> {
        effective::summary(&self.permissions)
    }
}

fn permissions(profile: Option<&str>, tables: &Tables) -> (ProfileState, Vec<GroupAccess>) {
    let Some(name) = profile else { return (ProfileState::Missing, Vec::new()) };
    match (tables.profile(name), effective::built_in(name)) {
        (Some(entry), _) => (ProfileState::OnDevice, effective::of(entry, tables.version)),
        (None, Some(level)) => (ProfileState::BuiltIn, effective::throughout(level, tables.version)),
        (None, None) if tables.profiles.is_none() => (ProfileState::Unread, Vec::new()),
        (None, None) => (ProfileState::Missing, Vec::new()),
    }
}
