//! Templates: a plan written down as CLI.
//!
//! The templates are MiniJinja, one file a job, embedded; single ones can be replaced. Quoting is the environment's
//! formatter, so no template can forget it: every value becomes one word, a list becomes words. An undefined name is an
//! error. What comes out is parsed and checked ([`Script::parse`]) before anybody sees it.

use std::collections::BTreeMap;

use minijinja::value::{Serde, ValueKind};
use minijinja::{AutoEscape, Environment, ErrorKind, Output, State, UndefinedBehavior, Value, context};

use super::edit::Edit;
use super::plan::{KeyOrder, Plan};
use super::retirement::Retirement;
use super::script::{Script, ScriptError};
use super::words;

/// The jobs, by the names of their template files.
const EMBEDDED: [(&str, &str); 20] = [
    ("api-user.cli", include_str!("../../templates/api-user.cli")),
    ("authorities.cli", include_str!("../../templates/authorities.cli")),
    ("authority.cli", include_str!("../../templates/authority.cli")),
    ("certificates.cli", include_str!("../../templates/certificates.cli")),
    ("check.cli", include_str!("../../templates/check.cli")),
    ("delete-profile.cli", include_str!("../../templates/delete-profile.cli")),
    ("generate-key.cli", include_str!("../../templates/generate-key.cli")),
    ("global.cli", include_str!("../../templates/global.cli")),
    ("https.cli", include_str!("../../templates/https.cli")),
    ("own-profile.cli", include_str!("../../templates/own-profile.cli")),
    ("profile-users.cli", include_str!("../../templates/profile-users.cli")),
    ("profile.cli", include_str!("../../templates/profile.cli")),
    ("read-back.cli", include_str!("../../templates/read-back.cli")),
    ("revoke.cli", include_str!("../../templates/revoke.cli")),
    ("rotation-survey.cli", include_str!("../../templates/rotation-survey.cli")),
    ("save.cli", include_str!("../../templates/save.cli")),
    ("status.cli", include_str!("../../templates/status.cli")),
    ("survey.cli", include_str!("../../templates/survey.cli")),
    ("transaction.cli", include_str!("../../templates/transaction.cli")),
    ("user.cli", include_str!("../../templates/user.cli")),
];

/// The templates of a run.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
    /// Where a replaced template came from, by its name.
    origins: BTreeMap<String, String>,
}

/// How reads are kept from being torn apart by the pager.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// Through `| grep .`, which is not paged: such reads can be typed ahead.
    Avoided,
    /// As they are, the pager answered: for a shell that takes no pipe.
    Answered,
}

/// Where and how certificates are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CertificatePlace {
    /// Whether the device has VDOMs.
    pub vdoms: bool,
    /// `certificate …`, the command of the global scope, instead of `vpn certificate …`, that of a VDOM.
    ///
    /// Source: FortiOS 6.0.0 CLI reference (82936).
    pub global: bool,
    /// How the reads are kept whole.
    pub paging: Paging,
}

/// A template that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// It is not a template, or names something that is not there.
    #[error("template {origin}{}: {what}", .line.map(|line| format!(", line {line}")).unwrap_or_default())]
    Template {
        /// The file.
        origin: String,
        /// The line in it, counted from 1.
        line: Option<usize>,
        /// What is wrong.
        what: String,
    },
    /// What it renders is not a script.
    #[error("template {origin}{}: it renders `{}`: {}", .line.map(|line| format!(", line {line}")).unwrap_or_default(), .error.text, .error.rule)]
    Script {
        /// The file.
        origin: String,
        /// The line of the template that the rendered line comes from, where that can be told.
        line: Option<usize>,
        /// The rendered line and the rule that it breaks.
        error: ScriptError,
    },
    /// There is no job of that name.
    #[error("there is no template `{0}` to replace")]
    Unknown(String),
}

impl RenderError {
    /// What to type next.
    pub fn hint(&self) -> Option<String> {
        match self {
            RenderError::Unknown(_) => {
                let names: Vec<&str> = EMBEDDED.iter().map(|(name, _)| *name).collect();
                Some(format!("the templates are {}", names.join(", ")))
            }
            RenderError::Template { .. } | RenderError::Script { .. } => {
                Some("mend the file, or leave out --templates to use the embedded ones".into())
            }
        }
    }
}

impl Templates {
    /// The embedded templates.
    ///
    /// # Errors
    /// None in practice: a test holds that each of them is one.
    pub fn embedded() -> Result<Templates, RenderError> {
        Templates::replacing([])
    }

