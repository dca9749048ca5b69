//! Ansible's YAML, and the JSON of `ansible-inventory --list`: groups with hosts, children and variables.

use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use super::super::Note;
use super::super::draft::Draft;
use super::super::entry::Place;
use super::super::error::InventoryError;
use super::super::part::Word;
use super::super::variables::{Said, Variable, Variables};
use super::super::yaml;
use super::add_devices;
use super::names::{Meaning, meaning};

/// The keys of a group.
const KEYS: &[&str] = &["hosts", "children", "vars"];

/// Adds what `text` says to `draft`.
pub(in super::super) fn read(file: &Arc<str>, text: &str, draft: &mut Draft) -> Result<(), InventoryError> {
    let Tree { groups, hosts } = yaml::read(file, text)?;
    let mut planter = Planter { file, draft };
    for (name, group) in groups {
        planter.group(&name, group)?;
    }
    // Who is in no group is no host of Ansible's.
    for ((name, _), vars) in hosts {
        if let Some(device) = planter.draft.find_device(&name) {
            let variables = planter.variables(vars);
            planter.draft.say_of_device(device, variables)?;
        }
    }
    Ok(())
}

/// The variables of a file of `group_vars` or `host_vars`, and what is to be told of them.
pub(super) fn variables(file: &Arc<str>, text: &str) -> Result<(Variables, Vec<Note>), InventoryError> {
    let vars: Vars = yaml::read(file, text)?;
    Ok(vars.placed(file))
}

/// The groups of a document, and what `_meta` has for the hosts.
#[derive(Debug, Default)]
struct Tree {
    groups: Vec<(Word, Group)>,
    hosts: Vec<(Word, Vars)>,
}

/// A group; a list alone is its hosts.
#[derive(Debug, Default)]
struct Group {
    hosts: Hosts,
    children: Children,
    vars: Vars,
}

/// Hosts with their variables, whose names may stand for many; or a list of plain names.
#[derive(Debug)]
enum Hosts {
    Patterns(Vec<(Word, Vars)>),
    Names(Vec<Word>),
}

impl Default for Hosts {
    fn default() -> Self {
        Hosts::Names(Vec::new())
    }
}

/// The line of a lone name, which only its key's line says.
const ABOVE: u64 = 0;

impl Hosts {
    fn at(mut self, line: u64) -> Hosts {
        if let Hosts::Patterns(patterns) = &mut self {
            patterns.iter_mut().filter(|((_, at), _)| *at == ABOVE).for_each(|((_, at), _)| *at = line);
        }
        self
    }
}

impl Children {
    fn at(mut self, line: u64) -> Children {
        self.0.iter_mut().filter(|((_, at), _)| *at == ABOVE).for_each(|((_, at), _)| *at = line);
        self
    }
}

/// Groups below a group, with what is said of them there.
#[derive(Debug, Default)]
struct Children(Vec<(Word, Group)>);

/// The variables that we read.
#[derive(Debug, Default)]
struct Vars {
    said: Vec<(Variable, String, u64)>,
    priority: Option<i64>,
    notes: Vec<Note>,
}

struct Planter<'a> {
    file: &'a Arc<str>,
    draft: &'a mut Draft,
}

impl Planter<'_> {
    fn place(&self, line: u64) -> Place {
        Place { file: self.file.clone(), line }
    }

    fn group(&mut self, (name, line): &Word, group: Group) -> Result<(), InventoryError> {
        let id = self.draft.add_group(name, &self.place(*line))?;
        match group.hosts {
            Hosts::Names(names) => {
                for (name, line) in names {
                    let device = self.draft.add_device(&name, &self.place(line))?;
                    self.draft.put_in(device, id);
                }
            }
            Hosts::Patterns(patterns) => {
                for ((pattern, line), vars) in patterns {
                    self.hosts(&pattern, line, vars, id)?;
                }
            }
        }
        let variables = self.variables(group.vars);
        self.draft.say_of_group(id, variables)?;
        for (child, below) in group.children.0 {
            self.draft.add_child(id, &child.0, self.place(child.1))?;
            self.group(&child, below)?;
        }
        Ok(())
    }

    fn hosts(&mut self, pattern: &str, line: u64, vars: Vars, group: usize) -> Result<(), InventoryError> {
        let variables = self.variables(vars);
        for device in add_devices(self.draft, pattern, group, &self.place(line))? {
            self.draft.say_of_device(device, variables.clone())?;
        }
        Ok(())
    }

    fn variables(&mut self, vars: Vars) -> Variables {
        let (variables, notes) = vars.placed(self.file);
        self.draft.notes.extend(notes);
        variables
    }
}

impl Vars {
    fn placed(self, file: &Arc<str>) -> (Variables, Vec<Note>) {
        let mut variables = Variables::default();
        variables.priority = self.priority;
        for (variable, value, line) in self.said {
            variables.replace(variable, Said::one(value, Place { file: file.clone(), line }));
        }
        (variables, self.notes)
    }
}

