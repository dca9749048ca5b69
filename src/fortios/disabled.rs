//! An API user that is switched off without being deleted: nobody can be where its key may be used from.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use ipnet::{IpNet, Ipv4Net};

use super::objects::User;

/// The address that nobody comes from: the last one of TEST-NET-1, which RFC 5737 keeps for documentation, so that no
/// network has it and none routes it. A trusted host of IPv4 alone shuts IPv6 out as well.
pub const NOWHERE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 255);

impl User {
    /// The same, reachable from nowhere: one row with [`NOWHERE`] instead of all others, under a number that none of them
    /// has, so that each can come back as it was.
    pub fn disabled(&self) -> User {
        let free = (1..).find(|id| !self.trusted_hosts.contains_key(id)).unwrap_or_default();
        User { trusted_hosts: BTreeMap::from([(free, nowhere())]), ..self.clone() }
    }

    /// Whether it is reachable from nowhere.
    pub fn is_disabled(&self) -> bool {
        !self.trusted_hosts.is_empty() && self.trusted_hosts.values().all(|host| *host == nowhere())
    }
}

fn nowhere() -> IpNet {
    IpNet::V4(Ipv4Net::from(NOWHERE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fortios::edit::UserEdit;

    fn user(rows: &[(u32, &str)]) -> User {
        let hosts = rows.iter().map(|(id, host)| (*id, host.parse().unwrap()));
        User { name: "tf".into(), trusted_hosts: hosts.collect(), ..User::default() }
    }

    #[test]
    fn all_rows_go_for_one_that_nobody_is_at_and_come_back_under_their_numbers() {
        let before = user(&[(1, "10.0.0.0/8"), (4, "2001:db8::/64")]);
        let off = before.disabled();
        assert!(off.is_disabled() && !before.is_disabled());
        let on = UserEdit::between(Some(&off), &before).unwrap();
        assert_eq!(on.delete_hosts, [2]);
        assert_eq!(on.hosts.iter().map(|row| row.id).collect::<Vec<_>>(), [1, 4]);
    }

    #[test]
    fn a_user_that_everybody_may_be_is_not_switched_off_by_having_no_rows() {
        assert!(!user(&[]).is_disabled());
        assert!(user(&[]).disabled().is_disabled());
    }
}
