//! What an administrator may do, by the access profile.

use super::super::refusal::Refusal;
use super::super::tree::Node;
use super::{Cli, State};
use crate::fortios::version::Version;

/// The release in which access profiles got switches for the CLI (release notes 7.4.3, 641069).
const CLI_SWITCHES: Version = Version::new(7, 4, 2);

impl Cli {
    /// Refuses a verb that this administrator's profile does not allow. The text of a real device is not known; that it
    /// takes the verb for unknown fits what scripts of read-only administrators see.
    pub(super) fn check_rights(&self, state: &State, verb: &str) -> Result<(), Refusal> {
        let allowed = match verb {
            "config" => self.may_write(state) && self.may_use(state, "cli-config"),
            "execute" => self.may_use(state, "cli-exec"),
            "get" => self.may_use(state, "cli-get"),
            "show" => self.may_use(state, "cli-show"),
            "diagnose" => self.may_use(state, "cli-diagnose"),
            _ => true,
        };
        if allowed { Ok(()) } else { Err(Refusal::unknown_action()) }
    }

    fn own_profile<'a>(&'a self, state: &'a State) -> Option<&'a Node> {
        self.current(state).global.entry("system accprofile", &self.profile)
    }

    /// Whether the profile may change the system's configuration.
    pub(super) fn may_write(&self, state: &State) -> bool {
        let Some(profile) = self.own_profile(state) else { return false };
        let of_block = || profile.singles.get("sysgrp-permission").and_then(|block| block.first("admin"));
        match (self.profile.as_str(), profile.first("sysgrp")) {
            ("super_admin", _) | (_, Some("read-write")) => true,
            (_, Some("custom")) => of_block() == Some("read-write"),
            _ => false,
        }
    }

    fn may_use(&self, state: &State, switch: &str) -> bool {
        let always = self.profile == "super_admin" || state.spec.version < CLI_SWITCHES;
        always || self.own_profile(state).and_then(|profile| profile.first(switch)) == Some("enable")
    }
}
