//! The CLI conversation with a FortiGate as a state machine without I/O.
//!
//! Feed it what the device sends ([`Session::receive`]), ask it what to do ([`Session::poll`]): write bytes, read more
//! within a time, or it is done. It never sleeps and never opens anything; [`drive`] is the one loop where bytes meet a
//! clock.
//!
//! A session is at a prompt or in the middle of a [`Script`]. A script's lines are typed ahead between **commit
//! barriers** ([`ahead`]): a line that leaves a level goes out only when no line on its way could, by failing, make it
//! save something else. Each answer is matched to its line by the echo, and its prompt must show the level that the line
//! leads to ([`conversation`]).
//!
//! | file | what it knows |
//! |---|---|
//! | [`crate::fortios::script`] | lines, levels, what may be typed at all |
//! | [`wire`] | bytes to lines, pager marks, echoes |
//! | [`prompt`] | the base prompt and its variations |
//! | [`reply`] | what the words mean: refusals, questions, keys |
//! | `action` | what passes between the session and its caller |
//! | [`ahead`] | what may be typed before which answer |
//! | [`greeting`] | from the first byte to the first prompt |
//! | [`conversation`] | answers to the lines on their way |
//! | `questions` | what the device asks in between |
//! | `recovery` | the way back to the base prompt |
//! | [`fault`] [`trace`] | what went wrong, and the redacted record |

mod action;
pub mod ahead;
pub mod conversation;
pub mod drive;
pub mod fault;
pub mod greeting;
pub mod prompt;
mod questions;
mod recovery;
pub mod reply;
pub mod trace;
pub mod wire;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::fortios::script::{Effect, Line, Script};
use crate::secret::Secret;
pub use action::{Action, Manners, Options, Outcome, Reply};
use ahead::InFlight;
use fault::{Aftermath, Fault, FaultKind, Step};
use greeting::Greeting;
use prompt::{BasePrompt, Prompt};
use trace::{Detail, Record, Trace};
use wire::Wire;

/// Interrupts the line being typed, as a person would with Ctrl-C.
const INTERRUPT: &[u8] = b"\x03";

/// As much as is taken in at once before it is looked at.
const LARGEST_READ: usize = 16 * 1024;

/// One CLI session.
pub struct Session {
    options: Options,
    manners: Manners,
    wire: Wire,
    phase: Phase,
    base: Option<BasePrompt>,
    prompt: Option<Prompt>,
    outbox: Zeroizing<Vec<u8>>,
    record: Record,
    progress: u64,
    saved: usize,
    /// How deep in an object the last confirmed line has led.
    confirmed: usize,
    interrupted: bool,
    /// A configuration transaction is open in this session.
    in_transaction: bool,
    /// Whether the script enters `config global`, which is left with `end` when something goes wrong.
    global: bool,
    /// The password went to the device, in answer to its question.
    gave_password: bool,
    ended: bool,
}

impl fmt::Debug for Session {
    /// Without what it is about to send and what it has received, where passwords and keys pass.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("phase", &self.phase)
            .field("prompt", &self.prompt)
            .field("manners", &self.manners)
            .field("saved", &self.saved)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

#[derive(Debug)]
enum Phase {
    Greeting(Greeting),
    AtPrompt,
    Typing(Job),
}

/// The way to the global tables of a device with VDOMs.
const GLOBAL: &str = "config global";

/// A script in the making.
#[derive(Debug, Default)]
struct Job {
    to_send: VecDeque<Arc<Line>>,
    in_flight: VecDeque<InFlight>,
    replies: Vec<Reply>,
    /// The first thing that went wrong; what is on its way is still awaited, so that the session ends up at a prompt.
    failed: Option<Fault>,
    /// How often `abort` was typed.
    aborts: usize,
}

impl Job {
    fn has_key(&self) -> bool {
        self.replies.iter().any(|reply| reply.key.is_some())
    }
}

impl Session {
    /// A session whose first job is to get to the first prompt.
    pub fn new(options: Options) -> Self {
        Session {
            options,
            manners: Manners::default(),
            wire: Wire::default(),
            phase: Phase::Greeting(Greeting::default()),
            base: None,
            prompt: None,
            outbox: Zeroizing::new(Vec::new()),
            record: Record::default(),
            progress: 0,
            saved: 0,
            confirmed: 0,
            interrupted: false,
            in_transaction: false,
            global: false,
            gave_password: false,
            ended: false,
        }
    }