    /// The embedded templates, with those replaced that are given as name, origin (for messages) and text.
    ///
    /// # Errors
    /// A name that is not one of ours, or a text that is not a template.
    pub fn replacing(files: impl IntoIterator<Item = (String, String, String)>) -> Result<Templates, RenderError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_formatter(write_words);
        let mut templates = Templates { environment, origins: BTreeMap::new() };
        for (name, text) in EMBEDDED {
            templates.add(name, text.to_owned())?;
        }
        for (name, origin, text) in files {
            if !EMBEDDED.iter().any(|(known, _)| *known == name) {
                return Err(RenderError::Unknown(origin));
            }
            templates.origins.insert(name.clone(), origin);
            templates.add(&name, text)?;
        }
        Ok(templates)
    }

    fn add(&mut self, name: &str, text: String) -> Result<(), RenderError> {
        let added = self.environment.add_template_owned(name.to_owned(), text);
        added.map_err(|error| self.template_error(name, &error))
    }

    /// `get system status`.
    ///
    /// # Errors
    /// As for every script here: a replaced template that cannot be rendered, or renders no script.
    pub fn status(&self) -> Result<Script, RenderError> {
        self.script(false, Paging::Answered, &[("status.cli", context! {})])
    }

    /// `get system status` and what is read before anything is decided, for a device without VDOMs, in one piece.
    ///
    /// # Errors
    /// As for [`Templates::status`].
    pub fn status_and_survey(&self, profile: &str, user: &str) -> Result<Script, RenderError> {
        let jobs = [("status.cli", context! {}), ("survey.cli", context! { profile, user })];
        self.script(false, Paging::Avoided, &jobs)
    }

    /// What is read before anything is decided.
    ///
    /// # Errors
    /// As for [`Templates::status`].
    pub fn survey(&self, vdoms: bool, paging: Paging, profile: &str, user: &str) -> Result<Script, RenderError> {
        self.script(vdoms, paging, &[("survey.cli", context! { profile, user })])
    }

    /// What `check` reads behind the status.
    ///
    /// # Errors
    /// As for [`Templates::status`].
    pub fn check(&self, vdoms: bool) -> Result<Script, RenderError> {
        self.script(vdoms, Paging::Answered, &[("check.cli", context! {})])
    }

    /// The access profile of the administrator who is logged in.
    ///
    /// # Errors
    /// As for [`Templates::status`].
    pub fn own_profile(&self, vdoms: bool, profile: &str) -> Result<Script, RenderError> {
        self.script(vdoms, Paging::Answered, &[("own-profile.cli", context! { profile })])
    }

    /// `get system global`, whole, for a shell that takes no `| grep`.
    ///
    /// # Errors
    /// As for [`Templates::status`].
    pub fn global(&self, vdoms: bool) -> Result<Script, RenderError> {
        self.script(vdoms, Paging::Answered, &[("global.cli", context! {})])
    }

    /// What `get system global` says of HTTPS administration.
    ///
    /// # Errors
    /// As for [`Templates::status`].
    pub fn https(&self, vdoms: bool) -> Result<Script, RenderError> {
        self.script(vdoms, Paging::Answered, &[("https.cli", context! {})])
    }

    /// The certificates of the device with these names; `global` chooses between the two spellings of the command, of
    /// which a device takes the one that belongs to its VDOM mode.
    ///
    /// # Errors
    /// As for [`Templates::status`].
    pub fn certificates(&self, place: CertificatePlace, names: &[&str]) -> Result<Script, RenderError> {
        let CertificatePlace { vdoms, global, paging } = place;
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        self.script(vdoms, paging, &[("certificates.cli", context! { global, names })])
    }

    /// The authorities that the device knows.
    ///
    /// # Errors
    /// As for [`Templates::status`].
    pub fn authorities(&self, place: CertificatePlace) -> Result<Script, RenderError> {
        let CertificatePlace { vdoms, global, paging } = place;
        self.script(vdoms, paging, &[("authorities.cli", context! { global })])
    }

    /// One of these authorities as it is configured: the certificate itself.
    ///
    /// # Errors
    /// As for [`Templates::status`].
    pub fn authority(&self, place: CertificatePlace, name: &str) -> Result<Script, RenderError> {
        let CertificatePlace { vdoms, global, paging } = place;
        self.script(vdoms, paging, &[("authority.cli", context! { global, name })])
    }

    /// One API user, and who is logged in.
    ///
    /// # Errors
    /// As for [`Templates::status`].
    pub fn user(&self, vdoms: bool, paging: Paging, name: &str) -> Result<Script, RenderError> {
        self.script(vdoms, paging, &[("user.cli", context! { name })])
    }

    /// Both objects, read again.
    ///
    /// # Errors
    /// As for [`Templates::status`].
    pub fn read_back(&self, vdoms: bool, paging: Paging, profile: &str, user: &str) -> Result<Script, RenderError> {
        self.script(vdoms, paging, &[("read-back.cli", context! { profile, user })])
    }

    /// Who uses a profile.
    ///
    /// # Errors
    /// As for [`Templates::status`].
    pub fn profile_users(&self, vdoms: bool, paging: Paging) -> Result<Script, RenderError> {
        self.script(vdoms, paging, &[("profile-users.cli", context! {})])
    }

    /// The edits of a plan and the reads that prove them.
    ///
    /// # Errors
    /// As for [`Templates::status`].
    pub fn push(&self, plan: &Plan, paging: Paging, profile: &str) -> Result<Script, RenderError> {
        self.push_within(plan, paging, profile, false)
    }

    /// The same; in a `transaction` the objects appear at one instant, and are read back when they have.
    ///
    /// # Errors
    /// As for [`Templates::status`].
    pub fn push_within(
        &self,
        plan: &Plan,
        paging: Paging,
        profile: &str,
        transaction: bool,
    ) -> Result<Script, RenderError> {
        let read_back = ("read-back.cli", context! { profile, user => plan.key.user.clone() });
        let step = |step: &'static str| transaction.then(|| ("transaction.cli", context! { step }));
        let edits = step("start").into_iter().chain(plan.edits.iter().map(job)).chain(step("commit"));
        let jobs: Vec<(&str, Value)> = edits.chain([read_back]).collect();
        self.script(plan.vdoms, paging, &jobs)
    }

    /// `execute config-transaction abort`: what a transaction holds is dropped.
    ///
    /// # Errors
    /// As for [`Templates::status`].
    pub fn abort_transaction(&self, vdoms: bool) -> Result<Script, RenderError> {
        self.script(vdoms, Paging::Answered, &[("transaction.cli", context! { step => "abort" })])
    }

    /// The API users between which a rotation goes, a `show` each, in the order of `users`.
    ///
    /// # Errors
    /// As for [`Templates::status`].
    pub fn rotation_survey<'a>(
        &self,
        vdoms: bool,
        paging: Paging,
        users: impl IntoIterator<Item = &'a str>,
    ) -> Result<Script, RenderError> {
        let users: Vec<String> = users.into_iter().map(str::to_owned).collect();
        self.script(vdoms, paging, &[("rotation-survey.cli", context! { users })])
    }

    /// What takes an API user away, in scripts for a session to run one after the other: its key is voided by one that nobody
    /// keeps, then the user is removed, then its profile. They are not one script, because a session does not tell what goes
    /// wrong behind a key in the same script.
    ///
    /// # Errors
    /// As for [`Templates::status`].
    pub fn retire(&self, retirement: &Retirement) -> Result<Vec<Script>, RenderError> {
        let voided = retirement.void_key().map(|order| self.generate_key(retirement.vdoms, &order));
        let removed = self.edits(retirement.vdoms, &retirement.edits());
        let saved = retirement.save.then(|| self.save(retirement.vdoms));
        voided.into_iter().chain([removed]).chain(saved).collect()
    }

    /// The same for an engineer to paste.
    ///
    /// # Errors
    /// As for [`Templates::status`].
    pub fn dry_retirement(&self, retirement: &Retirement) -> Result<Script, RenderError> {
        let voided = retirement.void_key().map(|order| key_job(&order));
        let saved = retirement.save.then(|| ("save.cli", context! {}));
        let jobs: Vec<_> = voided.into_iter().chain(retirement.edits().iter().map(job)).chain(saved).collect();
        self.script(retirement.vdoms, Paging::Answered, &jobs)
    }

    /// Edits alone.
    ///
    /// # Errors
    /// As for [`Templates::status`].
    pub fn edits(&self, vdoms: bool, edits: &[Edit]) -> Result<Script, RenderError> {
        self.script(vdoms, Paging::Answered, &edits.iter().map(job).collect::<Vec<_>>())
    }

    /// The line that makes the key.
    ///
    /// # Errors
    /// As for [`Templates::status`].
    pub fn generate_key(&self, vdoms: bool, key: &KeyOrder) -> Result<Script, RenderError> {
        self.script(vdoms, Paging::Answered, &[key_job(key)])
    }

    /// `execute cfg save`.
    ///
    /// # Errors
    /// As for [`Templates::status`].
    pub fn save(&self, vdoms: bool) -> Result<Script, RenderError> {
        self.script(vdoms, Paging::Answered, &[("save.cli", context! {})])
    }

    /// Everything that an engineer would paste.
    ///
    /// # Errors
    /// As for [`Templates::status`].
    pub fn dry_run(&self, plan: &Plan) -> Result<Script, RenderError> {
        let mut jobs: Vec<(&str, Value)> = plan.edits.iter().map(job).chain([key_job(&plan.key)]).collect();
        if plan.save {
            jobs.push(("save.cli", context! {}));
        }
        self.script(plan.vdoms, Paging::Answered, &jobs)
    }

    /// Renders the jobs one after the other, each checked on its own so that an error names its template.
    fn script(&self, vdoms: bool, paging: Paging, jobs: &[(&str, Value)]) -> Result<Script, RenderError> {
        let mut text = String::new();
        for (name, values) in jobs {
            let rendered = unpaged(self.render(name, values)?, paging);
            Script::parse(&rendered).map_err(|error| self.script_error(name, error))?;
            text.push_str(&rendered);
            text.push('\n');
        }
        // Global tables are reached from `config global` on a device with VDOMs, and only there.
        let text = if vdoms && !jobs.is_empty() { format!("config global\n{text}end\n") } else { text };
        let last = jobs.last().map_or("", |(name, _)| *name);
        Script::parse(&text).map_err(|error| self.script_error(last, error))
    }

    fn render(&self, name: &str, values: &Value) -> Result<String, RenderError> {
        let template = self.environment.get_template(name);
        let rendered = template.and_then(|template| template.render(values));
        rendered.map_err(|error| self.template_error(name, &error))
    }

    fn origin(&self, name: &str) -> String {
        self.origins.get(name).cloned().unwrap_or_else(|| format!("{name} (embedded)"))
    }

    fn template_error(&self, name: &str, error: &minijinja::Error) -> RenderError {
        let what =
            error.detail().map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()));
        RenderError::Template { origin: self.origin(name), line: error.line(), what }
    }

    fn script_error(&self, name: &str, error: ScriptError) -> RenderError {
        let source =
            self.environment.get_template(name).map(|template| template.source().to_owned()).unwrap_or_default();
        RenderError::Script { origin: self.origin(name), line: source_line(&source, &error.text), error }
    }
}

