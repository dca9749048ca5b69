//! What a verb tells while it works: facts, not sentences. `report` finds the words.

use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::deliver::{Action, Stored};
use crate::fortios::permissions::Permissions;
use crate::fortios::version::Version;
use crate::session::trace::Detail;

use super::verified::Verified;

/// Somebody who is told what happens, one event at a time.
pub trait Observer {
    /// `event` has happened on `device` (the operator's name for it).
    fn on(&mut self, device: &str, event: Event);

    /// How much of the sessions is wanted: what is not is not told.
    fn detail(&self) -> Detail {
        Detail::Session
    }
}

/// Something that happened on one device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// The connection stands and the login succeeded.
    Connected(Connected),
    /// The device has been surveyed.
    Found(Found),
    /// The access profile is as requested, or is one that existed.
    Profile {
        /// Its name.
        name: String,
        /// What was done to it.
        action: Action,
        /// What it permits; empty for a profile that the request only names.
        permissions: Permissions,
    },
    /// The API user is as requested.
    ApiUser {
        /// Its name.
        name: String,
        /// What was done to it.
        action: Action,
        /// Its trusted hosts in CIDR notation; empty: any host.
        trusted_hosts: Vec<String>,
        /// The VDOMs it may enter; empty without VDOMs.
        vdoms: Vec<String>,
    },
    /// The objects are on the device.
    Pushed {
        /// In one configuration transaction, at one instant; else one after the other.
        transaction: bool,
    },
    /// A key was generated, and these destinations have it.
    Key(Vec<Stored>),
    /// A key was found in a transcript, and these destinations have it.
    Scraped(Vec<Stored>),
    /// A key that was delivered before was read back.
    Read {
        /// The destination that has it.
        from: String,
    },
    /// A command starts with the key in its environment.
    Runs {
        /// Its name, as it was given.
        command: String,
        /// The host that it is told.
        hostname: String,
    },
    /// A key was generated and lost with the connection; it is void as soon as the next one is generated.
    KeyLost,
    /// An earlier run for the same API user came to no end; this one goes on with it.
    TakenUp {
        /// When it began.
        began: Timestamp,
        /// What became of its key.
        key: Taken,
    },
    /// The key is younger than the operator wants to replace.
    Fresh {
        /// Its API user.
        api_user: String,
        /// When it was generated.
        generated_at: Timestamp,
    },
    /// The new key is delivered; the old one works on for a while.
    Grace {
        /// Its API user.
        old: String,
        /// How long; until somebody finishes it.
        grace: Option<Duration>,
    },
    /// An API user and its key are gone.
    Retired {
        /// The API user.
        api_user: String,
    },
    /// The time of an access is over, and the command that has it still runs.
    TimeUp {
        /// How long it had.
        ttl: Duration,
    },
    /// An access that was lent is gone: its key is void.
    Revoked {
        /// The API user.
        api_user: String,
        /// Whether the API user is gone too; one that was there before stays.
        removed: bool,
        /// The profile, where it is gone too.
        profile: Option<String>,
    },
    /// Whether the key works over REST.
    Verified(Box<Verified>),
    /// The verb is at its end.
    Done {
        /// Since it began.
        elapsed: Duration,
    },
    /// What this run had changed has been taken back.
    Undone {
        /// The objects, as `TABLE NAME`, in the order they were mended.
        objects: Vec<String>,
    },
    /// Something that the operator should know and that stops nothing.
    Warning(Warning),
    /// One line of the CLI, as it is sent (`-v`).
    Line(String),
    /// A piece of the redacted session (`-vv`).
    Trace(String),
}

/// What became of the key of a run that is taken up again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Taken {
    /// It had generated none.
    NoKey,
    /// It may have generated one that nobody got: another one takes its place.
    Lost,
    /// It cannot be taken out of the escrow, and whoever has it may be cut off: another one takes its place.
    Shut,
    /// It is in the escrow, and is delivered now.
    FromEscrow,
    /// It was lent to a command, and is taken back now.
    Lent,
    /// Every destination has it; what it replaces is still there.
    Delivered,
}

/// How the device was reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connected {
    /// The IP address or host name of the connection.
    pub address: String,
    /// The TCP port.
    pub port: u16,
    /// The fingerprint of the host key, `SHA256:…`.
    pub host_key: String,
    /// Why that key is trusted.
    pub trust: Trust,
    /// The jump hosts on the way, the nearest first.
    pub through: Vec<String>,
}

/// Why a host key is trusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trust {
    /// It stands in this line (counted from 1) of a known hosts file.
    KnownHosts {
        /// The file.
        file: String,
        /// The line.
        line: usize,
    },
    /// It was unknown and is now in this file: `--host-key accept-new`.
    Added {
        /// The file.
        file: String,
    },
    /// The authority in this line of a known hosts file has signed it.
    Certified {
        /// The file.
        file: String,
        /// The line.
        line: usize,
    },
    /// The operator named the fingerprint.
    Pinned,
    /// It is our own simulated device.
    Simulated,
}

/// What the survey of a device found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// `FortiGate-100F`.
    pub model: String,
    /// The serial number.
    pub serial: String,
    /// The release.
    pub fortios: Version,
    /// Whether the device has VDOMs.
    pub vdoms: bool,
    /// `standalone`, or the HA mode and role as `get system status` prints them: `a-p, primary`.
    pub ha: String,
    /// The access profile of our own session, when the device tells it.
    pub profile: Option<String>,
    /// The address that the device sees us come from, when it tells it.
    pub source: Option<IpAddr>,
}

/// Something that the operator should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Warning {
    /// The release is newer than every surveyed one.
    NewerThanKnown(Version),
    /// A FortiManager manages the device: what is changed here puts it out of sync, and a later installation may undo it.
    CentrallyManaged {
        /// The address of the FortiManager, where the device tells it.
        fmg: Option<String>,
    },
    /// The device is a member of an HA cluster.
    HaMember {
        /// The HA mode and role.
        ha: String,
        /// The release, on which it depends.
        fortios: Version,
        /// Whether a key is known to the other members too.
        keys_follow: bool,
    },
    /// The device has VDOMs, the request names none.
    VdomAssumed {
        /// The VDOM that the API user gets.
        vdom: String,
    },
    /// The session was lost with its configuration transaction open: until the device drops that by itself, after five idle
    /// minutes, it may refuse everybody the objects that were in it.
    TransactionLost,
    /// `--insecure`: the key is sent to whoever answers.
    Insecure,
    /// `execute cfg save` failed too: a reboot loses the change.
    NotSaved,
    /// Saving also persisted the pending changes of other administrators.
    SavedPending,
    /// The API user had a key, and it is void now.
    KeyReplaced {
        /// The API user.
        api_user: String,
    },
    /// What another room found, in its own words.
    Said(String),
}
