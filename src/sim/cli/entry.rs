//! What changes an entry (`set`, `unset`, lists) and what changes a table (`delete`, `rename`, `purge`).

use super::super::definition::{Definition, Field, Kind, Source};
use super::super::refusal::Refusal;
use super::super::tree::{Node, Values};
use super::super::value;
use super::super::words::{Abbreviation, Word, expand};
use super::config::{check_key, refuse_extra};
use super::{Answer, AskKind, Cli, Level, Pending, Reply, State};

impl Cli {
    pub(super) fn set(&mut self, state: &mut State, words: &[Word]) -> Answer {
        let (field, _) = self.named_field(words)?;
        if matches!(field.kind, Kind::Password) && !self.boot && state.spec.asks_admin_password() {
            return Ok(Reply::ask(AskKind::Password, Pending::Set(words.to_vec())));
        }
        self.set_now(state, words)
    }

    pub(super) fn set_now(&mut self, state: &mut State, words: &[Word]) -> Answer {
        let (field, values) = self.named_field(words)?;
        if self.boot && matches!(field.kind, Kind::ApiKey) {
            return Ok(self.keep_key(state));
        }
        let values = value::check(&field, values, &|source: Source, name: &str| self.exists(state, source, name))?;
        self.store(&field, values);
        Ok(Reply::default())
    }

    /// A saved configuration that holds an API key: there is one, whatever it was.
    fn keep_key(&mut self, state: &mut State) -> Reply {
        if let Some(Level::Entry { key, .. }) = self.levels.last() {
            state.new_key(&key.clone(), None);
        }
        Reply::default()
    }

    /// Puts values into the entry; a value that is the default is as good as none.
    fn store(&mut self, field: &Field, values: Values) {
        let Some((object, staged)) = self.levels.last_mut().and_then(Level::staged_mut) else { return };
        let is_default = field.default.as_deref() == Some(values.join(" ").as_str());
        if is_default || values.iter().all(String::is_empty) {
            staged.settings.remove(&field.name);
        } else {
            staged.settings.insert(field.name.clone(), values);
        }
        forget_dependants(object, staged, &field.name);
    }

