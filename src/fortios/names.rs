//! Text that ends up in the CLI: names of objects and comments, each a type that only holds what FortiOS takes.
//!
//! Lengths are of the schema and counted in bytes, as FortiOS counts them. Names are ASCII, as Fortinet asks for
//! (document 651640, "CLI text strings"); spaces inside are fine, since values are quoted.

use std::fmt;

use super::schema::{Field, Schema};
use super::version::{NEWEST, Version};

/// The characters that FortiOS refuses in names and comments however they are quoted (error -173).
pub const XSS_CHARACTERS: [char; 7] = ['<', '>', '(', ')', '#', '\'', '"'];

/// As much of a refused value as an error repeats, in characters.
const SHOWN: usize = 60;

/// A value that FortiOS would not take, or that would not reach it whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {what} {} {rule}", shown(.value))]
pub struct NameError {
    /// What it should have named, `name of the API user`.
    pub what: &'static str,
    /// The value.
    pub value: String,
    /// The rule it breaks.
    pub rule: Rule,
}

/// What is wrong with a [`NameError`]'s value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rule {
    /// Nothing there.
    #[error("is empty")]
    Empty,
    /// Longer than the schema allows.
    #[error("is {length} bytes long; FortiOS takes at most {max}")]
    TooLong {
        /// In bytes.
        length: usize,
        /// In bytes.
        max: usize,
    },
    /// A character that FortiOS refuses or that a terminal takes for something else.
    #[error("has {character:?} in it: {reason}")]
    Character {
        /// The first of them.
        character: char,
        /// Why it cannot stay.
        reason: Refusal,
    },
    /// A space at an end, which is easily lost and never seen.
    #[error("begins or ends with a space")]
    EdgeSpace,
    /// A character that some versions do not take in API users' names.
    #[error("has {character:?} in it: FortiOS {version} takes only letters, digits, _ and - there")]
    NotPlain {
        /// The first of them.
        character: char,
        /// The version.
        version: Version,
    },
    /// The name of a profile that FortiOS brings and does not let anyone change.
    #[error("is that of a built-in profile, which cannot be made or changed")]
    BuiltIn,
}

/// Why a character is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// One of [`XSS_CHARACTERS`].
    #[error("FortiOS refuses it even when quoted (error -173)")]
    Xss,
    /// `?`
    #[error("the CLI takes it as a call for help, even in quotes")]
    Help,
    /// A tab.
    #[error("the CLI takes it as a request to complete the word")]
    Completion,
    /// Anything that ends a line, in ASCII or Unicode.
    #[error("it would end the line")]
    LineEnd,
    /// Any other control character.
    #[error("it is a control character")]
    Control,
    /// A backslash in a name.
    #[error("it would quote the character behind it")]
    Backslash,
    /// A space in a CORS origin.
    #[error("an origin is written without spaces")]
    Space,
    /// A character that turns the direction of writing round, so that text reads otherwise than it is.
    #[error("it changes the order in which the text is shown")]
    Direction,
    /// Anything beyond ASCII in a name.
    #[error("names are ASCII in FortiOS")]
    NotAscii,
}

impl NameError {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        match &self.rule {
            Rule::Character { reason: Refusal::Xss, .. } => {
                Some("FortiOS refuses < > ( ) # ' and \" in names and comments".to_owned())
            }
            Rule::BuiltIn => Some("give the profile another name, or leave out its permissions".to_owned()),
            Rule::NotPlain { character, .. } => Some(format!("write {:?}", self.value.replace(*character, "-"))),
            _ => None,
        }
    }
}

fn shown(value: &str) -> String {
    let start: String = value.chars().take(SHOWN).collect();
    let more = if start.len() < value.len() { "…" } else { "" };
    format!("{start:?}{more}")
}

/// Why `character` can be in no value at all, names and comments alike; `None` when it can.
pub fn refusal(character: char) -> Option<Refusal> {
    match character {
        c if XSS_CHARACTERS.contains(&c) => Some(Refusal::Xss),
        '?' => Some(Refusal::Help),
        '\t' => Some(Refusal::Completion),
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some(Refusal::LineEnd),
        c if c.is_control() => Some(Refusal::Control),
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Some(Refusal::Direction),
        _ => None,
    }
}

fn name_refusal(character: char) -> Option<Refusal> {
    match character {
        '\\' => Some(Refusal::Backslash),
        c => refusal(c).or((!c.is_ascii()).then_some(Refusal::NotAscii)),
    }
}

fn check_name(value: &str, max: Option<usize>) -> Result<(), Rule> {
    check_text(value, max, name_refusal)?;
    if value.starts_with(' ') || value.ends_with(' ') {
        return Err(Rule::EdgeSpace);
    }
    Ok(())
}

fn check_text(value: &str, max: Option<usize>, refused: fn(char) -> Option<Refusal>) -> Result<(), Rule> {
    if value.is_empty() {
        return Err(Rule::Empty);
    }
    let mut characters = value.chars();
    if let Some((character, reason)) = characters.find_map(|c| refused(c).map(|reason| (c, reason))) {
        return Err(Rule::Character { character, reason });
    }
    check_length(value, max)
}

