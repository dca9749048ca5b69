//! Presets: named sets of permissions, each with the document it comes from. One file each, `templates/presets/*.yaml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::names::ProfileName;
use super::permissions::Access;
use super::schema::{Availability, Schema};
use super::suggestion::nearest;
use super::version::Version;

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../templates/presets/", $name, ".yaml")))),*]
    };
}

/// The presets by name, in the order of the alphabet; a unit test holds the list to the folder.
const FILES: [(&str, &str); 16] = embedded![
    "address-blocklist",
    "ansible-fortios",
    "auvik",
    "cert-automation",
    "defender-for-iot",
    "firewall-address-read",
    "forticonverter",
    "fortigate-exporter",
    "fortigate-exporter-minimal-wan",
    "home-assistant",
    "mcp-readonly",
    "read-all",
    "terraform-full",
    "terraform-policy-objects",
    "terraform-tutorial",
    "zabbix-fortigate-http",
];

static PRESETS: LazyLock<Vec<Preset>> = LazyLock::new(|| FILES.iter().filter_map(read).collect());

/// Reads an embedded file; a unit test holds that each one can be read, so none goes missing.
fn read((name, text): &(&str, &str)) -> Option<Preset> {
    let preset: Preset = serde_saphyr::from_str(text).ok()?;
    Some(Preset { name: (*name).to_owned(), ..preset })
}

/// A named, documented set of permissions.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// The file's name, `firewall-address-read`.
    #[serde(skip)]
    pub name: String,
    /// What it is for, in one line.
    pub title: String,
    /// Where the permissions are documented.
    pub source: String,
    /// What a user of it should know.
    #[serde(default)]
    pub notes: Option<String>,
    /// Whether the profile is of scope `global` on a multi-VDOM device (elsewhere FortiOS has no scope).
    #[serde(default)]
    pub scope: Scope,
    /// A profile that every device has and that is used as it is, instead of making one.
    #[serde(default)]
    pub accprofile: Option<ProfileName>,
    #[serde(default)]
    permissions: BTreeMap<String, Access>,
    #[serde(default)]
    settings: BTreeMap<String, String>,
    #[serde(default)]
    versions: Vec<VersionRule>,
}

/// FortiOS's scope of a profile.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The VDOMs of the API user.
    #[default]
    Vdom,
    /// Every VDOM, and the global tables.
    Global,
}

/// Groups that a preset asks for otherwise in some versions.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct VersionRule {
    #[serde(default)]
    since: Option<Version>,
    #[serde(default)]
    before: Option<Version>,
    permissions: BTreeMap<String, Access>,
}

impl VersionRule {
    fn covers(&self, version: Version) -> bool {
        let since = self.since.unwrap_or(super::version::OLDEST);
        Availability { since, before: self.before }.covers(version)
    }
}

/// A parameter of a profile beside its permissions: `set system-diagnostics disable`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// FortiOS's name of it.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// There is no preset of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no preset `{name}`")]
pub struct PresetError {
    /// As asked for.
    pub name: String,
    /// What was probably meant.
    pub nearest: Option<String>,
}

impl PresetError {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        let nearest = self.nearest.as_ref().map(|name| format!("did you mean {name}?"));
        Some(nearest.unwrap_or_else(|| "`fgtkey preset` lists them".to_owned()))
    }
}

impl Preset {
    /// All presets, in the order of their names.
    pub fn all() -> &'static [Preset] {
        &PRESETS
    }

    /// The preset of that name; `_` is as good as `-`.
    ///
    /// # Errors
    /// [`PresetError`] with the nearest name when there is none.
    pub fn find(name: &str) -> Result<&'static Preset, PresetError> {
        let wanted = name.replace('_', "-");
        let unknown = || PresetError {
            name: name.to_owned(),
            nearest: nearest(&wanted, Preset::all().iter().map(|preset| preset.name.as_str())),
        };
        Preset::all().iter().find(|preset| preset.name == wanted).ok_or_else(unknown)
    }

    /// The groups it asks for on `version`, children under any version's names.
    pub fn permissions(&self, version: Version) -> BTreeMap<&str, &Access> {
        let rules = self.versions.iter().filter(|rule| rule.covers(version)).flat_map(|rule| &rule.permissions);
        self.permissions.iter().chain(rules).map(|(group, access)| (group.as_str(), access)).collect()
    }

    /// The other parameters it sets, of those that `version` has.
    pub fn settings(&self, version: Version) -> Vec<Setting> {
        let schema = Schema::of(version);
        let present = self.settings.iter().filter(|(name, _)| schema.has(name));
        present.map(|(name, value)| Setting { name: name.clone(), value: value.clone() }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_file_in_the_folder_is_embedded_and_can_be_read() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/templates/presets");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        let embedded: BTreeSet<String> = Preset::all().iter().map(|preset| preset.name.clone()).collect();
        for (name, text) in FILES {
            serde_saphyr::from_str::<Preset>(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        assert_eq!(files, embedded);
    }

    #[test]
    fn every_preset_names_its_source_and_only_what_fortios_knows() {
        let schema = Schema::of(super::super::version::NEWEST);
        for preset in Preset::all() {
            assert!(!preset.title.is_empty() && !preset.source.is_empty(), "{}", preset.name);
            assert_eq!(preset.accprofile.is_some(), preset.permissions.is_empty(), "{}", preset.name);
            let rules = preset.versions.iter().flat_map(|rule| &rule.permissions);
            for (name, access) in preset.permissions.iter().chain(rules) {
                let group = schema.group(name).unwrap_or_else(|| panic!("{}: {name}", preset.name));
                if let Access::Custom(children) = access {
                    for child in children.keys() {
                        assert!(group.any_child(child).is_some(), "{}: {name}.{child}", preset.name);
                    }
                }
            }
        }
    }

    #[test]
    fn a_preset_is_found_under_both_spellings() {
        assert_eq!(Preset::find("fortigate_exporter").unwrap().name, "fortigate-exporter");
        assert_eq!(Preset::find("fortigate-exporter").unwrap().name, "fortigate-exporter");
    }

    #[test]
    fn an_unknown_preset_suggests_the_nearest() {
        let error = Preset::find("terraform-tutoral").unwrap_err();
        assert_eq!(error.hint().as_deref(), Some("did you mean terraform-tutorial?"));
        assert_eq!(Preset::find("qqq").unwrap_err().hint().as_deref(), Some("`fgtkey preset` lists them"));
    }

    #[test]
    fn the_exporter_reads_the_whole_firewall_group_where_it_has_no_others() {
        let exporter = Preset::find("fortigate-exporter").unwrap();
        let fwgrp = |version| exporter.permissions(version).get("fwgrp").copied().cloned().unwrap();
        assert_eq!(fwgrp(Version::new(7, 0, 0)), Access::Whole(super::super::permissions::Level::Read));
        assert!(matches!(fwgrp(Version::new(7, 0, 1)), Access::Custom(_)));
    }

    #[test]
    fn the_diagnostics_setting_is_for_the_versions_that_have_it() {
        let exporter = Preset::find("fortigate-exporter").unwrap();
        for (version, count) in [("6.2.7", 0), ("6.4.0", 1), ("7.4.1", 1), ("7.4.2", 0), ("8.0.0", 0)] {
            assert_eq!(exporter.settings(version.parse().unwrap()).len(), count, "{version}");
        }
    }
}