    /// The setting that the first word names, and the words after it.
    fn named_field<'w>(&self, words: &'w [Word]) -> Result<(Field, &'w [Word]), Refusal> {
        let Some((name, values)) = words.split_first() else { return Err(Refusal::incomplete()) };
        let (object, staged) = match self.levels.last() {
            Some(Level::Entry { table: object, staged, .. } | Level::Single { object, staged }) => (object, staged),
            _ => return Err(Refusal::unknown_action()),
        };
        let visible = object.fields.iter().filter(|field| is_visible(object, staged, field));
        match expand(&name.text, visible.map(|field| field.name.as_str())) {
            Abbreviation::Of(full) => {
                let field = object.field(full).cloned().ok_or_else(|| Refusal::parse(full))?;
                Ok((field, values))
            }
            Abbreviation::Ambiguous => Err(Refusal::ambiguous(&name.text)),
            Abbreviation::Unknown => Err(Refusal::parse(&name.text)),
        }
    }

    pub(super) fn unset(&mut self, words: &[Word]) -> Answer {
        let (field, rest) = self.named_field(words)?;
        refuse_extra(rest)?;
        self.store(&field, Values::new());
        Ok(Reply::default())
    }

    /// `append`, `select` and `unselect` of a setting with several values.
    pub(super) fn change_list(&mut self, state: &State, verb: &str, words: &[Word]) -> Answer {
        let (field, values) = self.named_field(words)?;
        if !matches!(field.kind, Kind::References(..) | Kind::Words) {
            return Err(Refusal::parse(&field.name));
        }
        let values = value::check(&field, values, &|source: Source, name: &str| self.exists(state, source, name))?;
        let staged = self.levels.last().and_then(Level::staged);
        let mut kept = staged.and_then(|staged| staged.settings.get(&field.name)).cloned().unwrap_or_default();
        match verb {
            "select" => kept = values,
            "unselect" => kept.retain(|value| !values.contains(value)),
            _ => kept.extend(values.into_iter().filter(|value| !kept.contains(value)).collect::<Vec<_>>()),
        }
        self.store(&field, kept);
        Ok(Reply::default())
    }

    pub(super) fn delete(&mut self, state: &mut State, words: &[Word]) -> Answer {
        let Some((key, rest)) = words.split_first() else { return Err(Refusal::incomplete()) };
        refuse_extra(rest)?;
        let (depth, table) = match self.levels.last() {
            Some(Level::Table(table)) => (self.levels.len() - 1, table.clone()),
            _ => return self.delete_vdom(state, &key.text),
        };
        if self.held(state, &table).iter().all(|(name, _)| *name != key.text) {
            return Err(Refusal::not_in_table());
        }
        self.check_unused(state, &table, &key.text)?;
        let Some(node) = self.holder(state, depth, table.scope) else { return Ok(Reply::default()) };
        node.entries_mut(&table.path).retain(|(name, _)| *name != key.text);
        self.forget_keys(state);
        self.committed(state, depth, &format!("delete {} {}", table.path, key.text));
        Ok(Reply::default())
    }

    fn delete_vdom(&mut self, state: &mut State, name: &str) -> Answer {
        let users = self.current(state).global.entries("system api-user").iter();
        let used =
            users.filter(|(_, user)| user.settings.get("vdom").is_some_and(|vdoms| vdoms.iter().any(|v| v == name)));
        refuse_if_used(used.count())?;
        if let Some(config) = self.target(state) {
            config.vdoms.retain(|(vdom, _)| vdom != name);
            state.save_if_automatic();
        }
        Ok(Reply::default())
    }

    /// An access profile that API users or administrators have cannot go.
    fn check_unused(&self, state: &State, table: &Definition, key: &str) -> Result<(), Refusal> {
        if table.path != "system accprofile" {
            return Ok(());
        }
        if super::super::BUILT_IN_PROFILES.contains(&key) {
            return Err(Refusal::new("", -37));
        }
        let users = |path| self.current(state).global.entries(path).iter();
        let used = users("system api-user").chain(users("system admin"));
        refuse_if_used(used.filter(|(_, user)| user.first("accprofile") == Some(key)).count())
    }

    /// `rename A to B` and `clone A to B`.
    pub(super) fn rename(&mut self, state: &mut State, words: &[Word], copy: bool) -> Answer {
        let [old, to, new] = words else { return Err(Refusal::incomplete()) };
        let Some(Level::Table(table)) = self.levels.last() else { return Err(Refusal::unknown_action()) };
        let table = table.clone();
        if to.text != "to" {
            return Err(Refusal::parse(&to.text));
        }
        check_key(state, &table, &new.text)?;
        let held = self.held(state, &table);
        let known = held.iter().find(|(name, _)| *name == old.text).map(|(_, node)| node.clone());
        let Some(node) = known else { return Err(Refusal::not_in_table()) };
        if held.iter().any(|(name, _)| *name == new.text) {
            return Err(Refusal::value(&new.text, -5));
        }
        let depth = self.levels.len() - 1;
        if let Some(holder) = self.holder(state, depth, table.scope) {
            if !copy {
                holder.entries_mut(&table.path).retain(|(name, _)| *name != old.text);
            }
            holder.put(&table.path, &new.text, node);
            if !copy && table.path == "system accprofile" {
                rename_profile_of_users(holder, &old.text, &new.text);
            }
            if !copy
                && table.path == "system api-user"
                && let Some(key) = state.keys.remove(&old.text)
            {
                state.keys.insert(new.text.clone(), key);
            }
            self.committed(state, depth, &format!("{} {}", table.path, new.text));
        }
        Ok(Reply::default())
    }

    /// `move A before|after B`: the order of these tables means nothing, but it shows.
    pub(super) fn move_entry(&mut self, state: &mut State, words: &[Word]) -> Answer {
        let [moved, place, anchor] = words else { return Err(Refusal::incomplete()) };
        let Some(Level::Table(table)) = self.levels.last() else { return Err(Refusal::unknown_action()) };
        let table = table.clone();
        let depth = self.levels.len() - 1;
        let Some(holder) = self.holder(state, depth, table.scope) else { return Ok(Reply::default()) };
        let entries = holder.entries_mut(&table.path);
        let position = |key: &str, entries: &[(String, Node)]| entries.iter().position(|(name, _)| name == key);
        let (Some(from), Some(_)) = (position(&moved.text, entries), position(&anchor.text, entries)) else {
            return Err(Refusal::not_in_table());
        };
        let entry = entries.remove(from);
        let to = position(&anchor.text, entries).unwrap_or(0) + usize::from(place.text == "after");
        entries.insert(to, entry);
        self.committed(state, depth, &format!("move {}", table.path));
        Ok(Reply::default())
    }

    pub(super) fn purge_now(&mut self, state: &mut State) -> Answer {
        let Some(Level::Table(table)) = self.levels.last() else { return Err(Refusal::unknown_action()) };
        let table = table.clone();
        let keys: Vec<String> = self.held(state, &table).iter().map(|(name, _)| name.clone()).collect();
        let gone: Vec<String> = keys.into_iter().filter(|key| self.check_unused(state, &table, key).is_ok()).collect();
        let depth = self.levels.len() - 1;
        if let Some(holder) = self.holder(state, depth, table.scope) {
            holder.entries_mut(&table.path).retain(|(name, _)| !gone.contains(name));
            self.committed(state, depth, &format!("purge {}", table.path));
        }
        self.forget_keys(state);
        Ok(Reply::default())
    }

    /// A key goes with its API user; what a workspace holds has not happened yet.
    pub(super) fn forget_keys(&self, state: &mut State) {
        if self.workspace.is_none() {
            let users = &state.running.global;
            state.keys.retain(|user, _| users.entry("system api-user", user).is_some());
        }
    }
}

/// API users keep their profile under its new name.
fn rename_profile_of_users(global: &mut Node, old: &str, new: &str) {
    for (_, user) in global.entries_mut("system api-user") {
        if user.first("accprofile") == Some(old) {
            user.set("accprofile", new);
        }
    }
}

fn refuse_if_used(users: usize) -> Result<(), Refusal> {
    match users {
        0 => Ok(()),
        users => Err(Refusal::new(format!("The entry is used by other {users} entries"), -23)),
    }
}

/// Whether a setting exists as things stand: one that depends on another is hidden until that has its value.
pub(in crate::sim) fn is_visible(object: &Definition, staged: &Node, field: &Field) -> bool {
    let Some((setting, value)) = &field.when else { return true };
    let default = object.field(setting).and_then(|field| field.default.as_deref());
    staged.first(setting).or(default) == Some(value)
}

/// What a setting made visible goes away with it: `set fwgrp read` drops the custom permissions.
fn forget_dependants(object: &Definition, staged: &mut Node, setting: &str) {
    let depends = |when: &Option<(String, String)>| when.as_ref().is_some_and(|(on, _)| on == setting);
    for field in object.fields.iter().filter(|field| depends(&field.when)) {
        if !is_visible(object, staged, field) {
            staged.settings.remove(&field.name);
        }
    }
    for child in object.children.iter().filter(|child| depends(&child.when)) {
        if !super::config::is_due(child, staged) {
            staged.singles.remove(&child.path);
        }
    }
}
