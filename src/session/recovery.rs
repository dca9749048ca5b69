//! The way back to the base prompt after a fault.

use std::sync::Arc;

use super::ahead::InFlight;
use super::fault::FaultKind;
use super::prompt::Prompt;
use super::{Job, Phase, Session};
use crate::fortios::script::Line;

/// How often `abort` is typed to get out of nested levels; FortiOS's own nesting is less deep.
const MOST_ABORTS: usize = 8;

impl Session {
    /// Goes back to the base prompt after a fault: `abort` until no level is left. The job ends with
    /// [`super::Outcome::Replies`], or with a fault when the device does not get there; then the session is over, and
    /// what was not saved goes with it.
    pub fn recover(&mut self) {
        self.interrupted = false;
        self.phase = Phase::Typing(Job::default());
        self.type_abort("abort");
    }

    pub(super) fn type_abort(&mut self, text: &str) {
        let tries = self.job_mut().map_or(0, |job| {
            job.aborts += 1;
            job.aborts
        });
        if tries > MOST_ABORTS {
            let shown = self.prompt().and_then(|prompt| prompt.context.clone()).unwrap_or_default();
            self.ended = true;
            return self.fail(FaultKind::Level { expected: "the base level".into(), shown: format!("`{shown}`") });
        }
        self.send(format!("{text}\n").as_bytes());
        self.record.sent(text);
        if let Some(job) = self.job_mut() {
            job.in_flight.push_back(InFlight::new(Arc::new(Line::abort(text))));
        }
    }

    /// The answer to an `abort`: done at the base prompt. `config global`, which has no `abort`, is left with `end`, which
    /// saves nothing there; an entry of that name, which `end` would save, has one. Where the script has not entered it, no
    /// prompt makes us type `end`.
    pub(super) fn aborted(&mut self, prompt: &Prompt, refused: bool) {
        match prompt.context.as_deref() {
            None => {}
            Some("global") if refused && self.global => self.type_abort("end"),
            Some(_) => self.type_abort("abort"),
        }
    }
}
