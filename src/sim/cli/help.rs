//! `?` and Tab.

use super::super::certificate::local_names;
use super::super::definition::{Field, Kind, Source};
use super::super::words::{Abbreviation, Split, Word, expand, split};
use super::entry::is_visible;
use super::{Cli, Level, State};

/// What the verbs do, in the words of the help.
const VERBS: [(&str, &str); 22] = [
    ("abort", "Discard the changes and exit."),
    ("append", "Append an option."),
    ("clone", "Clone table entry."),
    ("config", "Configure object."),
    ("delete", "Delete table entry."),
    ("diagnose", "Diagnose facility."),
    ("edit", "Add/edit a table entry."),
    ("end", "End and save last config."),
    ("execute", "Execute static commands."),
    ("exit", "Exit the CLI."),
    ("get", "Get dynamic and system information."),
    ("move", "Move table entry."),
    ("next", "Configure next table entry."),
    ("purge", "Clear all table value."),
    ("quit", "Exit the CLI."),
    ("rename", "Rename table entry."),
    ("select", "Select multi-option values."),
    ("set", "Modify value."),
    ("show", "Show configuration."),
    ("sudo", "Run a command in another scope."),
    ("unselect", "Unselect an option."),
    ("unset", "Set to default value."),
];

impl Cli {
    /// What `?` prints behind the text typed so far: one line per word that may come next.
    pub(in crate::sim) fn help(&self, typed: &str) -> String {
        let rows = self.candidates(typed);
        let width = rows.iter().map(|(word, _)| word.len()).max().unwrap_or(0) + 4;
        rows.iter().map(|(word, about)| format!("{word:<width$}{about}\n")).collect()
    }

    /// The rest of the word that Tab completes, when only one fits.
    pub(in crate::sim) fn completion(&self, typed: &str) -> Option<String> {
        let rows = self.candidates(typed);
        let last = typed.rsplit(' ').next().unwrap_or_default();
        let [(word, _)] = rows.as_slice() else { return None };
        if word.starts_with('<') {
            return None;
        }
        word.strip_prefix(last).map(|rest| format!("{rest} "))
    }

    fn candidates(&self, typed: &str) -> Vec<(String, String)> {
        let Split::Words(mut words) = split(typed) else { return vec![enter()] };
        let begun = if typed.is_empty() || typed.ends_with(' ') { None } else { words.pop() };
        let begun = begun.map_or_else(String::new, |word| word.text);
        let device = self.device.clone();
        let state = device.lock();
        let mut rows = self.possible(&state, &words);
        rows.retain(|(word, _)| word.starts_with('<') || word.starts_with(&begun));
        rows
    }

    /// The words that may follow `words`.
    fn possible(&self, state: &State, words: &[Word]) -> Vec<(String, String)> {
        let Some((verb, rest)) = words.split_first() else { return self.verb_rows(state) };
        let Ok(verb) = self.verb(state, &verb.text) else { return Vec::new() };
        match (verb, rest) {
            ("set" | "unset" | "append" | "select" | "unselect", []) => self.field_rows(),
            ("set" | "append" | "select", [field, ..]) => self.value_rows(state, &field.text),
            ("config" | "show" | "get", path) => self.path_rows(state, path),
            ("edit" | "delete", []) => self.entry_rows(state),
            ("execute", []) => vec![
                row("api-user", "Manage REST API users."),
                row("cfg", "Configuration."),
                row("config-transaction", "Workspace mode."),
            ],
            ("execute", [topic]) if topic.text == "api-user" => {
                vec![row("generate-key", "Generate a new API key for a REST API user.")]
            }
            ("execute", [topic, _]) if topic.text == "api-user" => self.user_rows(state),
            _ => vec![enter()],
        }
    }

    fn verb_rows(&self, state: &State) -> Vec<(String, String)> {
        let about = |verb: &str| VERBS.iter().find(|(name, _)| *name == verb).map_or("", |(_, about)| about);
        let mut verbs = self.verbs(state.spec.vdom_mode.is_on()).to_vec();
        verbs.sort_unstable();
        verbs.into_iter().map(|verb| row(verb, about(verb))).collect()
    }

