//! Whether an administrator may create API users, as far as the access profile tells.

use super::show::{self, Entry};
use super::version::Version;

/// The release in which access profiles got switches for the CLI. Source: release notes of FortiOS 7.4.3, 641069.
const CLI_SWITCHES: Version = Version::new(7, 4, 2);

/// The profile that may do everything.
const SUPER_ADMIN: &str = "super_admin";

/// Built-in profiles that change nothing. Source: FortiOS administration guides 6.4 (399023) and CLI reference 6.0.
const POWERLESS: [&str; 2] = ["super_admin_readonly", "admin_no_access"];

/// Whether the administrator may create access profiles and API users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rights {
    /// The profile is `super_admin`.
    Full,
    /// The profile has what the CLI asks for. Fortinet documents the creation of API users for `super_admin` only.
    Enough {
        /// The profile.
        profile: String,
    },
    /// The profile lacks something.
    Lacking {
        /// The profile.
        profile: String,
        /// What.
        lack: Lack,
    },
    /// The device tells the profile, and not what it permits.
    Unread {
        /// The profile.
        profile: String,
    },
    /// The device does not tell the profile.
    Unknown,
}

/// What a profile lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// It is a built-in one that changes nothing.
    Powerless,
    /// `sysgrp read-write`, or `sysgrp custom` with `admin read-write`.
    Write,
    /// These switches of 7.4.2 and later are not `enable`: `cli-config`, `cli-exec`.
    CliSwitches(Vec<&'static str>),
}

impl std::fmt::Display for Lack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Lack::Powerless => f.write_str("it changes nothing"),
            Lack::Write => f.write_str("it has neither sysgrp nor sysgrp.admin read-write"),
            Lack::CliSwitches(off) => write!(f, "it lacks {}", off.join(" and ")),
        }
    }
}

impl Rights {
    /// Whether the device has to be asked for the profile's content.
    pub fn needs_content(profile: &str) -> bool {
        profile != SUPER_ADMIN && !POWERLESS.contains(&profile)
    }

    /// Judges `profile`, the own one, by what `show system accprofile PROFILE` printed; built-in ones are known by name.
    pub fn of(profile: Option<&str>, printed: &[String], version: Version) -> Rights {
        let Some(name) = profile else { return Rights::Unknown };
        let profile = name.to_owned();
        if name == SUPER_ADMIN {
            return Rights::Full;
        }
        if POWERLESS.contains(&name) {
            return Rights::Lacking { profile, lack: Lack::Powerless };
        }
        let blocks = show::parse(printed.iter().map(String::as_str)).unwrap_or_default();
        let entry = blocks.iter().find_map(|block| block.entry(name));
        match entry.map(|entry| lack(entry, version)) {
            None => Rights::Unread { profile },
            Some(None) => Rights::Enough { profile },
            Some(Some(lack)) => Rights::Lacking { profile, lack },
        }
    }

    /// The profile, where it is known.
    pub fn profile(&self) -> Option<&str> {
        match self {
            Rights::Full => Some(SUPER_ADMIN),
            Rights::Enough { profile } | Rights::Lacking { profile, .. } | Rights::Unread { profile } => Some(profile),
            Rights::Unknown => None,
        }
    }

    /// Whether API users may be created; `None`: that cannot be told.
    pub fn may_create(&self) -> Option<bool> {
        match self {
            Rights::Full | Rights::Enough { .. } => Some(true),
            Rights::Lacking { .. } => Some(false),
            Rights::Unread { .. } | Rights::Unknown => None,
        }
    }
}

fn lack(profile: &Entry, version: Version) -> Option<Lack> {
    if !writes(profile) {
        return Some(Lack::Write);
    }
    let off = |switch: &&str| profile.value(switch) != Some("enable");
    let off: Vec<&str> = ["cli-config", "cli-exec"].into_iter().filter(off).collect();
    (version >= CLI_SWITCHES && !off.is_empty()).then_some(Lack::CliSwitches(off))
}

/// Profiles and API users belong to the group `sysgrp`, and in it to `admin` (the vendor's REST reference lists the
/// generation of keys under `sysgrp.admin`).
fn writes(profile: &Entry) -> bool {
    match profile.value("sysgrp") {
        Some("read-write") => true,
        Some("custom") => {
            profile.block("sysgrp-permission").and_then(|block| block.value("admin")) == Some("read-write")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ops(settings: &str, version: &str) -> Rights {
        let text = format!("config system accprofile\nedit \"ops\"\n{settings}next\nend");
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        Rights::of(Some("ops"), &lines, version.parse().unwrap())
    }

    fn lacking(lack: Lack) -> Rights {
        Rights::Lacking { profile: "ops".into(), lack }
    }

    #[test]
    fn a_custom_profile_is_judged_by_its_settings() {
        let enough = || Rights::Enough { profile: "ops".into() };
        let custom = |level| format!("set sysgrp custom\nconfig sysgrp-permission\nset admin {level}\nend\n");
        let both = "set sysgrp read-write\nset cli-exec enable\nset cli-config enable\n";
        for (settings, version, expected) in [
            (String::new(), "7.4.1", lacking(Lack::Write)),
            ("set sysgrp read\n".into(), "7.4.1", lacking(Lack::Write)),
            ("set sysgrp read-write\n".into(), "7.4.1", enough()),
            (custom("read-write"), "6.2.0", enough()),
            (custom("read"), "6.2.0", lacking(Lack::Write)),
            ("set sysgrp custom\n".into(), "6.2.0", lacking(Lack::Write)),
            ("set sysgrp read-write\n".into(), "7.4.2", lacking(Lack::CliSwitches(vec!["cli-config", "cli-exec"]))),
            (
                "set sysgrp read-write\nset cli-exec enable\n".into(),
                "7.6.0",
                lacking(Lack::CliSwitches(vec!["cli-config"])),
            ),
            (both.into(), "7.4.2", enough()),
        ] {
            assert_eq!(ops(&settings, version), expected, "{settings} on {version}");
        }
    }

    #[test]
    fn built_in_profiles_are_known_by_name() {
        let of = |name: &str| Rights::of(Some(name), &[], Version::new(7, 4, 8));
        assert_eq!(of("super_admin"), Rights::Full);
        assert_eq!(of("super_admin_readonly").may_create(), Some(false));
        assert_eq!(of("admin_no_access").may_create(), Some(false));
        assert_eq!(of("prof_admin"), Rights::Unread { profile: "prof_admin".into() });
    }

    #[test]
    fn what_is_not_told_or_not_whole_is_no_judgement() {
        assert_eq!(Rights::of(None, &[], Version::new(7, 4, 8)), Rights::Unknown);
        let half = ["config system accprofile", "edit ops", "set sysgrp read-write"].map(str::to_owned);
        assert_eq!(Rights::of(Some("ops"), &half, Version::new(7, 0, 0)).may_create(), None);
    }
}