/// The reads of a rendered job, put through a pipe that keeps the pager away.
fn unpaged(rendered: String, paging: Paging) -> String {
    if paging == Paging::Answered {
        return rendered;
    }
    let is_plain_read = |line: &str| {
        let line = line.trim_start();
        (line.starts_with("show ") || line.starts_with("get ")) && !line.contains('|')
    };
    let piped =
        |line: &str| if is_plain_read(line) { format!("{} | grep .", line.trim_end()) } else { line.to_owned() };
    rendered.lines().map(piped).collect::<Vec<_>>().join("\n")
}

fn job(edit: &Edit) -> (&'static str, Value) {
    match edit {
        Edit::Profile(profile) => ("profile.cli", context! { profile => Serde(profile) }),
        Edit::User(user) => ("api-user.cli", context! { user => Serde(user) }),
        Edit::DeleteProfile(name) => ("delete-profile.cli", context! { name }),
        Edit::DeleteUser(name) => ("revoke.cli", context! { name }),
    }
}

fn key_job(key: &KeyOrder) -> (&'static str, Value) {
    ("generate-key.cli", context! { key => context! { user => key.user.clone(), expires => key.expires } })
}

/// The line of a template that rendered to `rendered`: the first whose literal text stands in it in order.
fn source_line(source: &str, rendered: &str) -> Option<usize> {
    let stands_in = |line: &str| {
        let mut rest = rendered;
        let mut literals = literals(line).peekable();
        literals.peek().is_some()
            && literals.all(|literal| match rest.split_once(literal) {
                Some((_, behind)) => {
                    rest = behind;
                    true
                }
                None => false,
            })
    };
    source.lines().position(stands_in).map(|at| at + 1)
}

