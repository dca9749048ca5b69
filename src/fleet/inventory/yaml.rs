//! YAML, and JSON, which is YAML too, so that errors have lines.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_saphyr::options::DuplicateKeyPolicy;

use super::entry::Place;
use super::error::InventoryError;
use crate::fortios::request_file::in_words;

/// Reads a document of `file`. The library's limits are for documents of strangers; an inventory of 100,000 devices has a
/// few million nodes. Keys that are there twice are left to who knows where the first one stands.
pub(super) fn read<T: DeserializeOwned>(file: &Arc<str>, text: &str) -> Result<T, InventoryError> {
    read_at(file, text, 0)
}

/// The same for a text in front of which `above` lines of the file stand.
pub(super) fn read_at<T: DeserializeOwned>(file: &Arc<str>, text: &str, above: u64) -> Result<T, InventoryError> {
    let options = serde_saphyr::options! {
        with_snippet: false,
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        budget: serde_saphyr::budget! { max_nodes: 20_000_000, max_events: 80_000_000 },
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| in_file(file, &error, above))
}

fn in_file(file: &Arc<str>, error: &serde_saphyr::Error, above: u64) -> InventoryError {
    let line = error.location().map_or(1, |at| at.line()) + above;
    let place = Place { file: file.clone(), line };
    match error.without_snippet() {
        serde_saphyr::Error::SerdeUnknownField { field, expected, .. } => {
            InventoryError::UnknownKey { place, what: owner(expected), key: field.clone(), known: expected.clone() }
        }
        error => InventoryError::Shape { place, message: in_words(error), hint: None },
    }
}

/// Whose keys these are.
fn owner(keys: &[&str]) -> &'static str {
    match keys {
        ["defaults", ..] => "an inventory",
        ["children", ..] => "a group",
        ["hosts", ..] => "a group of Ansible",
        ["address" | "name", "address" | "port", ..] => "a device",
        ["user", "port", ..] => "`defaults`",
        _ => "a request",
    }
}