fn word(text: Spanned<String>) -> Word {
    (text.value, text.referenced.line())
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TreeVisitor;
        impl<'de> Visitor<'de> for TreeVisitor {
            type Value = Tree;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("groups, each with hosts, children or vars")
            }

            fn visit_unit<E>(self) -> Result<Tree, E> {
                Ok(Tree::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
                let mut tree = Tree::default();
                while let Some(key) = map.next_key::<Spanned<String>>()? {
                    match key.value.as_str() {
                        "_meta" => tree.hosts = map.next_value::<Meta>()?.0,
                        "plugin" => {
                            return Err(A::Error::custom(
                                "this configures a plugin of Ansible: feed fgtkey what `ansible-inventory --list` prints",
                            ));
                        }
                        _ => tree.groups.push((word(key), map.next_value()?)),
                    }
                }
                Ok(tree)
            }
        }
        deserializer.deserialize_any(TreeVisitor)
    }
}

/// `_meta`, of which only `hostvars` matters.
struct Meta(Vec<(Word, Vars)>);

impl<'de> Deserialize<'de> for Meta {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MetaVisitor;
        impl<'de> Visitor<'de> for MetaVisitor {
            type Value = Meta;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("hostvars")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Meta, A::Error> {
                let mut hosts = Vec::new();
                while let Some(key) = map.next_key::<String>()? {
                    if key == "hostvars" {
                        hosts = map.next_value::<super::super::part::Names<Vars>>()?.0;
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Meta(hosts))
            }
        }
        deserializer.deserialize_any(MetaVisitor)
    }
}

impl<'de> Deserialize<'de> for Group {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct GroupVisitor;
        impl<'de> Visitor<'de> for GroupVisitor {
            type Value = Group;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a group: hosts, children, vars")
            }

            fn visit_unit<E>(self) -> Result<Group, E> {
                Ok(Group::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Group, A::Error> {
                Ok(Group { hosts: Hosts::Names(names(list)?), ..Group::default() })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Group, A::Error> {
                let mut group = Group::default();
                while let Some((key, line)) = map.next_key::<Spanned<String>>()?.map(word) {
                    match key.as_str() {
                        "hosts" => group.hosts = map.next_value::<Hosts>()?.at(line),
                        "children" => group.children = map.next_value::<Children>()?.at(line),
                        "vars" => group.vars = map.next_value()?,
                        _ => return Err(A::Error::unknown_field(&key, KEYS)),
                    }
                }
                Ok(group)
            }
        }
        deserializer.deserialize_any(GroupVisitor)
    }
}

fn names<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Vec<Word>, A::Error> {
    let mut names = Vec::new();
    while let Some(name) = list.next_element::<Spanned<String>>()? {
        names.push(word(name));
    }
    Ok(names)
}

impl<'de> Deserialize<'de> for Hosts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct HostsVisitor;
        impl<'de> Visitor<'de> for HostsVisitor {
            type Value = Hosts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("hosts with a colon behind each, or a list of them")
            }

            fn visit_unit<E>(self) -> Result<Hosts, E> {
                Ok(Hosts::default())
            }

            fn visit_str<E>(self, pattern: &str) -> Result<Hosts, E> {
                Ok(Hosts::Patterns(vec![((pattern.to_owned(), ABOVE), Vars::default())]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Hosts, A::Error> {
                names(list).map(Hosts::Names)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Hosts, A::Error> {
                let mut hosts = Vec::new();
                while let Some(pattern) = map.next_key::<Spanned<String>>()? {
                    hosts.push((word(pattern), map.next_value()?));
                }
                Ok(Hosts::Patterns(hosts))
            }
        }
        deserializer.deserialize_any(HostsVisitor)
    }
}

impl<'de> Deserialize<'de> for Children {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ChildrenVisitor;
        impl<'de> Visitor<'de> for ChildrenVisitor {
            type Value = Children;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("groups with a colon behind each, or a list of them")
            }

            fn visit_unit<E>(self) -> Result<Children, E> {
                Ok(Children::default())
            }

            fn visit_str<E>(self, name: &str) -> Result<Children, E> {
                Ok(Children(vec![((name.to_owned(), ABOVE), Group::default())]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Children, A::Error> {
                Ok(Children(names(list)?.into_iter().map(|name| (name, Group::default())).collect()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Children, A::Error> {
                let mut children = Vec::new();
                while let Some(name) = map.next_key::<Spanned<String>>()? {
                    children.push((word(name), map.next_value()?));
                }
                Ok(Children(children))
            }
        }
        deserializer.deserialize_any(ChildrenVisitor)
    }
}

impl<'de> Deserialize<'de> for Vars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct VarsVisitor;
        impl<'de> Visitor<'de> for VarsVisitor {
            type Value = Vars;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("variables and their values")
            }

            fn visit_unit<E>(self) -> Result<Vars, E> {
                Ok(Vars::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vars, A::Error> {
                let mut vars = Vars::default();
                while let Some(name) = map.next_key::<String>()? {
                    vars.take(&name, &mut map)?;
                }
                Ok(vars)
            }
        }
        deserializer.deserialize_any(VarsVisitor)
    }
}

impl Vars {
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match meaning(name) {
            Meaning::Used(variable) => {
                if let Some((value, line)) = map.next_value::<Option<Spanned<String>>>()?.map(word) {
                    self.said.push((variable, value, line));
                }
            }
            Meaning::Priority => self.priority = map.next_value::<Option<String>>()?.and_then(|text| text.parse().ok()),
            Meaning::Told(note) => {
                self.notes.push(note);
                map.next_value::<IgnoredAny>()?;
            }
            Meaning::Nothing => {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}
