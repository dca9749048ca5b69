//! The destination `ansible:`: host variables, plain or in Ansible Vault.
//!
//! Three variables: `ansible_host`, `fortios_access_token` and `ansible_httpapi_session_key`, and `ansible_httpapi_port`
//! where HTTPS administration has a port of its own. The third one is what the
//! collection fortinet.fortios reads from 2.3.7 on, so that no task has to name the token; it refers to the second one,
//! which tasks of older releases name (`access_token: "{{ fortios_access_token }}"`). The key stands in one place alone.
//! Source: the collection's guide, "Run Your Playbook", and ansible.netcommon's connection plugin `httpapi`
//! (`session_key`, a dictionary). That plugin builds the URL out of `ansible_host` as it is: IPv6 needs its brackets.

mod password;
mod quoted;
mod variables;
mod vault;

use std::sync::Arc;

use zeroize::Zeroizing;

use super::content::{Content, ContentError, Found, no_key};
use super::destination::{DestinationError, Kind, Target};
use super::fetch::{FetchError, Fetched};
use super::file::{self, FileSlot, unwritten};
use super::options::Options;
use super::path::PathTemplate;
use super::record::{Record, url_host, with_port};
use super::slot::Slot;
use super::{DeliverError, Device, EditError, Format};
use crate::fortios::https;
use crate::secret::Secret;
use password::{PASSWORD_FILE, PasswordSource, VAULT_ID, locked};
use variables::{Variable, Variables};

use self::vault::VaultError;
pub(super) use quoted::quoted;

/// `ansible:PATH`: host variables; other variables of an existing file stay.
pub(super) static KIND: Kind = Kind {
    name: "ansible",
    syntax: "ansible:PATH",
    value_name: "path",
    options: &[TOKEN_VARIABLE, HOSTNAME_VARIABLE, PASSWORD_FILE, VAULT_ID],
    parse,
};

const TOKEN_VARIABLE: &str = "token-variable";
const HOSTNAME_VARIABLE: &str = "hostname-variable";

/// The variable of the connection plugin. It refers to the one that holds the token.
const SESSION_KEY: &str = "ansible_httpapi_session_key";

/// The port of the connection plugin, which takes 443 without it.
const PORT: &str = "ansible_httpapi_port";

/// How Ansible's own `encrypt_string` indents, in blanks.
const INDENTATION: &str = "          ";

/// How much longer an encrypted text is than a plain one: every byte is two digits of two digits.
const SWELLING: usize = 5;

/// Room for salt, HMAC, header and line ends, in bytes.
const VAULT_ROOM: usize = 4096;

fn parse(options: &Options) -> Result<Arc<dyn Target>, DestinationError> {
    let names = Names {
        host: variable_name(options, HOSTNAME_VARIABLE, "ansible_host")?,
        token: variable_name(options, TOKEN_VARIABLE, "fortios_access_token")?,
    };
    let ours = [&names.host, &names.token, SESSION_KEY, PORT];
    if ours.iter().enumerate().any(|(at, name)| ours.iter().skip(at + 1).any(|other| other == name)) {
        return Err(options.refused(TOKEN_VARIABLE, "each variable needs a name of its own"));
    }
    let password = PasswordSource::of(options)?;
    let tail = options.tail_of(&[TOKEN_VARIABLE, HOSTNAME_VARIABLE]) + &password.tail();
    Ok(Arc::new(AnsibleTarget { options: tail, path: options.path()?, names, password }))
}

/// A name that Ansible takes: letters, digits and underscores, no digit first.
fn variable_name(options: &Options, option: &'static str, default: &str) -> Result<String, DestinationError> {
    let name = options.one(option).unwrap_or(default);
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain && name.starts_with(|c: char| !c.is_ascii_digit()) {
        return Ok(name.to_owned());
    }
    Err(options.refused(option, "a variable's name has letters, digits and underscores, no digit first"))
}

#[derive(Debug, Clone)]
struct Names {
    host: String,
    token: String,
}

struct AnsibleTarget {
    options: String,
    path: PathTemplate,
    names: Names,
    password: PasswordSource,
}

impl AnsibleTarget {
    /// The password is read here, once for a device: a program that prints it may ask somebody.
    fn variables_of(&self, device: &Device) -> Result<HostVariables, ContentError> {
        let password = self.password.read(device)?;
        Ok(HostVariables { names: self.names.clone(), password, label: self.password.label.clone() })
    }
}

impl Target for AnsibleTarget {
    fn reserve(&self, device: &Device, _: Format) -> Result<Box<dyn Slot>, DeliverError> {
        let (label, path) = self.path.file_for(KIND.name, device)?;
        let content = self.variables_of(device).map_err(|error| unwritten(&label, &path, error))?;
        Ok(Box::new(FileSlot::reserve(label, &self.options, &path, Arc::new(content))?))
    }

    fn fetch(&self, device: &Device) -> Result<Fetched, FetchError> {
        let (label, path) = self.path.file_for(KIND.name, device)?;
        let content = self.variables_of(device).map_err(|error| unwritten(&label, &path, error))?;
        file::fetch(label, &path, &content)
    }
}

