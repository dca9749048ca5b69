//! The CLI of one session: command lines to replies. No bytes, no echo, no pager: those are the shell's.

mod certificates;
mod config;
mod entry;
mod execute;
mod help;
mod rights;
mod view;

use std::sync::Arc;

pub(super) use config::is_due;
pub(super) use entry::is_visible;

use super::definition::{Definition, Scope};
use super::device::{BootError, Device, State};
use super::prompt::{View, prompt};
use super::refusal::Refusal;
use super::tree::{Config, Node};
use super::words::{Abbreviation, Split, Word, expand, split};

/// One session's place in the configuration.
pub(super) struct Cli {
    device: Device,
    admin: String,
    profile: String,
    session: u64,
    levels: Vec<Level>,
    /// Changes of `execute config-transaction start` that are not committed yet.
    workspace: Option<Config>,
    /// Command lines since it was opened.
    workspace_lines: usize,
    /// The device types its own configuration: no questions, no rights, no counting.
    boot: bool,
    lines: usize,
}

/// One `config` or `edit` that is open.
enum Level {
    Global,
    Vdoms,
    Vdom(String),
    Table(Arc<Definition>),
    Entry { table: Arc<Definition>, key: String, staged: Node },
    Single { object: Arc<Definition>, staged: Node },
}

/// What the device answers to a line.
#[derive(Default)]
pub(super) struct Reply {
    /// Lines, each ending in LF.
    pub(super) body: String,
    /// The command is not done yet: it asks something.
    pub(super) ask: Option<Ask>,
    /// The session ends.
    pub(super) logout: bool,
    /// Whether the pager may show it.
    pub(super) paged: bool,
}

/// A question in mid-command.
pub(super) struct Ask {
    pub(super) kind: AskKind,
    pub(super) pending: Pending,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AskKind {
    /// The current administrator's password, up to Enter.
    Password,
    /// `Do you want to continue? (y/n)`, one key.
    YesNo,
}

/// What is done after the answer.
pub(super) enum Pending {
    Next,
    End,
    Set(Vec<Word>),
    GenerateKey(Vec<Word>),
    Purge,
    VdomMode,
    /// The whole line, after the question of a fault.
    Line(String),
}

type Answer = Result<Reply, Refusal>;

impl Reply {
    fn text(body: impl Into<String>) -> Self {
        Reply { body: body.into(), ..Reply::default() }
    }

    fn output(body: impl Into<String>) -> Self {
        Reply { body: body.into(), paged: true, ..Reply::default() }
    }

    pub(super) fn ask(kind: AskKind, pending: Pending) -> Self {
        Reply { ask: Some(Ask { kind, pending }), ..Reply::default() }
    }
}

impl Cli {
    pub(super) fn new(device: Device, admin: &str, profile: &str, session: u64) -> Self {
        Cli {
            device,
            admin: admin.into(),
            profile: profile.into(),
            session,
            levels: Vec::new(),
            workspace: None,
            workspace_lines: 0,
            boot: false,
            lines: 0,
        }
    }

    /// The device itself, in global scope.
    pub(super) fn boot(device: Device) -> Self {
        let multi = device.lock().spec.vdom_mode.is_on();
        let levels = if multi { vec![Level::Global] } else { Vec::new() };
        Cli { levels, boot: true, ..Cli::new(device, "", "super_admin", u64::MAX) }
    }

    /// Types a configuration text.
    pub(super) fn load(&mut self, config: &str) -> Result<(), BootError> {
        for (at, text) in config.lines().enumerate() {
            let device = self.device.clone();
            let mut state = device.lock();
            let answered = self.run(&mut state, text);
            answered.map_err(|refusal| BootError {
                line: at + 1,
                text: text.trim().into(),
                answer: refusal.render(&state.spec.traps).trim().into(),
            })?;
        }
        Ok(())
    }

    /// Executes one whole command line.
    pub(super) fn line(&mut self, line: &str) -> Reply {
        self.lines += usize::from(!line.trim().is_empty());
        let device = self.device.clone();
        let mut state = device.lock();
        let answer = self.run(&mut state, line);
        let expiry = self.expire_workspace(&mut state);
        let mut reply = worded(answer, &state);
        reply.body.push_str(expiry.unwrap_or_default());
        reply
    }

    /// Goes on after the answer to a question: the right password, or `y`.
    pub(super) fn resume(&mut self, pending: Pending) -> Reply {
        let device = self.device.clone();
        let mut state = device.lock();
        let state = &mut *state;
        let answer = match pending {
            Pending::Next => self.commit_next(state),
            Pending::End => self.commit_end(state),
            Pending::Set(words) => self.set_now(state, &words),
            Pending::GenerateKey(words) => self.generate_key_now(state, &words),
            Pending::Purge => self.purge_now(state),
            Pending::VdomMode => self.switch_vdom_mode(state),
            Pending::Line(line) => self.run(state, &line),
        };
        worded(answer, state)
    }

