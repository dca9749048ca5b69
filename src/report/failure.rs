//! The words for a mint that failed: what the device said, what that left on it, what to type next.

use std::error::Error;

use super::step::listed;
use super::{Exit, Reporter, Verbosity, with_causes};
use crate::deliver::{DeliverError, Escrowed};
use crate::fortios::plan::{Plan, PlanError};
use crate::fortios::request_error::RequestError;
use crate::fortios::rights::Lack;
use crate::fortios::script::Script;
use crate::session::fault::{Fault, FaultKind, Step};
use crate::session::reply::Refusal;
use crate::verbs::console::ASKS_SINCE;
use crate::verbs::failure::{Failure, KeyFate, Left, MintError, Remains};
use crate::verbs::survey::SurveyError;

/// What an administrator of a VDOM has to hear.
const NEEDS_SUPER_ADMIN: &str =
    "a VDOM administrator cannot enter `config global`; log in as one whose profile is super_admin";

/// What an administrator has to hear whom the device does not let do it.
const NEEDS_RIGHTS: &str = "your administrator's profile may not do this: API users need super_admin, and from 7.4.2 `cli-config` and `cli-exec`";

impl Reporter {
    /// Says what went wrong on `device` and what is left there; returns how the run ends.
    pub fn failed(&mut self, device: &str, failure: &Failure) -> Exit {
        match &failure.error {
            MintError::Elsewhere(elsewhere) if !elsewhere.lines.is_empty() => {
                elsewhere.lines.iter().for_each(|line| self.retell(line));
                return exit(failure);
            }
            MintError::Undelivered(undelivered) => self.undelivered(device, undelivered),
            MintError::Fault(fault) => self.fault(device, fault),
            error => self.error(Some(device), error),
        }
        self.left(&failure.left, &failure.error);
        if let Some(hint) = hint(&failure.error) {
            self.hint(&hint);
        }
        exit(failure)
    }

    /// Says why a request cannot be had, before anything was contacted.
    pub fn refused_request(&mut self, error: &MintError) {
        let (message, hint) = refusal(error);
        self.bad_usage(&message, hint.as_deref());
    }

    /// Says what a dry run assumed, and `assumed` whether that was for want of being told; its CLI goes to stdout.
    pub fn dry_run(&mut self, plan: &Plan, assumed: bool) {
        if self.verbosity >= Verbosity::Story {
            self.assumption(plan, assumed);
        }
        for warning in &plan.warnings {
            self.note(&warning.to_string());
        }
        if let Some(vdom) = &plan.assumed_vdom {
            self.note(&format!("the request names no VDOM; the API user gets {vdom}"));
        }
    }

    fn assumption(&mut self, plan: &Plan, assumed: bool) {
        let vdoms = if plan.vdoms { "with VDOMs" } else { "without VDOMs" };
        let otherwise = if assumed { "; --fortios and --vdom-mode say otherwise" } else { "" };
        self.note(&format!("the CLI is for FortiOS {}, {vdoms}{otherwise}", plan.version));
        if plan.version >= ASKS_SINCE {
            self.note(
                "this release may ask for your password at an `end`: paste up to there, answer, then paste the rest",
            );
        }
    }

    /// Says what to do with the CLI of a dry run.
    pub fn pasting(&mut self) {
        if self.verbosity >= Verbosity::Story {
            self.hint("paste it, then give the terminal's log to `fgtkey scrape`");
        }
    }

    /// Says that the keys in a transcript are not the one that was asked for.
    pub fn no_such_key(&mut self, api_user: Option<&str>) {
        let whose = api_user.map(|name| format!(" of the API user {name}")).unwrap_or_default();
        self.bad_usage(&format!("the transcript has no live key{whose}"), None);
    }

    /// Says that simulated devices listen.
    pub fn simulating(&mut self, count: usize) {
        let devices = if count == 1 {
            "a simulated FortiGate listens".into()
        } else {
            format!("{count} simulated FortiGates listen")
        };
        if self.verbosity >= Verbosity::Story {
            self.note(&format!("{devices}; Ctrl-C ends it"));
        }
    }

    fn fault(&mut self, device: &str, fault: &Fault) {
        self.say_error(Some(device), &fault_words(fault));
    }

