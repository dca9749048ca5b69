//! Captured sessions, as devices: one file a capture in `tests/devices`, its public source in the first line, and beside it
//! what has to be recognised in it.
//!
//! The first line of an `.expect` says how the capture is to be taken:
//! - `as: greeting`: everything between the authentication and the first prompt;
//! - `as: answer to LINE`: what a device prints for that line;
//! - `as: session on HOST`: a conversation with prompts, commands and answers.
//!
//! The other lines are what is found; `SNAPSHOTS=overwrite` renews them.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use fgtkey::fortios::script::Script;
use fgtkey::fortios::status::Status;
use fgtkey::session::prompt::BasePrompt;
use fgtkey::session::reply::{Question, Refusal, printed_key};
use fgtkey::session::{Outcome, Reply};

use super::pair::{Chunks, Far, Pair};
use super::story::options;

/// A device that greets with `greeting`, echoes what is typed, answers the first line with `answer`, and falls silent.
struct Recorded {
    greeting: String,
    answer: Option<String>,
}

impl Far for Recorded {
    fn greeting(&mut self) -> Vec<u8> {
        self.greeting.as_bytes().to_vec()
    }

    fn answer(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let typed = String::from_utf8_lossy(bytes).into_owned();
        let line = typed.strip_suffix('\n')?;
        let answer = self.answer.take()?;
        Some(format!("{line}\r\r\n{answer}").into_bytes())
    }

    fn has_hung_up(&self) -> bool {
        false
    }
}

fn greeted_with(text: &str) -> Pair<Recorded> {
    Pair::new(options(), Recorded { greeting: text.into(), answer: None }, Chunks::of(4096))
}

/// What a session makes of `answer` to `line`, on a device called `host`.
fn answered(host: &str, line: &str, answer: &str) -> Result<Reply, String> {
    let far = Recorded { greeting: format!("{host} # "), answer: Some(answer.into()) };
    let mut pair = Pair::new(options(), far, Chunks::of(4096));
    pair.drive().unwrap();
    let replies = pair.run(&Script::parse(line).unwrap());
    replies.map(|mut replies| replies.remove(0)).map_err(|fault| fault.kind.to_string())
}

fn greeting(text: &str) -> String {
    let mut pair = greeted_with(text);
    let mut told = String::new();
    match pair.drive() {
        Ok(Outcome::Ready(prompt)) => {
            writeln!(told, "ready: {} {prompt:?}", pair.session.shown_name().unwrap()).unwrap()
        }
        Ok(outcome) => panic!("{outcome:?}"),
        Err(fault) => writeln!(told, "fault: {}", fault.kind).unwrap(),
    }
    for write in &pair.writes {
        writeln!(told, "typed: {:?}", String::from_utf8_lossy(write)).unwrap();
    }
    told
}

fn answer(line: &str, text: &str) -> String {
    match answered("fw1", line, &format!("{text}\r\n\r\nfw1 # ")) {
        Err(fault) => format!("fault: {fault}\n"),
        Ok(reply) => {
            let mut told = String::new();
            reply.refused.iter().for_each(|refusal| writeln!(told, "refused: {refusal}").unwrap());
            reply.key.iter().for_each(|key| writeln!(told, "key: {}", key.expose()).unwrap());
            if line == "get system status" {
                writeln!(told, "{:#?}", Status::parse(&reply.body)).unwrap();
            }
            let lines = reply.body.iter().filter(|line| !line.trim().is_empty()).count();
            writeln!(told, "lines: {lines}").unwrap();
            told
        }
    }
}

