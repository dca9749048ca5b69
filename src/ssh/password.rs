//! The administrator's password: where it comes from, asked for once and only when it is needed.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;

use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use super::command::{self, CommandError};
use super::prompt::{Person, PromptError, Question};
use super::trial::Trial;
use crate::secret::Secret;

/// The variable that carries the password in pipelines. Whoever starts a child process removes it from the child's
/// environment.
pub const PASSWORD_VARIABLE: &str = "FGTKEY_PASSWORD";

/// Where the password comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum PasswordSource {
    /// The variable `FGTKEY_PASSWORD`.
    Environment,
    /// `--password-file`: the first line of a file.
    File(PathBuf),
    /// `--password-command`: the first line that a shell command prints.
    Command(String),
    /// `--ask-password`: asked for on the terminal, and keys are not tried unless they are named.
    Ask,
    /// Asked for on the terminal, if there is one, when no key gets in.
    #[default]
    AskLast,
    /// There is none.
    None,
}

impl PasswordSource {
    /// The source that the flags and the environment amount to: a flag, else `FGTKEY_PASSWORD`, else the terminal.
    pub fn choose(file: Option<PathBuf>, command: Option<String>, ask: bool) -> Self {
        match (file, command) {
            (Some(file), _) => PasswordSource::File(file),
            (None, Some(command)) => PasswordSource::Command(command),
            (None, None) if ask => PasswordSource::Ask,
            (None, None) if std::env::var_os(PASSWORD_VARIABLE).is_some() => PasswordSource::Environment,
            (None, None) => PasswordSource::AskLast,
        }
    }

    /// Whether the person said that a password is to be used, so that their usual keys need not be tried first.
    pub(super) fn is_explicit(&self) -> bool {
        !matches!(self, PasswordSource::AskLast | PasswordSource::None)
    }
}

