//! What the verification of a key came to, and why.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fortios::script::Script;
use crate::rest::{Assurance, CertificateFault};

/// What the verification of a key came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// Whether the key works; `None`: that is not known.
    pub verified: Option<bool>,
    /// How that was found, or why it was not: one line, for the record and for people.
    pub detail: String,
    /// The HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// Why the other end was taken for the device, when it was; told to people where it was found only.
    #[serde(skip)]
    pub assurance: Option<Assurance>,
    /// The likely cause, when the key was not seen to work; as above.
    #[serde(skip)]
    pub cause: Option<Cause>,
    /// The CLI that mends the cause, where it is known; as above.
    #[serde(skip)]
    pub mend: Option<Script>,
    /// Whether the device takes keys in URLs too (`rest-api-key-url-query`), when it says so.
    pub key_in_url: Option<bool>,
}

/// Why a key was not seen to work: the likely cause.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// The certificate is not the device's, or that cannot be told. The key was not sent.
    #[error(transparent)]
    Certificate(#[from] CertificateFault),
    /// The API was reached, and something other than the key is in the way.
    #[error("the API failed with {status}")]
    Failing {
        /// The HTTP status.
        status: u16,
    },
    /// Another member of the cluster answers, or one to which the key was never synchronised.
    #[error("a member of an HA cluster ({ha}) answers; before FortiOS 7.6 a key is known to the member that made it")]
    HaRole {
        /// The HA mode and role, as the device prints it.
        ha: String,
    },
    /// The operator stopped it.
    #[error("it was interrupted")]
    Interrupted,
    /// The time of the key is over.
    #[error("the key ended at {at}")]
    KeyAge {
        /// When.
        at: Timestamp,
    },
    /// The API user has another key by now, or none.
    #[error("{}", void(.api_user.as_deref(), *.has_key))]
    KeyVoid {
        /// The API user, if it is known.
        api_user: Option<String>,
        /// Whether it has a key at all, if that is known.
        has_key: Option<bool>,
    },
    /// It answers with a page for people.
    #[error("it redirects to {location}: that is a page for people, not the API")]
    LoginPage {
        /// Where to.
        location: String,
    },
    /// What answers is not the API of a FortiGate.
    #[error("what answers there is not the API of a FortiGate: {0}")]
    NotFortiGate(String),
    /// Nobody asked for a verification.
    #[error("nobody asked for it")]
    Off,
    /// Another device answers.
    #[error("another device answers there: {serial}")]
    OtherDevice {
        /// Its serial number.
        serial: String,
    },
    /// The API user needs a client certificate too.
    #[error("the API user must show a client certificate too (peer-auth{})", of_group(.group.as_deref()))]
    PeerAuth {
        /// The PKI peer group.
        group: Option<String>,
    },
    /// Nobody listens there.
    #[error("port {port} of {host} is closed")]
    PortClosed {
        /// The host.
        host: String,
        /// The port.
        port: u16,
    },
    /// The access profile does not allow it.
    #[error("the access profile{} does not allow it", named(.0.as_deref()))]
    Profile(Option<String>),
    /// Too many attempts with a wrong key came from here.
    #[error("the device has blocked this address for a while, after too many refused attempts")]
    RateLimited,
    /// The schedule of the API user may not allow it now.
    #[error("the schedule {0} of the API user may not allow it at this time")]
    Schedule(String),
    /// It did not answer in time.
    #[error("nothing came within {} s {while_doing}", .after.as_secs())]
    TimedOut {
        /// What was waited for: "for the connection".
        while_doing: &'static str,
        /// How long.
        after: Duration,
    },
    /// We do not come from a trusted host.
    #[error("{}", untrusted(*.seen, .hosts))]
    TrustedHost {
        /// The address that the device sees us come from, if it tells.
        seen: Option<IpAddr>,
        /// The trusted hosts.
        hosts: Vec<IpNet>,
    },
    /// There is no way to it.
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    /// What has to be known first could not be read over SSH.
    #[error("the device could not be asked over SSH: {0}")]
    Unread(String),
    /// The API user may not enter the VDOM.
    #[error("the API user may not enter the VDOM {asked}{}", of_user(.vdoms.as_deref()))]
    Vdom {
        /// The VDOM that was asked in.
        asked: String,
        /// Those that the user has, if it is known.
        vdoms: Option<Vec<String>>,
    },
}

fn void(api_user: Option<&str>, has_key: Option<bool>) -> String {
    let whose = api_user.map_or_else(|| "its API user".to_owned(), |name| format!("the API user {name}"));
    match has_key {
        Some(false) => format!("{whose} has no key"),
        _ => format!("{whose} has another key by now, which voids this one, or the key was never one of this device"),
    }
}

fn of_group(group: Option<&str>) -> String {
    group.map(|group| format!(", group {group}")).unwrap_or_default()
}

fn named(profile: Option<&str>) -> String {
    profile.map_or_else(|| " of the API user".to_owned(), |profile| format!(" {profile}"))
}