    /// The answer was wrong, or `n`.
    pub(super) fn decline(&mut self, kind: AskKind, pending: &Pending) -> Reply {
        let device = self.device.clone();
        let state = device.lock();
        if kind == AskKind::YesNo {
            return Reply::default();
        }
        self.discard(pending);
        worded(Err(Refusal::new("admin's password required.", -8102)), &state)
    }

    /// What a failed commit leaves: the entry is gone and the level is left.
    fn discard(&mut self, pending: &Pending) {
        match pending {
            Pending::Next => drop(self.levels.pop()),
            Pending::End => self.leave(),
            _ => (),
        }
    }

    /// Refuses a line without executing it, as a fault wants it.
    pub(super) fn refuse(&mut self, line: &str, text: Option<&str>) -> Reply {
        let device = self.device.clone();
        let state = device.lock();
        let line = line.trim();
        let verb = line.split_whitespace().next().unwrap_or_default();
        let refusal = match (text, verb) {
            (Some(text), _) => Refusal::injected(text),
            (None, "next" | "end") => Refusal::new("object set operator error, -4 discard the setting", -4),
            (None, "execute") => Refusal::new("", -1),
            (None, _) => Refusal::parse(line.split_whitespace().next_back().unwrap_or_default()),
        };
        match verb {
            "next" => self.discard(&Pending::Next),
            "end" => self.discard(&Pending::End),
            _ => (),
        }
        worded(Err(refusal), &state)
    }

    fn run(&mut self, state: &mut State, line: &str) -> Answer {
        match split(line) {
            Split::Words(words) if words.first().is_none_or(|word| word.text.starts_with('#')) => Ok(Reply::default()),
            Split::Words(words) => self.command(state, &words),
            Split::Open(_) => Err(Refusal::new("token line: Unmatched double quote.", None)),
        }
    }

    fn command(&mut self, state: &mut State, words: &[Word]) -> Answer {
        let pipe = words.iter().position(|word| word.text == "|" && !word.quoted);
        let (words, filter) = match pipe {
            Some(at) => (words.get(..at).unwrap_or(words), words.get(at + 1..)),
            None => (words, None),
        };
        let filter = filter.map(super::grep::Grep::parse).transpose()?;
        let mut reply = self.dispatch(state, words)?;
        if let Some(grep) = filter {
            reply.body = grep.apply(&reply.body);
            reply.paged = false;
        }
        Ok(reply)
    }

    fn dispatch(&mut self, state: &mut State, words: &[Word]) -> Answer {
        let Some((verb, rest)) = words.split_first() else { return Ok(Reply::default()) };
        let verb = self.verb(state, &verb.text)?;
        self.check_rights(state, verb)?;
        match verb {
            "config" => self.config(state, rest),
            "edit" => self.edit(state, rest),
            "delete" => self.delete(state, rest),
            "rename" => self.rename(state, rest, false),
            "clone" => self.rename(state, rest, true),
            "move" => self.move_entry(state, rest),
            "purge" => Ok(Reply::ask(AskKind::YesNo, Pending::Purge)),
            "set" => self.set(state, rest),
            "unset" => self.unset(rest),
            "append" | "select" | "unselect" => self.change_list(state, verb, rest),
            "next" => self.next(state, rest),
            "end" => self.end(state, rest),
            "abort" => Ok(self.abort()),
            "show" => self.show(state, rest),
            "get" => self.get(state, rest),
            "execute" => self.execute(state, rest),
            "diagnose" => self.diagnose(rest),
            "sudo" => self.sudo(state, rest),
            "tree" => Ok(self.tree()),
            _ => Ok(Reply { logout: true, ..Reply::default() }),
        }
    }

    /// The verbs of the innermost level.
    fn verbs(&self, multi: bool) -> &'static [&'static str] {
        match self.levels.last() {
            None if multi => &["config", "get", "show", "execute", "diagnose", "sudo", "exit", "quit"],
            None => &["config", "get", "show", "execute", "diagnose", "exit", "quit"],
            Some(Level::Global) => &["config", "get", "show", "execute", "diagnose", "sudo", "end"],
            Some(Level::Vdoms) => &["edit", "delete", "show", "end", "abort"],
            Some(Level::Vdom(_)) => &["config", "get", "show", "execute", "diagnose", "sudo", "next", "end"],
            Some(Level::Table(_)) => {
                &["edit", "delete", "purge", "rename", "clone", "move", "show", "get", "tree", "end", "abort"]
            }
            Some(Level::Entry { .. }) => &[
                "config", "set", "unset", "append", "select", "unselect", "show", "get", "tree", "next", "end", "abort",
            ],
            Some(Level::Single { .. }) => {
                &["config", "set", "unset", "append", "select", "unselect", "show", "get", "tree", "end", "abort"]
            }
        }
    }