    /// Starts a script. The session must be at a prompt (the last job done).
    pub fn run(&mut self, script: &Script) {
        self.saved = 0;
        self.confirmed = 0;
        self.interrupted = false;
        self.global = script.lines().iter().any(|line| line.text == GLOBAL);
        self.phase = Phase::Typing(Job {
            to_send: script.lines().iter().cloned().collect(),
            replies: Vec::with_capacity(script.lines().len()),
            ..Job::default()
        });
    }

    /// What may be typed ahead from now on; tell it once the version is known.
    pub fn set_manners(&mut self, manners: Manners) {
        self.manners = manners;
    }

    /// What may be typed ahead, with what the session has learned.
    pub fn manners(&self) -> Manners {
        self.manners
    }

    /// The password to give from now on when the device asks for the administrator's.
    pub fn set_password(&mut self, password: Arc<Secret>) {
        self.options.password = Some(password);
        self.options.password_proven = false;
    }

    /// The last prompt that was seen.
    pub fn prompt(&self) -> Option<&Prompt> {
        self.prompt.as_ref()
    }

    /// The device's name as its prompt shows it.
    pub fn shown_name(&self) -> Option<&str> {
        self.base.as_ref().map(BasePrompt::name)
    }

    /// Whether a configuration transaction is open in this session: what it holds nobody else sees.
    pub fn is_in_transaction(&self) -> bool {
        self.in_transaction
    }

    /// Whether the device waits at a prompt, so that more can be asked of it.
    pub fn is_at_prompt(&self) -> bool {
        !self.ended && matches!(self.phase, Phase::AtPrompt)
    }

    /// Grows with every answer: deadlines count from the last change, so that an endless drip of bytes is not progress.
    pub fn progress(&self) -> u64 {
        self.progress
    }

    /// How much is recorded from now on; everything, unless this says other.
    pub fn set_detail(&mut self, detail: Detail) {
        self.record.detail = detail;
    }

    /// Takes the redacted record of what passed since the last call.
    pub fn take_trace(&mut self) -> Vec<Trace> {
        self.record.take()
    }

    /// Feeds what the device sent.
    pub fn receive(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(LARGEST_READ) {
            if !self.ended {
                self.receive_part(part);
            }
        }
    }

    fn receive_part(&mut self, bytes: &[u8]) {
        let reasonable = self.wire.receive(bytes);
        if matches!(self.phase, Phase::AtPrompt) {
            // A message of the device's own: nothing was asked.
            return self.wire.clear();
        }
        if !reasonable {
            self.ended = true;
            return self.fail(FaultKind::Endless);
        }
        while self.step() {}
    }

    /// The connection ended.
    pub fn closed(&mut self) {
        self.ended = true;
        if !self.is_settled() {
            let awaited = self.awaited();
            self.fail(FaultKind::Dropped { awaited });
        }
    }

    /// The time of the last [`Action::Read`] is over.
    pub fn expired(&mut self) {
        if self.is_settled() || self.greeting_expired() {
            return;
        }
        self.ended = true;
        let seen = self.last_seen();
        let awaited = self.awaited();
        let seconds = self.within().as_secs();
        self.fail(FaultKind::Silent { seconds, awaited, seen });
    }

    /// The operator interrupted: the script stops at the next prompt. A line that makes a key is not given up once sent.
    pub fn interrupt(&mut self) {
        self.interrupted = true;
    }

