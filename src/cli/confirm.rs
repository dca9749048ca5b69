//! A question to the person at the terminal.

use std::io::{self, BufRead, IsTerminal, Write};

use tokio::sync::oneshot;

use crate::session::drive::Interrupt;

/// Whether there is a person who can be asked.
pub(super) fn can_be_asked() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks, and waits for a line; anything but yes is no, and so is Ctrl-C.
pub(super) async fn confirmed(question: &str, interrupt: &mut Interrupt) -> bool {
    let mut stderr = io::stderr();
    let _ = write!(stderr, "fgtkey: {question} [y/N] ").and_then(|()| stderr.flush());
    let (said, hears) = oneshot::channel();
    // Not on the runtime, which would wait at its end for a line that nobody types any more.
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        let _ = said.send(read.is_ok() && is_yes(&line));
    });
    tokio::select! {
        biased;
        () = interrupt.raised() => false,
        yes = hears => yes.unwrap_or(false),
    }
}

fn is_yes(line: &str) -> bool {
    matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_yes_is_yes() {
        assert!(["y\n", "Yes\n", "YES"].iter().all(|line| is_yes(line)));
        assert!(!["", "\n", "n\n", "yep\n", "no"].iter().any(|line| is_yes(line)));
    }
}