/// The commands of a conversation with their levels, and what the device said to each.
fn conversation(host: &str, text: &str) -> String {
    let base = BasePrompt::learn(&format!("{host} # ")).unwrap().0;
    let mut told = String::new();
    let mut said: Vec<String> = Vec::new();
    for line in text.split("\r\n") {
        let line = line.trim_matches('\r');
        // A paste loses the space at the end of a line.
        let padded = format!("{line} ");
        let read = base.read(line).or_else(|| base.read(&padded));
        let Some((prompt, typed)) = read else {
            said.push(line.to_owned());
            continue;
        };
        judge(&mut told, &std::mem::take(&mut said));
        let role = prompt.role.map(|role| format!("{role} ")).unwrap_or_default();
        let sign = if prompt.restricted { "$" } else { "#" };
        writeln!(told, "{role}({}) {sign} {}", prompt.context.unwrap_or_default(), typed.trim()).unwrap();
    }
    judge(&mut told, &said);
    told
}

fn judge(told: &mut String, said: &[String]) {
    if let Some(refusal) = Refusal::of_read(said) {
        writeln!(told, "  refused: {refusal}").unwrap();
    }
    for line in said {
        if let Some(key) = printed_key(line) {
            writeln!(told, "  key: {key}").unwrap();
        }
        if let Some(question) = Question::at(line).or_else(|| Question::within(line)) {
            writeln!(told, "  asks: {question:?}").unwrap();
        }
    }
}

/// The captures: name, text with the line ends of a terminal, and the file of what is expected.
fn captures() -> Vec<(String, String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/devices");
    let mut captures = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            let text = fs::read_to_string(&path).unwrap();
            let (source, text) = text.split_once('\n').unwrap();
            assert!(source.starts_with("# source: "), "{} does not name its source", path.display());
            let text = text.replace("\r\n", "\n").replace('\n', "\r\n");
            captures.push((
                path.file_stem().unwrap().to_string_lossy().into_owned(),
                text,
                path.with_extension("expect"),
            ));
        }
    }
    captures.sort();
    captures
}

#[test]
fn every_capture_is_understood_as_the_file_beside_it_says() {
    let captures = captures();
    assert!(captures.len() >= 50, "only {} captures", captures.len());
    for (name, text, expect) in captures {
        let expected = fs::read_to_string(&expect).unwrap_or_else(|error| panic!("{name}: {error}"));
        let how = expected.lines().next().unwrap_or_default().to_owned();
        let text = text.trim_end_matches("\r\n");
        let told = match how.split_at_checked(how.find(' ').unwrap_or(how.len())) {
            _ if how == "as: greeting" => greeting(text),
            _ if how.starts_with("as: answer to ") => answer(how.trim_start_matches("as: answer to "), text),
            _ if how.starts_with("as: session on ") => conversation(how.trim_start_matches("as: session on "), text),
            _ => panic!("{name}: `{how}` is no way to take a capture"),
        };
        snapbox::assert_data_eq!(format!("{how}\n{told}"), snapbox::Data::read_from(&expect, None).raw());
    }
}

#[test]
fn no_beginning_of_a_capture_is_taken_for_more_than_it_is() {
    for (name, text, _) in captures() {
        // Long captures of what is only read: every seventh beginning shows as much.
        let step = if text.len() > 2000 { 7 } else { 1 };
        for end in (0..=text.len()).step_by(step).filter(|end| text.is_char_boundary(*end)) {
            let beginning = &text[..end];
            let last = beginning.rsplit("\r\n").next().unwrap_or_default().trim_matches('\r');
            if let Ok(Outcome::Ready(_)) = greeted_with(beginning).drive() {
                assert!(BasePrompt::learn(last).is_some() || last.is_empty(), "{name}: ready at {last:?}");
            }
            is_no_premature_answer(&name, beginning, last);
        }
    }
}

/// Without the prompt of this device there is no answer; a key is one only when its whole line came.
fn is_no_premature_answer(name: &str, beginning: &str, last: &str) {
    for line in ["get system status", "execute api-user generate-key u"] {
        if let Ok(reply) = answered("capture-fw", line, beginning) {
            let key = reply.key.unwrap_or_else(|| panic!("{name}: an answer without a prompt, {last:?}"));
            assert!(beginning.contains(&format!("New API key: {}\r\n", key.expose())), "{name}: half a key, {last:?}");
        }
    }
}
