//! What can be wrong with an inventory, with the places of what does not fit together.

use std::fmt::Write as _;

use super::entry::Place;
use crate::fortios::suggestion::nearest;

/// Why an inventory cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InventoryError {
    /// One thing has two values.
    #[error("{}: {subject} has the {what} `{}`, and at {} it has `{}`", .second.1, .second.0, .first.1, .first.0)]
    Contradiction {
        /// `device fw1` or `group berlin`.
        subject: String,
        /// What has two values: `address`.
        what: &'static str,
        /// What was read first, and where.
        first: Box<(String, Place)>,
        /// What does not fit.
        second: Box<(String, Place)>,
    },
    /// A group is above itself.
    #[error("the groups go in a circle: {}", circle(.groups))]
    Circle {
        /// Each is above the next, the last above the first; with the places where they are said to be.
        groups: Vec<(String, Place)>,
    },
    /// A device cannot be used as it is written.
    #[error("{place}: {name}: the {what} `{value}` {why}")]
    Value {
        /// Where the value stands.
        place: Place,
        /// The device.
        name: String,
        /// What it is the value of: `port`.
        what: &'static str,
        /// The value as it stands there.
        value: String,
        /// What is wrong with it.
        why: String,
    },
    /// A file of Ansible Vault.
    #[error("{file} is encrypted with Ansible Vault")]
    Encrypted {
        /// The file.
        file: String,
    },
    /// A name that is a device and a group.
    #[error("{device}: {name} is a device, and at {group} it is a group")]
    DeviceAndGroup {
        /// The name.
        name: String,
        /// Where it is a device.
        device: Place,
        /// Where it is a group.
        group: Place,
    },
    /// A name that cannot be one.
    #[error("{place}: `{}` cannot be the name of a {what}: it {why}", .name.escape_debug())]
    Name {
        /// Where it stands.
        place: Place,
        /// `device` or `group`.
        what: &'static str,
        /// The name.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A program that prints an inventory.
    #[error("{file} is a program, which fgtkey does not run")]
    Program {
        /// The file.
        file: String,
    },
    /// A source that cannot be read.
    #[error("{file}: {reason}")]
    Unreadable {
        /// The source.
        file: String,
        /// The operating system's words.
        reason: String,
    },
    /// Two devices at one address, port and way.
    #[error("{}: {} is at {address}, where {} is already ({})", .second.1, .second.0, .first.0, .first.1)]
    SameAddress {
        /// Address and port.
        address: String,
        /// The first device and its place.
        first: Box<(String, Place)>,
        /// The second.
        second: Box<(String, Place)>,
    },
    /// A source that is not of the format that it seems to have.
    #[error("{place}: {message}")]
    Shape {
        /// Where.
        place: Place,
        /// What is wrong there.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// A device or a group is there twice in one file.
    #[error("{second}: {what} {name} is there already, at {first}")]
    Twice {
        /// `device` or `group`.
        what: &'static str,
        /// Its name.
        name: String,
        /// Where it stands first.
        first: Place,
        /// Where it stands again.
        second: Place,
    },
    /// A group that nothing says what it is.
    #[error("{place}: there is no group {name}")]
    UnknownGroup {
        /// Where it is named.
        place: Place,
        /// The name.
        name: String,
        /// What was probably meant.
        nearest: Option<String>,
    },
    /// A key that does not belong there.
    #[error("{place}: {what} has no `{key}`")]
    UnknownKey {
        /// Where.
        place: Place,
        /// `a device`, `a group`.
        what: &'static str,
        /// The key.
        key: String,
        /// The keys that may stand there.
        known: Vec<&'static str>,
    },
}

fn circle(groups: &[(String, Place)]) -> String {
    let mut text = String::new();
    for (name, place) in groups {
        // Writing to a string cannot fail.
        let _ = write!(text, "{name} ({place}) > ");
    }
    text + groups.first().map_or("", |(name, _)| name)
}

impl InventoryError {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        match self {
            InventoryError::Contradiction { .. } => Some("leave one of the two out".into()),
            InventoryError::Encrypted { file } => {
                Some(format!("ansible-inventory -i {file} --list --ask-vault-pass | fgtkey … --inventory -"))
            }
            InventoryError::Program { file } => {
                Some(format!("ansible-inventory -i {file} --list | fgtkey … --inventory -"))
            }
            InventoryError::Shape { hint, .. } => hint.clone(),
            InventoryError::SameAddress { .. } => Some("leave one of the two out, or limit the run with -l".into()),
            InventoryError::UnknownGroup { name, nearest, .. } => Some(match nearest {
                Some(nearest) => format!("did you mean {nearest}?"),
                None => format!("a group is declared by `{name}: {{}}` under groups, in INI by [{name}]"),
            }),
            InventoryError::UnknownKey { key, known, .. } => Some(match nearest(key, known.iter().copied()) {
                Some(word) => format!("did you mean {word}?"),
                None if known.first() == Some(&"hosts") => {
                    "at the top of an inventory stand devices, groups and defaults, or groups of Ansible with hosts, \
                     children and vars"
                        .into()
                }
                None => format!("it may have {}", known.join(", ")),
            }),
            InventoryError::Value { value, .. } if is_template(value) => {
                Some("fgtkey fills in no templates of Ansible: write the value itself there".into())
            }
            _ => None,
        }
    }
}

/// Whether a value is one of Ansible's templates (Jinja).
pub(super) fn is_template(value: &str) -> bool {
    value.contains("{{") || value.contains("{%")
}
