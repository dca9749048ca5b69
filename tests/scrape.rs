//! Keys are found in transcripts of every kind: one file a situation in `tests/scrape`, and any rendering of a known
//! conversation.

#![allow(clippy::unwrap_used, reason = "the harness of a test may fail it")]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use fgtkey::scrape::{self, Doubt, Scrape};
use proptest::prelude::*;

/// What a transcript holds, one line a fact.
fn told(scrape: &Scrape) -> String {
    let mut text = String::new();
    let unknown = || "?".to_owned();
    for found in &scrape.found {
        let user = found.api_user.clone().unwrap_or_else(unknown);
        let device = found.device.clone().unwrap_or_else(unknown);
        let state = if found.live { "live" } else { "void" };
        writeln!(text, "key {} of {user} on {device}, line {}, {state}", found.key.expose(), found.line).unwrap();
        found.doubts.iter().for_each(|doubt| writeln!(text, "doubt {doubt}").unwrap());
    }
    for error in &scrape.errors {
        let command = error.command.clone().unwrap_or_else(unknown);
        writeln!(text, "refused line {}: {} <- {command}", error.line, error.text).unwrap();
    }
    if let Some(missing) = &scrape.missing {
        writeln!(text, "missing {missing}").unwrap();
    }
    text
}

/// Each `NAME.txt` is read, and `NAME.expect` beside it says what is found. `SNAPSHOTS=overwrite` renews the latter.
#[test]
fn every_transcript_is_read_as_the_file_beside_it_says() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scrape");
    let mut read = 0;
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            let told = told(&scrape::read(&fs::read(&path).unwrap()));
            snapbox::assert_data_eq!(told, snapbox::Data::read_from(&path.with_extension("expect"), None).raw());
            read += 1;
        }
    }
    assert!(read >= 20, "only {read} transcripts");
}

/// How a conversation came to be a file.
#[derive(Debug, Clone)]
struct Rendering {
    width: usize,
    line_end: &'static str,
    front: &'static str,
    fronts_every_line: bool,
    colored: bool,
    trims: bool,
    utf16: bool,
}

fn renderings() -> impl Strategy<Value = Rendering> {
    let line_end = prop::sample::select(vec!["\n", "\r\n", "\r\r\n"]);
    let front = prop::sample::select(vec!["", "> ", "> > ", "2026-03-01 12:00:00 ", "[12:00:00.123] ", "12:00:00 | "]);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (40_usize..=200, line_end, front, flags).prop_map(|(width, line_end, front, flags)| {
        let (fronts_every_line, colored, trims, utf16) = flags;
        Rendering { width, line_end, front, fronts_every_line, colored, trims, utf16 }
    })
}

impl Rendering {
    /// The bytes of a file that a terminal `width` wide, or its logger, made of these lines.
    fn of(&self, lines: &[String]) -> Vec<u8> {
        let mut text = String::new();
        for line in lines {
            // A logger writes its stamp before the terminal breaks the line, mail marks each line afterwards.
            let stamped = if self.fronts_every_line { line.clone() } else { format!("{}{line}", self.front) };
            for row in self.rows(&stamped) {
                if self.fronts_every_line {
                    text.push_str(self.front);
                }
                text.push_str(&self.paint(&row));
                text.push_str(self.line_end);
            }
        }
        if self.utf16 { text.encode_utf16().flat_map(u16::to_le_bytes).collect() } else { text.into_bytes() }
    }

    fn rows(&self, line: &str) -> Vec<String> {
        let characters: Vec<char> = line.chars().collect();
        let rows = characters.chunks(self.width).map(|row| row.iter().collect::<String>());
        let rows = rows.map(|row| if self.trims { row.trim_end().to_owned() } else { row });
        let rows: Vec<String> = rows.collect();
        if rows.is_empty() { vec![String::new()] } else { rows }
    }

    fn paint(&self, row: &str) -> String {
        if self.colored { format!("\x1b[0m{row}\x1b[K") } else { row.to_owned() }
    }
}

/// What happened between a person and a device.
#[derive(Debug, Clone)]
struct Conversation {
    host: String,
    user: String,
    key: String,
    context: &'static str,
    /// What the note begins with; none: the device prints no note.
    note: Option<&'static str>,
    blanks: usize,
    goes_on: bool,
    /// Whether a line is there that every terminal breaks.
    has_long_line: bool,
}

fn conversations() -> impl Strategy<Value = Conversation> {
    let context = prop::sample::select(vec!["", " (global)", "(Primary)", "(Secondary) (global)"]);
    let note = prop::sample::select(vec![Some(""), Some("NOTE: "), None]);
    let names = ("[a-z][a-z0-9-]{1,15}[0-9]", "[a-z]{3}[a-z0-9_-]{0,20}[a-z]");
    let key = "[0-9bcdfghjkmnpqrstwxyzGHNQ]{20,64}"
        .prop_filter("a key of few letters is a mask", |key| key.chars().collect::<BTreeSet<_>>().len() > 6);
    let flags = (any::<bool>(), any::<bool>());
    (names, key, context, note, 0..2_usize, flags).prop_map(|((host, user), key, context, note, blanks, flags)| {
        let (goes_on, has_long_line) = flags;
        Conversation { host, user, key, context, note, blanks, goes_on, has_long_line }
    })
}

