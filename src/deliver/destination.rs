//! Where a key should go, as `--to KIND:VALUE` and the request's `deliver:` say it.

use std::fmt;
use std::str::FromStr;

use super::path::{PathError, PathTemplate};

/// A place that can take a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// Standard output, in the format that `-o` chose.
    Stdout,
    /// `file:PATH`: the bare key and a newline; an existing file is replaced.
    File(PathTemplate),
    /// `dotenv:PATH`: two variables; other lines of an existing file stay.
    Dotenv(PathTemplate),
    /// `tfvars:PATH`: two Terraform variables; other lines of an existing file stay.
    Tfvars(PathTemplate),
}

/// The kinds that exist in this version.
const KINDS: [&str; 4] = ["stdout", "file", "dotenv", "tfvars"];

/// The kinds that the design has and this version does not: they get a clear answer instead of "unknown".
const LATER: [&str; 5] = ["ansible", "age", "vault", "exec", "k8s"];

/// Why a text does not name a destination.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// A kind that nobody knows.
    #[error("`{0}` is not a kind of destination")]
    Unknown(String),
    /// A kind that a later version will have.
    #[error("this version of fgtkey cannot deliver to {0}")]
    NotYet(String),
    /// A kind that needs a path, without one.
    #[error("{0} needs a path")]
    NoPath(&'static str),
    /// `stdout:` with something behind it.
    #[error("stdout takes no path, and `{0}` was given")]
    StdoutWithPath(String),
    /// Terraform's JSON syntax is not written.
    #[error("tfvars:{0}: Terraform's JSON syntax is not written")]
    TfvarsJson(String),
    /// The path does not work.
    #[error("{kind}: the path does not work")]
    Path {
        /// The kind of destination.
        kind: &'static str,
        /// What is wrong with the path.
        source: PathError,
    },
}

impl DestinationError {
    /// What to type next.
    pub fn hint(&self) -> Option<String> {
        match self {
            DestinationError::Unknown(word) => Some(hint_for_unknown(word)),
            DestinationError::NotYet(_) => Some(format!("the destinations are {}", listed())),
            DestinationError::NoPath(kind) => {
                Some(format!("{kind}:PATH, for example {kind}:keys/{{{{ device.name }}}}"))
            }
            DestinationError::StdoutWithPath(path) => Some(format!("file:{path} writes the key to a file")),
            DestinationError::TfvarsJson(_) => Some("name a file that ends in .tfvars".into()),
            DestinationError::Path { source, .. } => source.hint(),
        }
    }
}

fn hint_for_unknown(word: &str) -> String {
    if word.contains(['/', '.']) {
        return format!("file:{word} writes the key to that file");
    }
    let nearest = KINDS.iter().find(|kind| strsim::damerau_levenshtein(kind, word) <= 2);
    match nearest {
        Some(kind) => format!("did you mean {kind}?"),
        None => format!("the destinations are {}", listed()),
    }
}

fn listed() -> &'static str {
    "stdout, file:PATH, dotenv:PATH and tfvars:PATH"
}

impl Destination {
    /// The destination of `kind`, `value` being its path (empty for `stdout`).
    ///
    /// Fails on a kind that is unknown or not in this version, and on a path that no device can have.
    pub fn new(kind: &str, value: &str) -> Result<Self, DestinationError> {
        match kind {
            "stdout" if value.is_empty() => Ok(Destination::Stdout),
            "stdout" => Err(DestinationError::StdoutWithPath(value.to_owned())),
            "file" => path("file", value).map(Destination::File),
            "dotenv" => path("dotenv", value).map(Destination::Dotenv),
            "tfvars" if value.ends_with(".json") => Err(DestinationError::TfvarsJson(value.to_owned())),
            "tfvars" => path("tfvars", value).map(Destination::Tfvars),
            later if LATER.contains(&later) => Err(DestinationError::NotYet(later.to_owned())),
            other => Err(DestinationError::Unknown(other.to_owned())),
        }
    }

    /// The kind, as it is spelt in front of the colon.
    pub fn kind(&self) -> &'static str {
        match self {
            Destination::Stdout => "stdout",
            Destination::File(_) => "file",
            Destination::Dotenv(_) => "dotenv",
            Destination::Tfvars(_) => "tfvars",
        }
    }

    /// The path, for a destination that has one.
    pub fn path(&self) -> Option<&PathTemplate> {
        match self {
            Destination::Stdout => None,
            Destination::File(path) | Destination::Dotenv(path) | Destination::Tfvars(path) => Some(path),
        }
    }
}

fn path(kind: &'static str, value: &str) -> Result<PathTemplate, DestinationError> {
    if value.is_empty() {
        return Err(DestinationError::NoPath(kind));
    }
    PathTemplate::new(value).map_err(|source| DestinationError::Path { kind, source })
}

impl FromStr for Destination {
    type Err = DestinationError;

    /// Reads `KIND:VALUE` or a bare `stdout`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, value) = text.split_once(':').unwrap_or((text, ""));
        Destination::new(kind, value)
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path() {
            Some(path) => write!(f, "{}:{}", self.kind(), path.as_str()),
            None => f.write_str(self.kind()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_reads_back_as_it_was_written() {
        for text in ["stdout", "file:key", "dotenv:keys/{{ device.name }}.env", "tfvars:a:b.tfvars"] {
            assert_eq!(text.parse::<Destination>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_destination_is_refused_with_what_to_type() {
        let cases = [
            ("dotnev:x", "`dotnev` is not a kind of destination", "did you mean dotenv?"),
            ("fw1.env", "`fw1.env` is not a kind of destination", "file:fw1.env writes the key to that file"),
            ("vault:secret/fw1", "this version of fgtkey cannot deliver to vault", "the destinations are"),
            ("file:", "file needs a path", "file:PATH"),
            ("file", "file needs a path", "file:PATH"),
            ("stdout:x", "stdout takes no path, and `x` was given", "file:x"),
            ("tfvars:a.tfvars.json", "tfvars:a.tfvars.json: Terraform's JSON syntax is not written", ".tfvars"),
            ("dotenv:{{ device.serial }}", "dotenv: the path does not work", "{{ device.name }}"),
        ];
        for (text, message, hint) in cases {
            let error = text.parse::<Destination>().unwrap_err();
            assert_eq!(error.to_string(), message);
            assert!(error.hint().unwrap().contains(hint), "{text}: {:?}", error.hint());
        }
    }
}