    /// The next thing to do.
    ///
    /// # Errors
    /// The fault that ended the job. Unless the connection is gone ([`Session::is_at_prompt`] tells), the device waits at
    /// a prompt and [`Session::recover`] can follow.
    pub fn poll(&mut self) -> Result<Action, Fault> {
        self.type_ahead();
        if !self.outbox.is_empty() {
            return Ok(Action::Write(std::mem::take(&mut self.outbox)));
        }
        self.outcome().unwrap_or_else(|| Ok(Action::Read { within: self.within() }))
    }

    fn outcome(&mut self) -> Option<Result<Action, Fault>> {
        match &mut self.phase {
            Phase::Greeting(greeting) => greeting.failed.take().map(Err),
            Phase::AtPrompt => self.prompt.clone().map(|prompt| Ok(Action::Done(Outcome::Ready(prompt)))),
            Phase::Typing(job) if job.in_flight.is_empty() && (job.failed.is_some() || job.to_send.is_empty()) => {
                let result = match job.failed.take().filter(|_| !job.has_key()) {
                    Some(fault) => Err(fault),
                    None => Ok(Action::Done(Outcome::Replies(std::mem::take(&mut job.replies)))),
                };
                self.phase = Phase::AtPrompt;
                Some(result)
            }
            Phase::Typing(_) => None,
        }
    }

    fn step(&mut self) -> bool {
        match self.phase {
            Phase::Greeting(_) => self.greet(),
            Phase::Typing(_) => self.converse(),
            Phase::AtPrompt => false,
        }
    }

    fn is_settled(&self) -> bool {
        match &self.phase {
            Phase::Greeting(_) => false,
            Phase::AtPrompt => true,
            Phase::Typing(job) => job.in_flight.is_empty() && job.to_send.is_empty(),
        }
    }

    fn within(&self) -> Duration {
        match &self.phase {
            Phase::Greeting(greeting) => greeting.within(self.options.login_within),
            _ => self.options.within,
        }
    }

    /// The end of what came, for a message; nothing of what may be a key or a password.
    fn last_seen(&self) -> String {
        let line = self.job().and_then(|job| job.in_flight.front());
        match line {
            Some(line) if line.password_given || line.line.effect == Effect::Key => String::new(),
            _ => reply::plain(&self.wire.last_seen(120)),
        }
    }

    fn awaited(&self) -> String {
        match &self.phase {
            Phase::Greeting(_) => "the first prompt".into(),
            Phase::AtPrompt => "the next command".into(),
            Phase::Typing(job) => match job.in_flight.front() {
                Some(line) if line.echoed => format!("the prompt after `{}`", line.line.text),
                Some(line) => format!("the echo of `{}`", line.line.text),
                None => "the next command".into(),
            },
        }
    }

    /// Records a fault; the first one counts. A lost connection settles everything that is on its way.
    fn fail(&mut self, kind: FaultKind) {
        self.finish_key();
        let left = self.aftermath(&kind);
        let ended = self.ended;
        match &mut self.phase {
            Phase::Greeting(greeting) => {
                greeting.failed.get_or_insert(Fault { kind, at: Step::Login, left });
            }
            Phase::Typing(job) => {
                let at = job.in_flight.front().map(|line| line.line.text.clone());
                let at = at.or_else(|| job.to_send.front().map(|line| line.text.clone()));
                job.failed.get_or_insert(Fault { kind, at: at.map_or(Step::Recovery, Step::Line), left });
                job.to_send.clear();
                if ended {
                    job.in_flight.clear();
                }
            }
            Phase::AtPrompt => {}
        }
    }

    fn aftermath(&self, kind: &FaultKind) -> Aftermath {
        let Phase::Typing(job) = &self.phase else { return Aftermath::Untouched };
        if matches!(kind, FaultKind::NoPassword | FaultKind::WrongPassword) {
            // Nothing is done without the password.
            return self.kept();
        }
        let waits_for = |effect| job.in_flight.iter().any(|line| line.line.effect == effect);
        if waits_for(Effect::Key) {
            Aftermath::KeyLost
        } else if waits_for(Effect::Commit) {
            Aftermath::Unknown
        } else {
            self.kept()
        }
    }

    fn send(&mut self, bytes: &[u8]) {
        self.outbox.extend_from_slice(bytes);
    }
}