    fn field_rows(&self) -> Vec<(String, String)> {
        let Some(Level::Entry { table: object, staged, .. } | Level::Single { object, staged }) = self.levels.last()
        else {
            return Vec::new();
        };
        let visible = object.fields.iter().filter(|field| is_visible(object, staged, field));
        visible.map(|field| row(&format!("{}{}", field.mark(), field.name), "")).collect()
    }

    fn value_rows(&self, state: &State, typed: &str) -> Vec<(String, String)> {
        let Some(Level::Entry { table: object, .. } | Level::Single { object, .. }) = self.levels.last() else {
            return Vec::new();
        };
        let names = object.fields.iter().map(|field| field.name.as_str());
        let Abbreviation::Of(name) = expand(typed, names) else { return Vec::new() };
        match object.field(name).map(|field| &field.kind) {
            Some(Kind::Choice(values)) => values.iter().map(|value| row(value, "")).collect(),
            Some(Kind::Reference(_, source) | Kind::References(_, source)) => {
                let known = self.names_of(state, *source);
                let string = row("<string>", "Please input a string value.");
                let what = if *source == Source::AccessProfile { "accprofile" } else { "vdom" };
                [string].into_iter().chain(known.iter().map(|name| row(name, what))).collect()
            }
            Some(Kind::Integer(min, max)) => {
                vec![row("<integer>", &format!("please input integer value ({min}-{max})"))]
            }
            Some(Kind::Ipv4Net) => vec![row("<class_ip>", "Class A,B,C ip xxx.xxx.xxx.xxx")],
            Some(Kind::Ipv6Net) => vec![row("<ipv6>", "IPv6 prefix")],
            _ => vec![row("<string>", "Please input a string value.")],
        }
    }

    fn names_of(&self, state: &State, source: Source) -> Vec<String> {
        let config = self.current(state);
        let mut names: Vec<String> = match source {
            Source::AccessProfile => {
                config.global.entries("system accprofile").iter().map(|(name, _)| name.clone()).collect()
            }
            Source::LocalCertificate => local_names(&state.spec).into_iter().map(str::to_owned).collect(),
            Source::Vdom => config.vdoms.iter().map(|(name, _)| name.clone()).collect(),
        };
        names.retain(|name| self.exists(state, source, name));
        names.sort();
        names
    }

    fn path_rows(&self, state: &State, path: &[Word]) -> Vec<(String, String)> {
        let typed: Vec<&str> = path.iter().map(|word| word.text.as_str()).collect();
        let reachable = state.definitions.iter().filter(|object| self.reaches(state, object.scope));
        let follows = |path: &str| {
            let words: Vec<&str> = path.split(' ').collect();
            let begins = words.iter().zip(&typed).all(|(word, typed)| word.starts_with(typed));
            words.get(typed.len()).filter(|_| begins).map(|word| (*word).to_owned())
        };
        let mut names: Vec<String> = match self.levels.last() {
            Some(Level::Entry { table: object, .. } | Level::Single { object, .. }) => {
                object.children.iter().filter_map(|child| follows(&child.path)).collect()
            }
            _ => reachable.filter_map(|object| follows(&object.path)).collect(),
        };
        names.sort();
        names.dedup();
        if names.is_empty() { vec![enter()] } else { names.iter().map(|name| row(name, "")).collect() }
    }

    fn entry_rows(&self, state: &State) -> Vec<(String, String)> {
        let Some(Level::Table(table)) = self.levels.last() else { return Vec::new() };
        self.held(state, table).iter().map(|(name, _)| row(name, "")).collect()
    }

    fn user_rows(&self, state: &State) -> Vec<(String, String)> {
        self.current(state).global.entries("system api-user").iter().map(|(name, _)| row(name, "")).collect()
    }

    /// Whether output is paged: `set output more` of `config system console`, the default.
    pub(in crate::sim) fn console_pages(&self) -> bool {
        let state = self.device.lock();
        let console = state.running.global.singles.get("system console");
        console.and_then(|node| node.first("output")) != Some("standard")
    }
}

impl Field {
    /// The help marks mandatory settings.
    fn mark(&self) -> &'static str {
        if self.required { "*" } else { "" }
    }
}

fn row(word: &str, about: &str) -> (String, String) {
    (word.to_owned(), about.to_owned())
}

fn enter() -> (String, String) {
    row("<Enter>", "")
}
