//! The words for a command line that clap cannot read.

use std::error::Error;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::{Reporter, with_causes};
use crate::deliver::DestinationError;
use crate::rest::FingerprintError;
use crate::sim::UnknownWord;

impl Reporter {
    /// Says why a command line cannot be read, in the words of this program, and what to type instead.
    pub fn unreadable(&mut self, error: &clap::Error) {
        self.bad_usage(&what(error), hint(error).as_deref());
    }
}

fn what(error: &clap::Error) -> String {
    let found = |kind| context(error, kind);
    let argument = || found(ContextKind::InvalidArg).map_or_else(|| "an argument".into(), |text| name(&text));
    let value = || found(ContextKind::InvalidValue).unwrap_or_default();
    match (error.kind(), error.source()) {
        (ErrorKind::ValueValidation | ErrorKind::InvalidValue, Some(source)) => {
            refused(&argument(), &value(), &with_causes(source))
        }
        (ErrorKind::InvalidValue, None) if value().is_empty() => {
            format!("{} needs a value: {}", argument(), placeholder(error))
        }
        (ErrorKind::InvalidValue, None) => {
            format!("{}: `{}` is not one of {}", argument(), value(), words(error, ContextKind::ValidValue).join(", "))
        }
        (ErrorKind::UnknownArgument, _) if argument().starts_with('-') => format!("there is no {}", argument()),
        (ErrorKind::UnknownArgument, _) => format!("`{}` is one word too many", argument()),
        (ErrorKind::InvalidSubcommand, _) => {
            format!("there is no command `{}`", found(ContextKind::InvalidSubcommand).unwrap_or_default())
        }
        (ErrorKind::MissingSubcommand, _) => "no command is given".into(),
        (ErrorKind::ArgumentConflict, _) => conflict(&argument(), &words(error, ContextKind::PriorArg)),
        (ErrorKind::MissingRequiredArgument, _) => {
            format!("{} is missing", names(&words(error, ContextKind::InvalidArg)).join(" and "))
        }
        _ => first_line(error),
    }
}

/// The value stands in the message, whether its own error quotes (a part of) it or not.
fn refused(argument: &str, value: &str, why: &str) -> String {
    // How clap spells the range of a number.
    let why = why.replace(" is not in ", " is not from ").replace("..=", " to ");
    if why.contains('`') || why.contains(value) {
        format!("{argument}: {why}")
    } else {
        format!("{argument}: `{value}`: {why}")
    }
}

fn conflict(argument: &str, others: &[String]) -> String {
    match names(others).as_slice() {
        [other] if other == argument => format!("{argument} is given more than once"),
        [] => format!("{argument} cannot be combined with what else is given"),
        [first, second, third, _, ..] => {
            format!("{argument} excludes {first}, {second}, {third} and others of their kind")
        }
        others => format!("{argument} and {} exclude each other", others.join(", ")),
    }
}

fn hint(error: &clap::Error) -> Option<String> {
    let source = error.source();
    if let Some(error) = source.and_then(|source| source.downcast_ref::<DestinationError>()) {
        return error.hint();
    }
    if let Some(error) = source.and_then(|source| source.downcast_ref::<FingerprintError>()) {
        return error.hint();
    }
    if let Some(error) = source.and_then(|source| source.downcast_ref::<UnknownWord>()) {
        return Some(error.hint());
    }
    let nearest = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    match nearest.into_iter().flat_map(|kind| words(error, kind)).next() {
        Some(word) => Some(format!("did you mean {}?", name(&word))),
        None if source.is_some() || error.get(ContextKind::ValidValue).is_some() => None,
        None => Some(format!("see `{} --help`", command(error))),
    }
}

/// What clap knows about the error, where that is one text.
fn context(error: &clap::Error, kind: ContextKind) -> Option<String> {
    words(error, kind).into_iter().next()
}

fn words(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    }
}

fn names(arguments: &[String]) -> Vec<String> {
    arguments.iter().map(|argument| name(argument)).collect()
}

/// `--to` out of `--to <DESTINATION>`, `DEVICE` out of `[DEVICE]`.
fn name(argument: &str) -> String {
    let word = argument.split([' ', '=']).next().unwrap_or(argument);
    word.trim_matches(['[', ']', '<', '>', '.']).to_owned()
}

/// `DESTINATION` out of `--to <DESTINATION>`.
fn placeholder(error: &clap::Error) -> String {
    let argument = context(error, ContextKind::InvalidArg).unwrap_or_default();
    let placeholder = argument.split_once('<').map_or("VALUE", |(_, rest)| rest.trim_end_matches('>'));
    placeholder.to_owned()
}

/// `fgtkey mint`, out of the usage that clap would print.
fn command(error: &clap::Error) -> String {
    let usage = error.get(ContextKind::Usage).map(ToString::to_string).unwrap_or_default();
    let usage = usage.trim_start().trim_start_matches("Usage:");
    let plain = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase());
    let words: Vec<&str> = usage.split_whitespace().take_while(plain).collect();
    if words.is_empty() { "fgtkey".into() } else { words.join(" ") }
}

/// What clap says itself, for the few cases that have no words here.
fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}
