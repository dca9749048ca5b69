//! What each FortiOS version accepts in `system accprofile` and `system api-user`: embedded data with version ranges.
//!
//! The data is `schema/accprofile.json` and `schema/api_user.json`, each with its sources. [`Schema::of`] is the view
//! of one version; everything it lists comes in FortiOS's own order of definition, so what is rendered from it is
//! stable.

use std::sync::LazyLock;

use serde::Deserialize;

use super::version::{OLDEST, Version};

static ACCPROFILE: LazyLock<Accprofile> = LazyLock::new(|| embedded(include_str!("schema/accprofile.json")));
static API_USER: LazyLock<ApiUserTable> = LazyLock::new(|| embedded(include_str!("schema/api_user.json")));

/// Embedded text that a unit test holds to be readable; were it not, nothing would be known and all be refused.
fn embedded<T: serde::de::DeserializeOwned + Default>(json: &str) -> T {
    serde_json::from_str(json).unwrap_or_default()
}

#[derive(Debug, Default, Deserialize)]
struct Accprofile {
    groups: Vec<Group>,
    block_order: Vec<String>,
    fields: Vec<Field>,
    wrong_names: Vec<WrongName>,
    built_in: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
struct ApiUserTable {
    fields: Vec<Field>,
    trusthost: Vec<Field>,
    plain_names_only: Vec<Availability>,
    expiry: Vec<ExpiryRow>,
}

/// The releases that have something: from `since` up to, not including, `before`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Availability {
    /// The release it came with; [`OLDEST`] when it was there all along.
    #[serde(default = "oldest")]
    pub since: Version,
    /// The release it was gone in; `None` when the newest surveyed release still has it.
    #[serde(default)]
    pub before: Option<Version>,
}

fn oldest() -> Version {
    OLDEST
}

impl Availability {
    /// Whether `version` has it; a version newer than every surveyed one counts as the newest surveyed.
    pub fn covers(self, version: Version) -> bool {
        let version = version.surveyed();
        self.since <= version && self.before.is_none_or(|before| version < before)
    }

    /// Why a version outside the range lacks it: `it came with 7.4.1`, or `it went with 7.4.2`.
    pub fn reason(self, version: Version) -> String {
        match self.before {
            Some(before) if version >= before => format!("it went with {before}"),
            _ => format!("it came with {}", self.since),
        }
    }
}

/// A permission group: `set NAME none|read|read-write`, and `custom` where it has children.
#[derive(Debug, Deserialize)]
pub struct Group {
    /// FortiOS's name, `fwgrp`.
    pub name: String,
    /// The first release in which the group takes `custom`; `None`: no release does.
    #[serde(default)]
    pub custom_since: Option<Version>,
    /// Whether some models lack it at any version.
    #[serde(default)]
    pub model_dependent: bool,
    #[serde(default)]
    children: Vec<Child>,
}

impl Group {
    /// Whether `set GROUP custom` and `config GROUP-permission` exist in `version`.
    pub fn takes_custom(&self, version: Version) -> bool {
        self.custom_since.is_some_and(|since| since <= version.surveyed())
    }