fn check_length(value: &str, max: Option<usize>) -> Result<(), Rule> {
    match max {
        Some(max) if value.len() > max => Err(Rule::TooLong { length: value.len(), max }),
        _ => Ok(()),
    }
}

fn api_user_max(field: &str) -> Option<usize> {
    Schema::of(NEWEST).api_user_field(field).and_then(Field::max_length)
}

macro_rules! text_type {
    ($(#[$doc:meta])* $type:ident, $what:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(String);

        impl $type {
            /// The text, unquoted.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $type {
            type Error = NameError;

            fn try_from(value: String) -> Result<Self, NameError> {
                let check: fn(&str) -> Result<(), Rule> = $check;
                match check(&value) {
                    Ok(()) => Ok($type(value)),
                    Err(rule) => Err(NameError { what: $what, value, rule }),
                }
            }
        }

        impl std::str::FromStr for $type {
            type Err = NameError;

            fn from_str(value: &str) -> Result<Self, NameError> {
                value.to_owned().try_into()
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_type! {
    /// The name of an API user: ASCII, 1 to 35 bytes. What only some versions refuse is [`ApiUser::check`]'s.
    ApiUser, "name of the API user", |value| check_name(value, api_user_max("name"))
}

text_type! {
    /// The name of an access profile: ASCII, 1 to 35 bytes.
    ProfileName, "name of the profile", |value| check_name(value, api_user_max("accprofile"))
}

text_type! {
    /// The name of a VDOM: ASCII, 1 to 79 bytes (64 on 6.0: [`Vdom::check`]).
    Vdom, "name of the VDOM", |value| check_name(value, api_user_max("vdom"))
}

text_type! {
    /// The name of a firewall schedule: ASCII, 1 to 35 bytes.
    Schedule, "name of the schedule", |value| check_name(value, api_user_max("schedule"))
}

text_type! {
    /// The name of a PKI peer group: ASCII, 1 to 35 bytes.
    PeerGroup, "name of the peer group", |value| check_name(value, api_user_max("peer-group"))
}

text_type! {
    /// Free text, 1 to 255 bytes; Unicode and backslashes are fine.
    Comments, "comment", |value| check_text(value, api_user_max("comments"), refusal)
}

text_type! {
    /// A value of the header `Access-Control-Allow-Origin`: ASCII without spaces, 1 to 269 bytes.
    CorsOrigin, "CORS origin", check_origin
}

fn check_origin(value: &str) -> Result<(), Rule> {
    check_name(value, api_user_max("cors-allow-origin"))?;
    match value.find(' ') {
        Some(_) => Err(Rule::Character { character: ' ', reason: Refusal::Space }),
        None => Ok(()),
    }
}

impl ApiUser {
    /// Refuses a name that `version` does not take: 7.4.0 to 7.4.4 and 7.6.0 take letters, digits, `_` and `-` only.
    ///
    /// Source: the release notes of 7.4.0, 7.4.5, 7.6.0 and 7.6.1, which say so of administrators.
    ///
    /// # Errors
    /// [`Rule::NotPlain`] with the first such character.
    pub fn check(&self, version: Version) -> Result<(), NameError> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        match self.0.chars().find(|c| !is_plain(*c)) {
            Some(character) if Schema::of(version).plain_names_only() => Err(NameError {
                what: "name of the API user",
                value: self.0.clone(),
                rule: Rule::NotPlain { character, version },
            }),
            _ => Ok(()),
        }
    }
}

impl Vdom {
    /// Refuses a name that is too long for `version`.
    ///
    /// # Errors
    /// [`Rule::TooLong`].
    pub fn check(&self, version: Version) -> Result<(), NameError> {
        let max = Schema::of(version).api_user_field("vdom").and_then(Field::max_length);
        check_length(&self.0, max).map_err(|rule| NameError { what: "name of the VDOM", value: self.0.clone(), rule })
    }
}

impl ProfileName {
    /// Refuses the names of built-in profiles, which nobody can make or change.
    ///
    /// # Errors
    /// [`Rule::BuiltIn`].
    pub fn check_own(&self) -> Result<(), NameError> {
        if !Schema::is_built_in(&self.0) {
            return Ok(());
        }
        Err(NameError { what: "name of the profile", value: self.0.clone(), rule: Rule::BuiltIn })
    }

    /// Whether it is `super_admin`, who may do everything.
    pub fn is_super_admin(&self) -> bool {
        self.0 == "super_admin"
    }
}

impl CorsOrigin {
    /// Whether it has a `*` in it, and so is meant for more than one page's origin.
    pub fn is_any(&self) -> bool {
        self.0.contains('*')
    }
}

impl<'de> serde::Deserialize<'de> for ProfileName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.try_into().map_err(serde::de::Error::custom)
    }
}
