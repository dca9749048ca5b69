//! What API access a device gives, and what is weak about it: judged from the tables that were read, without touching
//! anything.
//!
//! | file | what it knows |
//! |---|---|
//! | [`tables`] | what was read, and what could not be |
//! | [`account`] | an API user as it is: from where, to what, with which rights |
//! | [`effective`] | the permissions of a profile, groups and children spelled out |
//! | [`rule`] | the rules with their ids and severities; the ids never change their meaning |
//! | [`finding`] | a rule that an object breaks: one sentence, and the CLI that mends it |
//! | `users` `device` | the rules about API users, and those about the device itself |

pub mod account;
mod device;
pub mod effective;
pub mod finding;
pub mod mend;
pub mod rule;
pub mod severity;
pub mod tables;
#[cfg(test)]
mod tests;
mod users;

use std::collections::BTreeSet;

use super::names::ApiUser;
use super::rotation::Pair;
use account::Account;
use finding::Finding;
use severity::Severity;
use tables::Tables;

/// The IPv4 networks that are wider than this prefix length are too wide, unless the operator says otherwise.
pub const WIDEST_IPV4: u8 = 24;

/// The same for IPv6: one subnet.
pub const WIDEST_IPV6: u8 = 64;

/// What the operator holds to be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The shortest IPv4 prefix of a trusted host that is not too wide: 24.
    pub widest_ipv4: u8,
    /// The same for IPv6: 64.
    pub widest_ipv6: u8,
    /// The API users that should exist; `None`: nobody said.
    pub known: Option<Known>,
    /// Whether the GUI is meant to be closed, so that an open HTTPS administration is more than a remark.
    pub gui_closed: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Policy { widest_ipv4: WIDEST_IPV4, widest_ipv6: WIDEST_IPV6, known: None, gui_closed: false }
    }
}

/// The names of API users that requests ask for, and those that a rotation makes of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known(BTreeSet<String>);

impl Known {
    /// Adds the API user of a request: its own name, and the pair between which a rotation of it goes.
    pub fn add(&mut self, name: &str) {
        self.0.insert(name.to_owned());
        let pair = name.parse::<ApiUser>().ok().and_then(|name| Pair::of(&name).ok());
        self.0.extend(pair.iter().flat_map(Pair::names).map(|name| name.as_str().to_owned()));
    }

    /// Whether that API user is asked for.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }
}

/// What was found on one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// Its API users, in the device's order.
    pub accounts: Vec<Account>,
    /// What is weak, the worst first.
    pub findings: Vec<Finding>,
}

impl Audit {
    /// Judges what was read.
    pub fn of(tables: &Tables, policy: &Policy) -> Audit {
        let accounts: Vec<Account> = tables.users.iter().map(|user| Account::of(user, tables, policy)).collect();
        let of_users = accounts.iter().flat_map(|account| users::findings(account, tables, policy));
        let mut findings: Vec<Finding> = of_users.chain(device::findings(tables, policy)).collect();
        findings
            .sort_by(|a, b| b.severity().cmp(&a.severity()).then_with(|| (a.rule, &a.user).cmp(&(b.rule, &b.user))));
        Audit { accounts, findings }
    }

    /// The findings about one API user.
    pub fn findings_of<'a>(&'a self, user: &'a str) -> impl Iterator<Item = &'a Finding> {
        self.findings.iter().filter(move |finding| finding.user.as_deref() == Some(user))
    }

    /// Whether there is a finding of that severity or a worse one.
    pub fn reaches(&self, severity: Severity) -> bool {
        self.findings.iter().any(|finding| finding.severity() >= severity)
    }
}
