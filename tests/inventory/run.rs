//! Running the program.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The folder of these tests.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inventory")
}

/// What is in a folder, by name.
pub fn listed(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// The name of a file or folder.
pub fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

/// `fgtkey inventory` in a folder, with `input` on its stdin, and with what its file `environment` has for
/// `FGTKEY_INVENTORY`.
pub fn inventory(folder: &Path, arguments: &[String], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fgtkey"));
    command.arg("inventory").args(arguments).current_dir(folder).env("HOME", "/home/me").env("COLUMNS", "100");
    let environment = std::fs::read_to_string(folder.join("environment")).unwrap_or_default();
    command.env("FGTKEY_INVENTORY", environment.trim_end()).env("NO_COLOR", "1");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that ends before it has read everything says why on stderr.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// The inventories under `ansible/`: the name of the folder, and its files.
pub fn ansible_inventories() -> BTreeMap<String, Vec<PathBuf>> {
    let files = |folder: &Path| listed(folder).into_iter().filter(|path| path.is_file()).collect();
    listed(&folder().join("ansible")).into_iter().map(|folder| (name(&folder), files(&folder))).collect()
}

/// The table of limits: the name of an inventory, and a limit for it, whose file is where the tests are.
pub fn limits() -> Vec<(String, String)> {
    let table = std::fs::read_to_string(folder().join("limits")).unwrap();
    let lines = table.lines().filter(|line| !line.starts_with('#')).map(|line| line.split_once(' ').unwrap());
    let here = format!("@{}", folder().join("retry").display());
    lines.map(|(name, limit)| (name.to_owned(), limit.replace("@retry", &here))).collect()
}

/// `words`, and each of `files` behind `flag`.
pub fn with_sources(words: &[&str], flag: &str, files: &[PathBuf]) -> Vec<String> {
    let sources = files.iter().flat_map(|file| [flag.to_owned(), file.to_str().unwrap().to_owned()]);
    words.iter().map(|word| (*word).to_owned()).chain(sources).collect()
}

/// Bytes as text.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
