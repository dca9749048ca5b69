//! Values of a device turned from text into types.

use std::net::Ipv6Addr;
use std::path::PathBuf;

use super::entry::{Entry, Place};
use super::error::{InventoryError, is_template};
use super::resolve::Effective;
use super::variables::{Said, Variable};
use crate::ssh::config::Jump;
use crate::ssh::{Endpoint, HostKeyPolicy};

/// A device of which nothing is said.
pub(super) fn bare(name: &str, place: &Place) -> Entry {
    Entry {
        name: name.to_owned(),
        address: name.to_owned(),
        port: None,
        user: None,
        jump: None,
        identities: Vec::new(),
        host_key: None,
        serial: None,
        site: None,
        groups: Default::default(),
        request: None,
        place: place.clone(),
    }
}

/// Adds what is said; with the first thing that is wrong with it.
pub(super) fn fill(mut entry: Entry, said: &Effective) -> (Entry, Option<InventoryError>) {
    let mut fields = Fields { name: entry.name.clone(), said, problem: None };
    entry.address = match said.contains_key(&Variable::Address) {
        true => fields.read(Variable::Address, address).unwrap_or(entry.address),
        false => fields
            .read_said(Variable::Address, &Said::one(&entry.name, entry.place.clone()), address)
            .unwrap_or_default(),
    };
    entry.port = fields.read(Variable::Port, port);
    entry.user = fields.read(Variable::User, user);
    entry.jump = fields.read(Variable::Jump, jump);
    entry.host_key = fields.read(Variable::HostKey, host_key);
    entry.serial = fields.read(Variable::Serial, serial);
    entry.site = fields.read(Variable::Site, site);
    entry.identities = fields.paths();
    (entry, fields.problem)
}

struct Fields<'a> {
    name: String,
    said: &'a Effective<'a>,
    problem: Option<InventoryError>,
}

impl Fields<'_> {
    fn read<T>(&mut self, variable: Variable, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let said = *self.said.get(&variable)?;
        self.read_said(variable, said, read)
    }

    fn read_said<T>(&mut self, variable: Variable, said: &Said, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let value = said.text();
        let read = if is_template(&value) { Err("is a template of Ansible".to_owned()) } else { read(&value) };
        let (place, name, what) = (said.place.clone(), self.name.clone(), variable.word());
        let wrong = |why| InventoryError::Value { place, name, what, value, why };
        match read.map_err(wrong) {
            Ok(value) => Some(value),
            Err(error) => {
                self.problem.get_or_insert(error);
                None
            }
        }
    }

    fn paths(&mut self) -> Vec<PathBuf> {
        let Some(said) = self.said.get(&Variable::Identity) else { return Vec::new() };
        let paths = said.values.iter().map(|path| Said::one(path, said.place.clone()));
        paths.filter_map(|path| self.read_said(Variable::Identity, &path, identity)).collect()
    }
}

/// A host without a port, IPv6 with brackets or without.
fn address(text: &str) -> Result<String, String> {
    let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let bare = inner.unwrap_or(text);
    let without_zone = bare.split_once('%').map_or(bare, |(address, _)| address);
    if without_zone.parse::<Ipv6Addr>().is_ok() && !bare.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Ok(bare.to_owned());
    }
    match Endpoint::parse(text, Some("-")) {
        Ok(endpoint) if endpoint.host == text => Ok(endpoint.host),
        Ok(_) => Err("is more than a host: user and port have keys of their own".into()),
        Err(_) => Err("is not a host name or an address".into()),
    }
}

fn port(text: &str) -> Result<u16, String> {
    let port = text.parse().ok().filter(|port| *port > 0);
    port.ok_or_else(|| "is not a number from 1 to 65535".into())
}

fn user(text: &str) -> Result<String, String> {
    let usable = !text.is_empty() && !text.chars().any(char::is_control);
    usable.then(|| text.to_owned()).ok_or_else(|| "is empty or contains a control character".into())
}

fn jump(text: &str) -> Result<String, String> {
    Jump::list(text).map(|_| text.to_owned()).map_err(|_| "is not [user@]host[:port],…".into())
}

fn host_key(text: &str) -> Result<HostKeyPolicy, String> {
    text.parse().map_err(|_| "is neither strict, accept-new nor a fingerprint SHA256:…".into())
}

fn serial(text: &str) -> Result<String, String> {
    let usable = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    usable.then(|| text.to_owned()).ok_or_else(|| "is not a serial number".into())
}

fn site(text: &str) -> Result<String, String> {
    let usable = !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    usable.then(|| text.to_owned()).ok_or_else(|| "has other characters than letters, digits, - and _".into())
}

fn identity(text: &str) -> Result<PathBuf, String> {
    match (text.strip_prefix("~/"), std::env::home_dir()) {
        _ if text.is_empty() => Err("is empty".into()),
        (Some(rest), Some(home)) => Ok(home.join(rest)),
        _ => Ok(PathBuf::from(text)),
    }
}
