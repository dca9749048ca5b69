//! What mends a finding, as the lines of CLI that a template writes.
//!
//! What only the operator can know (an address, a profile) is a word in capitals that the device refuses as it stands, so
//! that nothing is changed by pasting it unread: `set` is refused, and the object stays as it was.

use ipnet::IpNet;
use serde::Serialize;

use crate::fortios::edit::{Edit, HostRow, SetLine, UserEdit};

/// Stands for the address from which the key is used.
pub const CLIENT_ADDRESS: &str = "CLIENT-ADDRESS";

/// Stands for a profile that may do no more than the API user needs.
pub const NARROWER_PROFILE: &str = "NARROWER-PROFILE";

/// Stands for the VDOM that was meant.
pub const VDOM_NAME: &str = "VDOM-NAME";

/// Stands for a PKI peer group.
pub const PEER_GROUP: &str = "PEER-GROUP";

/// The words that stand for something.
pub const PLACEHOLDERS: [&str; 4] = [CLIENT_ADDRESS, NARROWER_PROFILE, VDOM_NAME, PEER_GROUP];

/// A change that mends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mend {
    /// Of an API user or a profile.
    Edit(Edit),
    /// Of something else under `config system`.
    System(SystemEdit),
}

/// `config system TABLE` / `edit ENTRY` / `set …`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SystemEdit {
    /// `global`, `ssh-config`, `admin`, `interface`.
    pub table: String,
    /// The entry of a table; `None`: there are no entries.
    pub entry: Option<String>,
    /// What is set in it.
    pub set: Vec<SetLine>,
}

pub(super) fn set_line(name: &str, values: &[&str]) -> SetLine {
    SetLine { name: name.to_owned(), values: values.iter().map(|value| (*value).to_owned()).collect() }
}

/// A setting of the API user gets another value.
pub(super) fn set_user(user: &str, name: &str, value: &str) -> Mend {
    user_edit(user, |edit| edit.set.push(set_line(name, &[value])))
}

/// A setting of the API user goes back to its default.
pub(super) fn unset_user(user: &str, name: &str) -> Mend {
    user_edit(user, |edit| edit.unset.push(name.to_owned()))
}

/// The row of trusted hosts gets the client's own address; `others` go.
pub(super) fn narrow_row(user: &str, row: u32, v6: bool, others: Vec<u32>) -> Mend {
    user_edit(user, |edit| {
        edit.hosts.push(client_row(row, v6));
        edit.delete_hosts = others;
    })
}

fn client_row(id: u32, v6: bool) -> HostRow {
    if v6 {
        let set = set_line("ipv6-trusthost", &[&format!("{CLIENT_ADDRESS}/128")]);
        return HostRow { id, family: Some("ipv6-trusthost"), set };
    }
    HostRow { id, family: None, set: set_line("ipv4-trusthost", &[CLIENT_ADDRESS, "255.255.255.255"]) }
}

pub(super) fn is_v6(network: IpNet) -> bool {
    matches!(network, IpNet::V6(_))
}

/// The API user goes.
pub(super) fn delete_user(user: &str) -> Mend {
    Mend::Edit(Edit::DeleteUser(user.to_owned()))
}

/// A setting of the device itself.
pub(super) fn set_system(table: &str, entry: Option<&str>, line: SetLine) -> Mend {
    Mend::System(SystemEdit { table: table.to_owned(), entry: entry.map(str::to_owned), set: vec![line] })
}

fn user_edit(user: &str, fill: impl FnOnce(&mut UserEdit)) -> Mend {
    let mut edit = UserEdit {
        name: user.to_owned(),
        create: false,
        set: Vec::new(),
        unset: Vec::new(),
        delete_hosts: Vec::new(),
        hosts: Vec::new(),
    };
    fill(&mut edit);
    Mend::Edit(Edit::User(edit))
}