/// Why there is no password.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The command could not be started, or its output not be read. The command itself is not shown: people write
    /// passwords into it.
    #[error("the password command cannot be run")]
    CommandStart(#[source] io::Error),
    /// The command failed.
    #[error("the password command failed ({0})")]
    CommandStatus(ExitStatus),
    /// The source has an empty first line. An empty password is sent only when a person enters one.
    #[error("{0} has an empty password")]
    Empty(String),
    /// A byte that is not UTF-8, or a control character.
    #[error("the password in {0} is not plain text")]
    NotText(String),
    /// There is no source, or none that can be used without a person.
    #[error("a password is needed, and there is no terminal to ask for it")]
    NoTerminal,
    /// The source said that there is none.
    #[error("a password is needed, and none is given")]
    NotGiven,
    /// The terminal broke.
    #[error("the password cannot be read from the terminal")]
    Prompt(#[source] io::Error),
    /// The file cannot be read.
    #[error("the password file {} cannot be read", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl PasswordError {
    /// What to type next.
    pub fn hint(&self) -> Option<String> {
        match self {
            PasswordError::NoTerminal | PasswordError::NotGiven => {
                Some(format!("set {PASSWORD_VARIABLE}, or give --password-file FILE, --password-command CMD or -i KEY"))
            }
            PasswordError::CommandStatus(_) => {
                Some("run it by hand: it must print the password and exit with 0".to_owned())
            }
            _ => None,
        }
    }
}

/// The password of a run: resolved at most once, whoever asks first.
#[derive(Debug)]
pub(super) struct Password {
    source: PasswordSource,
    person: Person,
    resolved: OnceCell<Arc<Secret>>,
    /// What is known of it, wherever it was used.
    pub(super) trial: Trial,
}

impl Password {
    pub(super) fn new(source: PasswordSource, person: Person) -> Self {
        Password { source, person, resolved: OnceCell::new(), trial: Trial::default() }
    }

    pub(super) fn source(&self) -> &PasswordSource {
        &self.source
    }

    /// Whether there may be a password: only a person who is not there surely gives none.
    pub(super) fn may_be_had(&self) -> bool {
        match self.source {
            PasswordSource::Ask | PasswordSource::AskLast => self.resolved.initialized() || self.person.is_there(),
            PasswordSource::None => false,
            PasswordSource::Environment | PasswordSource::File(_) | PasswordSource::Command(_) => true,
        }
    }

    /// The password if it has been resolved already.
    pub(super) fn resolved(&self) -> Option<Arc<Secret>> {
        self.resolved.get().cloned()
    }

    /// The password; `question` is what a person is asked.
    pub(super) async fn get(&self, question: &str) -> Result<Arc<Secret>, PasswordError> {
        self.resolved.get_or_try_init(|| self.resolve(question)).await.cloned()
    }

    async fn resolve(&self, question: &str) -> Result<Arc<Secret>, PasswordError> {
        let secret = match &self.source {
            PasswordSource::Environment => from_environment()?,
            PasswordSource::File(file) => from_file(file).await?,
            PasswordSource::Command(command) => from_command(command).await?,
            PasswordSource::Ask | PasswordSource::AskLast => self.ask(question).await?,
            PasswordSource::None => return Err(PasswordError::NotGiven),
        };
        Ok(Arc::new(secret))
    }

    /// A person may enter an empty password: that of a FortiGate fresh from the factory.
    async fn ask(&self, question: &str) -> Result<Secret, PasswordError> {
        self.person.ask(Question::hidden(question)).await.map_err(|error| match error {
            PromptError::NoTerminal => PasswordError::NoTerminal,
            PromptError::Broken(source) => PasswordError::Prompt(source),
        })
    }

    /// What the person should know about the source: a file that others can read.
    pub(super) fn warning(&self) -> Option<String> {
        use std::os::unix::fs::PermissionsExt;
        let PasswordSource::File(file) = &self.source else { return None };
        let mode = std::fs::metadata(file).ok()?.permissions().mode() & 0o7777;
        let open = mode & 0o044 != 0;
        open.then(|| format!("the password file {} can be read by others (mode {mode:04o})", file.display()))
    }
}

fn from_environment() -> Result<Secret, PasswordError> {
    match std::env::var(PASSWORD_VARIABLE) {
        Ok(text) => command::plain(&Zeroizing::new(text)).map_err(|error| unusable(error, PASSWORD_VARIABLE)),
        Err(std::env::VarError::NotPresent) => Err(PasswordError::NotGiven),
        Err(std::env::VarError::NotUnicode(_)) => Err(PasswordError::NotText(PASSWORD_VARIABLE.to_owned())),
    }
}

async fn from_file(file: &Path) -> Result<Secret, PasswordError> {
    let failed = |source| PasswordError::Read { file: file.to_owned(), source };
    let open = std::fs::File::open(file).map_err(failed)?;
    let mut bytes = Zeroizing::new(Vec::new());
    io::Read::read_to_end(&mut io::Read::take(open, command::LONGEST), &mut bytes).map_err(failed)?;
    command::first_line(&bytes).map_err(|error| unusable(error, &format!("the password file {}", file.display())))
}

async fn from_command(command: &str) -> Result<Secret, PasswordError> {
    let output = command::first_line_of(command, &[]).await;
    output.map_err(|error| unusable(error, "the password command's output"))
}

fn unusable(error: CommandError, from: &str) -> PasswordError {
    match error {
        CommandError::Empty => PasswordError::Empty(from.to_owned()),
        CommandError::NotText => PasswordError::NotText(from.to_owned()),
        CommandError::Start(source) => PasswordError::CommandStart(source),
        CommandError::Status(status) => PasswordError::CommandStatus(status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn resolve(source: PasswordSource) -> Result<String, String> {
        let password = Password::new(source, Person::nobody()).get("?").await;
        password.map(|p| p.expose().to_owned()).map_err(|e| e.to_string())
    }

    #[tokio::test]
    async fn the_first_line_of_a_file_is_the_password() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("pw");
        for (content, password) in [("s3cret\n", "s3cret"), ("s3cret\r\nmore\n", "s3cret"), (" a b ", " a b ")] {
            std::fs::write(&file, content).unwrap();
            assert_eq!(resolve(PasswordSource::File(file.clone())).await.as_deref(), Ok(password));
        }
        std::fs::write(&file, "\nsecond").unwrap();
        let error = resolve(PasswordSource::File(file.clone())).await.unwrap_err();
        assert_eq!(error, format!("the password file {} has an empty password", file.display()));
    }

    #[tokio::test]
    async fn a_password_file_that_others_can_read_is_warned_about() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("pw");
        std::fs::write(&file, "x").unwrap();
        let warning = |mode| {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            Password::new(PasswordSource::File(file.clone()), Person::nobody()).warning()
        };
        assert_eq!(warning(0o600), None);
        assert!(warning(0o644).unwrap().ends_with("can be read by others (mode 0644)"));
    }

    #[tokio::test]
    async fn a_command_prints_the_password_and_must_succeed() {
        assert_eq!(resolve(PasswordSource::Command("echo s3cret".into())).await.as_deref(), Ok("s3cret"));
        let error = resolve(PasswordSource::Command("echo s3cret; exit 3".into())).await.unwrap_err();
        assert_eq!(error, "the password command failed (exit status: 3)");
    }

    #[tokio::test]
    async fn a_command_runs_once_however_often_the_password_is_needed() {
        let directory = tempfile::tempdir().unwrap();
        let count = directory.path().join("count");
        let command = format!("echo x >> {}; echo s3cret", count.display());
        let password = Password::new(PasswordSource::Command(command), Person::nobody());
        for _ in 0..3 {
            assert_eq!(password.get("?").await.unwrap().expose(), "s3cret");
        }
        assert_eq!(std::fs::read_to_string(count).unwrap(), "x\n");
    }

    #[tokio::test]
    async fn without_a_source_the_hint_names_all_of_them() {
        let error = Password::new(PasswordSource::None, Person::nobody()).get("?").await.unwrap_err();
        assert!(error.hint().unwrap().contains("FGTKEY_PASSWORD"));
    }

    #[test]
    fn debug_shows_no_password() {
        let password = Password::new(PasswordSource::None, Person::nobody());
        password.resolved.set(Arc::new(Secret::new("s3cret"))).unwrap();
        assert!(!format!("{password:?}").contains("s3cret"));
    }
}
