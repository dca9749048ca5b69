//! Where a key is, to the key: a file, standard input, a destination that it was delivered to.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use super::Usage;
use super::args::KeyArgs;
use crate::deliver::{Destination, Device};
use crate::report::with_causes;
use crate::secret::Secret;
use crate::verbs::get::Get;

/// The longest file that a key is looked for in, in bytes.
const LONGEST: usize = 1 << 20;

/// The key; `None` when no flag says where it is.
pub(super) fn read(args: &KeyArgs, device: &Device) -> Result<Option<Secret>, Usage> {
    match (&args.key_file, &args.from) {
        (Some(file), _) => key_file(file).map(Some),
        (None, Some(destination)) => delivered(destination, device).map(Some),
        (None, None) => Ok(None),
    }
}

/// Whether the key of each device is in a place of its own.
pub(super) fn is_of_each_device(args: &KeyArgs) -> bool {
    args.key_file.is_none() && args.from.as_ref().is_some_and(Destination::names_device)
}

fn key_file(file: &Path) -> Result<Secret, Usage> {
    let is_stdin = file.as_os_str() == "-";
    let what = if is_stdin { "standard input".to_owned() } else { file.display().to_string() };
    let unread = |error: io::Error| (format!("--key-file: {what}: {}", with_causes(&error)), None);
    let text = if is_stdin { text(io::stdin().lock()) } else { File::open(file).and_then(text) };
    let text = text.map_err(unread)?;
    first_line(&text).ok_or_else(|| (format!("--key-file: {what} has no key in its first line"), None))
}

fn first_line(text: &str) -> Option<Secret> {
    let line = text.lines().next().unwrap_or_default().trim();
    (!line.is_empty()).then(|| Secret::new(line))
}

/// Reads the key back from where it was delivered to.
fn delivered(from: &Destination, device: &Device) -> Result<Secret, Usage> {
    let get = Get { from: from.clone(), device: Some(device.clone()) };
    let answer = get.run().map_err(|error| (format!("--from {}", with_causes(&error)), error.hint()))?;
    Ok(answer.fetched.key)
}

/// Text of at most [`LONGEST`] bytes, in a buffer that never moves.
fn text(mut from: impl Read) -> io::Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(vec![0; LONGEST]);
    let mut length = 0;
    while let Some(room) = bytes.get_mut(length..).filter(|room| !room.is_empty()) {
        match from.read(room)? {
            0 => break,
            read => length += read,
        }
    }
    let told = std::str::from_utf8(bytes.get(..length).unwrap_or_default());
    told.map(|text| Zeroizing::new(text.to_owned()))
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_key() {
        assert_eq!(first_line(" k3y \r\nmore").unwrap().expose(), "k3y");
        assert!(first_line("\nk3y").is_none());
    }
}
