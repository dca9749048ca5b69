//! Where a key should go, as `--to KIND:VALUE` and the request's `deliver:` say it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde_json::Value;

use super::fetch::{FetchError, Fetched};
use super::memory::Memory;
use super::options::Options;
use super::path::{PathError, PathTemplate};
use super::seal::UnknownRecipient;
use super::slot::Slot;
use super::{DeliverError, Device, Format};
use super::{age, ansible, exec, file, kubernetes, memory, stdout, vault};

/// A place that can take a key: a kind, its value and its options.
#[derive(Clone)]
pub struct Destination {
    options: Options,
    revealed: bool,
    target: Arc<dyn Target>,
}

/// What is said once for all destinations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Defaults {
    /// The key may be seen on a terminal although it goes elsewhere too.
    pub reveal: bool,
    /// Who may open the sealed files that name nobody: `age1…`, or SSH public keys.
    pub age_recipients: Vec<String>,
    /// Files with such recipients, one a line.
    pub age_recipients_files: Vec<String>,
}

/// A kind of destination. A new one is a file with one of these, and its line in [`KINDS`].
pub(super) struct Kind {
    /// How it is spelt in front of the colon.
    pub(super) name: &'static str,
    /// How it is written: `dotenv:PATH`.
    pub(super) syntax: &'static str,
    /// How its value is called in YAML: `path`.
    pub(super) value_name: &'static str,
    /// Its options.
    pub(super) options: &'static [&'static str],
    /// Reads value and options.
    pub(super) parse: fn(&Options) -> Result<Arc<dyn Target>, DestinationError>,
}

/// What a kind makes of its value and its options: something that can be reserved for a device.
pub(super) trait Target: Send + Sync {
    /// Proves that the key can be put there, before there is one, and leaves nothing behind when the slot is dropped.
    fn reserve(&self, device: &Device, format: Format) -> Result<Box<dyn Slot>, DeliverError>;

    /// Whether the key goes to standard output.
    fn is_stdout(&self) -> bool {
        false
    }

    /// Finds what only the destination and the defaults together can lack.
    fn check(&self) -> Result<(), DestinationError> {
        Ok(())
    }

    /// Reads back the key that was delivered for a device. Fails with [`FetchError::WriteOnly`] unless the kind can do that.
    fn fetch(&self, _: &Device) -> Result<Fetched, FetchError> {
        Err(FetchError::WriteOnly)
    }
}

/// The kinds, in the order in which they are listed to the person.
static KINDS: [&Kind; 9] = [
    &stdout::KIND,
    &file::KEY,
    &file::DOTENV,
    &file::TFVARS,
    &ansible::KIND,
    &age::KIND,
    &vault::KIND,
    &kubernetes::KIND,
    &exec::KIND,
];

/// Why a text does not name a destination.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// A kind that nobody knows.
    #[error("`{0}` is not a kind of destination")]
    Unknown(String),
    /// A kind that needs a value (a path, a command), without one.
    #[error("{kind} needs a {value_name}")]
    NoValue {
        /// The kind.
        kind: &'static str,
        /// What is missing.
        value_name: &'static str,
        /// How it is written.
        syntax: &'static str,
    },
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
    /// Neither text nor a map.
    #[error("{kind} takes text, or a map with `{value_name}`")]
    Shape {
        /// The kind.
        kind: &'static str,
        /// What its value is called.
        value_name: &'static str,
    },
    /// An option that the kind does not have.
    #[error("{kind} has no option `{option}`")]
    UnknownOption {
        /// The kind.
        kind: &'static str,
        /// The option.
        option: String,
        /// Those it has.
        known: Vec<String>,
    },
    /// An option that is neither text nor a list of texts.
    #[error("{kind}: `{option}` takes text, or a list of texts")]
    OptionShape {
        /// The kind.
        kind: &'static str,
        /// The option.
        option: String,
    },
    /// An option whose text cannot be used.
    #[error("{kind}: {option} `{text}`: {problem}")]
    Option {
        /// The kind.
        kind: &'static str,
        /// The option.
        option: &'static str,
        /// What was given.
        text: String,
        /// What is wrong with it.
        problem: String,
    },
    /// An option that has to be there and is not.
    #[error("{kind} needs the option {option}")]
    NoOption {
        /// The kind.
        kind: &'static str,
        /// The option.
        option: &'static str,
        /// What to write.
        example: &'static str,
    },
    /// A secret where others can read it: in the arguments of the command, or in a file that is kept with the code.
    #[error("{kind}: `{option}` would show a secret to all who see the command or the file")]
    Exposed {
        /// The kind.
        kind: &'static str,
        /// What was to be given openly.
        option: &'static str,
        /// What to write instead.
        instead: &'static str,
    },
    /// A text that names no recipient.
    #[error(transparent)]
    Recipient(#[from] UnknownRecipient),
}

