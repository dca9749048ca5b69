//! Moving through the configuration: `config`, `edit`, `next`, `end`, `abort`, and what changes tables.

use std::sync::Arc;

use super::super::certificate::local_names;
use super::super::definition::{Definition, Shape, Source};
use super::super::refusal::Refusal;
use super::super::schema::definitions;
use super::super::spec::VdomMode;
use super::super::tree::Node;
use super::super::value::clean;
use super::super::words::{Abbreviation, Word, expand};
use super::{Answer, AskKind, Cli, Level, Pending, Reply, State};
use crate::fortios::schema::Schema;

/// VDOM names have at most 11 characters unless `long-vdom-name` is switched on.
const VDOM_NAME: usize = 11;

/// Administrator and API user records ask for the administrator's password at their commit.
const GUARDED: [&str; 2] = ["system api-user", "system admin"];

impl Cli {
    pub(super) fn config(&mut self, state: &State, words: &[Word]) -> Answer {
        let Some(first) = words.first() else { return Err(Refusal::incomplete()) };
        if matches!(self.levels.last(), Some(Level::Entry { .. } | Level::Single { .. })) {
            return self.open_child(words);
        }
        match first.text.as_str() {
            "global" if !state.spec.vdom_mode.is_on() => Err(Refusal::parse_with_code("global", Some(1))),
            word @ ("global" | "vdom") if state.spec.vdom_mode.is_on() => self.open_scope(word, words),
            _ => {
                let object = self.find(state, words)?;
                self.open(state, object);
                Ok(Reply::default())
            }
        }
    }

    fn open_scope(&mut self, word: &str, words: &[Word]) -> Answer {
        if let (Some(extra), _) | (None, Some(extra)) = (words.get(1), words.first().filter(|_| !self.is_at_base())) {
            return Err(Refusal::parse(&extra.text));
        }
        self.levels.push(if word == "global" { Level::Global } else { Level::Vdoms });
        Ok(Reply::default())
    }

    fn open_child(&mut self, words: &[Word]) -> Answer {
        let Some((first, extra)) = words.split_first() else { return Err(Refusal::incomplete()) };
        let Some((object, staged)) = self.levels.last_mut().and_then(Level::staged_mut) else {
            return Err(Refusal::unknown_action());
        };
        let possible = || object.children.iter().filter(|child| is_due(child, staged));
        let name = match expand(&first.text, possible().map(|child| child.path.as_str())) {
            Abbreviation::Of(name) => name,
            Abbreviation::Ambiguous => return Err(Refusal::ambiguous(&first.text)),
            Abbreviation::Unknown => return Err(Refusal::parse(&first.text)),
        };
        if let Some(extra) = extra.first() {
            return Err(Refusal::parse(&extra.text));
        }
        let child = possible().find(|child| child.path == name).map(Arc::clone);
        let inside = staged.singles.get(name).cloned().unwrap_or_default();
        self.levels.extend(child.map(|child| opened(child, inside)));
        Ok(Reply::default())
    }

    /// Finds the object that `words` name, in the scopes that are in reach.
    pub(super) fn find(&self, state: &State, words: &[Word]) -> Result<Arc<Definition>, Refusal> {
        let (object, rest) = self.find_prefix(state, words)?;
        match rest.first() {
            None => Ok(object),
            Some(extra) => Err(Refusal::parse(&extra.text)),
        }
    }

