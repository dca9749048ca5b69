//! Templates: a plan written down as CLI.
//!
//! The templates are MiniJinja, one file a job, embedded; single ones can be replaced. Quoting is the environment's
//! formatter, so no template can forget it: every value becomes one word, a list becomes words. An undefined name is an
//! error. What comes out is parsed and checked ([`Script::parse`]) before anybody sees it.

mod embedded;
mod error;
mod formatter;
mod parsed;
mod source;

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};

use super::audit::mend::Mend;
use super::edit::Edit;
use super::plan::{KeyOrder, Plan};
use super::retirement::Retirement;
use super::script::{Script, ScriptError};
use embedded::EMBEDDED;
use formatter::write_words;
use parsed::Parsed;
use source::source_line;

pub use error::RenderError;

/// The templates of a run. Clones share them.
#[derive(Debug, Clone)]
pub struct Templates {
    environment: Arc<Environment<'static>>,
    /// Where a replaced template came from, by its name.
    origins: Arc<BTreeMap<String, String>>,
    parsed: Arc<Parsed>,
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
        let mut origins = BTreeMap::new();
        let embedded = EMBEDDED.iter().map(|(name, text)| (name.to_string(), None, text.to_string()));
        let files = files.into_iter().map(|(name, origin, text)| (name, Some(origin), text));
        for (name, origin, text) in embedded.chain(files) {
            if let Some(origin) = origin {
                if !EMBEDDED.iter().any(|(known, _)| *known == name) {
                    return Err(RenderError::Unknown(origin));
                }
                origins.insert(name.clone(), origin);
            }
            let added = environment.add_template_owned(name.clone(), text);
            added.map_err(|error| template_error(origin_of(&origins, &name), &error))?;
        }
        Ok(Templates { environment: Arc::new(environment), origins: Arc::new(origins), parsed: Arc::default() })
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

    /// The tables that an audit rests on, and the settings of the device that bear on the API.
    ///
    /// # Errors
    /// As for [`Templates::status`].
    pub fn audit(&self, vdoms: bool, paging: Paging) -> Result<Script, RenderError> {
        self.script(vdoms, paging, &[("audit.cli", context! {})])
    }

    /// The interfaces: the one table of an audit that can be large.
    ///
    /// # Errors
    /// As for [`Templates::status`].
    pub fn audit_interfaces(&self, vdoms: bool, paging: Paging) -> Result<Script, RenderError> {
        self.script(vdoms, paging, &[("audit-interfaces.cli", context! {})])
    }

    /// What mends a finding of an audit, for an engineer to paste.
    ///
    /// # Errors
    /// As for [`Templates::status`]; also where a device's own words cannot be typed at its shell.
    pub fn mend(&self, vdoms: bool, mend: &Mend) -> Result<Script, RenderError> {
        let job = match mend {
            Mend::Edit(edit) => job(edit),
            Mend::System(system) => ("system.cli", context! { system => Serde(system) }),
        };
        self.script(vdoms, Paging::Answered, &[job])
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
        let jobs: Vec<(&str, Value)> = edits_within(plan, transaction).chain([read_back]).collect();
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
        let edits = retirement.edits();
        let removed = (!edits.is_empty()).then(|| self.edits(retirement.vdoms, &edits));
        let saved = retirement.save.then(|| self.save(retirement.vdoms));
        voided.into_iter().chain(removed).chain(saved).collect()
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
        self.dry_run_within(plan, false)
    }

    /// The same; in a `transaction` the objects appear at one instant, and the key is generated when they have.
    ///
    /// # Errors
    /// As for [`Templates::status`].
    pub fn dry_run_within(&self, plan: &Plan, transaction: bool) -> Result<Script, RenderError> {
        let mut jobs: Vec<(&str, Value)> = edits_within(plan, transaction).chain([key_job(&plan.key)]).collect();
        if plan.save {
            jobs.push(("save.cli", context! {}));
        }
        self.script(plan.vdoms, Paging::Answered, &jobs)
    }

    /// Renders the jobs one after the other.
    fn script(&self, vdoms: bool, paging: Paging, jobs: &[(&str, Value)]) -> Result<Script, RenderError> {
        let rendered = jobs.iter().map(|(name, values)| Ok(unpaged(self.render(name, values)?, paging)));
        let texts = rendered.collect::<Result<Vec<String>, RenderError>>()?;
        self.parsed.script((texts, vdoms), |(texts, vdoms)| {
            let names: Vec<&str> = jobs.iter().map(|(name, _)| *name).collect();
            self.parse(&names, texts, *vdoms)
        })
    }

    /// The jobs with these names and texts as one script, each checked on its own so that an error names its template.
    fn parse(&self, names: &[&str], texts: &[String], vdoms: bool) -> Result<Script, RenderError> {
        for (name, text) in names.iter().zip(texts) {
            Script::parse(text).map_err(|error| self.script_error(name, error))?;
        }
        let text: String = texts.iter().flat_map(|text| [text.as_str(), "\n"]).collect();
        // Global tables are reached from `config global` on a device with VDOMs, and only there.
        let text = if vdoms && !texts.is_empty() { format!("config global\n{text}end\n") } else { text };
        let last = names.last().copied().unwrap_or_default();
        Script::parse(&text).map_err(|error| self.script_error(last, error))
    }

    fn render(&self, name: &str, values: &Value) -> Result<String, RenderError> {
        let template = self.environment.get_template(name);
        let rendered = template.and_then(|template| template.render(values));
        rendered.map_err(|error| template_error(origin_of(&self.origins, name), &error))
    }

    fn script_error(&self, name: &str, error: ScriptError) -> RenderError {
        let source =
            self.environment.get_template(name).map(|template| template.source().to_owned()).unwrap_or_default();
        RenderError::Script { origin: origin_of(&self.origins, name), line: source_line(&source, &error.text), error }
    }
}

fn origin_of(origins: &BTreeMap<String, String>, name: &str) -> String {
    origins.get(name).cloned().unwrap_or_else(|| format!("{name} (embedded)"))
}

fn template_error(origin: String, error: &minijinja::Error) -> RenderError {
    let what = error.detail().map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()));
    RenderError::Template { origin, line: error.line(), what }
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

/// The edits of a plan, in a transaction of their own or each for itself.
fn edits_within(plan: &Plan, transaction: bool) -> impl Iterator<Item = (&'static str, Value)> {
    let step = move |step: &'static str| transaction.then(|| ("transaction.cli", context! { step }));
    step("start").into_iter().chain(plan.edits.iter().map(job)).chain(step("commit"))
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

#[cfg(test)]
mod tests;