impl DestinationError {
    /// What to type next.
    pub fn hint(&self) -> Option<String> {
        match self {
            DestinationError::Unknown(word) => Some(hint_for_unknown(word)),
            DestinationError::NoValue { kind, value_name: "path", .. } => {
                Some(format!("{kind}:PATH, for example {kind}:keys/{{{{ device.name }}}}"))
            }
            DestinationError::Recipient(_) => Some("age-keygen -y IDENTITY prints the recipient of an identity".into()),
            DestinationError::NoValue { syntax, .. } => Some((*syntax).to_owned()),
            DestinationError::StdoutWithPath(path) => Some(format!("file:{path} writes the key to a file")),
            DestinationError::TfvarsJson(_) => Some("name a file that ends in .tfvars".into()),
            DestinationError::Path { source, .. } => source.hint(),
            DestinationError::UnknownOption { kind, known, .. } if known.is_empty() => {
                Some(format!("{kind} has no options"))
            }
            DestinationError::UnknownOption { known, .. } => Some(format!("its options are {}", known.join(", "))),
            DestinationError::NoOption { example, .. } => Some((*example).to_owned()),
            DestinationError::Exposed { instead, .. } => Some((*instead).to_owned()),
            _ => None,
        }
    }
}

fn hint_for_unknown(word: &str) -> String {
    if word.contains(['/', '.']) {
        return format!("file:{word} writes the key to that file");
    }
    match KINDS.iter().find(|kind| strsim::damerau_levenshtein(kind.name, word) <= 2) {
        Some(kind) => format!("did you mean {}?", kind.name),
        None => format!("the destinations are {}", listed()),
    }
}

