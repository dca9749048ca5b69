//! The key behind `New API key:`, whole or broken over lines.

use zeroize::Zeroizing;

use super::phrases::{begins_anew, is_key, is_mask};
use super::text::{Break, Lines};

/// What stands behind an announcement.
pub(super) enum Candidate {
    /// A key.
    Key {
        /// Its text.
        text: Zeroizing<String>,
        /// The index of the line where it ends.
        end: usize,
        /// Whether the line below could be the rest of it, unproven.
        may_continue: bool,
        /// Whether it is whole by itself: something closes it, or it is as long as a key usually is.
        whole: bool,
    },
    /// Stars or a placeholder.
    Masked,
    /// The beginning of a key, and then the transcript ends.
    CutOff,
    /// Something else.
    NotAKey,
}

/// The length of every published FortiOS key. It only tips the scale where a break is likely and not proven, and where
/// nothing behind a key shows that it is whole.
const USUAL: usize = 30;

/// Words that are typed at a prompt which was cut out of the transcript, and are no rest of a key.
const TYPED: [&str; 8] = ["exit", "end", "quit", "logout", "next", "abort", "show", "get"];

/// How many lines a key may be broken over.
const MOST: usize = 8;

/// Reads the key that is announced in the line at `index`, up to the byte `column`.
pub(super) fn at(lines: &Lines, index: usize, column: usize) -> Candidate {
    let behind = lines.get(index).and_then(|line| line.text.get(column..)).unwrap_or("").trim_start();
    if !behind.is_empty() {
        return candidate(lines, index, behind);
    }
    let next = (index + 1..=index + 2).find(|at| lines.get(*at).is_some_and(|line| !line.text.is_empty()));
    match next.and_then(|at| Some((at, lines.get(at)?))) {
        Some((at, line)) if is_run(&line.text) || is_mask(&line.text) => candidate(lines, at, &line.text),
        Some(_) => Candidate::NotAKey,
        None => Candidate::CutOff,
    }
}

fn candidate(lines: &Lines, index: usize, text: &str) -> Candidate {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    let (run, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    let closed = rest.starts_with([' ', '\'', '"', ')', ']', ',', '.', ';', '<', '\\']);
    match run {
        "" if is_mask(text) => Candidate::Masked,
        _ if rest.starts_with(['*', '•', '…']) || rest.starts_with("..") => Candidate::Masked,
        _ if rest.is_empty() => gathered(lines, index, run),
        _ if closed && is_key(run) => whole(run, index),
        _ => Candidate::NotAKey,
    }
}

fn whole(run: &str, end: usize) -> Candidate {
    Candidate::Key { text: Zeroizing::new(run.to_owned()), end, may_continue: false, whole: true }
}

/// A run of letters and digits that reaches the end of its line, with those of its continuations.
fn gathered(lines: &Lines, index: usize, run: &str) -> Candidate {
    let mut text = Zeroizing::new(String::with_capacity(MOST * run.len().max(USUAL)));
    text.push_str(run);
    let (mut end, mut may_continue) = (index, false);
    while end < index + MOST {
        let Some(next) = lines.get(end + 1).filter(|next| is_run(&next.text)) else { break };
        let broken = lines.break_after(end) == Break::Hard;
        if !belongs(&text, &next.text, broken) {
            may_continue = !TYPED.contains(&next.text.as_str());
            break;
        }
        text.push_str(&next.text);
        end += 1;
    }
    judged(lines, text, end, may_continue)
}

/// Whether `next` is the rest of the key that begins with `text`. A line broken at the terminal's edge proves it; else
/// the beginning must be too short for a key, or the two together as long as a key usually is.
fn belongs(text: &str, next: &str, broken: bool) -> bool {
    let typed = TYPED.contains(&next);
    let likely = text.len() < 20 || text.len() + next.len() == USUAL;
    if typed { broken && text.len() != USUAL } else { broken || likely }
}

fn judged(lines: &Lines, text: Zeroizing<String>, end: usize, may_continue: bool) -> Candidate {
    if is_key(&text) {
        let whole = text.len() == USUAL;
        return Candidate::Key { text, end, may_continue, whole };
    }
    if is_mask(&text) {
        return Candidate::Masked;
    }
    if lines.anything_below(end) { Candidate::NotAKey } else { Candidate::CutOff }
}

/// Letters and digits alone.
fn is_run(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !begins_anew(text)
}