fn of_user(vdoms: Option<&[String]>) -> String {
    vdoms.map(|vdoms| format!(" (it has {})", listed(vdoms))).unwrap_or_default()
}

fn untrusted(seen: Option<IpAddr>, hosts: &[IpNet]) -> String {
    let hosts = listed(hosts);
    match seen {
        Some(seen) => format!("the device sees you come from {seen}, which is not among its trusted hosts ({hosts})"),
        None => format!("the device may see HTTPS from here come from none of its trusted hosts ({hosts})"),
    }
}

fn listed(items: &[impl fmt::Display]) -> String {
    match items {
        [] => "none".to_owned(),
        items => items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}

impl Verified {
    /// The API accepted the key.
    pub fn works(status: u16, assurance: Assurance) -> Verified {
        let detail = format!("the API answered {status}; {assurance}");
        let assurance = Some(assurance);
        Verified {
            verified: Some(true),
            detail,
            status: Some(status),
            assurance,
            cause: None,
            mend: None,
            key_in_url: None,
        }
    }

    /// The API was asked, and did not accept the key for this likely cause.
    pub fn refused(status: u16, assurance: Assurance, cause: Cause) -> Verified {
        let detail = format!("the API answered {status}: {cause}");
        let assurance = Some(assurance);
        let verified = is_refusal(status).then_some(false);
        Verified { verified, detail, status: Some(status), assurance, cause: Some(cause), mend: None, key_in_url: None }
    }

    /// The key was not sent, or there was no answer.
    pub fn unknown(cause: Cause) -> Verified {
        let detail = cause.to_string();
        Verified {
            verified: None,
            detail,
            status: None,
            assurance: None,
            cause: Some(cause),
            mend: None,
            key_in_url: None,
        }
    }
}

/// Whether the API says no to the key. (REST guide: 401 no or a bad key, 403 no permission.)
fn is_refusal(status: u16) -> bool {
    matches!(status, 401 | 403)
}

impl Cause {
    /// One word for programs; stable.
    pub fn word(&self) -> &'static str {
        match self {
            Cause::Certificate(_) => "certificate",
            Cause::Failing { .. } => "failing",
            Cause::HaRole { .. } => "ha-role",
            Cause::Interrupted => "interrupted",
            Cause::KeyAge { .. } => "key-age",
            Cause::KeyVoid { .. } => "key-void",
            Cause::LoginPage { .. } => "login-page",
            Cause::NotFortiGate(_) => "not-fortigate",
            Cause::Off => "off",
            Cause::OtherDevice { .. } => "other-device",
            Cause::PeerAuth { .. } => "peer-auth",
            Cause::PortClosed { .. } => "port-closed",
            Cause::Profile(_) => "profile",
            Cause::RateLimited => "rate-limited",
            Cause::Schedule(_) => "schedule",
            Cause::TimedOut { .. } => "timed-out",
            Cause::TrustedHost { .. } => "trusted-host",
            Cause::Unreachable(_) => "unreachable",
            Cause::Unread(_) => "unread",
            Cause::Vdom { .. } => "vdom",
        }
    }

    /// What to type next, beside [`Verified::mend`].
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Cause::Certificate(fault) => return certificate_hint(fault),
            Cause::HaRole { .. } => "log in to the address of the cluster, and generate the key on its primary".into(),
            Cause::KeyAge { .. } | Cause::KeyVoid { .. } => {
                "`fgtkey rotate` makes a new one without cutting anybody off".into()
            }
            Cause::PortClosed { .. } => {
                "is `https` in `set allowaccess` of that interface? --https-port names another port".into()
            }
            Cause::RateLimited => "wait a minute, then try again".into(),
            Cause::TimedOut { .. } | Cause::Unreachable(_) => {
                "does a firewall on the way let HTTPS pass? --https-port names another port, --timeout gives it longer"
                    .into()
            }
            Cause::LoginPage { .. } | Cause::NotFortiGate(_) => {
                "--https-port names the port of HTTPS administration (`admin-sport`)".into()
            }
            Cause::Vdom { vdoms: None, .. } | Cause::Profile(None) => {
                "--api-user NAME reads the API user, for a closer diagnosis".into()
            }
            Cause::OtherDevice { .. } => "name the address of the device itself, not of what stands before it".into(),
            _ => return None,
        })
    }
}

fn certificate_hint(fault: &CertificateFault) -> Option<String> {
    match fault {
        CertificateFault::NotShown { presented }
        | CertificateFault::NothingShown { presented }
        | CertificateFault::OtherFingerprint { presented } => Some(format!(
            "compare it on the console (`get vpn certificate local details`), then accept it with --tls-fingerprint {presented}, or name its authority: --ca FILE"
        )),
        CertificateFault::UnknownIssuer(_) => {
            Some("without --ca, the certificate is compared with what the device shows over SSH".into())
        }
        CertificateFault::Name(_) => Some("name the device as its certificate does, or leave out --ca".into()),
        _ => None,
    }
}