const LONG: &str = "Security Level: 1, and so on, and so on, until any terminal has broken the line whatever its width is, for \
                    the widest line of a transcript tells how wide the terminal was that showed it to somebody who then \
                    copied it from there";

impl Conversation {
    fn lines(&self) -> Vec<String> {
        let prompt = format!("{}{} #", self.host, self.context);
        let mut lines = vec![format!("{prompt} get system status"), "Version: FortiGate-60F v7.4.8".into()];
        lines.extend(self.has_long_line.then(|| LONG.to_owned()));
        lines.extend([String::new(), format!("{prompt} execute api-user generate-key {}", self.user)]);
        lines.extend(vec![String::new(); self.blanks]);
        lines.push(format!("New API key: {}", self.key));
        lines.extend(vec![String::new(); self.blanks]);
        lines.extend(self.note.map(|word| self.note(word)));
        if self.goes_on {
            lines.extend([String::new(), format!("{prompt} exit")]);
        }
        lines
    }

    fn note(&self, word: &str) -> String {
        let note = "The bearer of this API key will be granted all access privileges assigned to the api-user";
        format!("{word}{note} {}.", self.user)
    }

    fn ends_with_the_key(&self) -> bool {
        self.note.is_none() && !self.goes_on
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_rendering_of_a_conversation_yields_its_key_and_its_user(talk in conversations(), how in renderings()) {
        let scrape = scrape::read(&how.of(&talk.lines()));
        prop_assert!(scrape.missing.is_none(), "{:?}", scrape);
        prop_assert_eq!(scrape.found.len(), 1);
        let found = &scrape.found[0];
        prop_assert_eq!(found.key.expose(), &talk.key);
        prop_assert_eq!(found.api_user.as_ref(), Some(&talk.user));
        prop_assert_eq!(found.device.as_ref(), Some(&talk.host));
        let doubted = talk.ends_with_the_key() && talk.key.len() != 30;
        let doubts = if doubted { vec![Doubt::NothingFollows] } else { vec![] };
        prop_assert_eq!(&found.doubts, &doubts);
        prop_assert!(found.live);
        prop_assert!(scrape.errors.is_empty());
    }

    #[test]
    fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let scrape = scrape::read(&bytes);
        prop_assert_eq!(scrape.missing.is_none(), !scrape.found.is_empty());
    }

    #[test]
    fn any_mixture_of_fragments_is_read_without_harm(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "New API key:", " ", "\n", "\r", "fccys3cfbhyhqbqghkyzm1QGNnm31r", "fw1 # ", "execute api-user generate-key ",
            "terraform", "assigned to the api-user ", ".", "--More-- ", "\u{8}", "\x1b[", "> ", "12:00:00 ", "é",
            "Command fail. Return code -3", "****",
        ]), 0..60),
    ) {
        let scrape = scrape::read(pieces.concat().as_bytes());
        prop_assert_eq!(scrape.missing.is_none(), !scrape.found.is_empty());
    }
}

#[test]
fn every_prefix_of_a_transcript_yields_the_whole_key_or_none() {
    let key = "fccys3cfbhyhqbqghkyzm1QGNnm31r";
    let text = format!("fw1 # execute api-user generate-key terraform\r\r\n\r\nNew API key: {key}\r\n\r\nfw1 # ");
    for end in 0..text.len() {
        let scrape = scrape::read(&text.as_bytes()[..end]);
        for found in &scrape.found {
            let doubtful = found.doubts.contains(&Doubt::NothingFollows);
            assert!((found.key.expose() == key) != doubtful, "{end}: {found:?}");
        }
    }
}

#[test]
fn a_long_transcript_is_read_in_time_that_grows_with_its_length() {
    let block = "fw1 # show\r\r\nconfig system global\r\n    set hostname \"fw1\"\r\nend\r\n\r\n--More-- \r         \r";
    let text = format!("{}New API key: fccys3cfbhyhqbqghkyzm1QGNnm31r\r\n", block.repeat(40_000));
    let begin = std::time::Instant::now();
    assert_eq!(scrape::read(text.as_bytes()).found.len(), 1);
    assert!(begin.elapsed().as_secs() < 60, "{:?}", begin.elapsed());
}

#[test]
fn a_line_without_an_end_is_read_in_time_that_grows_with_its_length() {
    let key = "fccys3cfbhyhqbqghkyzm1QGNnm31r";
    for block in ["New API key: ", "a", "assigned to the api-user ", "> ", "fw1 # execute api-user generate-key "] {
        let text = format!("{} New API key: {key} ", block.repeat(1_000_000 / block.len()));
        let begin = std::time::Instant::now();
        assert!(scrape::read(text.as_bytes()).found.iter().any(|found| found.key.expose() == key), "{block}");
        assert!(begin.elapsed().as_secs() < 30, "{block}: {:?}", begin.elapsed());
    }
}

#[test]
fn debug_of_a_scrape_never_shows_a_key() {
    let scrape = scrape::read(b"New API key: fccys3cfbhyhqbqghkyzm1QGNnm31r\n");
    assert!(!format!("{scrape:?}").contains("fccys3"));
}
