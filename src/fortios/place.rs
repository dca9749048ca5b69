//! Where in a request a value stands, so that an error can point at it.

use std::fmt;

/// A value, and where it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Place,
}

/// A flag, or a place in a request file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// As it is typed, `--api-user`; repeatable flags with their value, `--grant fwgrp=read`.
    Flag(String),
    /// In a file.
    File {
        /// The file's name as the operator gave it.
        file: String,
        /// From 1.
        line: u64,
        /// In characters, from 1.
        column: u64,
        /// The path of keys, `api_user.name`.
        key: String,
    },
    /// Nowhere: it follows from other values, or is built in.
    Implied,
}

impl<T> Placed<T> {
    /// A value at a place.
    pub fn new(value: T, place: Place) -> Self {
        Placed { value, place }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Flag(flag) => f.write_str(flag),
            Place::File { file, line, column, key } => write!(f, "{file}:{line}:{column}: {key}"),
            Place::Implied => f.write_str("the request"),
        }
    }
}
