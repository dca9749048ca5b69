//! `execute` and `diagnose`.

use super::super::refusal::Refusal;
use super::super::traps::{KeyReply, Note};
use super::super::words::{Abbreviation, Word, expand};
use super::config::refuse_extra;
use super::{Answer, AskKind, Cli, Pending, Reply, State};
use crate::fortios::schema::{Expiry, Schema};
use crate::fortios::version::Version;

impl Cli {
    pub(super) fn execute(&mut self, state: &mut State, words: &[Word]) -> Answer {
        let Some((topic, rest)) = words.split_first() else { return Err(Refusal::incomplete()) };
        match resolve(topic, &["api-user", "cfg", "config-transaction", "date", "time"])? {
            "api-user" => self.api_user_command(state, rest),
            "cfg" => Self::cfg(state, rest),
            "config-transaction" => self.transaction(state, rest),
            "date" => Ok(Reply::text(format!("current date is: {}\n", today()))),
            _ => Ok(Reply::text(format!("current time is: {}\n", clock()))),
        }
    }

    fn api_user_command(&mut self, state: &mut State, words: &[Word]) -> Answer {
        let Some((command, rest)) = words.split_first() else { return Err(Refusal::incomplete()) };
        resolve(command, &["generate-key"])?;
        if !self.reaches(state, super::Scope::Global) {
            return Err(Refusal::parse("api-user"));
        }
        match rest.is_empty() {
            true => Err(Refusal::incomplete()),
            false if state.spec.asks_admin_password() => {
                Ok(Reply::ask(AskKind::Password, Pending::GenerateKey(rest.to_vec())))
            }
            false => self.generate_key_now(state, rest),
        }
    }

    pub(super) fn generate_key_now(&mut self, state: &mut State, words: &[Word]) -> Answer {
        let Some((name, rest)) = words.split_first() else { return Err(Refusal::incomplete()) };
        let minutes = expiry(state.spec.version, rest)?;
        // Only what is committed counts, not what a workspace holds.
        let known = state.running.global.entry("system api-user", &name.text).is_some();
        if !known || state.undoes_changes() {
            return Err(Refusal::new(format!("Could not find api-user {}.", name.text), -3));
        }
        if state.spec.fips {
            return Err(Refusal::new("", -7));
        }
        if !self.may_write(state) {
            return Err(Refusal::unknown_action());
        }
        let key = state.new_key(&name.text, minutes);
        Ok(Reply::text(announcement(key.expose(), &name.text, state.spec.traps.key_reply)))
    }

    fn cfg(state: &mut State, words: &[Word]) -> Answer {
        let Some((command, rest)) = words.split_first() else { return Err(Refusal::incomplete()) };
        resolve(command, &["save"])?;
        refuse_extra(rest)?;
        state.save();
        Ok(Reply::text("config saved.\n"))
    }

    /// Workspace mode (administration guide 530847), from 6.2.0 on.
    fn transaction(&mut self, state: &mut State, words: &[Word]) -> Answer {
        if state.spec.version < Version::new(6, 2, 0) {
            return Err(Refusal::parse("config-transaction"));
        }
        let Some((command, _)) = words.split_first() else { return Err(Refusal::incomplete()) };
        let resumes = state.spec.version >= Version::new(8, 0, 0);
        let commands: &[&str] =
            if resumes { &["start", "commit", "abort", "resume"] } else { &["start", "commit", "abort"] };
        match (resolve(command, commands)?, self.workspace.take()) {
            ("start", None) if !state.spec.traps.no_transaction => {
                self.workspace = Some(state.running.clone());
                self.workspace_lines = 0;
            }
            ("commit", Some(workspace)) => {
                state.running = workspace;
                state.locks.retain(|_, session| *session != self.session);
                self.forget_keys(state);
                state.committed("transaction");
                state.save_if_automatic();
            }
            ("abort", Some(_)) => state.locks.retain(|_, session| *session != self.session),
            (_, workspace) => {
                self.workspace = workspace;
                return Err(Refusal::new("", -1));
            }
        }
        Ok(Reply::default())
    }

    /// The time of an open workspace is over: what it holds is lost, and the session is told (administration guide 530847).
    pub(super) fn expire_workspace(&mut self, state: &mut State) -> Option<&'static str> {
        let after = state.spec.traps.transaction_expires_after?;
        self.workspace.as_ref()?;
        self.workspace_lines += 1;
        if self.workspace_lines < after {
            return None;
        }
        self.workspace = None;
        state.locks.retain(|_, session| *session != self.session);
        Some(EXPIRY)
    }

    pub(super) fn diagnose(&mut self, words: &[Word]) -> Answer {
        let Some((topic, _)) = words.split_first() else { return Err(Refusal::incomplete()) };
        match resolve(topic, &["debug"])? {
            "debug" => Ok(Reply::default()),
            other => Err(Refusal::parse(other)),
        }
    }
}

/// What a session is told in its last half minute, in one piece.
const EXPIRY: &str = "config transaction id=1 will expire in 30 seconds\nconfig transaction id=1 will expire in 20 seconds\n\
                      config transaction id=1 will expire in 10 seconds\nconfig transaction id=1 has expired\n";

fn resolve<'a>(word: &Word, known: &[&'a str]) -> Result<&'a str, Refusal> {
    match expand(&word.text, known.iter().copied()) {
        Abbreviation::Of(word) => Ok(word),
        Abbreviation::Ambiguous => Err(Refusal::ambiguous(&word.text)),
        Abbreviation::Unknown => Err(Refusal::parse(&word.text)),
    }
}

/// `generate-key NAME MINUTES`, where the version has it, and for whom.
fn expiry(version: Version, words: &[Word]) -> Result<Option<u32>, Refusal> {
    let Some((expiry, rest)) = words.split_first() else { return Ok(None) };
    refuse_extra(rest)?;
    match (Schema::of(version).expiry(), expiry.text.parse::<u32>()) {
        (Expiry::NotYet { .. }, _) => Err(Refusal::parse(&expiry.text)),
        (Expiry::SupportToolOnly { .. }, Ok(_)) => Err(Refusal::new("", -609)),
        (Expiry::Minutes { min, max }, Ok(minutes)) if (min..=max).contains(&minutes) => Ok(Some(minutes)),
        _ => Err(Refusal::value(&expiry.text, -650)),
    }
}

fn announcement(key: &str, user: &str, shape: KeyReply) -> String {
    let sentence = "The bearer of this API key will be granted all access privileges assigned to the api-user";
    let blank = |lines| "\n".repeat(lines);
    let note = match shape.note {
        Note::Line => format!("NOTE: {sentence} {user}.\n"),
        Note::Wrapped => format!("{sentence}\n{user}.\n"),
        Note::Absent => String::new(),
    };
    let (before, between) = (blank(shape.blank_before), blank(shape.blank_between));
    format!("{before}New API key: {key}\n{between}{note}")
}

fn today() -> String {
    super::super::status::now().split(' ').next().unwrap_or_default().to_owned()
}

fn clock() -> String {
    super::super::status::now().split(' ').nth(1).unwrap_or_default().to_owned()
}