    fn left(&mut self, left: &Left, error: &MintError) {
        match left {
            Left::Untouched if matches!(error, MintError::Deliver(DeliverError::Service { .. })) => {
                self.note("the device was not contacted");
            }
            Left::Untouched if matches!(error, MintError::Deliver(_)) => self.note("nothing was contacted"),
            Left::Untouched if matches!(error, MintError::Dial(_)) => self.note("nothing was changed"),
            Left::Untouched => self.note("nothing was changed on the device"),
            Left::Undone(objects) if objects.is_empty() => self.note("nothing of it is left on the device"),
            Left::Undone(objects) => {
                self.note(&format!(
                    "nothing of it is left: {} taken back, and read again to prove it",
                    listed(objects)
                ));
            }
            Left::Minted | Left::Elsewhere => {}
            Left::Escrowed(escrowed) => self.escrowed(escrowed),
            Left::Overtaken => {
                self.note("its key is left alone, and so is what was made for it; no key was generated");
                self.hint("run the same command again: it tells what it finds");
            }
            Left::OldStays { user } => {
                self.note(&format!("the new key is delivered; {user} is still there, and its key still works"));
                self.hint("`fgtkey rotate --finish` retires it");
            }
            Left::Unsaved => self.note("the key is delivered and works, but a reboot of the device loses it"),
            Left::NeedsPerson { what, mend } => self.needs_person(what, mend.as_ref()),
        }
    }

    fn needs_person(&mut self, what: &Remains, mend: Option<&Script>) {
        let words = match what {
            Remains::Unreached(error) => {
                format!("the device could not be reached again to take it back: {}", words(error))
            }
            Remains::OtherDevice { serial } => {
                format!("another device ({serial}) answered at this address when it was to be taken back")
            }
            Remains::Unseen => "what is on the device now is not known".to_owned(),
            Remains::NotTakenBack(error) => format!("it could not be taken back: {}", words(error)),
            Remains::Differs(objects) => format!("after it was taken back these still differ: {}", listed(objects)),
            Remains::NotSaved => "the change is made, but a reboot of the device takes it back".into(),
            Remains::Part { gone, there, key } => part_words(gone, there, *key),
            Remains::NotGone { user } => {
                format!("the device could not be looked at again: {user} may be there still, and its key may be void")
            }
            Remains::NotRevoked { user } => format!("{user} could not be taken away, and its key still works"),
            Remains::KeyUnknown { user } => format!("{user}, which had no key, may have one now that nobody knows"),
            Remains::KeyVoid { user } => {
                format!("the old key of {user} may be void and the new one is lost; its consumers may be cut off")
            }
        };
        self.note(&words);
        match (what, mend) {
            (Remains::Unseen | Remains::KeyVoid { .. } | Remains::KeyUnknown { .. }, _) => {
                self.hint("run the same command again")
            }
            (Remains::NotGone { .. } | Remains::Part { .. }, Some(script)) => {
                self.note("this takes away what is left:");
                self.message_lines(&script.to_string());
                self.hint("or run the same command again");
            }
            (Remains::NotSaved, Some(script)) => {
                self.note("this saves it:");
                self.message_lines(&script.to_string());
            }
            (_, Some(script)) => {
                self.note("look at the device; what this run may have made or altered is taken back by:");
                self.message_lines(&script.to_string());
            }
            (_, None) => {}
        }
    }

    pub(super) fn message_lines(&mut self, text: &str) {
        for line in text.lines() {
            self.write(&format!("fgtkey:   {}\n", super::printable(line)));
        }
    }
}

/// `the access profile tf is still there; the API user tf is gone`.
fn part_words(gone: &[String], there: &[String], key: Option<KeyFate>) -> String {
    let is = |objects: &[String]| if objects.len() == 1 { "is" } else { "are" };
    let there = (!there.is_empty()).then(|| format!("{} {} still there", listed(there), is(there)));
    let gone = (!gone.is_empty()).then(|| format!("{} {} gone", listed(gone), is(gone)));
    let key = key.map(|fate| match fate {
        KeyFate::Void => "the API user's old key is void".to_owned(),
        KeyFate::MaybeVoid => "the API user's old key may be void".to_owned(),
    });
    there.into_iter().chain(key).chain(gone).collect::<Vec<_>>().join("; ")
}

