//! The destination `exec:`: a command that takes the record, key included, as one line of JSON on its stdin.
//!
//! Nothing of it is in the arguments or the environment, where other processes could read it. What the command prints on
//! stdout is dropped, because our stdout carries data only; what it prints on stderr is told when it fails.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use super::destination::{DestinationError, Kind, Target};
use super::environment::without_passwords;
use super::file::io_error;
use super::options::Options;
use super::record::Record;
use super::slot::Slot;
use super::{DeliverError, Device, Format, feed};
use crate::secret::Secret;

/// `exec:COMMAND`, run by the shell; `exec:["PROGRAM","ARGUMENT"]` (a list in YAML) without one.
pub(super) static KIND: Kind =
    Kind { name: "exec", syntax: "exec:COMMAND", value_name: "command", options: &[TIMEOUT], parse };

const TIMEOUT: &str = "timeout";

/// How long a command may take where nobody says it.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// The longest time that makes sense: an hour, in seconds.
const LONGEST_TIMEOUT: u64 = 3600;

const SHELL: &str = "/bin/sh";

fn parse(options: &Options) -> Result<Arc<dyn Target>, DestinationError> {
    let timeout = options.one(TIMEOUT).map_or(Some(DEFAULT_TIMEOUT), duration);
    let timeout = timeout.ok_or_else(|| options.refused(TIMEOUT, "a time is 1s to 3600s, or in minutes: 2m"))?;
    let missing = DestinationError::NoValue { kind: KIND.name, value_name: KIND.value_name, syntax: "exec:COMMAND" };
    let runs = Runs::of(&options.value).ok_or(missing)?;
    let label = format!("{}:{}", KIND.name, runs.program());
    Ok(Arc::new(Exec { label, spec: options.text(), runs, timeout }))
}

/// `30s`, `30`, `2m`.
fn duration(text: &str) -> Option<Duration> {
    let (number, factor) = match text.strip_suffix('m') {
        Some(minutes) => (minutes, 60),
        None => (text.strip_suffix('s').unwrap_or(text), 1),
    };
    let seconds = number.parse::<u64>().ok()?.checked_mul(factor)?;
    (1..=LONGEST_TIMEOUT).contains(&seconds).then(|| Duration::from_secs(seconds))
}

/// What is run.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Runs {
    /// A line for the shell.
    Shell(String),
    /// A program and its arguments.
    Program(String, Vec<String>),
}

/// Why the command did not take the record, or could not.
#[derive(Debug, thiserror::Error)]
pub(super) enum ExecError {
    /// There is no such program, or it may not be run.
    #[error("there is no program `{0}` that can be run")]
    NoProgram(String),
    /// The shell finds the command wrong.
    #[error("the shell does not understand it")]
    Syntax,
    /// It failed; the words are its own.
    #[error("it ended with {status}{}", told(.said))]
    Status {
        /// How it ended.
        status: ExitStatus,
        /// What it printed on stderr, the key taken out.
        said: String,
    },
    /// It took too long, and was killed with all that it had started.
    #[error("it took longer than {} s and was killed{}", .within.as_secs(), told(.said))]
    Slow {
        /// The time that it had.
        within: Duration,
        /// What it printed on stderr, the key taken out.
        said: String,
    },
    /// It could not be started, or not be waited for.
    #[error("it cannot be run")]
    Start(#[from] io::Error),
}

fn told(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": {said}") }
}

impl Runs {
    fn of(value: &str) -> Option<Runs> {
        match serde_json::from_str::<Vec<String>>(value) {
            Ok(list) => {
                let mut list = list.into_iter();
                list.next().filter(|program| !program.is_empty()).map(|program| Runs::Program(program, list.collect()))
            }
            Err(_) if value.trim().is_empty() => None,
            Err(_) => Some(Runs::Shell(value.to_owned())),
        }
    }

    /// The program alone: people write passwords into arguments, and in front of commands.
    fn program(&self) -> &str {
        match self {
            Runs::Program(program, _) => program,
            Runs::Shell(line) => first_word(line).unwrap_or(SHELL),
        }
    }

    fn command(&self) -> Command {
        match self {
            Runs::Program(program, arguments) => {
                let mut command = Command::new(program);
                command.args(arguments);
                command
            }
            Runs::Shell(line) => shell(&["-c", line]),
        }
    }

