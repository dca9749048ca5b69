//! The devices that did not do what was asked, by how they failed.

use std::collections::BTreeMap;

use crate::fleet::class::Class;
use crate::fleet::outcome::{End, Outcome};

/// Devices that ended in the same way, in the order of the inventory.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Group<'a> {
    /// How they ended.
    pub end: End,
    /// How they failed.
    pub class: Option<Class>,
    /// Which they are; never empty.
    pub outcomes: Vec<&'a Outcome>,
}

impl Group<'_> {
    /// `needs a person: not proven`; the class alone for a plain failure.
    pub fn title(&self) -> String {
        match (self.end, self.class) {
            (End::Failed, Some(class)) => class.name().to_owned(),
            // Both have the same name.
            (End::NotStarted, Some(Class::NotStarted)) | (_, None) => self.end.name().to_owned(),
            (end, Some(class)) => format!("{}: {class}", end.name()),
        }
    }

    /// The names of its devices.
    pub fn names(&self) -> Vec<&str> {
        self.outcomes.iter().map(|outcome| outcome.device.as_str()).collect()
    }
}

/// The groups of those that are not done: what needs a person first, what was never started last, large ones before small ones.
pub(super) fn groups<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> Vec<Group<'a>> {
    let mut by_how: BTreeMap<(End, Option<Class>), Vec<&Outcome>> = BTreeMap::new();
    for outcome in outcomes.filter(|outcome| !outcome.end.is_done()) {
        by_how.entry((outcome.end, outcome.class)).or_default().push(outcome);
    }
    let groups = by_how.into_iter().map(|((end, class), outcomes)| Group { end, class, outcomes });
    let mut groups: Vec<Group> = groups.collect();
    groups.sort_by_key(|group| (urgency(group.end), std::cmp::Reverse(group.outcomes.len())));
    groups
}

/// 0 comes first.
fn urgency(end: End) -> u8 {
    match end {
        End::NeedsPerson => 0,
        End::Escrowed => 1,
        End::Failed => 2,
        End::NotStarted | End::Done | End::Before | End::Differs => 3,
    }
}
