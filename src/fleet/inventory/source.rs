//! Where an inventory is read from.

use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use super::error::InventoryError;

/// A file, or standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// `-`.
    Stdin,
    /// A file.
    File(PathBuf),
}

impl From<PathBuf> for Source {
    fn from(path: PathBuf) -> Self {
        if path == Path::new("-") { Source::Stdin } else { Source::File(path) }
    }
}

impl FromStr for Source {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(PathBuf::from(text).into())
    }
}

/// As the operator gave it; `stdin`.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Stdin => f.write_str("stdin"),
            Source::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// A source that was read.
pub(super) struct Text {
    pub(super) file: Arc<str>,
    pub(super) text: String,
    /// Where it is, when it is a file.
    pub(super) path: Option<PathBuf>,
}

impl Text {
    pub(super) fn read(source: &Source) -> Result<Text, InventoryError> {
        let file: Arc<str> = Arc::from(source.to_string());
        let bytes = match source {
            Source::File(path) => fs::read(path),
            Source::Stdin => {
                let mut bytes = Vec::new();
                io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
            }
        };
        let bytes = bytes.map_err(|error| unreadable(&file, &error.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|_| unreadable(&file, "it is not UTF-8 text"))?;
        let text = text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned);
        let path = match source {
            Source::File(path) => Some(path.clone()),
            Source::Stdin => None,
        };
        Ok(Text { file, text, path })
    }
}

fn unreadable(file: &str, reason: &str) -> InventoryError {
    InventoryError::Unreadable { file: file.to_owned(), reason: reason.to_owned() }
}
