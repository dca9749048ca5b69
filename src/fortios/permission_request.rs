//! Permissions as they were asked for, before the device's version is known, and what becomes of them when it is.

use std::collections::BTreeMap;
use std::fmt;

use super::grant::Grant;
use super::permissions::{Access, Level, Permissions};
use super::place::{Place, Placed};
use super::preset::{Preset, Setting};
use super::schema::{Availability, Child, Group, Schema};
use super::suggestion::nearest;
use super::version::Version;

/// A preset and what differs from it; later grants win over earlier ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PermissionRequest {
    /// What to start from; nothing at all without one.
    pub preset: Option<&'static Preset>,
    /// What differs.
    pub grants: Vec<Placed<Grant>>,
}

/// A [`PermissionRequest`] on one FortiOS version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolved {
    /// The permissions, in minimal form, under that version's names.
    pub permissions: Permissions,
    /// Other parameters of the profile that the preset sets and that version has.
    pub settings: Vec<Setting>,
    /// What the operator should know about the way from the one to the other.
    pub notes: Vec<PermissionNote>,
}

/// Why permissions cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PermissionError {
    /// No version has such a group.
    #[error("FortiOS has no permission group `{group}`")]
    UnknownGroup {
        /// As asked for.
        group: String,
        /// What was probably meant.
        nearest: Option<String>,
    },
    /// A name from before 6.0, or one that documents get wrong.
    #[error("FortiOS has no `{name}`{}", .removed.map(|v| format!(" (it went with {v})")).unwrap_or_default())]
    WrongName {
        /// As asked for.
        name: String,
        /// What says it today.
        right: String,
        /// The release that removed it; `None`: it never was.
        removed: Option<Version>,
    },
    /// No version has such a child in that group.
    #[error("FortiOS has no `{child}` in {group}-permission")]
    UnknownChild {
        /// The group.
        group: String,
        /// As asked for.
        child: String,
        /// What was probably meant.
        nearest: Option<String>,
    },
    /// A child of a group that has none in any version.
    #[error("{group} has no children: it takes none, read or read-write as a whole")]
    NoChildren {
        /// The group.
        group: String,
        /// The level asked for.
        level: Level,
    },
    /// A child of a group that has children in later versions only.
    #[error("FortiOS {version} has no {group}-permission (it came with {since})")]
    NoBlockYet {
        /// The group.
        group: String,
        /// The version it was asked of.
        version: Version,
        /// The first release that has the block.
        since: Version,
    },
    /// A child that this version does not have.
    #[error("FortiOS {version} has no `{child}` in {group}-permission ({})", .range.reason(*version))]
    ChildNotHere {
        /// The group.
        group: String,
        /// The child.
        child: String,
        /// The version it was asked of.
        version: Version,
        /// The releases that have it.
        range: Availability,
    },
}

impl PermissionError {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        match self {
            PermissionError::UnknownGroup { nearest, .. } | PermissionError::UnknownChild { nearest, .. } => {
                let nearest = nearest.as_ref().map(|word| format!("did you mean {word}?"));
                Some(nearest.unwrap_or_else(|| "see `fgtkey preset --groups`".to_owned()))
            }
            PermissionError::WrongName { right, .. } => Some(format!("it is {right} today")),
            PermissionError::NoChildren { group, level } => Some(format!("ask for {group}={level}")),
            PermissionError::NoBlockYet { group, version, .. } => {
                Some(format!("ask for {group}=read or {group}=read-write, or see {}", groups_of(*version)))
            }
            PermissionError::ChildNotHere { version, .. } => {
                Some(format!("leave it out for this device, or see {}", groups_of(*version)))
            }
        }
    }
}

fn groups_of(version: Version) -> String {
    format!("`fgtkey preset --groups --fortios {version}`")
}

/// A grant that cannot be had, and where it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct GrantRefused {
    /// Where it stands in the request.
    pub place: Place,
    /// Why not.
    pub reason: Box<PermissionError>,
}

impl GrantRefused {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        self.reason.hint()
    }
}