/// Host variables, plain or encrypted.
///
/// With a password: a file that is new or encrypted as a whole is encrypted as a whole, and in a plain one the token alone
/// is encrypted. Without one all is plain.
struct HostVariables {
    names: Names,
    password: Option<Secret>,
    label: Option<String>,
}

impl HostVariables {
    fn variables(&self, existing: &Variables<'_>, record: &Record, token: Zeroizing<String>) -> Vec<Variable> {
        let host = record.address.as_deref().map(url_host);
        let host = host.map(|host| Variable { name: self.names.host.clone(), value: quoted(&host) });
        // 443 goes without saying, unless another port is said there.
        let port = record.https_port.filter(|port| *port != https::DEFAULT_PORT || existing.scalar(PORT).is_some());
        let port = port.map(|port| Variable { name: PORT.to_owned(), value: Zeroizing::new(port.to_string()) });
        let reference = format!("{{access_token: \"{{{{ {} }}}}\"}}", self.names.token);
        let rest = [
            Variable { name: self.names.token.clone(), value: token },
            Variable { name: SESSION_KEY.to_owned(), value: Zeroizing::new(reference) },
        ];
        host.into_iter().chain(port).chain(rest).collect()
    }

    /// The label of what is encrypted for the first time: without one that is named, the one that Ansible means then.
    fn new_label(&self) -> Option<&str> {
        Some(self.label.as_deref().unwrap_or(vault::DEFAULT_LABEL))
    }

    /// The plain text of the file, and the label of an encrypted one.
    fn opened(&self, existing: &str) -> Result<vault::Opened, ContentError> {
        if !vault::is_encrypted(existing) {
            return Ok(vault::Opened { text: Zeroizing::new(existing.to_owned()), label: None });
        }
        let password = self.password.as_ref().ok_or_else(|| locked(VaultError::NoPassword))?;
        vault::open(existing, password).map_err(locked)
    }

    /// The token as an encrypted text among plain variables.
    fn inline(&self, key: &Secret, password: &Secret) -> Result<Zeroizing<String>, ContentError> {
        let sealed = vault::seal(key.expose(), password, self.new_label()).map_err(locked)?;
        let lines: String = sealed.lines().map(|line| format!("\n{INDENTATION}{line}")).collect();
        Ok(Zeroizing::new(format!("!vault |{lines}")))
    }

    /// The value of a variable, decrypted where it is encrypted on its own.
    fn value(&self, variables: &Variables<'_>, name: &str) -> Result<Option<Secret>, ContentError> {
        match variables.scalar(name) {
            Some((text, Some(tag))) if tag == "!vault" => {
                let password = self.password.as_ref().ok_or_else(|| locked(VaultError::NoPassword))?;
                let opened = vault::open(text, password).map_err(locked)?;
                Ok(Some(Secret::new(opened.text.as_str())))
            }
            Some((text, _)) => Ok(Some(Secret::new(text))),
            None => Ok(None),
        }
    }
}

impl Content for HostVariables {
    fn keeps_others(&self) -> bool {
        true
    }

    fn check(&self, existing: &str) -> Result<(), ContentError> {
        // An edit with a key of its own proves what the parser alone does not: that nothing else depends on our variables.
        self.render(existing, &Record::new(""), &Secret::new(""))?;
        Ok(())
    }

    fn room(&self, existing: usize) -> usize {
        existing + VAULT_ROOM * SWELLING
    }

    fn render(&self, existing: &str, record: &Record, key: &Secret) -> Result<Zeroizing<Vec<u8>>, ContentError> {
        let opened = self.opened(existing)?;
        let edit = |token| {
            let existing = Variables::read(&opened.text)?;
            existing.with(&self.variables(&existing, record, token))
        };
        let is_sealed = existing.trim().is_empty() || vault::is_encrypted(existing);
        let mut text = match &self.password {
            None => edit(quoted(key.expose()))?,
            Some(password) if is_sealed => {
                let text = edit(quoted(key.expose()))?;
                // A file that is there keeps its format: 1.1 has no label.
                let kept = if vault::is_encrypted(existing) { opened.label.as_deref() } else { self.new_label() };
                let label = self.label.as_deref().or(kept);
                Zeroizing::new(vault::seal(&text, password, label).map_err(locked)?)
            }
            Some(password) => edit(self.inline(key, password)?)?,
        };
        Ok(Zeroizing::new(std::mem::take(&mut *text).into_bytes()))
    }

    fn read_back(&self, bytes: &[u8]) -> Result<Found, ContentError> {
        let text = std::str::from_utf8(bytes).map_err(|_| EditError::NotText)?;
        let opened = self.opened(text)?;
        let variables = Variables::read(&opened.text)?;
        let key = self.value(&variables, &self.names.token)?.filter(|key| !key.expose().is_empty());
        let key = key.ok_or_else(|| no_key(&format!("{} is not set in it", self.names.token)))?;
        let port = variables.scalar(PORT).and_then(|(port, _)| port.parse().ok());
        let hostname = variables.scalar(&self.names.host).map(|(host, _)| with_port(host, port));
        Ok(Found { key, hostname })
    }
}
