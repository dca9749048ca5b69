//! The groups in their order: who is above whom, and whose word counts more.

use std::collections::{BTreeSet, HashSet};

use super::draft::{ALL, Draft, Group, UNGROUPED};
use super::entry::Place;
use super::error::InventoryError;

/// The groups of a finished draft.
///
/// As in Ansible, a group's word counts more than that of the groups above it; of groups equally far below `all` (the
/// longest way counts), the one with the higher `ansible_group_priority`, and of equals the last one in the alphabet.
pub(super) struct Levels {
    /// The groups, those whose word counts least first.
    pub(super) order: Vec<usize>,
    /// For each group, itself and those above it.
    above: Vec<BTreeSet<usize>>,
}

impl Levels {
    /// Hangs loose groups below `all`, and loose devices into `ungrouped`. Fails where groups go in a circle.
    pub(super) fn of(draft: &mut Draft) -> Result<Levels, InventoryError> {
        let loose: Vec<usize> =
            (1..draft.groups.len()).filter(|id| draft.groups.get(*id).is_some_and(|g| g.parents.is_empty())).collect();
        check_circles(&draft.groups)?;
        loose.into_iter().for_each(|id| draft.put_below(ALL, id, None));
        ungroup(draft);
        let depths = depths(&draft.groups);
        let depth = |id: usize| depths.get(id).copied().unwrap_or_default();
        let mut order: Vec<usize> = (0..draft.groups.len()).collect();
        order.sort_by_cached_key(|id| {
            let group = draft.groups.get(*id);
            let priority = group.and_then(|group| group.said.priority).unwrap_or(1);
            (depth(*id), priority, group.map(|group| group.name.clone()))
        });
        let mut by_depth: Vec<usize> = (0..draft.groups.len()).collect();
        by_depth.sort_by_key(|id| depth(*id));
        Ok(Levels { order, above: above(&draft.groups, &by_depth) })
    }

    /// All groups of a device that is named in `groups`.
    pub(super) fn of_device(&self, groups: &[usize]) -> BTreeSet<usize> {
        groups.iter().filter_map(|group| self.above.get(*group)).flatten().copied().collect()
    }
}

/// Who is in a group of its own is not in `ungrouped`; who is in none is.
fn ungroup(draft: &mut Draft) {
    for id in 0..draft.devices.len() {
        let Some(device) = draft.devices.get_mut(id) else { continue };
        if device.groups.iter().any(|group| *group > UNGROUPED) {
            device.groups.retain(|group| *group != UNGROUPED);
        } else {
            draft.put_in(id, UNGROUPED);
        }
    }
    let Draft { groups, devices, .. } = draft;
    if let Some(ungrouped) = groups.get_mut(UNGROUPED) {
        ungrouped.members.retain(|id| devices.get(*id).is_some_and(|device| device.groups.contains(&UNGROUPED)));
    }
}

/// A way down from each group, which must not come back to where it has been.
fn check_circles(groups: &[Group]) -> Result<(), InventoryError> {
    let mut done = HashSet::new();
    for start in 0..groups.len() {
        let mut way: Vec<(usize, usize)> = vec![(start, 0)];
        while let Some((id, next)) = way.last_mut() {
            let child = groups.get(*id).and_then(|group| group.children.get(*next));
            *next += 1;
            match child {
                None => {
                    done.insert(*id);
                    way.pop();
                }
                Some((child, _)) if done.contains(child) => {}
                Some((child, _)) => match way.iter().position(|(on_way, _)| on_way == child) {
                    Some(at) => return Err(circle(groups, way.get(at..).unwrap_or_default())),
                    None => way.push((*child, 0)),
                },
            }
        }
    }
    Ok(())
}

fn circle(groups: &[Group], way: &[(usize, usize)]) -> InventoryError {
    let step = |(id, next): &(usize, usize)| {
        let group = groups.get(*id)?;
        let place = group.children.get(next.saturating_sub(1)).and_then(|(_, place)| place.clone());
        Some((group.name.clone(), place.or_else(|| group.named.clone())?))
    };
    InventoryError::Circle { groups: way.iter().filter_map(step).collect::<Vec<(String, Place)>>() }
}

/// How far below `all` each group is, by the longest way.
fn depths(groups: &[Group]) -> Vec<usize> {
    let mut depths = vec![0; groups.len()];
    let mut changed = vec![ALL];
    while let Some(id) = changed.pop() {
        let below = depths.get(id).copied().unwrap_or_default() + 1;
        for (child, _) in groups.get(id).map(|group| group.children.as_slice()).unwrap_or_default() {
            if let Some(depth) = depths.get_mut(*child).filter(|depth| **depth < below) {
                *depth = below;
                changed.push(*child);
            }
        }
    }
    depths
}

/// For each group, itself and those above it; `order` has parents before their children.
fn above(groups: &[Group], order: &[usize]) -> Vec<BTreeSet<usize>> {
    let mut above = vec![BTreeSet::new(); groups.len()];
    for id in order {
        let parents = groups.get(*id).map(|group| group.parents.as_slice()).unwrap_or_default();
        let mut own: BTreeSet<usize> =
            parents.iter().filter_map(|parent| above.get(*parent)).flatten().copied().collect();
        own.insert(*id);
        if let Some(known) = above.get_mut(*id) {
            *known = own;
        }
    }
    above
}

/// The devices of each group, in Ansible's order: its own, then those of its children, then of theirs.
pub(super) fn members(groups: &[Group], id: usize) -> Vec<usize> {
    let (mut seen, mut listed) = (HashSet::from([id]), HashSet::new());
    let (mut level, mut members) = (vec![id], Vec::new());
    while !level.is_empty() {
        let here: Vec<&Group> = level.iter().filter_map(|id| groups.get(*id)).collect();
        members.extend(here.iter().flat_map(|group| &group.members).copied().filter(|device| listed.insert(*device)));
        level = here.iter().flat_map(|group| &group.children).map(|(child, _)| *child).collect();
        level.retain(|child| seen.insert(*child));
    }
    members
}
