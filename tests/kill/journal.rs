//! The journal of a desk, read as anybody may read it: lines of JSON.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::desk::Desk;

impl Desk {
    /// The files of its runs, the oldest first.
    pub fn runs(&self) -> Vec<PathBuf> {
        let is_run = |file: &String| file.starts_with("state/fgtkey/journal/") && file.ends_with(".ndjson");
        let mut runs: Vec<PathBuf> =
            self.files().iter().filter(|file| is_run(file)).map(|file| self.path(file)).collect();
        runs.sort();
        runs
    }

    /// The states of the newest run that came so far as to have one; a line that was cut off is none.
    pub fn states(&self) -> Vec<String> {
        let mut all = self.runs().into_iter().map(|run| states(&fs::read_to_string(run).unwrap()));
        all.rfind(|states| !states.is_empty()).unwrap_or_default()
    }

    /// Whether the newest run came to no end, or died before it had emptied the escrow.
    pub fn is_unfinished(&self) -> bool {
        let states = self.states();
        let is_key = |file: &String| !file.contains("/.fgtkey-");
        let is_over = states.last().is_none_or(|state| is_end(state));
        !is_over || states.last().is_some_and(|state| state == "done") && self.escrow().iter().any(is_key)
    }

    /// Makes the journal what it was just behind the last line of this state. What happened on the device and in the escrow
    /// since then must be nothing that a program would have written down before.
    pub fn rewind_to(&self, state: &str, and_then: &str) {
        let path = self.runs().pop().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let last =
            lines.iter().rposition(|line| states(line) == [state]).unwrap_or_else(|| panic!("no {state}: {text}"));
        fs::write(path, format!("{}\n{and_then}", lines[..=last].join("\n"))).unwrap();
    }
}

fn states(text: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.map(|line| line["state"].as_str().unwrap().to_owned()).collect()
}

pub fn is_end(state: &str) -> bool {
    matches!(state, "done" | "taken-back")
}