    /// Every child that any version has, in FortiOS's order.
    pub fn all_children(&'static self) -> impl Iterator<Item = &'static Child> {
        self.children.iter()
    }

    /// The child of that name in any version.
    pub fn any_child(&'static self, name: &str) -> Option<&'static Child> {
        self.children.iter().find(|child| child.name == name)
    }
}

/// A line of a `config GROUP-permission` block: `set NAME none|read|read-write`.
#[derive(Debug, Deserialize)]
pub struct Child {
    /// FortiOS's name, `route-cfg`.
    pub name: String,
    /// The releases that have it under this name.
    #[serde(flatten)]
    pub availability: Availability,
    /// Whether some models or licences lack it at any version.
    #[serde(default)]
    pub model_dependent: bool,
    #[serde(default)]
    family: Option<String>,
}

impl Child {
    /// Whether both are one permission whose name changed.
    fn is_kin(&self, other: &Child) -> bool {
        self.name == other.name || (self.family.is_some() && self.family == other.family)
    }
}

/// A parameter that takes a value: `set NAME VALUE`.
#[derive(Debug, Deserialize)]
pub struct Field {
    /// FortiOS's name, `cors-allow-origin`.
    pub name: String,
    /// The releases in which it is as described here.
    #[serde(flatten)]
    pub availability: Availability,
    /// What it takes.
    #[serde(flatten)]
    pub kind: FieldKind,
    /// The value of a new object, and so of an object whose `show` leaves the line out; `None`: empty.
    #[serde(default)]
    pub default: Option<String>,
    /// Whether some models lack it at any version.
    #[serde(default)]
    pub model_dependent: bool,
    /// Whether it has a meaning only on a multi-VDOM device (`set scope` is refused elsewhere).
    #[serde(default)]
    pub multi_vdom_only: bool,
}

impl Field {
    /// The most bytes the value may have; `None` when it is not text.
    pub fn max_length(&self) -> Option<usize> {
        match self.kind {
            FieldKind::Text { max_length } => Some(max_length),
            _ => None,
        }
    }

    /// The words it takes; empty when it is not a choice.
    pub fn values(&self) -> &[String] {
        match &self.kind {
            FieldKind::Choice { values } => values,
            _ => &[],
        }
    }
}

/// What a [`Field`] takes.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum FieldKind {
    /// Text; `vdom` takes several such values on one line.
    Text {
        /// In bytes.
        max_length: usize,
    },
    /// One of a few words.
    Choice {
        /// The words.
        values: Vec<String>,
    },
    /// A whole number, both ends included.
    Integer {
        /// The least.
        min: u32,
        /// The most.
        max: u32,
    },
    /// An address with its mask or prefix length.
    Network,
}

/// A name that documents and posts carry and no FortiOS from 6.0 on accepts.
#[derive(Debug, Deserialize)]
pub struct WrongName {
    /// `GROUP` or `GROUP.CHILD` as it is found in the field.
    pub name: String,
    /// `GROUP` or `GROUP.CHILD` that means it today.
    pub right: String,
    /// The release that removed it; `None`: it never existed.
    #[serde(default)]
    pub removed: Option<Version>,
}

/// Whether `execute api-user generate-key NAME MINUTES` works for an ordinary API user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// The command takes no expiry yet.
    NotYet {
        /// The first release that takes one.
        since: Version,
    },
    /// It does, in whole minutes, both ends included.
    Minutes {
        /// The least.
        min: u32,
        /// The most.
        max: u32,
    },
    /// The argument is there, but only the Fortinet Support Tool's own user may have one.
    SupportToolOnly {
        /// The first release that restricts it.
        since: Version,
    },
}

#[derive(Debug, Deserialize)]
struct ExpiryRow {
    #[serde(flatten)]
    availability: Availability,
    #[serde(flatten)]
    rule: ExpiryRule,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "rule", rename_all = "kebab-case")]
enum ExpiryRule {
    NotYet,
    Minutes { min: u32, max: u32 },
    SupportToolOnly,
}

/// What one FortiOS version accepts.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    version: Version,
}

impl Schema {
    /// The schema of `version`; a version newer than every surveyed one gets the newest surveyed.
    pub fn of(version: Version) -> Schema {
        Schema { version: version.surveyed() }
    }

    /// The version whose schema this is.
    pub fn version(self) -> Version {
        self.version
    }

