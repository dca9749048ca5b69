//! The shape of configuration objects: which settings they have and what those accept.

use std::sync::Arc;

/// What `config PATH` opens.
#[derive(Debug)]
pub(super) struct Definition {
    /// `system api-user`, or `trusthost` inside an entry.
    pub(super) path: String,
    pub(super) shape: Shape,
    pub(super) scope: Scope,
    /// In the order in which `show` prints them.
    pub(super) fields: Vec<Field>,
    pub(super) children: Vec<Arc<Definition>>,
    /// The setting of the parent that has to have this value: `fwgrp` must be `custom` for `fwgrp-permission`.
    pub(super) when: Option<(String, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Entries with names of at most so many bytes.
    Named(usize),
    /// Entries with numbers; `edit 0` takes the next free one.
    Numbered,
    /// One object.
    Single,
}

/// Where a table lives on a device with VDOMs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Global,
    Vdom,
}

#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) default: Option<String>,
    /// `next` and `end` fail without it.
    pub(super) required: bool,
    /// Another setting of the same entry that has to have this value (or its default).
    pub(super) when: Option<(String, String)>,
}

#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// Free text of at most so many bytes.
    Text(usize),
    /// The name of something that has to exist.
    Reference(usize, Source),
    /// Several of them.
    References(usize, Source),
    Choice(Vec<String>),
    Integer(u64, u64),
    Ipv4Net,
    Ipv6Net,
    /// Free words: settings that are only carried.
    Words,
    /// A password that is typed and shown encrypted.
    Password,
    /// The API key: set by generate-key only.
    ApiKey,
}

/// Where a [`Kind::Reference`] has to exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    AccessProfile,
    LocalCertificate,
    Vdom,
}

impl Definition {
    /// The last word of the path: what the prompt shows.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit(' ').next().unwrap_or(&self.path)
    }

    /// A word of the path, counted from 0.
    pub(super) fn word(&self, at: usize) -> Option<&str> {
        self.path.split(' ').nth(at)
    }

    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

impl Field {
    pub(super) fn new(name: &str, kind: Kind) -> Self {
        Field { name: name.into(), kind, default: None, required: false, when: None }
    }

    pub(super) fn choice(name: &str, values: &[&str], default: &str) -> Self {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        Field::new(name, Kind::Choice(values)).default(default)
    }

    pub(super) fn switch(name: &str, default: &str) -> Self {
        Field::choice(name, &["enable", "disable"], default)
    }

    pub(super) fn default(self, value: &str) -> Self {
        Field { default: Some(value.into()), ..self }
    }

    pub(super) fn required(self) -> Self {
        Field { required: true, ..self }
    }

    pub(super) fn when(self, setting: &str, value: &str) -> Self {
        Field { when: Some((setting.into(), value.into())), ..self }
    }

    /// Whether `show` puts the values in quotes.
    pub(super) fn is_quoted(&self) -> bool {
        matches!(self.kind, Kind::Text(_) | Kind::Reference(..) | Kind::References(..))
    }
}
