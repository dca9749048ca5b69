//! What `get system status` and its relatives say about a device.

use super::version::Version;

/// How a device is divided into virtual domains.
///
/// Source: the line `Virtual domain configuration:` of `get system status`; `enable` up to 6.0, `multiple` and
/// `split-task` (6.2 to 7.0) later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VdomMode {
    /// Not at all.
    Disable,
    /// `multiple`, or `enable` of older releases: global tables are under `config global`.
    Multiple,
    /// `split-task`: likewise.
    SplitTask,
}

impl VdomMode {
    /// Whether global tables stand under `config global`.
    pub fn has_vdoms(self) -> bool {
        self != VdomMode::Disable
    }

    /// FortiOS's own word.
    pub fn word(self) -> &'static str {
        match self {
            VdomMode::Disable => "disable",
            VdomMode::Multiple => "multiple",
            VdomMode::SplitTask => "split-task",
        }
    }
}

/// The part a device plays in a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HaRole {
    /// No cluster.
    Standalone,
    /// `master` up to 6.2, `primary` later: what is configured here is synchronised to the others.
    Primary,
    /// `slave` or `secondary`: what is configured here is undone or refused.
    Secondary,
}

/// `get system status`, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// `FortiGate-60F`.
    pub model: String,
    /// `v7.4.8,build2795`.
    pub version: Version,
    /// The serial number.
    pub serial: String,
    /// The whole host name (the prompt may show it cut).
    pub hostname: String,
    /// The VDOM mode.
    pub vdom_mode: VdomMode,
    /// The HA mode and role as printed: `standalone`, `a-p, primary`.
    pub ha: String,
    /// The role in it.
    pub ha_role: HaRole,
    /// Whether the device is in FIPS-CC mode.
    pub fips: bool,
}

/// A status that is not one of a FortiGate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatusError {
    /// There is no line `Version:`.
    #[error("`get system status` printed no version")]
    NoVersion,
    /// Another product of the family, or a version that cannot be read.
    #[error("`get system status` says `{0}`, which is not a FortiGate's version")]
    NotFortiGate(String),
    /// A release before 6.0.
    #[error("the device runs FortiOS {0}, older than 6.0, the oldest release that fgtkey knows")]
    TooOld(Version),
}

impl Status {
    /// Reads the lines that `get system status` printed.
    ///
    /// # Errors
    /// When they are not a FortiGate's, or a FortiGate's that is too old.
    pub fn parse(lines: &[String]) -> Result<Status, StatusError> {
        let field = |name: &str| field(lines, name);
        let line = field("Version").ok_or(StatusError::NoVersion)?;
        let not_fortigate = || StatusError::NotFortiGate(line.clone());
        let model = line.split_whitespace().next().filter(|model| is_fortigate(model)).ok_or_else(not_fortigate)?;
        let version = Version::from_status_line(&line).ok_or_else(not_fortigate)?;
        if version < super::version::OLDEST {
            return Err(StatusError::TooOld(version));
        }
        let ha = field("Current HA mode").unwrap_or_else(|| "standalone".into());
        Ok(Status {
            model: model.to_owned(),
            version,
            serial: field("Serial-Number").unwrap_or_default(),
            hostname: field("Hostname").unwrap_or_default(),
            vdom_mode: vdom_mode(field("Virtual domain configuration").as_deref()),
            ha_role: ha_role(&ha),
            ha,
            fips: field("FIPS-CC mode").is_some_and(|mode| mode.starts_with("enable")),
        })
    }
}

/// FortiGate, FortiWiFi and FortiGateRugged share FortiOS; other products have other tables.
fn is_fortigate(model: &str) -> bool {
    ["FortiGate", "FortiWiFi", "FGT", "FWF", "FGR", "FG"].iter().any(|family| model.starts_with(family))
}

fn field(lines: &[String], name: &str) -> Option<String> {
    let value = |line: &String| Some(line.trim().strip_prefix(name)?.strip_prefix(':')?.trim().to_owned());
    lines.iter().find_map(value)
}

fn vdom_mode(word: Option<&str>) -> VdomMode {
    match word {
        None | Some("disable") => VdomMode::Disable,
        Some("split-task") => VdomMode::SplitTask,
        // `enable`, `multiple`, and whatever a later release calls it: every word but `disable` means VDOMs.
        Some(_) => VdomMode::Multiple,
    }
}