    /// The permission groups, in the order of their `set` lines.
    pub fn groups(self) -> impl Iterator<Item = &'static Group> {
        ACCPROFILE.groups.iter()
    }

    /// The groups that take `custom` here, in the order of their `config GROUP-permission` blocks.
    pub fn blocks(self) -> impl Iterator<Item = &'static Group> {
        let groups = ACCPROFILE.block_order.iter().filter_map(move |name| self.group(name));
        groups.filter(move |group| group.takes_custom(self.version))
    }

    /// The group of that name.
    pub fn group(self, name: &str) -> Option<&'static Group> {
        ACCPROFILE.groups.iter().find(|group| group.name == name)
    }

    /// The children of a group here, in FortiOS's order; none when it takes no `custom`.
    pub fn children(self, group: &'static Group) -> impl Iterator<Item = &'static Child> {
        let custom = group.takes_custom(self.version);
        group.children.iter().filter(move |child| custom && child.availability.covers(self.version))
    }

    /// The child of that very name here.
    pub fn child(self, group: &'static Group, name: &str) -> Option<&'static Child> {
        self.children(group).find(|child| child.name == name)
    }

    /// The child that means here what `name` means in some version: `dlp` is `data-loss-prevention` on 7.0.
    pub fn current_child(self, group: &'static Group, name: &str) -> Option<&'static Child> {
        let asked = group.any_child(name)?;
        self.children(group).find(|child| child.is_kin(asked))
    }

    /// As [`Schema::current_child`], by names.
    pub fn current_name_of(self, group: &str, child: &str) -> Option<&'static str> {
        self.current_child(self.group(group)?, child).map(|child| child.name.as_str())
    }

    /// The parameters of `system accprofile` beside the groups, in FortiOS's order.
    pub fn profile_fields(self) -> impl Iterator<Item = &'static Field> {
        ACCPROFILE.fields.iter().filter(move |field| field.availability.covers(self.version))
    }

    /// The parameter of `system accprofile` of that name.
    pub fn profile_field(self, name: &str) -> Option<&'static Field> {
        self.profile_fields().find(|field| field.name == name)
    }

    /// Whether `system accprofile` has that parameter here.
    pub fn has(self, profile_field: &str) -> bool {
        self.profile_field(profile_field).is_some()
    }

    /// The parameters of `system api-user`, in FortiOS's order.
    pub fn api_user_fields(self) -> impl Iterator<Item = &'static Field> {
        API_USER.fields.iter().filter(move |field| field.availability.covers(self.version))
    }

    /// The parameter of `system api-user` of that name.
    pub fn api_user_field(self, name: &str) -> Option<&'static Field> {
        self.api_user_fields().find(|field| field.name == name)
    }

    /// The parameters of an entry of `config trusthost`.
    pub fn trusthost_fields(self) -> impl Iterator<Item = &'static Field> {
        API_USER.trusthost.iter().filter(move |field| field.availability.covers(self.version))
    }

    /// The parameter of that name of an entry of `config trusthost`.
    pub fn trusthost_field(self, name: &str) -> Option<&'static Field> {
        self.trusthost_fields().find(|field| field.name == name)
    }

    /// Whether API users' names may hold letters, digits, `_` and `-` only here.
    pub fn plain_names_only(self) -> bool {
        API_USER.plain_names_only.iter().any(|range| range.covers(self.version))
    }

    /// Whether a key can be given an expiry here.
    pub fn expiry(self) -> Expiry {
        let row = API_USER.expiry.iter().find(|row| row.availability.covers(self.version));
        match row.map(|row| (&row.rule, row.availability)) {
            Some((ExpiryRule::Minutes { min, max }, _)) => Expiry::Minutes { min: *min, max: *max },
            Some((ExpiryRule::SupportToolOnly, range)) => Expiry::SupportToolOnly { since: range.since },
            Some((ExpiryRule::NotYet, range)) => Expiry::NotYet { since: range.before.unwrap_or(self.version) },
            None => Expiry::NotYet { since: self.version },
        }
    }

    /// The name that is found in the field for something FortiOS calls otherwise, and what it calls it.
    pub fn wrong_name(name: &str) -> Option<&'static WrongName> {
        ACCPROFILE.wrong_names.iter().find(|wrong| wrong.name == name)
    }

    /// Whether a profile of that name is built in and cannot be changed (`super_admin`, `super_admin_readonly`).
    pub fn is_built_in(profile: &str) -> bool {
        ACCPROFILE.built_in.iter().any(|name| name == profile)
    }
}
