//! The words of an inventory: a table for people, and lines of JSON, which are an inventory again.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anstyle::Style;
use serde::Serialize;

use super::audit::Terminal;
use super::text::printable;
use super::{Reporter, Verbosity, grid};
use crate::fleet::inventory::{Entry, Inventory, Note};
use crate::fortios::request::RequestFile;
use crate::ssh::HostKeyPolicy;

const HEAD: Style = Style::new().dimmed();

/// How much of a fingerprint a table shows.
const SHOWN: usize = "SHA256:".len() + 8;

/// One line a device, in columns that fit the terminal.
pub fn to_table(entries: &[&Entry], terminal: Terminal) -> String {
    let head = ["NAME", "ADDRESS", "PORT", "USER", "GROUPS", "PINNED"].map(|name| vec![name.to_owned()]).to_vec();
    let rows: Vec<_> = std::iter::once(head).chain(entries.iter().map(|entry| cells(entry))).collect();
    let mut text = String::new();
    for (at, row) in grid::rows(&rows, terminal.width).into_iter().enumerate() {
        for line in row {
            let quiet = at == 0 && terminal.colored;
            text.push_str(&if quiet { format!("{HEAD}{line}{HEAD:#}\n") } else { format!("{line}\n") });
        }
    }
    text
}

fn cells(entry: &Entry) -> Vec<Vec<String>> {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".into());
    let groups = entry.groups.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
    let way = entry.jump.as_ref().map(|jump| format!("via {jump}"));
    let texts = [
        vec![entry.name.clone()],
        std::iter::once(entry.address.clone()).chain(way).collect(),
        vec![or_dash(entry.port.map(|port| port.to_string()))],
        vec![or_dash(entry.user.clone())],
        vec![or_dash((!groups.is_empty()).then_some(groups))],
        vec![or_dash(pinned(entry))],
    ];
    texts.map(|lines| lines.iter().map(|line| printable(line)).collect()).to_vec()
}

/// What the device must show: the beginning of its fingerprint, its serial number.
fn pinned(entry: &Entry) -> Option<String> {
    let key = match &entry.host_key {
        Some(HostKeyPolicy::Pinned(prints)) => {
            let short = prints.iter().map(|print| print.to_string().chars().take(SHOWN).collect::<String>() + "…");
            Some(short.collect::<Vec<_>>().join(" "))
        }
        _ => None,
    };
    let both = key.into_iter().chain(entry.serial.clone()).collect::<Vec<_>>();
    (!both.is_empty()).then(|| both.join(" "))
}

/// A device as a line of NDJSON has it: what is not said is left out.
#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    address: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jump: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    identity: &'a [PathBuf],
    #[serde(skip_serializing_if = "Option::is_none")]
    host_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<&'a str>,
    groups: &'a BTreeSet<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<&'a RequestFile>,
}

/// One object and a newline.
pub fn to_json(entry: &Entry) -> String {
    let line = Line {
        name: &entry.name,
        address: &entry.address,
        port: entry.port,
        user: entry.user.as_deref(),
        jump: entry.jump.as_deref(),
        identity: &entry.identities,
        host_key: entry.host_key.as_ref().map(policy),
        serial: entry.serial.as_deref(),
        site: entry.site.as_deref(),
        groups: &entry.groups,
        request: entry.request.as_deref(),
    };
    // Text and numbers: nothing in it can fail.
    serde_json::to_string(&line).unwrap_or_default() + "\n"
}

fn policy(policy: &HostKeyPolicy) -> String {
    match policy {
        HostKeyPolicy::Configured | HostKeyPolicy::Strict => "strict".into(),
        HostKeyPolicy::AcceptNew => "accept-new".into(),
        HostKeyPolicy::Pinned(prints) => prints.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
    }
}

impl Reporter {
    /// Says what of an inventory is not used, each thing once.
    pub fn inventory_notes(&mut self, inventory: &Inventory) {
        for note in inventory.notes() {
            self.note(match note {
                Note::Password => {
                    "passwords in the inventory are not read: give --password-file, --password-command or FGTKEY_PASSWORD"
                }
                Note::SshArguments => {
                    "arguments of ssh in the inventory (ansible_ssh_common_args) are not read: give -J, -o or ssh_config"
                }
                Note::Encrypted => "variables beside the inventory that Ansible Vault encrypts are not read",
            });
        }
    }

    /// Says how many devices there are, and how many of them were picked.
    pub fn picked(&mut self, picked: usize, all: usize) {
        if self.verbosity < Verbosity::Story {
            return;
        }
        let devices = if all == 1 { "device" } else { "devices" };
        self.note(&if picked == all { format!("{all} {devices}") } else { format!("{picked} of {all} {devices}") });
    }
}