fn ha_role(mode: &str) -> HaRole {
    let mode = mode.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| mode.contains(word));
    if says(&["slave", "secondary", "backup", "standby"]) {
        HaRole::Secondary
    } else if mode == "standalone" {
        HaRole::Standalone
    } else {
        HaRole::Primary
    }
}

/// When a change is written to flash: `config system global` / `set cfg-save`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CfgSave {
    /// At each `next` and `end`.
    Automatic,
    /// On `execute cfg save`; a reboot loses the rest.
    Manual,
    /// On `execute cfg save`; a time-out goes back to the last save.
    Revert,
}

impl CfgSave {
    /// Reads `cfg-save            : automatic` among the lines that `get system global` printed.
    pub fn parse(lines: &[String]) -> Option<CfgSave> {
        let value = lines
            .iter()
            .find_map(|line| Some(line.trim().strip_prefix("cfg-save")?.trim_start().strip_prefix(':')?.trim()))?;
        match value {
            "automatic" => Some(CfgSave::Automatic),
            "manual" => Some(CfgSave::Manual),
            "revert" => Some(CfgSave::Revert),
            _ => None,
        }
    }

    /// FortiOS's own word.
    pub fn word(self) -> &'static str {
        match self {
            CfgSave::Automatic => "automatic",
            CfgSave::Manual => "manual",
            CfgSave::Revert => "revert",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(text: &str) -> Result<Status, StatusError> {
        Status::parse(&text.lines().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn a_cluster_with_vdoms_is_read() {
        let status = status(
            "Version: FortiGate-1500D v6.0.7,build0302,191112 (GA)\nSerial-Number: FG1K501234567890\n\
             Hostname: MYCOOLEFIREWALLNAME \nVirtual domains status: 7 in NAT mode, 1 in TP mode\n\
             Virtual domain configuration: enable\nFIPS-CC mode: disable\nCurrent HA mode: a-p, master",
        )
        .unwrap();
        assert_eq!(status.model, "FortiGate-1500D");
        assert_eq!((status.version, status.version.build), (Version::new(6, 0, 7), Some(302)));
        assert_eq!(status.hostname, "MYCOOLEFIREWALLNAME");
        assert_eq!((status.vdom_mode, status.ha_role, status.fips), (VdomMode::Multiple, HaRole::Primary, false));
    }

    #[test]
    fn roles_are_known_under_their_old_and_new_names() {
        for (mode, role) in [
            ("standalone", HaRole::Standalone),
            ("a-p, primary", HaRole::Primary),
            ("a-a, master", HaRole::Primary),
            ("a-p, slave", HaRole::Secondary),
            ("a-p, secondary", HaRole::Secondary),
            ("a-p, backup", HaRole::Secondary),
        ] {
            assert_eq!(ha_role(mode), role, "{mode}");
        }
    }

    #[test]
    fn every_word_but_disable_means_vdoms() {
        for (word, vdoms) in [("disable", false), ("enable", true), ("multiple", true), ("split-task", true)] {
            assert_eq!(vdom_mode(Some(word)).has_vdoms(), vdoms, "{word}");
        }
    }

    #[test]
    fn other_products_and_old_releases_are_told_apart() {
        assert_eq!(status("Hostname: x"), Err(StatusError::NoVersion));
        assert!(matches!(
            status("Version:              FACVM v6.2.1-build0552,201030 (GA)"),
            Err(StatusError::NotFortiGate(_))
        ));
        assert!(matches!(
            status("Version: FortiManager-VM64 v7.4.5-build2553 240913 (GA)"),
            Err(StatusError::NotFortiGate(_))
        ));
        assert!(matches!(status("Version: FortiGate-60D v5.6.14,build1727,210107 (GA)"), Err(StatusError::TooOld(_))));
    }

    #[test]
    fn cfg_save_is_read_from_a_column() {
        let read = |text: &str| CfgSave::parse(&[text.to_owned()]);
        assert_eq!(read("cfg-save            : automatic"), Some(CfgSave::Automatic));
        assert_eq!(read("cfg-save            : revert "), Some(CfgSave::Revert));
        assert_eq!(read("cfg-save-x: manual"), None);
    }
}