/// Why a request cannot be had, before anything was contacted, and what to type instead.
pub fn refusal(error: &MintError) -> (String, Option<String>) {
    let hint = match error {
        MintError::Plan(PlanError::Request(RequestError::NoVdoms(_))) => {
            Some("leave out --vdom, or say --vdom-mode multi".to_owned())
        }
        error => hint(error),
    };
    (with_causes(error), hint)
}

/// What went wrong, with its causes, without the device's name.
pub fn words(error: &MintError) -> String {
    match error {
        MintError::Fault(fault) => fault_words(fault),
        other => with_causes(other as &dyn Error),
    }
}

/// ``“set vdom "dmz"` was refused: entry not found in datasource (-3)``: the line first, as the person thinks of it.
fn fault_words(fault: &Fault) -> String {
    match (&fault.at, &fault.kind) {
        (Step::Line(line), FaultKind::Refused(refusal)) => format!("`{line}` was refused: {refusal}"),
        (Step::Line(line), FaultKind::Interrupted) => format!("interrupted at `{line}`"),
        // These say themselves for which line's answer they waited.
        (_, FaultKind::Silent { seconds, awaited, seen }) if seen.is_empty() => {
            format!("no answer within {seconds} s: nothing came while waiting for {awaited}")
        }
        (_, kind @ (FaultKind::Silent { .. } | FaultKind::Dropped { .. })) => kind.to_string(),
        (Step::Line(line), kind) => format!("`{line}`: {kind}"),
        (_, kind) => kind.to_string(),
    }
}

/// How a run on the device alone would end.
pub fn exit(failure: &Failure) -> Exit {
    match (&failure.left, &failure.error) {
        (Left::Minted, MintError::Undelivered(undelivered)) => match undelivered.escrowed {
            Escrowed::At(_) => Exit::Escrowed,
            Escrowed::Failed { .. } => Exit::NeedsPerson,
        },
        (_, MintError::Elsewhere(elsewhere)) => Exit::of_status(elsewhere.exit),
        (Left::Escrowed(Escrowed::At(_)), _) => Exit::Escrowed,
        (Left::Escrowed(Escrowed::Failed { .. }), _) => Exit::NeedsPerson,
        (Left::Untouched | Left::Undone(_) | Left::OldStays { .. }, error) if error.is_interrupt() => Exit::Interrupted,
        (Left::Untouched | Left::Undone(_), _) => Exit::Failed,
        (
            Left::Elsewhere
            | Left::OldStays { .. }
            | Left::Overtaken
            | Left::Minted
            | Left::Unsaved
            | Left::NeedsPerson { .. },
            _,
        ) => Exit::NeedsPerson,
    }
}

/// What to type next.
pub fn hint(error: &MintError) -> Option<String> {
    match error {
        MintError::Deliver(error) => error.hint(),
        MintError::Dial(error) => error.hint(),
        MintError::Elsewhere(elsewhere) => elsewhere.hint.clone(),
        MintError::Escrow(error) => error.hint(),
        MintError::Fault(fault) => fault_hint(fault),
        MintError::Journal(error) => error.hint(),
        MintError::Password(error) => error.hint(),
        MintError::Plan(error) => error.hint(),
        MintError::Render(error) => error.hint(),
        MintError::Unsaved(_) => Some("run `execute cfg save` on the device".into()),
        MintError::Rotation(error) => error.hint(),
        MintError::ReadBack(_) => Some("see what the device did with the lines: -vv".into()),
        MintError::Survey(SurveyError::Refused { .. }) => Some(
            "your administrator's profile may not read this: from FortiOS 7.4.2 that takes `cli-get` and `cli-show`"
                .into(),
        ),
        MintError::Survey(SurveyError::NoGlobal { .. }) => Some(NEEDS_SUPER_ADMIN.into()),
        MintError::Survey(SurveyError::OtherDevice { .. }) => {
            Some("look at the address; --serial says which device is meant".into())
        }
        MintError::Survey(SurveyError::Rights { profile, lack: Lack::CliSwitches(off) }) => Some(format!(
            "log in as a super_admin (-u USER), or let one set {} to enable in the access profile {profile}",
            off.join(" and ")
        )),
        MintError::Survey(SurveyError::Rights { .. } | SurveyError::Blind { .. }) => {
            Some("log in as a super_admin: -u USER".into())
        }
        MintError::NotProven(verified) => verified.cause.as_ref().and_then(|cause| cause.hint()),
        MintError::NoTransaction(_) => {
            Some("another one may be open; --transaction auto goes on without, each object complete".into())
        }
        MintError::NotRemembered { .. } => {
            Some("paste the CLI that --disable printed, or give the trusted hosts with `fgtkey plan --cli`".into())
        }
        MintError::Broken
        | MintError::DoneBefore { .. }
        | MintError::NotStarted
        | MintError::Overtaken { .. }
        | MintError::NoKey
        | MintError::Survey(_)
        | MintError::Undelivered(_) => None,
        MintError::Unfinished { verb, .. } => Some(format!("run that `fgtkey {verb}` again: it finishes it")),
    }
}