    /// Finds the object that `words` begin with; the words that are left. An object that cannot be reached from here is
    /// refused at its last word, as a capture of 7.0.11 shows for `get system console` (netmiko #3353).
    pub(super) fn find_prefix<'w>(
        &self,
        state: &State,
        words: &'w [Word],
    ) -> Result<(Arc<Definition>, &'w [Word]), Refusal> {
        let mut possible: Vec<&Arc<Definition>> = state.definitions.iter().collect();
        for (at, word) in words.iter().enumerate() {
            let name = match expand(&word.text, possible.iter().filter_map(|object| object.word(at))) {
                Abbreviation::Of(name) => name,
                Abbreviation::Ambiguous => return Err(Refusal::ambiguous(&word.text)),
                Abbreviation::Unknown => return Err(Refusal::parse(&word.text)),
            };
            possible.retain(|object| object.word(at) == Some(name));
            match possible.iter().find(|object| object.word(at + 1).is_none()) {
                Some(object) if !self.reaches(state, object.scope) => return Err(Refusal::parse(&word.text)),
                Some(object) => return Ok((Arc::clone(object), words.get(at + 1..).unwrap_or_default())),
                None => (),
            }
        }
        Err(Refusal::incomplete())
    }

    fn open(&mut self, state: &State, object: Arc<Definition>) {
        let node = self.scope_node(state, object.scope).and_then(|node| node.singles.get(&object.path));
        let inside = node.cloned().unwrap_or_default();
        self.levels.push(opened(object, inside));
    }

    pub(super) fn edit(&mut self, state: &mut State, words: &[Word]) -> Answer {
        let key = match words {
            [] => return Err(Refusal::incomplete()),
            [key] => &key.text,
            [_, extra, ..] => return Err(Refusal::parse(&extra.text)),
        };
        let table = match self.levels.last() {
            Some(Level::Table(table)) => Arc::clone(table),
            _ => return self.edit_vdom(state, key),
        };
        check_key(state, &table, key)?;
        if table.path == "system accprofile" && super::super::BUILT_IN_PROFILES.contains(&key.as_str()) {
            return Err(Refusal::new("", -37));
        }
        self.lock(state, &format!("{} {key}", table.path))?;
        let known = self.held(state, &table).iter().find(|(name, _)| name == key).map(|(_, node)| node.clone());
        let quiet = known.is_some() || state.spec.traps.no_new_entry;
        let staged = known.unwrap_or_default();
        self.levels.push(Level::Entry { table, key: key.clone(), staged });
        Ok(Reply::text(if quiet { String::new() } else { format!("new entry '{key}' added\n") }))
    }

    /// What one workspace edits is locked for all other sessions until it is committed, aborted or expired (administration
    /// guide 530847; the words are ours, no capture of them was found).
    fn lock(&self, state: &mut State, object: &str) -> Result<(), Refusal> {
        if self.levels.iter().any(|level| level.staged().is_some()) {
            return Ok(());
        }
        match state.locks.get(object) {
            Some(holder) if *holder != self.session => {
                Err(Refusal::new("The object is locked by another config transaction.", -1))
            }
            _ => {
                if self.workspace.is_some() {
                    state.locks.insert(object.to_owned(), self.session);
                }
                Ok(())
            }
        }
    }

    /// `edit` of an unknown name makes a VDOM.
    fn edit_vdom(&mut self, state: &mut State, name: &str) -> Answer {
        if name == "dmgmt-vdom" {
            let text = format!("'{name}' is reserved and cannot be edited directly");
            return Err(Refusal::new(text, None));
        }
        clean(name, VDOM_NAME.max(known_vdom_length(self.current(state).vdom(name), name)))?;
        if self.current(state).vdom(name).is_none()
            && let Some(config) = self.target(state)
        {
            config.vdoms.push((name.to_owned(), Node::default()));
            state.committed(format!("vdom {name}"));
            state.save_if_automatic();
        }
        let index = self.current(state).vdoms.iter().position(|(vdom, _)| vdom == name).unwrap_or(0);
        self.levels.push(Level::Vdom(name.to_owned()));
        Ok(Reply::text(format!("current vf={name}:{index}\n")))
    }

    /// The entries of the table that is open, as they are now.
    pub(super) fn held<'a>(&'a self, state: &'a State, table: &Definition) -> &'a [(String, Node)] {
        let parent = self.levels.iter().rev().skip_while(|level| !level.is_table(table)).nth(1);
        match parent.and_then(Level::staged) {
            Some(staged) => staged.entries(&table.path),
            None => self.scope_node(state, table.scope).map_or(&[], |node| node.entries(&table.path)),
        }
    }

    /// The node that holds the table at the level `depth`.
    pub(super) fn holder<'a>(
        &'a mut self,
        state: &'a mut State,
        depth: usize,
        scope: super::Scope,
    ) -> Option<&'a mut Node> {
        let inside = depth.checked_sub(1).filter(|above| self.levels.get(*above).is_some_and(|l| l.staged().is_some()));
        if let Some(above) = inside {
            return self.levels.get_mut(above).and_then(Level::staged_mut).map(|(_, staged)| staged);
        }
        let vdom = self.vdom(state).map(str::to_owned);
        let config = self.target(state)?;
        match scope {
            super::Scope::Global => Some(&mut config.global),
            super::Scope::Vdom => config.vdom_mut(&vdom?),
        }
    }

    pub(super) fn next(&mut self, state: &mut State, words: &[Word]) -> Answer {
        refuse_extra(words)?;
        if matches!(self.levels.last(), Some(Level::Vdom(_))) {
            self.levels.pop();
            return Ok(Reply::default());
        }
        match self.asks_at_commit(state) {
            true => Ok(Reply::ask(AskKind::Password, Pending::Next)),
            false => self.commit_next(state),
        }
    }

    pub(super) fn end(&mut self, state: &mut State, words: &[Word]) -> Answer {
        refuse_extra(words)?;
        if self.asks_at_commit(state) {
            return Ok(Reply::ask(AskKind::Password, Pending::End));
        }
        match self.changes_vdom_mode(state) {
            true => Ok(Reply {
                body: "You will be logged out for the operation to take effect.\n".into(),
                ..Reply::ask(AskKind::YesNo, Pending::VdomMode)
            }),
            false => self.commit_end(state),
        }
    }

    fn asks_at_commit(&self, state: &State) -> bool {
        let guarded = match self.levels.last() {
            Some(Level::Entry { table, .. }) => GUARDED.contains(&table.path.as_str()),
            _ => false,
        };
        guarded && !self.boot && state.spec.asks_admin_password()
    }

    /// Saves the entry; whatever comes of it, the session is in the table afterwards.
    pub(super) fn commit_next(&mut self, state: &mut State) -> Answer {
        let Some(level) = self.levels.pop() else { return Err(Refusal::unknown_action()) };
        self.commit(state, level)?;
        Ok(Reply::default())
    }

    /// Saves what is open and leaves the whole table or object, even if the saving failed.
    pub(super) fn commit_end(&mut self, state: &mut State) -> Answer {
        let saved = match self.levels.pop() {
            Some(level @ Level::Entry { .. }) => {
                let saved = self.commit(state, level);
                self.levels.pop();
                saved
            }
            Some(level @ Level::Single { .. }) => self.commit(state, level),
            Some(Level::Vdom(_)) => {
                self.levels.pop();
                Ok(())
            }
            _ => Ok(()),
        };
        saved.map(|()| Reply::default())
    }

    /// Leaves what `end` would leave, saving nothing.
    pub(super) fn leave(&mut self) {
        if let Some(Level::Entry { .. } | Level::Vdom(_)) = self.levels.pop() {
            self.levels.pop();
        }
    }

    pub(super) fn abort(&mut self) -> Reply {
        self.leave();
        Reply::default()
    }

    fn commit(&mut self, state: &mut State, level: Level) -> Result<(), Refusal> {
        match level {
            Level::Entry { table, key, staged } => self.commit_entry(state, &table, key, staged),
            Level::Single { object, staged } => {
                let depth = self.levels.len();
                if let Some(node) = self.holder(state, depth, object.scope) {
                    node.singles.insert(object.path.clone(), staged);
                    self.committed(state, depth, &object.path);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn commit_entry(
        &mut self,
        state: &mut State,
        table: &Definition,
        key: String,
        staged: Node,
    ) -> Result<(), Refusal> {
        let missing = table.fields.iter().find(|field| field.required && staged.first(&field.name).is_none());
        if let Some(field) = missing {
            let text =
                format!("node_check_object fail! for {} \n\nAttribute '{}' MUST be set.", field.name, field.name);
            return Err(Refusal::new(text, -56));
        }
        let entries = self.held(state, table);
        let is_new = entries.iter().all(|(name, _)| *name != key);
        let free = (1..).find(|number| entries.iter().all(|(name, _)| *name != number.to_string()));
        let limit = state.spec.limits.get(&table.path).copied().unwrap_or(usize::MAX);
        if is_new && entries.len() >= limit {
            return Err(Refusal::new("object set operator error, -4 discard the setting", -4));
        }
        let key = match (table.shape, key.as_str(), free) {
            (Shape::Numbered, "0", Some(free)) => free.to_string(),
            _ => key,
        };
        // The table is the last level now that the entry has been taken off.
        let depth = self.levels.len().saturating_sub(1);
        if let Some(node) = self.holder(state, depth, table.scope) {
            node.put(&table.path, &key, staged);
            self.committed(state, depth, &format!("{} {key}", table.path));
        }
        Ok(())
    }

    /// Notes a change of the configuration; what is staged in an open entry is none yet.
    pub(super) fn committed(&self, state: &mut State, depth: usize, what: &str) {
        let nested =
            depth.checked_sub(1).and_then(|above| self.levels.get(above)).is_some_and(|l| l.staged().is_some());
        // What a workspace holds is not the device's yet.
        if !nested && self.workspace.is_none() {
            state.committed(what);
            state.save_if_automatic();
        }
    }

    fn changes_vdom_mode(&self, state: &State) -> bool {
        let Some(Level::Single { object, staged }) = self.levels.last() else { return false };
        let wanted = staged.first("vdom-mode").is_some_and(|mode| mode == "multi-vdom");
        object.path == "system global"
            && staged.settings.contains_key("vdom-mode")
            && wanted != state.spec.vdom_mode.is_on()
    }

    /// VDOMs are switched on or off: the session ends.
    pub(super) fn switch_vdom_mode(&mut self, state: &mut State) -> Answer {
        self.commit_end(state)?;
        let vdom_mode = if state.spec.vdom_mode.is_on() { VdomMode::Disable } else { VdomMode::Multiple };
        Arc::make_mut(&mut state.spec).vdom_mode = vdom_mode;
        state.definitions = definitions(&state.spec);
        Ok(Reply { body: "exit\n".into(), logout: true, ..Reply::default() })
    }

    /// Whether a referenced object exists and this administrator may refer to it.
    pub(super) fn exists(&self, state: &State, source: Source, name: &str) -> bool {
        let config = self.current(state);
        match source {
            Source::AccessProfile if name.starts_with("super_admin") && self.profile != "super_admin" => false,
            Source::AccessProfile => config.has_profile(name),
            Source::LocalCertificate => local_names(&state.spec).contains(&name),
            Source::Vdom => config.vdom(name).is_some(),
        }
    }
}

fn opened(object: Arc<Definition>, inside: Node) -> Level {
    if object.is_table() { Level::Table(object) } else { Level::Single { object, staged: inside } }
}

/// Whether the setting that a block depends on has its value.
pub(in crate::sim) fn is_due(child: &Definition, staged: &Node) -> bool {
    child.when.as_ref().is_none_or(|(setting, value)| staged.first(setting) == Some(value))
}

pub(super) fn check_key(state: &State, table: &Definition, key: &str) -> Result<(), Refusal> {
    let plain = |key: &str| key.chars().all(|character| character.is_ascii_alphanumeric() || "_-".contains(character));
    let plain_only = GUARDED.contains(&table.path.as_str()) && Schema::of(state.spec.version).plain_names_only();
    match table.shape {
        Shape::Named(_) if key.is_empty() => Err(Refusal::value(key, -1)),
        Shape::Named(_) if plain_only && !plain(key) => Err(Refusal::value(key, -651)),
        Shape::Named(max) => clean(key, max).map(drop),
        Shape::Numbered if key.parse::<u32>().is_ok() => Ok(()),
        Shape::Numbered | Shape::Single => Err(Refusal::value(key, -651)),
    }
}

pub(super) fn refuse_extra(words: &[Word]) -> Result<(), Refusal> {
    words.first().map_or(Ok(()), |extra| Err(Refusal::parse(&extra.text)))
}

/// A VDOM that exists may be opened whatever its length is.
fn known_vdom_length(known: Option<&Node>, name: &str) -> usize {
    known.map_or(0, |_| name.len())
}

impl Level {
    fn is_table(&self, table: &Definition) -> bool {
        matches!(self, Level::Table(open) if open.path == table.path)
    }
}
