//! The order of the rooms: a file imports only what stands above its own room in `src/lib.rs`.

// What tests share may panic as they do; clippy's own exception covers only what stands inside a `#[test]`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used)]

use std::fs;
use std::path::{Path, PathBuf};

/// Rooms that must not be imported although they stand above: two sides that share code share mistakes.
const APART: [(&str, &[&str]); 1] = [("sim", &["session", "ssh"])];

/// What the FortiOS model does without: it has no clock and does no I/O. (Addresses of `std::net` are values.)
const NOT_IN_THE_MODEL: [&str; 12] = [
    "std::env",
    "std::fs",
    "std::io",
    "std::process",
    "std::thread",
    "Instant",
    "SystemTime",
    "TcpStream",
    "ToSocketAddrs",
    "UdpSocket",
    "tokio",
    "russh",
];

/// One source file.
struct Source {
    path: PathBuf,
    room: String,
    text: String,
}

impl Source {
    fn read(path: PathBuf) -> Source {
        let inside = path.strip_prefix(folder()).unwrap().components().next().unwrap();
        let room = inside.as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned();
        let text = fs::read_to_string(&path).unwrap();
        Source { path, room, text }
    }

    /// The lines that are no comments.
    fn code(&self) -> String {
        let lines = self.text.lines().map(str::trim_start).filter(|line| !line.starts_with("//"));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The code in front of the unit tests.
    fn product(&self) -> String {
        self.code().split("#[cfg(test)]\nmod").next().unwrap().to_owned()
    }

    /// The rooms behind `crate::`, those of a list in braces too.
    fn imports(&self) -> Vec<String> {
        let code = self.code();
        let behind = code.split("crate::").skip(1).zip(code.split("crate::"));
        let own = behind.filter(|(_, before)| !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$'));
        own.flat_map(|(rest, _)| first_words(rest)).collect()
    }
}

/// `a` out of `a::b`, `a` and `b` out of `{a::x, b::{c, d}}`.
fn first_words(rest: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(list) = rest.strip_prefix('{') else { return vec![word(rest)] };
    let (mut depth, mut items) = (0, vec![String::new()]);
    for c in list.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => items.push(String::new()),
            c => items.last_mut().unwrap().push(c),
        }
    }
    items.iter().map(|item| word(item.trim())).filter(|item| !item.is_empty()).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn sources() -> Vec<Source> {
    let (mut folders, mut files) = (vec![folder()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.extension() {
                None => folders.push(path),
                Some(extension) if extension == "rs" => files.push(Source::read(path)),
                Some(_) => {}
            }
        }
    }
    files.retain(|file| !["lib", "main"].contains(&file.room.as_str()));
    files
}

/// The modules in the order in which `lib.rs` declares them.
fn rooms() -> Vec<String> {
    let text = fs::read_to_string(folder().join("lib.rs")).unwrap();
    let modules = text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    modules.map(str::to_owned).collect()
}

#[test]
fn a_file_imports_only_from_the_rooms_above_its_own() {
    let rooms = rooms();
    let floor = |room: &str| rooms.iter().position(|known| known == room);
    let mut wrong = Vec::new();
    for file in sources() {
        let own = floor(&file.room).unwrap_or_else(|| panic!("{} is in no room of lib.rs", file.path.display()));
        let below = file.imports().into_iter().filter(|import| floor(import).is_none_or(|floor| floor > own));
        wrong.extend(below.map(|import| format!("{} imports {import}", file.path.display())));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_simulator_shares_no_code_with_who_talks_to_it() {
    for (room, others) in APART {
        for file in sources().iter().filter(|file| file.room == room) {
            let shared: Vec<String> =
                file.imports().into_iter().filter(|import| others.contains(&import.as_str())).collect();
            assert!(shared.is_empty(), "{} imports {shared:?}", file.path.display());
        }
    }
}

#[test]
fn the_model_has_no_clock_and_does_no_io() {
    for file in sources().iter().filter(|file| file.room == "fortios") {
        let code = file.product();
        let found: Vec<&str> = NOT_IN_THE_MODEL.into_iter().filter(|word| code.contains(word)).collect();
        assert!(found.is_empty(), "{} has {found:?}", file.path.display());
    }
}

#[test]
fn the_table_of_rooms_lists_each_of_them_in_order() {
    let text = fs::read_to_string(folder().join("lib.rs")).unwrap();
    // A room that only a feature brings has no link.
    let cell = |line: &'_ str| Some(line.strip_prefix("//! | ")?.trim_start_matches('[').strip_prefix('`')?.to_owned());
    let rooms_of = text.split("# Rooms").nth(1).unwrap().split("# Where to add").next().unwrap();
    let rows = rooms_of.lines().filter_map(|line| Some(cell(line)?.split('`').next()?.to_owned()));
    assert_eq!(rows.collect::<Vec<_>>(), rooms());
}

#[test]
fn the_test_itself_reads_lists_of_imports() {
    assert_eq!(first_words("deliver::{self, Format};"), ["deliver"]);
    assert_eq!(first_words("{deliver::{Format, Record}, secret::Secret};"), ["deliver", "secret"]);
}