/// What of a template's line is printed as it is.
fn literals(line: &str) -> impl Iterator<Item = &str> {
    let outside = |part: &'_ str| part.rfind("}}").or_else(|| part.rfind("%}")).map_or(0, |at| at + 2);
    let parts = line.split("{{").flat_map(|part| part.split("{%"));
    parts.map(move |part| part.get(outside(part)..).unwrap_or_default().trim()).filter(|literal| !literal.is_empty())
}

/// The formatter: a value is one word of CLI, a list is words.
fn write_words(out: &mut Output, _state: &mut State, value: &Value) -> Result<(), minijinja::Error> {
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => {
            for (index, item) in value.try_iter()?.enumerate() {
                if index > 0 {
                    out.write_str(" ")?;
                }
                write_value(out, &item)?;
            }
            Ok(())
        }
        _ => write_value(out, value),
    }
}

fn write_value(out: &mut Output, value: &Value) -> Result<(), minijinja::Error> {
    match value.kind() {
        ValueKind::String => write_word(out, value.as_str().unwrap_or_default()),
        ValueKind::Number => Ok(write!(out, "{value}")?),
        kind => {
            Err(minijinja::Error::new(ErrorKind::BadSerialization, format!("a value of kind {kind} is no word of CLI")))
        }
    }
}

fn write_word(out: &mut Output, word: &str) -> Result<(), minijinja::Error> {
    Ok(out.write_str(&words::quote(word))?)
}

#[cfg(test)]
mod tests;