fn fault_hint(fault: &Fault) -> Option<String> {
    let line = match &fault.at {
        Step::Line(line) => line.as_str(),
        _ => "",
    };
    match &fault.kind {
        FaultKind::Refused(refusal) => refusal_hint(line, refusal),
        FaultKind::NewPassword => {
            Some("log in once by hand and choose a new password; nothing was typed into that question".into())
        }
        FaultKind::NoPassword => Some(
            "FortiOS 7.6 asks for it at a commit: give it with FGTKEY_PASSWORD, --password-file or --password-command"
                .into(),
        ),
        FaultKind::WrongPassword => Some("the login's password was given once and is not tried again".into()),
        FaultKind::TransactionExpired => Some("run it again; without a transaction nothing can expire".into()),
        // A read-only administrator is not told no: the line does nothing.
        FaultKind::Level { .. } if line.starts_with("config ") => Some(NEEDS_RIGHTS.into()),
        FaultKind::Silent { .. } => Some("a longer --timeout SECONDS waits longer; -vv shows the session".into()),
        FaultKind::Level { .. } | FaultKind::Overrun | FaultKind::NoKey(_) => Some("-vv shows the session".into()),
        FaultKind::NotFortiGate(_) => Some("fgtkey speaks FortiOS; other products have other commands".into()),
        FaultKind::Question(_) | FaultKind::Dropped { .. } | FaultKind::Endless | FaultKind::Interrupted => None,
    }
}

/// The causes that users of other tools ran into, by line and words.
fn refusal_hint(line: &str, refusal: &Refusal) -> Option<String> {
    let says = |words: &str| refusal.text.contains(words);
    let hint = if line == "config global" {
        NEEDS_SUPER_ADMIN
    } else if says("password required") {
        "FortiOS 7.6.5 wants this administrator's password for API users: give it with FGTKEY_PASSWORD or --password-file, also when a key logs in"
    } else if line.starts_with("set accprofile") && says("entry not found in datasource") {
        "there is no such profile, or your own administrator may not assign it: only a super_admin sees super_admin"
    } else if line.starts_with("set vdom") && says("entry not found in datasource") {
        "the device has no VDOM of that name; `config vdom` and `edit ?` on the device lists them"
    } else if says("locked") {
        "another administrator has it open in a configuration transaction; wait until it is committed, aborted or expired"
    } else if says("used by other") {
        "something else refers to it; --keep-profile leaves a profile that is in use"
    } else if says("entry not found in datasource") {
        "what the line names does not exist on the device"
    } else if says("maximum number of entries") || refusal.code == Some(-4) {
        "the table may be full, which small models and evaluation licences are soon: `fgtkey audit` lists the API users; revoke \
         one that nobody needs"
    } else if says("XSS") || refusal.code == Some(-173) {
        "FortiOS takes none of < > ( ) # ' \" in this value"
    } else if line.starts_with("config system") || line.starts_with("execute") || refusal.code == Some(-37) {
        NEEDS_RIGHTS
    } else if is_permission(line) && says("command parse error") {
        "this model or build does not have that parameter; leave the group out for this device"
    } else {
        return None;
    };
    Some(hint.to_owned())
}

/// Whether a line sets a permission: only these differ by model.
fn is_permission(line: &str) -> bool {
    let level = line.rsplit(' ').next().unwrap_or_default();
    line.starts_with("set ") && matches!(level, "none" | "read" | "read-write" | "custom")
}