/// Something that was granted otherwise than it was said, or that some devices lack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PermissionNote {
    /// The preset names a child that this version does not have; it is left out.
    Dropped {
        /// `fwgrp.others`.
        subject: String,
        /// The version.
        version: Version,
        /// The releases that have it.
        range: Availability,
    },
    /// The permission has another name in this version.
    Renamed {
        /// As asked for, `utmgrp.dlp`.
        subject: String,
        /// This version's name of the child, `data-loss-prevention`.
        now: String,
        /// The version.
        version: Version,
    },
    /// Some models or licences lack it, so the device may refuse it.
    ModelDependent {
        /// `wanoptgrp`, `utmgrp.mmsgtp`.
        subject: String,
    },
}

impl fmt::Display for PermissionNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PermissionNote::Dropped { subject, version, range } => {
                write!(f, "the preset's {subject} is left out: FortiOS {version} has no such thing ")?;
                write!(f, "({})", range.reason(*version))
            }
            PermissionNote::Renamed { subject, now, version } => {
                write!(f, "{subject} is called `{now}` on FortiOS {version}")
            }
            PermissionNote::ModelDependent { subject } => {
                write!(f, "{subject} is not on every model: this device may refuse it")
            }
        }
    }
}

impl PermissionRequest {
    /// Whether nothing was asked for, not even nothing.
    pub fn is_empty(&self) -> bool {
        self.preset.is_none() && self.grants.is_empty()
    }

    /// Refuses what no version has: unknown groups and children.
    ///
    /// # Errors
    /// The first grant whose group or child FortiOS does not know under any version.
    pub fn check_known(&self) -> Result<(), GrantRefused> {
        self.grants.iter().try_for_each(|grant| at(grant, known(&grant.value).map(|_| ())))
    }

    /// The permissions on `version`: under its names, without what the preset has and it has not.
    ///
    /// # Errors
    /// A grant (not: a line of the preset) that this version does not have.
    pub fn resolve(&self, version: Version) -> Result<Resolved, GrantRefused> {
        let mut draft = Draft { schema: Schema::of(version), version, groups: BTreeMap::new(), notes: Vec::new() };
        if let Some(preset) = self.preset {
            preset.permissions(version).into_iter().for_each(|(group, access)| draft.start(group, access));
        }
        for grant in &self.grants {
            at(grant, draft.apply(&grant.value))?;
        }
        Ok(Resolved {
            permissions: Permissions(draft.groups).minimal(),
            settings: self.preset.map(|preset| preset.settings(version)).unwrap_or_default(),
            notes: draft.notes,
        })
    }
}

fn at<T>(grant: &Placed<Grant>, outcome: Result<T, PermissionError>) -> Result<T, GrantRefused> {
    outcome.map_err(|reason| GrantRefused { place: grant.place.clone(), reason: Box::new(reason) })
}

/// Permissions while they are put together.
struct Draft {
    schema: Schema,
    /// As asked for, which may be newer than the schema's.
    version: Version,
    groups: BTreeMap<String, Access>,
    notes: Vec<PermissionNote>,
}

impl Draft {
    /// Takes a group of the preset; what this version lacks is left out, with a note.
    fn start(&mut self, name: &str, access: &Access) {
        let Some(group) = self.schema.group(name) else { return };
        let access = match access {
            Access::Whole(level) => Access::Whole(*level),
            Access::Custom(children) => Access::Custom(self.present(group, children)),
        };
        self.groups.insert(name.to_owned(), access);
    }

    fn present(&mut self, group: &'static Group, children: &BTreeMap<String, Level>) -> BTreeMap<String, Level> {
        let mut present = BTreeMap::new();
        for (name, level) in children {
            let subject = format!("{}.{name}", group.name);
            match (self.schema.current_child(group, name), group.any_child(name)) {
                (Some(child), _) => {
                    present.insert(child.name.clone(), *level);
                }
                (None, Some(child)) if *level != Level::None => {
                    let range = child.availability;
                    self.notes.push(PermissionNote::Dropped { subject, version: self.version, range });
                }
                _ => {}
            }
        }
        present
    }