/// `stdout, file:PATH, … and tfvars:PATH`.
fn listed() -> String {
    let all: Vec<&str> = KINDS.iter().map(|kind| kind.syntax).collect();
    match all.split_last() {
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

impl Destination {
    /// The destination of `kind`, `value` being its value, options behind commas (empty for `stdout`).
    ///
    /// Fails on a kind that is unknown or not in this version, and on a value or an option that no device can have.
    pub fn new(kind: &str, value: &str) -> Result<Self, DestinationError> {
        let kind = Kind::named(kind)?;
        Destination::of(kind, Options::parse(kind.name, value, kind.options))
    }

    /// The destination of an entry of the request's `deliver:`: text, or a map of the value and options.
    ///
    /// Fails as [`Destination::new`] does, and on YAML of another shape.
    pub fn from_yaml(kind: &str, yaml: &Value) -> Result<Self, DestinationError> {
        let kind = Kind::named(kind)?;
        Destination::of(kind, Options::from_yaml(kind.name, yaml, kind.value_name, kind.options)?)
    }

    /// Standard output.
    pub fn stdout() -> Self {
        let options = Options::parse(stdout::LABEL, "", &[]);
        Destination { options, revealed: false, target: Arc::new(stdout::Stdout) }
    }

    /// This program itself, for a command that it runs; nobody can name it. The key is found in the [`Memory`].
    pub fn memory() -> (Self, Memory) {
        let memory = Memory::default();
        let options = Options::parse(memory::LABEL, "", &[]);
        (Destination { options, revealed: false, target: Arc::new(memory.clone()) }, memory)
    }

    /// Whoever asked for the key, at the other end of an outlet; nobody can name it.
    #[cfg(feature = "nats")]
    pub fn outlet(recipients: super::seal::Recipients, outlet: Arc<dyn super::outlet::Outlet>) -> Self {
        let options = Options::parse(super::outlet::LABEL, "", &[]);
        Destination { options, revealed: false, target: Arc::new(super::outlet::Sealing { recipients, outlet }) }
    }

    fn of(kind: &'static Kind, options: Options) -> Result<Self, DestinationError> {
        Ok(Destination { target: (kind.parse)(&options)?, revealed: false, options })
    }

    /// The destination with what was said for all of them.
    ///
    /// Fails where something is still missing that only a person can say: the recipients of a sealed file.
    pub fn with(self, defaults: &Defaults) -> Result<Self, DestinationError> {
        let revealed = defaults.reveal;
        let named = [age::RECIPIENT, age::RECIPIENTS_FILE].iter().any(|name| self.options.one(name).is_some());
        if self.kind() != age::KIND.name || named {
            self.target.check()?;
            return Ok(Destination { revealed, ..self });
        }
        let options = self.options.and(age::RECIPIENT, &defaults.age_recipients);
        let options = options.and(age::RECIPIENTS_FILE, &defaults.age_recipients_files);
        let sealed = Destination { revealed, ..Destination::of(&age::KIND, options)? };
        sealed.target.check()?;
        Ok(sealed)
    }

    /// The kind, as it is spelt in front of the colon.
    pub fn kind(&self) -> &'static str {
        self.options.kind
    }

    /// Whether the key goes to standard output.
    pub fn is_stdout(&self) -> bool {
        self.target.is_stdout()
    }

    /// Whether the key may be seen on a terminal although it goes elsewhere too.
    pub(super) fn is_revealed(&self) -> bool {
        self.revealed
    }

    pub(super) fn reserve(&self, device: &Device, format: Format) -> Result<Box<dyn Slot>, DeliverError> {
        self.target.reserve(device, format)
    }

    /// Whether it is another one for each device: its value or an option is a template.
    pub fn names_device(&self) -> bool {
        self.options.text().contains("{{")
    }

    /// Reads back the key that was delivered for `device`.
    ///
    /// Fails where the kind cannot be read back, where nothing is, and where the destination cannot be had.
    pub fn fetch(&self, device: &Device) -> Result<Fetched, FetchError> {
        self.target.fetch(device)
    }
}

impl Kind {
    fn named(word: &str) -> Result<&'static Kind, DestinationError> {
        match KINDS.iter().find(|kind| kind.name == word) {
            Some(kind) => Ok(kind),
            None => Err(DestinationError::Unknown(word.to_owned())),
        }
    }
}

impl Options {
    /// The value as a path that may name the device. Fails without one.
    pub(super) fn path(&self) -> Result<PathTemplate, DestinationError> {
        if self.value.is_empty() {
            let value_name = "path";
            return Err(DestinationError::NoValue { kind: self.kind, value_name, syntax: "" });
        }
        self.template(&self.value)
    }

    /// A text as a template that may name the device.
    pub(super) fn template(&self, text: &str) -> Result<PathTemplate, DestinationError> {
        PathTemplate::new(text).map_err(|source| DestinationError::Path { kind: self.kind, source })
    }
}

impl FromStr for Destination {
    type Err = DestinationError;

    /// Reads `KIND:VALUE[,OPTION=TEXT]…` or a bare `stdout`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, value) = text.split_once(':').unwrap_or((text, ""));
        Destination::new(kind, value)
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if [stdout::LABEL, memory::LABEL].contains(&self.kind()) {
            f.write_str(self.kind())
        } else {
            f.write_str(&self.options.text())
        }
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Destination({self})")
    }
}

impl PartialEq for Destination {
    fn eq(&self, other: &Self) -> bool {
        self.options == other.options
    }
}

impl Eq for Destination {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_reads_back_as_it_was_written() {
        for text in ["stdout", "file:key", "dotenv:keys/{{ device.name }}.env", "tfvars:a:b.tfvars", "file:a,b=c"] {
            assert_eq!(text.parse::<Destination>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_destination_is_refused_with_what_to_type() {
        let cases = [
            ("dotnev:x", "`dotnev` is not a kind of destination", "did you mean dotenv?"),
            ("fw1.env", "`fw1.env` is not a kind of destination", "file:fw1.env writes the key to that file"),
            ("nowhere", "`nowhere` is not a kind of destination", "the destinations are stdout, file:PATH"),
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