    /// Proves, without running it, that it can be started.
    fn prove(&self) -> Result<(), ExecError> {
        match self {
            Runs::Program(program, _) if is_there(program) => Ok(()),
            Runs::Program(program, _) => Err(ExecError::NoProgram(program.clone())),
            Runs::Shell(line) if !succeeds(shell(&["-n", "-c", line]))? => Err(ExecError::Syntax),
            Runs::Shell(line) => match first_word(line) {
                Some(word) if !succeeds(shell(&["-c", "command -v -- \"$1\"", "sh", word]))? => {
                    Err(ExecError::NoProgram(word.to_owned()))
                }
                _ => Ok(()),
            },
        }
    }
}

/// The word that names the program, behind assignments; none where it is not plain text: the shell makes it.
fn first_word(line: &str) -> Option<&str> {
    let is_plain = |word: &&str| !word.contains(|c: char| "\"'`$\\(){}[]<>|&;*?#!~".contains(c));
    let is_assignment = |word: &&str| word.split_once('=').is_some();
    let words = line.split_whitespace();
    // A word that is not plain may be the beginning of one with blanks in it.
    words.take_while(is_plain).find(|word| !is_assignment(word))
}

fn shell(arguments: &[&str]) -> Command {
    let mut command = Command::new(SHELL);
    command.args(arguments);
    command
}

fn succeeds(mut command: Command) -> io::Result<bool> {
    without_passwords(&mut command);
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Ok(quiet.status()?.success())
}

/// Whether the system would find a program: at its path, or in PATH.
fn is_there(program: &str) -> bool {
    let runs =
        |path: &Path| path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0);
    if program.contains('/') {
        return runs(Path::new(program));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| runs(&directory.join(program)))
}

struct Exec {
    label: String,
    spec: String,
    runs: Runs,
    timeout: Duration,
}

impl Target for Exec {
    fn reserve(&self, _: &Device, _: Format) -> Result<Box<dyn Slot>, DeliverError> {
        self.runs.prove().map_err(|error| failed(&self.label, "find the command", error))?;
        let (label, spec) = (self.label.clone(), self.spec.clone());
        Ok(Box::new(ExecSlot { label, spec, command: self.runs.command(), timeout: self.timeout }))
    }
}

struct ExecSlot {
    label: String,
    spec: String,
    command: Command,
    timeout: Duration,
}

impl Slot for ExecSlot {
    fn label(&self) -> &str {
        &self.label
    }

    fn spec(&self) -> String {
        self.spec.clone()
    }

    /// Runs the command. One that ends well without reading all of its input has what it wants.
    fn store(mut self: Box<Self>, record: &Record, key: &Secret) -> Result<(), DeliverError> {
        let json = Format::Json.render(record, key).map_err(io_error(&self.label, "write the record"))?;
        without_passwords(&mut self.command);
        let ended = feed::run(self.command, json, self.timeout);
        let ended = ended.map_err(|error| failed(&self.label, "start the command", error.into()))?;
        let said = feed::printable(&ended.stderr, key);
        let error = match ended.status {
            Some(status) if status.success() => return Ok(()),
            Some(status) => ExecError::Status { status, said },
            None => ExecError::Slow { within: self.timeout, said },
        };
        Err(failed(&self.label, "hand the key to the command", error))
    }
}

fn failed(label: &str, doing: &str, error: ExecError) -> DeliverError {
    let hint = match &error {
        ExecError::Slow { .. } => Some("timeout=2m gives it more time".into()),
        ExecError::NoProgram(_) => Some("give its full path, or put it into PATH".into()),
        _ => None,
    };
    DeliverError::Service { destination: label.into(), doing: doing.into(), source: Box::new(error), hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_the_first_word_that_is_no_assignment() {
        let cases = [
            ("aws secretsmanager put", Some("aws")),
            ("A=b C=d  pass insert", Some("pass")),
            ("TOKEN='a b' pass", None),
            ("\"my program\" x", None),
            ("(cat)", None),
            ("$HOME/bin/x", None),
        ];
        for (line, word) in cases {
            assert_eq!(first_word(line), word, "{line}");
        }
    }

    #[test]
    fn a_list_is_a_program_without_a_shell() {
        let runs = Runs::of(r#"["pass","insert; x"]"#);
        assert_eq!(runs, Some(Runs::Program("pass".into(), vec!["insert; x".into()])));
        assert_eq!(Runs::of("[ -x /bin/y ] && y"), Some(Runs::Shell("[ -x /bin/y ] && y".into())));
        assert_eq!((Runs::of("[]"), Runs::of(" ")), (None, None));
    }

    #[test]
    fn a_time_is_in_seconds_or_minutes() {
        assert_eq!(duration("45s"), Some(Duration::from_secs(45)));
        assert_eq!((duration("45"), duration("2m")), (duration("45s"), duration("120s")));
        for text in ["", "s", "0", "2h", "3601", "61m", "-1"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
