//! What `get` and `show` print of certificates. `vpn certificate` belongs to a VDOM, `certificate` to the whole device
//! (CLI reference 6.0.0, 82936); without VDOMs there is `vpn certificate` only.

use super::super::certificate::{CA_SSL, CertificateError, Store, details, local_names, pem};
use super::super::refusal::Refusal;
use super::super::words::Word;
use super::{Answer, Cli, Reply, Scope, State};

/// The word that the wrong form is refused at: which one FortiOS names was not found.
const REFUSED_AT: &str = "certificate";

/// What follows `get` or `show` when certificates are meant.
struct Asked<'w> {
    scope: Scope,
    /// `local`; else `ca`.
    local: bool,
    rest: &'w [Word],
}

impl<'w> Asked<'w> {
    fn of(words: &'w [Word]) -> Option<Self> {
        let is = |word: &Word, full: &str| word.text.len() >= 2 && full.starts_with(&word.text);
        let (scope, words) = match words.split_first() {
            Some((first, rest)) if first.text == "vpn" => (Scope::Vdom, rest),
            _ => (Scope::Global, words),
        };
        match words {
            [certificate, kind, rest @ ..] if is(certificate, "certificate") => {
                let local = is(kind, "local");
                (local || kind.text == "ca").then_some(Asked { scope, local, rest })
            }
            _ => None,
        }
    }
}

impl Cli {
    /// `get [vpn] certificate local|ca details [NAME]`; `None` when `words` say something else.
    pub(super) fn certificate_details(&self, state: &mut State, words: &[Word]) -> Option<Answer> {
        let asked = Asked::of(words)?;
        let ([topic, names @ ..], true) = (asked.rest, self.reaches_certificates(state, asked.scope)) else {
            return Some(Err(Refusal::parse(REFUSED_AT)));
        };
        Some(match names {
            _ if topic.text.len() < 2 || !"details".starts_with(&topic.text) => Err(Refusal::parse(&topic.text)),
            [] => printed(state, asked.local, None),
            [name] => printed(state, asked.local, Some(&name.text)),
            [_, extra, ..] => Err(Refusal::parse(&extra.text)),
        })
    }

    /// `show [full-configuration] [vpn] certificate local [NAME]`; `None` when `words` say something else.
    pub(super) fn show_certificates(&self, state: &mut State, words: &[Word], full: bool) -> Option<Answer> {
        let asked = Asked::of(words).filter(|asked| asked.local)?;
        if !self.reaches_certificates(state, asked.scope) {
            return Some(Err(Refusal::parse(REFUSED_AT)));
        }
        let path = if asked.scope == Scope::Vdom { "vpn certificate local" } else { "certificate local" };
        Some(match asked.rest {
            [] => shown(state, path, None, full),
            [name] => shown(state, path, Some(&name.text), full),
            [_, extra, ..] => Err(Refusal::parse(&extra.text)),
        })
    }

    fn reaches_certificates(&self, state: &State, scope: Scope) -> bool {
        let multi = state.spec.vdom_mode.is_on();
        (multi || scope == Scope::Vdom) && self.reaches(state, scope)
    }
}

fn printed(state: &mut State, local: bool, only: Option<&str>) -> Answer {
    let traps = state.spec.traps.https.clone();
    let store = state.certificates().map_err(none_made)?;
    let blocks: Vec<String> = listed(store, local)
        .filter(|(name, _)| only.is_none_or(|only| only == *name))
        .map(|(name, certificate)| details(name, certificate, &traps))
        .collect();
    match only {
        Some(_) if blocks.is_empty() => Err(Refusal::not_in_table()),
        _ => Ok(Reply::output(blocks.concat())),
    }
}

type Named<'a> = (&'static str, &'a super::super::certificate::Issued);

fn listed(store: &Store, local: bool) -> Box<dyn Iterator<Item = Named<'_>> + '_> {
    if local { Box::new(store.local()) } else { Box::new(store.authorities()) }
}

/// The certificates as configuration. Those of the factory are printed without their PEM.
fn shown(state: &mut State, path: &str, only: Option<&str>, full: bool) -> Answer {
    let mut names = vec![CA_SSL];
    names.extend(local_names(&state.spec));
    names.retain(|name| only.is_none_or(|only| only == *name));
    if only.is_some() && names.is_empty() {
        return Err(Refusal::not_in_table());
    }
    let mut out = format!("config {path}\n");
    for name in names {
        let enc = state.random.salted();
        out.push_str(&format!("    edit \"{name}\"\n        set password ENC {enc}\n"));
        out.push_str(&origin(state, name, full)?);
        out.push_str("    next\n");
    }
    Ok(Reply::output(out + "end\n"))
}

fn origin(state: &mut State, name: &str, full: bool) -> Result<String, Refusal> {
    let store = state.certificates().map_err(none_made)?;
    match store.find(name).filter(|local| local.is_imported()) {
        Some(local) if full => {
            let pem = pem(&local.certificate.der);
            Ok(format!("        set certificate \"{}\"\n        set source user\n", pem.trim_end()))
        }
        Some(local) => Ok(format!("        set certificate \"{}\"\n", pem(&local.certificate.der).trim_end())),
        None if full => Ok("        set range global\n        set source factory\n".to_owned()),
        None => Ok("        set range global\n".to_owned()),
    }
}

/// Without certificates there is nothing to print.
fn none_made(_: CertificateError) -> Refusal {
    Refusal::new("internal error", -1)
}
