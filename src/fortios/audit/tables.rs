//! What an audit rests on: whole tables, as the device printed them.

use std::collections::BTreeMap;

use crate::fortios::show::{self, Entry, Setting, ShowError};
use crate::fortios::version::Version;

/// What was read of a device. `None`: the device did not let us read it, and nothing is concluded from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tables {
    /// The release.
    pub version: Version,
    /// Whether the device has VDOMs.
    pub vdoms: bool,
    /// `show system api-user`, the whole table.
    pub users: Vec<Entry>,
    /// `show system accprofile`. Built-in profiles are not in it.
    pub profiles: Option<Vec<Entry>>,
    /// `show system admin`.
    pub administrators: Option<Vec<Entry>>,
    /// `show system interface`.
    pub interfaces: Option<Vec<Entry>>,
    /// Settings of `get system global`, those that were asked for.
    pub global: BTreeMap<String, String>,
    /// Settings of `get system ssh-config`, from 7.4.4 on. Source: release notes of 7.4.4, 968305.
    pub ssh: BTreeMap<String, String>,
    /// What the SSH session of the audit itself agreed on with the device: key exchange, cipher, host key.
    pub agreed: Vec<String>,
}

impl Tables {
    /// The profile of that name, where profiles could be read.
    pub fn profile(&self, name: &str) -> Option<&Entry> {
        self.profiles.as_ref()?.iter().find(|profile| profile.name == name)
    }

    /// The administrators that have this profile.
    pub fn administrators_of(&self, profile: &str) -> impl Iterator<Item = &str> {
        let administrators = self.administrators.iter().flatten();
        let of_it = administrators.filter(move |admin| admin.value("accprofile") == Some(profile));
        of_it.map(|admin| admin.name.as_str())
    }

    /// The administrators who may log in from everywhere: none of their trusted hosts is set.
    pub fn open_administrators(&self) -> impl Iterator<Item = &str> {
        let is_host =
            |setting: &Setting| setting.name.starts_with("trusthost") || setting.name.starts_with("ip6-trusthost");
        let open = self.administrators.iter().flatten().filter(move |admin| !admin.settings.iter().any(is_host));
        open.map(|admin| admin.name.as_str())
    }
}

/// The entries of `config PATH` in what was printed; `None`: that table was not printed at all.
///
/// # Errors
/// When what was printed is not whole.
pub fn entries(path: &str, printed: &[String]) -> Result<Option<Vec<Entry>>, ShowError> {
    let blocks = show::parse(printed.iter().map(String::as_str))?;
    Ok(blocks.into_iter().find(|block| block.path.join(" ") == path).map(|block| block.entries))
}

/// The two columns that `get` prints: `strong-crypto       : enable`.
pub fn columns(printed: &[String]) -> BTreeMap<String, String> {
    let column = |line: &String| {
        let (name, value) = line.split_once(':')?;
        let name = name.trim();
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        is_name.then(|| (name.to_owned(), value.trim().to_owned()))
    };
    printed.iter().filter_map(column).collect()
}