    fn verb(&self, state: &State, typed: &str) -> Result<&'static str, Refusal> {
        let verbs = self.verbs(state.spec.vdom_mode.is_on());
        match expand(typed, verbs.iter().copied()) {
            Abbreviation::Of(verb) => Ok(verb),
            Abbreviation::Ambiguous => Err(Refusal::ambiguous(typed)),
            Abbreviation::Unknown if typed.contains(|c: char| c.is_ascii_uppercase()) => {
                Err(Refusal::parse_with_code(typed, None))
            }
            Abbreviation::Unknown => Err(Refusal::unknown_action()),
        }
    }

    /// `sudo global COMMAND` and `sudo VDOM COMMAND`: one command in another scope.
    fn sudo(&mut self, state: &mut State, words: &[Word]) -> Answer {
        let Some((scope, command)) = words.split_first() else { return Err(Refusal::incomplete()) };
        let levels = match scope.text.as_str() {
            "global" => vec![Level::Global],
            name if self.current(state).vdom(name).is_some() => vec![Level::Vdoms, Level::Vdom(name.into())],
            name => return Err(Refusal::parse(name)),
        };
        let outside = std::mem::replace(&mut self.levels, levels);
        let answer = self.dispatch(state, command);
        self.levels = outside;
        answer
    }

    /// The prompt that is due now.
    pub(super) fn prompt(&self) -> String {
        let state = self.device.lock();
        let hostname = self.current(&state).global.singles.get("system global");
        let hostname = hostname.and_then(|node| node.first("hostname")).unwrap_or(&state.spec.hostname);
        let flips = state.spec.traps.role_flips_after;
        let view = View {
            context: self.levels.last().map(Level::name),
            super_admin: self.profile == "super_admin",
            flipped: flips.is_some_and(|after| self.lines >= after),
        };
        prompt(&state.spec, hostname, &view)
    }

    /// How deep the session is in the configuration.
    pub(super) fn is_at_base(&self) -> bool {
        self.levels.is_empty()
    }

    fn current<'a>(&'a self, state: &'a State) -> &'a Config {
        self.workspace.as_ref().unwrap_or(&state.running)
    }

    /// The configuration that commits go to; none on a unit that undoes them.
    fn target<'a>(&'a mut self, state: &'a mut State) -> Option<&'a mut Config> {
        if state.undoes_changes() && !self.boot {
            return None;
        }
        Some(self.workspace.as_mut().unwrap_or(&mut state.running))
    }

    /// The VDOM that VDOM-level objects belong to here.
    fn vdom<'a>(&'a self, state: &'a State) -> Option<&'a str> {
        let inside = self.levels.iter().rev().find_map(|level| match level {
            Level::Vdom(name) => Some(name.as_str()),
            _ => None,
        });
        let only = || self.current(state).vdoms.first().map(|(name, _)| name.as_str());
        if state.spec.vdom_mode.is_on() { inside } else { inside.or_else(only) }
    }

    /// Whether objects of this scope can be reached from here.
    fn reaches(&self, state: &State, scope: Scope) -> bool {
        if !state.spec.vdom_mode.is_on() {
            return true;
        }
        let in_global = self.levels.iter().any(|level| matches!(level, Level::Global));
        match scope {
            Scope::Global => in_global,
            Scope::Vdom => self.vdom(state).is_some(),
        }
    }

    /// The node of the configuration that holds top-level objects of this scope.
    fn scope_node<'a>(&'a self, state: &'a State, scope: Scope) -> Option<&'a Node> {
        match scope {
            Scope::Global => Some(&self.current(state).global),
            Scope::Vdom => self.current(state).vdom(self.vdom(state)?),
        }
    }
}

fn worded(answer: Answer, state: &State) -> Reply {
    answer.unwrap_or_else(|refusal| Reply::text(refusal.render(&state.spec.traps)))
}

impl Level {
    /// What the prompt shows in parentheses.
    fn name(&self) -> &str {
        match self {
            Level::Global => "global",
            Level::Vdoms => "vdom",
            Level::Vdom(name) => name,
            Level::Table(object) | Level::Single { object, .. } => object.name(),
            Level::Entry { key, .. } => key,
        }
    }

    fn staged(&self) -> Option<&Node> {
        match self {
            Level::Entry { staged, .. } | Level::Single { staged, .. } => Some(staged),
            _ => None,
        }
    }

    fn staged_mut(&mut self) -> Option<(&Arc<Definition>, &mut Node)> {
        match self {
            Level::Entry { table: object, staged, .. } | Level::Single { object, staged } => Some((object, staged)),
            _ => None,
        }
    }
}
