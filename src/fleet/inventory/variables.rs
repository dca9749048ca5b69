//! What a source says of a device or of a group, while every value is still text with its place.

use std::sync::Arc;

use super::entry::Place;
use crate::fortios::request::RequestFile;

/// Something that is said of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Variable {
    Address,
    Port,
    User,
    Identity,
    Jump,
    HostKey,
    Serial,
    Site,
    /// `ansible_ssh_host`, which Ansible's plugins rank above or below `ansible_host`, each in its own way.
    OldAddress,
    /// `ansible_ssh_port`.
    OldPort,
    /// `ansible_ssh_user`.
    OldUser,
    /// `ansible_private_key_file`.
    OldIdentity,
}

impl Variable {
    /// The variable of an inventory of our own.
    pub(super) fn of_key(key: &str) -> Option<Variable> {
        match key {
            "address" => Some(Variable::Address),
            "port" => Some(Variable::Port),
            "user" => Some(Variable::User),
            "identity" => Some(Variable::Identity),
            "jump" => Some(Variable::Jump),
            "host_key" => Some(Variable::HostKey),
            "serial" => Some(Variable::Serial),
            "site" => Some(Variable::Site),
            _ => None,
        }
    }

    /// What messages call it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Variable::Address | Variable::OldAddress => "address",
            Variable::Port | Variable::OldPort => "port",
            Variable::User | Variable::OldUser => "user",
            Variable::Identity | Variable::OldIdentity => "identity",
            Variable::Jump => "jump host",
            Variable::HostKey => "host key",
            Variable::Serial => "serial number",
            Variable::Site => "site",
        }
    }

    /// Ansible's older name for the same.
    pub(super) fn older(self) -> Option<Variable> {
        match self {
            Variable::Address => Some(Variable::OldAddress),
            Variable::Port => Some(Variable::OldPort),
            Variable::User => Some(Variable::OldUser),
            Variable::Identity => Some(Variable::OldIdentity),
            _ => None,
        }
    }
}

/// A value with its place; a list has several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) values: Vec<String>,
    pub(super) place: Place,
}

impl Said {
    pub(super) fn one(value: impl Into<String>, place: Place) -> Said {
        Said { values: vec![value.into()], place }
    }

    /// The value; several are joined for who shows them.
    pub(super) fn text(&self) -> String {
        self.values.join(", ")
    }
}

/// Two values for one thing.
pub(super) struct Contradiction {
    pub(super) what: &'static str,
    pub(super) first: Said,
    pub(super) second: Said,
}

/// All that one source, or several, say of one device or group.
#[derive(Debug, Clone, Default)]
pub(super) struct Variables {
    said: Vec<(Variable, Said)>,
    pub(super) request: Option<(Arc<RequestFile>, Place)>,
    /// `ansible_group_priority`: of groups of one depth, the higher one wins.
    pub(super) priority: Option<i64>,
}

impl Variables {
    /// Adds what is said; the same again is no news, and something else is a contradiction.
    pub(super) fn say(&mut self, variable: Variable, said: Said) -> Result<(), Contradiction> {
        match self.said.iter().find(|(known, _)| *known == variable) {
            None => self.said.push((variable, said)),
            Some((_, first)) if first.values == said.values => {}
            Some((_, first)) => {
                return Err(Contradiction { what: variable.word(), first: first.clone(), second: said });
            }
        }
        Ok(())
    }

    /// The same, where the last word counts.
    pub(super) fn replace(&mut self, variable: Variable, said: Said) {
        self.said.retain(|(known, _)| *known != variable);
        self.said.push((variable, said));
    }

    /// All that `others` say, instead of what is said here.
    pub(super) fn replace_all(&mut self, others: Variables) {
        others.said.into_iter().for_each(|(variable, said)| self.replace(variable, said));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(Variable, Said)> {
        self.said.iter()
    }

    /// Adds all that `others` say.
    pub(super) fn add(&mut self, others: Variables) -> Result<(), Contradiction> {
        others.said.into_iter().try_for_each(|(variable, said)| self.say(variable, said))?;
        self.priority = others.priority.or(self.priority);
        match (&self.request, others.request) {
            (Some((_, first)), Some((_, second))) => {
                let said = |place: &Place| Said::one("one of its own", place.clone());
                return Err(Contradiction { what: "request", first: said(first), second: said(&second) });
            }
            (_, Some(request)) => self.request = Some(request),
            (_, None) => {}
        }
        Ok(())
    }
}
