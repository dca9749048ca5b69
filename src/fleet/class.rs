//! What kind of failure it was: what a person counts in the morning.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::session::fault::{Fault, FaultKind};
use crate::ssh::DialError;
use crate::verbs::failure::{Failure, MintError};
use crate::verbs::survey::SurveyError;

/// The kind of a failure. Devices that fail in the same way have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// There was no connection: no address, no answer to TCP, a jump host that could not be passed.
    Unreachable,
    /// The host key is not the one that is trusted.
    HostKey,
    /// The login was refused.
    Authentication,
    /// The password was kept back, since another device had refused it.
    PasswordWithheld,
    /// The administrator may not do this.
    Rights,
    /// Another device answers there, or none that is a FortiGate in its right role.
    OtherDevice,
    /// The device cannot have what is requested, or has something already that must not be replaced.
    Request,
    /// A line was refused.
    Refused,
    /// No answer came in time.
    Silent,
    /// The connection was lost.
    Dropped,
    /// The device asked or showed something that was not expected.
    Unexpected,
    /// The key is not where it should be.
    Delivery,
    /// The key was not seen to work.
    NotProven,
    /// Something on this machine: the journal, the escrow, a template, the source of the password.
    Local,
    /// The operator stopped it.
    Interrupted,
    /// The run was stopped before it was this device's turn.
    NotStarted,
}

impl Class {
    /// The name in tables and records.
    pub const fn name(self) -> &'static str {
        match self {
            Class::Unreachable => "unreachable",
            Class::HostKey => "host key",
            Class::Authentication => "authentication",
            Class::PasswordWithheld => "password withheld",
            Class::Rights => "rights",
            Class::OtherDevice => "other device",
            Class::Request => "request",
            Class::Refused => "refused",
            Class::Silent => "silent",
            Class::Dropped => "dropped",
            Class::Unexpected => "unexpected",
            Class::Delivery => "delivery",
            Class::NotProven => "not proven",
            Class::Local => "local",
            Class::Interrupted => "interrupted",
            Class::NotStarted => "not started",
        }
    }

    /// The class of that name in JSON.
    pub fn named(name: &str) -> Option<Class> {
        serde_json::from_value(serde_json::Value::String(name.to_owned())).ok()
    }

    /// The name in JSON, which [`Class::named`] reads.
    pub fn word(self) -> String {
        self.name().replace(' ', "-")
    }

    /// The class of a failure.
    pub fn of(failure: &Failure) -> Class {
        of_error(&failure.error)
    }

    /// Whether the device was left as if it had never been named: it may be named again, and is no failure of its own.
    pub const fn is_untried(self) -> bool {
        matches!(self, Class::PasswordWithheld | Class::NotStarted | Class::Interrupted)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether a password that other devices are to get was refused.
pub fn refused_password(failure: &Failure) -> bool {
    let tried = match &failure.error {
        MintError::Dial(DialError::Refused { tried, .. }) => tried,
        MintError::Elsewhere(elsewhere) => return elsewhere.refused_password,
        _ => return false,
    };
    tried.iter().any(|tried| tried == "password" || tried == "keyboard-interactive")
}

fn of_error(error: &MintError) -> Class {
    match error {
        MintError::Deliver(_) | MintError::Undelivered(_) => Class::Delivery,
        MintError::Dial(error) => of_dial(error),
        MintError::Elsewhere(elsewhere) => Class::named(&elsewhere.class).unwrap_or(Class::Unexpected),
        MintError::Fault(fault) | MintError::Unsaved(fault) | MintError::NoTransaction(fault) => of_fault(fault),
        MintError::NotProven(_) => Class::NotProven,
        MintError::NotStarted => Class::NotStarted,
        MintError::Plan(_)
        | MintError::Rotation(_)
        | MintError::NotRemembered { .. }
        | MintError::DoneBefore { .. }
        | MintError::Unfinished { .. } => Class::Request,
        MintError::Broken | MintError::NoKey | MintError::ReadBack(_) | MintError::Overtaken { .. } => {
            Class::Unexpected
        }
        MintError::Survey(error) => of_survey(error),
        MintError::Escrow(_) | MintError::Journal(_) | MintError::Password(_) | MintError::Render(_) => Class::Local,
    }
}

fn of_dial(error: &DialError) -> Class {
    match error {
        DialError::HostKeyChanged { .. }
        | DialError::HostKeyNotPinned { .. }
        | DialError::HostKeyRevoked { .. }
        | DialError::HostKeySignature
        | DialError::HostKeyUnknown(_) => Class::HostKey,
        DialError::Agent(_)
        | DialError::EndlessQuestions { .. }
        | DialError::OneTimePassword { .. }
        | DialError::Question { .. }
        | DialError::Refused { .. }
        | DialError::Unanswered { .. } => Class::Authentication,
        DialError::PasswordWithheld { .. } => Class::PasswordWithheld,
        DialError::TimedOut { .. } => Class::Silent,
        DialError::Config(_)
        | DialError::Endpoint(_)
        | DialError::Identity(_)
        | DialError::Jump(_)
        | DialError::KnownHosts(_)
        | DialError::NoUsableAlgorithm { .. }
        | DialError::Password(_) => Class::Local,
        DialError::Closed { .. }
        | DialError::Connect { .. }
        | DialError::Forward { .. }
        | DialError::Hop(_)
        | DialError::NoCommonAlgorithm { .. }
        | DialError::NotSsh { .. }
        | DialError::Protocol { .. }
        | DialError::Resolve { .. }
        | DialError::ShellRefused { .. } => Class::Unreachable,
    }
}

fn of_fault(fault: &Fault) -> Class {
    match &fault.kind {
        FaultKind::Refused(_) => Class::Refused,
        FaultKind::Silent { .. } => Class::Silent,
        FaultKind::Dropped { .. } => Class::Dropped,
        FaultKind::Interrupted => Class::Interrupted,
        FaultKind::NotFortiGate(_) => Class::OtherDevice,
        FaultKind::NewPassword | FaultKind::NoPassword | FaultKind::WrongPassword => Class::Authentication,
        FaultKind::Endless
        | FaultKind::Level { .. }
        | FaultKind::NoKey(_)
        | FaultKind::Overrun
        | FaultKind::Question(_)
        | FaultKind::TransactionExpired => Class::Unexpected,
    }
}

fn of_survey(error: &SurveyError) -> Class {
    match error {
        SurveyError::Rights { .. } | SurveyError::NoGlobal { .. } | SurveyError::Refused { .. } => Class::Rights,
        SurveyError::OtherDevice { .. } => Class::OtherDevice,
        SurveyError::Fault(fault) => of_fault(fault),
        SurveyError::Render(_) => Class::Local,
        _ => Class::Unexpected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_that_travels_is_the_same_when_it_arrives() {
        let classes = [Class::HostKey, Class::PasswordWithheld, Class::Local, Class::NotStarted, Class::OtherDevice];
        assert_eq!(classes.map(|class| Class::named(&class.word())), classes.map(Some));
        assert_eq!(Class::named("bad luck"), None);
    }
}
