//! Where a key is, to the key: a file, standard input, a destination that it was delivered to.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::args::KeyArgs;
use crate::deliver::{Device, PathTemplate};
use crate::report::with_causes;
use crate::secret::Secret;

/// The longest file that a key is looked for in, in bytes.
const LONGEST: usize = 1 << 20;

/// The variable of a dotenv file that holds the key.
const TOKEN: &str = "FORTIOS_ACCESS_TOKEN";

/// What is wrong with the command line, and what to type instead.
type Usage = (String, Option<String>);

/// The key; `None` when no flag says where it is.
pub(super) fn read(args: &KeyArgs, device: &Device) -> Result<Option<Secret>, Usage> {
    match (&args.key_file, &args.from) {
        (Some(file), _) => key_file(file).map(Some),
        (None, Some(destination)) => delivered(destination, device).map(Some),
        (None, None) => Ok(None),
    }
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

/// Reads the key back from `file:PATH` or `dotenv:PATH`.
fn delivered(destination: &str, device: &Device) -> Result<Secret, Usage> {
    let usage = |why: String, hint: Option<&str>| (format!("--from {destination}: {why}"), hint.map(str::to_owned));
    let (kind, path) = destination.split_once(':').unwrap_or((destination, ""));
    let find: fn(&str) -> Option<Secret> = match kind {
        "file" => first_line,
        "dotenv" => variable,
        _ => {
            let hint = "file:PATH or dotenv:PATH; for others, pipe the key to --key-file -";
            return Err(usage("a key cannot be read back from there".into(), Some(hint)));
        }
    };
    let path = path_of(path, device).map_err(|why| usage(why, None))?;
    let text = File::open(&path).and_then(text).map_err(|error| usage(with_causes(&error), None))?;
    find(&text).ok_or_else(|| usage("there is no key in it".into(), None))
}

fn path_of(path: &str, device: &Device) -> Result<PathBuf, String> {
    let template = PathTemplate::new(path).map_err(|error| error.to_string())?;
    template.path_for(device).map_err(|error| error.to_string())
}

/// The last line that sets the variable, as a shell takes it. Keys are letters and digits, so that quotes hold nothing to
/// unescape.
fn variable(text: &str) -> Option<Secret> {
    let value = |line: &'_ str| -> Option<Secret> {
        let line = line.trim_start();
        let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
        let value = line.strip_prefix(TOKEN)?.strip_prefix('=')?;
        let value = value.trim().trim_matches(['\'', '"']);
        (!value.is_empty()).then(|| Secret::new(value))
    };
    text.lines().rev().find_map(value)
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
    fn a_dotenv_file_has_the_key_where_it_was_written_last() {
        for text in [
            "FORTIOS_ACCESS_TOKEN=k3y",
            "FORTIOS_ACCESS_TOKEN=old\nexport FORTIOS_ACCESS_TOKEN='k3y'\nOTHER=1\n",
            "# FORTIOS_ACCESS_TOKEN=no\n  FORTIOS_ACCESS_TOKEN=\"k3y\" \n",
        ] {
            assert_eq!(variable(text).unwrap().expose(), "k3y", "{text}");
        }
        assert!(variable("FORTIOS_ACCESS_TOKEN=\nFORTIOS_ACCESS_TOKEN_2=x").is_none());
    }

    #[test]
    fn the_first_line_is_the_key() {
        assert_eq!(first_line(" k3y \r\nmore").unwrap().expose(), "k3y");
        assert!(first_line("\nk3y").is_none());
    }
}
