//! The configuration of a device: a tree of settings, tables and entries.

use std::collections::BTreeMap;
use std::sync::Arc;

/// A setting's values, in order; most settings have one.
pub(super) type Values = Vec<String>;

/// The entries of a table, in the order in which they were made.
pub(super) type Entries = Vec<(String, Node)>;

/// A scope, an entry of a table, or a single object. What is inside is named by its path at the top
/// (`system api-user`), by its name inside an entry (`trusthost`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Node {
    /// Explicit settings; what is absent has its default.
    pub(super) settings: BTreeMap<String, Values>,
    /// Objects in which `edit NAME` leads to entries.
    /// A copy of the node shares them until either changes, as the saved and the running configuration mostly do.
    pub(super) tables: BTreeMap<String, Arc<Entries>>,
    /// Objects in which `set` works at once.
    pub(super) singles: BTreeMap<String, Node>,
}

/// Where nothing is configured.
static EMPTY: Node = Node { settings: BTreeMap::new(), tables: BTreeMap::new(), singles: BTreeMap::new() };

impl Node {
    pub(super) fn empty() -> &'static Node {
        &EMPTY
    }

    /// The object in which `set` works at once; an empty one when nothing is set in it.
    pub(super) fn single(&self, path: &str) -> &Node {
        self.singles.get(path).unwrap_or(&EMPTY)
    }

    pub(super) fn entries(&self, table: &str) -> &[(String, Node)] {
        self.tables.get(table).map_or(&[], |entries| entries.as_slice())
    }

    pub(super) fn entries_mut(&mut self, table: &str) -> &mut Entries {
        Arc::make_mut(self.tables.entry(table.to_owned()).or_default())
    }

    pub(super) fn entry(&self, table: &str, key: &str) -> Option<&Node> {
        self.entries(table).iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    pub(super) fn first(&self, setting: &str) -> Option<&str> {
        self.settings.get(setting).and_then(|values| values.first()).map(String::as_str)
    }

    pub(super) fn set(&mut self, setting: &str, value: &str) {
        self.settings.insert(setting.to_owned(), vec![value.to_owned()]);
    }

    /// Replaces the entry `key`, or appends it.
    pub(super) fn put(&mut self, table: &str, key: &str, node: Node) {
        let entries = self.entries_mut(table);
        match entries.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => *old = node,
            None => entries.push((key.to_owned(), node)),
        }
    }
}

/// The configuration of the whole device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Config {
    /// What belongs to the device.
    pub(super) global: Node,
    /// What belongs to each VDOM, the management VDOM first.
    pub(super) vdoms: Vec<(String, Node)>,
}

impl Config {
    pub(super) fn vdom(&self, name: &str) -> Option<&Node> {
        self.vdoms.iter().find(|(vdom, _)| vdom == name).map(|(_, node)| node)
    }

    pub(super) fn vdom_mut(&mut self, name: &str) -> Option<&mut Node> {
        self.vdoms.iter_mut().find(|(vdom, _)| vdom == name).map(|(_, node)| node)
    }

    /// Whether an access profile of this name exists, built in or made.
    pub(super) fn has_profile(&self, name: &str) -> bool {
        self.global.entry("system accprofile", name).is_some()
    }
}