    fn apply(&mut self, grant: &Grant) -> Result<(), PermissionError> {
        let (group, child) = known(grant)?;
        match child {
            None => self.whole(group, grant),
            Some(child) => self.child(group, child, grant)?,
        }
        Ok(())
    }

    /// A grant to a whole group replaces all that was said about it.
    fn whole(&mut self, group: &'static Group, grant: &Grant) {
        self.note_model(group.model_dependent, grant);
        self.groups.insert(group.name.clone(), Access::Whole(grant.level));
    }

    /// A grant to a child makes the group `custom`, its other children keeping what they had.
    fn child(&mut self, group: &'static Group, asked: &'static Child, grant: &Grant) -> Result<(), PermissionError> {
        let child = self.here(group, asked)?;
        self.note_model(child.model_dependent, grant);
        if child.name != asked.name {
            let (subject, now) = (grant.subject(), child.name.clone());
            self.notes.push(PermissionNote::Renamed { subject, now, version: self.version });
        }
        let had = self.groups.remove(&group.name).unwrap_or(Access::Whole(Level::None));
        let has = match had {
            Access::Whole(level) if level == grant.level => Access::Whole(level),
            Access::Whole(level) => with(self.spread(group, level), child, grant.level),
            Access::Custom(children) => with(children, child, grant.level),
        };
        self.groups.insert(group.name.clone(), has);
        Ok(())
    }

    /// The child under this version's name.
    fn here(&self, group: &'static Group, asked: &'static Child) -> Result<&'static Child, PermissionError> {
        let missing = || match group.custom_since {
            Some(since) if !group.takes_custom(self.version) => {
                PermissionError::NoBlockYet { group: group.name.clone(), version: self.version, since }
            }
            _ => PermissionError::ChildNotHere {
                group: group.name.clone(),
                child: asked.name.clone(),
                version: self.version,
                range: asked.availability,
            },
        };
        self.schema.current_child(group, &asked.name).ok_or_else(missing)
    }

    /// The level of a whole group, child by child; children that some models lack are not named, lest they be refused.
    fn spread(&self, group: &'static Group, level: Level) -> BTreeMap<String, Level> {
        let children = self.schema.children(group).filter(|child| !child.model_dependent);
        children.map(|child| (child.name.clone(), level)).collect()
    }

    fn note_model(&mut self, model_dependent: bool, grant: &Grant) {
        if model_dependent && grant.level != Level::None {
            self.notes.push(PermissionNote::ModelDependent { subject: grant.subject() });
        }
    }
}

fn with(mut children: BTreeMap<String, Level>, child: &Child, level: Level) -> Access {
    children.insert(child.name.clone(), level);
    Access::Custom(children)
}

/// The group and the child of a grant, as some version has them.
fn known(grant: &Grant) -> Result<(&'static Group, Option<&'static Child>), PermissionError> {
    let schema = Schema::of(super::version::NEWEST);
    if let Some(wrong) = Schema::wrong_name(&grant.subject()).or_else(|| Schema::wrong_name(&grant.group)) {
        let (right, removed) = (wrong.right.clone(), wrong.removed);
        return Err(PermissionError::WrongName { name: wrong.name.clone(), right, removed });
    }
    let group = schema.group(&grant.group).ok_or_else(|| PermissionError::UnknownGroup {
        group: grant.group.clone(),
        nearest: nearest(&grant.group, schema.groups().map(|group| group.name.as_str())),
    })?;
    match &grant.child {
        None => Ok((group, None)),
        Some(child) => known_child(group, child, grant.level).map(|child| (group, Some(child))),
    }
}

fn known_child(group: &'static Group, name: &str, level: Level) -> Result<&'static Child, PermissionError> {
    if group.custom_since.is_none() {
        return Err(PermissionError::NoChildren { group: group.name.clone(), level });
    }
    group.any_child(name).ok_or_else(|| PermissionError::UnknownChild {
        group: group.name.clone(),
        child: name.to_owned(),
        nearest: nearest(name, group.all_children().map(|child| child.name.as_str())),
    })
}
