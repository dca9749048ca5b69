//! Lines that no command asked for.

use super::traps::Traps;

/// Lines that the workspace, the cluster or a licence check print into any session.
const FOREIGN: [&str; 4] = [
    "config transaction id=1 will expire in 30 seconds",
    "config transaction id=1 will expire in 20 seconds",
    "config transaction id=1 will expire in 10 seconds",
    "config transaction id=1 has expired",
];

/// Mixes foreign lines into the replies of one session, at places that change from reply to reply.
#[derive(Debug)]
pub(super) struct Noise {
    foreign: bool,
    debug: bool,
    again: bool,
    replies: usize,
    object: String,
    verb: String,
}

impl Noise {
    pub(super) fn new(traps: &Traps) -> Self {
        Noise {
            foreign: traps.foreign_lines,
            debug: traps.cli_debug,
            again: traps.prompt_again,
            replies: 0,
            object: String::new(),
            verb: String::new(),
        }
    }

    /// Takes note of the command that comes now.
    pub(super) fn command(&mut self, line: &str) {
        let mut words = line.split_whitespace();
        words.next().unwrap_or_default().clone_into(&mut self.verb);
        if self.verb == "config" {
            words.next_back().unwrap_or_default().clone_into(&mut self.object);
        }
        self.replies += 1;
    }

    /// A reply as it arrives.
    pub(super) fn mix(&self, body: String) -> String {
        let body = if self.debug { self.with_debug(body) } else { body };
        if !self.foreign || self.replies.is_multiple_of(2) {
            return body;
        }
        let line = FOREIGN.get(self.replies / 2 % FOREIGN.len()).copied().unwrap_or_default();
        let mut lines: Vec<&str> = body.lines().collect();
        let at = match self.replies % 3 {
            0 => 0,
            1 => lines.len(),
            _ => lines.len() / 2,
        };
        lines.insert(at, line);
        lines.join("\n") + "\n"
    }

    /// What `diagnose debug cli 8` adds (ansible-galaxy-fortios-collection #349).
    fn with_debug(&self, body: String) -> String {
        let object = &self.object;
        match self.verb.as_str() {
            "set" => format!("{body}path=system, objname={object}, size=1312, sz_attr=1\n"),
            "show" => format!("path=system, objname={object}, tablename=(null), size=1312\n{body}"),
            "end" => format!("{body}cmd_clean_context 0, abort=0\n"),
            _ => body,
        }
    }

    /// A line that comes when the prompt is already there.
    pub(super) fn after_prompt(&self) -> Option<&'static str> {
        (self.again && self.replies % 3 == 2).then(|| FOREIGN.first().copied()).flatten()
    }
}
