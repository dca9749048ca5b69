//! How a value is written: quoting is not a template's business.

use minijinja::value::ValueKind;
use minijinja::{ErrorKind, Output, State, Value};

use crate::fortios::words;

/// The formatter: a value is one word of CLI, a list is words.
pub(super) fn write_words(out: &mut Output, _state: &mut State, value: &Value) -> Result<(), minijinja::Error> {
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => {
            for (index, item) in value.try_iter()?.enumerate() {
                if index > 0 {
                    out.write_str(" ")?;
                }
                write_value(out, &item)?;
            }
            Ok(())
        }
        _ => write_value(out, value),
    }
}

fn write_value(out: &mut Output, value: &Value) -> Result<(), minijinja::Error> {
    match value.kind() {
        ValueKind::String => write_word(out, value.as_str().unwrap_or_default()),
        ValueKind::Number => Ok(write!(out, "{value}")?),
        kind => {
            Err(minijinja::Error::new(ErrorKind::BadSerialization, format!("a value of kind {kind} is no word of CLI")))
        }
    }
}

fn write_word(out: &mut Output, word: &str) -> Result<(), minijinja::Error> {
    Ok(out.write_str(&words::quote(word))?)
}
