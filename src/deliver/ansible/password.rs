//! The vault password, from where Ansible takes it: a file, or a program that prints it.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use zeroize::Zeroizing;

use super::vault::VaultError;
use crate::deliver::content::ContentError;
use crate::deliver::destination::DestinationError;
use crate::deliver::options::{Options, absolute};
use crate::deliver::path::{PathError, PathTemplate};
use crate::deliver::{Device, environment};
use crate::secret::Secret;

/// The options that say where the password is.
pub(super) const PASSWORD_FILE: &str = "vault-password-file";
pub(super) const VAULT_ID: &str = "vault-id";

/// Ansible's own variable for it.
const VARIABLE: &str = "ANSIBLE_VAULT_PASSWORD_FILE";

/// The longest password that is read, in bytes.
const LONGEST: u64 = 64 * 1024;

/// Where the vault password is, and how it is called.
#[derive(Debug, Clone)]
pub(super) struct PasswordSource {
    file: Option<PathTemplate>,
    /// The label of what it encrypts.
    pub(super) label: Option<String>,
}

/// Why there is no password in the file.
#[derive(Debug, thiserror::Error)]
pub(super) enum PasswordError {
    #[error("{} cannot be read", .0.display())]
    Unread(PathBuf, #[source] io::Error),
    #[error("{} holds no password", .0.display())]
    Empty(PathBuf),
    #[error("the password in {} is not UTF-8 text", .0.display())]
    NotText(PathBuf),
    #[error("{} ended with {status}", program.display())]
    Status { program: PathBuf, status: ExitStatus },
    #[error("no path for this device")]
    NoPath(#[source] PathError),
}

impl PasswordSource {
    /// `vault-password-file=FILE`, `vault-id=LABEL` or `vault-id=LABEL@FILE`, else Ansible's variable.
    ///
    /// Fails on a label that a header cannot hold, and on one without a file to go with it.
    pub(super) fn of(options: &Options) -> Result<Self, DestinationError> {
        let (label, named) = match options.one(VAULT_ID).map(|text| text.split_once('@').unwrap_or((text, ""))) {
            None => (None, None),
            Some((label, file)) => (Some(label), Some(file).filter(|file| !file.is_empty())),
        };
        if let Some(problem) = label.and_then(problem_of_label).or(problem_of_file(named)) {
            return Err(options.refused(VAULT_ID, problem));
        }
        let file = named.or(options.one(PASSWORD_FILE)).map(str::to_owned).or_else(from_environment);
        let file = file.map(|file| options.template(&file)).transpose()?;
        if label.is_some() && file.is_none() {
            return Err(options.refused(VAULT_ID, "there is no password file to go with it"));
        }
        Ok(PasswordSource { file, label: label.map(str::to_owned) })
    }

    /// The options that say the same from whatever directory, and without Ansible's variable.
    pub(super) fn tail(&self) -> String {
        let file = self.file.iter().map(|file| format!(",{PASSWORD_FILE}={}", absolute(file.as_str())));
        let label = self.label.iter().map(|label| format!(",{VAULT_ID}={label}"));
        file.chain(label).collect()
    }

    /// The password; none where nobody names a file. What is executable is run, as Ansible does.
    pub(super) fn read(&self, device: &Device) -> Result<Option<Secret>, ContentError> {
        let Some(file) = &self.file else { return Ok(None) };
        let password = file.path_for(device).map_err(PasswordError::NoPath).and_then(|path| self.password_of(&path));
        password.map(Some).map_err(|error| ContentError::Locked {
            doing: "read the vault password",
            source: Box::new(error),
            hint: Some(format!(
                "{PASSWORD_FILE}=FILE names a file that holds the password, or a program that prints it"
            )),
        })
    }

    fn password_of(&self, path: &Path) -> Result<Secret, PasswordError> {
        let unread = |error| PasswordError::Unread(path.to_owned(), error);
        let mode = path.metadata().map_err(unread)?.permissions().mode();
        let bytes = if mode & 0o111 == 0 { contents(path).map_err(unread)? } else { self.printed_by(path)? };
        let text = std::str::from_utf8(&bytes).map_err(|_| PasswordError::NotText(path.to_owned()))?;
        // Ansible takes away blanks around what a file holds, and line ends behind what a program prints.
        let text = if mode & 0o111 == 0 { text.trim() } else { text.trim_matches(['\r', '\n']) };
        if text.is_empty() { Err(PasswordError::Empty(path.to_owned())) } else { Ok(Secret::new(text)) }
    }

    fn printed_by(&self, path: &Path) -> Result<Zeroizing<Vec<u8>>, PasswordError> {
        let unread = |error| PasswordError::Unread(path.to_owned(), error);
        // Without a slash the system would look for it in PATH.
        let mut command = Command::new(std::path::absolute(path).map_err(unread)?);
        if path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("-client")) {
            command.args(["--vault-id", self.label.as_deref().unwrap_or("default")]);
        }
        environment::without_passwords(&mut command);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(unread)?;
        let mut bytes = Zeroizing::new(Vec::new());
        if let Some(stdout) = child.stdout.take() {
            stdout.take(LONGEST).read_to_end(&mut bytes).map_err(unread)?;
        }
        let status = child.wait().map_err(unread)?;
        if status.success() { Ok(bytes) } else { Err(PasswordError::Status { program: path.to_owned(), status }) }
    }
}

fn contents(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    File::open(path)?.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn problem_of_label(label: &str) -> Option<&'static str> {
    let is_usable = !label.is_empty() && !label.contains([';', '\\', '/']) && !label.contains(char::is_whitespace);
    if is_usable { None } else { Some("a label is one word without `;`") }
}

fn problem_of_file(file: Option<&str>) -> Option<&'static str> {
    let asks = file.is_some_and(|file| file == "prompt" || file == "prompt_ask_vault_pass");
    asks.then_some("nobody is asked: name a file")
}

/// Ansible's variable, where it is set.
fn from_environment() -> Option<String> {
    std::env::var(VARIABLE).ok().filter(|file| !file.is_empty())
}

/// The words for a vault that does not open.
pub(super) fn locked(error: VaultError) -> ContentError {
    let hint = match &error {
        VaultError::NoPassword => Some(format!("add {PASSWORD_FILE}=FILE, or set {VARIABLE}")),
        VaultError::WrongPassword => Some(format!("{PASSWORD_FILE}=FILE names the file with the right one")),
        _ => None,
    };
    ContentError::Locked { doing: "open the vault", source: Box::new(error), hint }
}
