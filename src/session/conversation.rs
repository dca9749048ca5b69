//! Answers to the lines on their way.
//!
//! An answer begins behind the echo of its line and ends at a prompt that is followed by the echo of the next line, or, for
//! the last line, by nothing. A prompt followed by something else is one that the device printed again around a message of
//! its own (an expiring workspace, an HA event): neither ends an answer. A device that echoes what is typed ahead at once,
//! before the prompts, is understood too.

use super::ahead::{InFlight, may_follow};
use super::fault::{Aftermath, Fault, FaultKind, Step};
use super::prompt::Prompt;
use super::reply::{self, Question, Refusal};
use super::trace::Trace;
use super::wire::Echo;
use super::{INTERRUPT, Job, Phase, Reply, Session};
use crate::fortios::script::{Effect, Line};
use crate::secret::Secret;

/// The most bytes of one answer.
const LONGEST_ANSWER: usize = 1024 * 1024;

/// Rows of a terminal that a pager would stop at if it ignored the rows that were asked for.
const PAGE: usize = 24;

/// How often `abort` is typed to get out of nested levels; FortiOS's own nesting is less deep.
const MOST_ABORTS: usize = 6;

impl Session {
    /// Types what may be typed now.
    pub(super) fn type_ahead(&mut self) {
        let (confirmed, manners, interrupted) = (self.confirmed, self.manners, self.interrupted);
        let Phase::Typing(job) = &mut self.phase else { return };
        if interrupted && job.in_flight.is_empty() && !job.to_send.is_empty() {
            return self.fail(FaultKind::Interrupted);
        }
        while let Some(next) = job.to_send.front() {
            let on_their_way = job.in_flight.iter().map(|line| &line.line);
            if interrupted || job.failed.is_some() || !may_follow(next, on_their_way, confirmed, manners) {
                return;
            }
            let Some(line) = job.to_send.pop_front() else { return };
            self.outbox.extend_from_slice(line.text.as_bytes());
            self.outbox.push(b'\n');
            self.trace.push(Trace::Sent(line.text.clone()));
            job.in_flight.push_back(InFlight::new(line));
        }
    }

    /// Reads one line of the answers, or what stands at their end; false when more is needed.
    pub(super) fn converse(&mut self) -> bool {
        let front = self.wire.front(0);
        let (text, begin, next) = (front.text.into_owned(), front.begin, front.next);
        if self.job().is_none_or(|job| job.in_flight.is_empty()) {
            return false;
        }
        match next {
            Some(next) => self.answer_line(&text, begin, next),
            None => self.answer_tail(&text),
        }
    }

    fn answer_line(&mut self, text: &str, begin: usize, next: usize) -> bool {
        let read = self.base.as_ref().and_then(|base| base.read(text));
        let Some((prompt, rest)) = read else { return self.plain_line(text, begin, next) };
        let at = begin + text.len() - rest.len();
        match self.echo_of_next(at) {
            Echo::Partly => false,
            Echo::Here(end) => {
                self.complete_if_echoed(prompt);
                self.mark_echoed(end);
                true
            }
            Echo::Elsewhere => {
                let ends_answer = self.second_is_echoed();
                if ends_answer {
                    self.complete_if_echoed(prompt);
                    self.push_body(rest);
                } else {
                    self.trace.push(Trace::received(text));
                }
                self.wire.drop_front(next);
                true
            }
        }
    }

    /// A line without a prompt in front: an echo, a line of the answer, or a message of the device's own.
    fn plain_line(&mut self, text: &str, begin: usize, next: usize) -> bool {
        if self.may_be_echo() {
            match self.echo_of_next(begin) {
                Echo::Here(end) => {
                    self.mark_echoed(end);
                    return true;
                }
                Echo::Partly => return false,
                Echo::Elsewhere => {}
            }
        }
        self.push_body(text);
        self.wire.drop_front(next);
        true
    }

    fn answer_tail(&mut self, text: &str) -> bool {
        if text.is_empty() {
            return false;
        }
        if let Some(question) = self.question(text) {
            return self.answer_question(question, text);
        }
        let Some((prompt, "")) = self.base.as_ref().and_then(|base| base.read(text)) else { return false };
        let Some(job) = self.job() else { return false };
        let ends = job.in_flight.front().is_some_and(|line| line.echoed)
            && job.in_flight.get(1).is_none_or(|second| second.echoed);
        if ends {
            self.wire.clear();
            self.complete_if_echoed(prompt);
        }
        ends
    }

    /// A question at the end of what came. What a `show` prints may hold any words, and may be cut anywhere by the network,
    /// so there only the pager counts.
    fn question(&self, text: &str) -> Option<Question> {
        let reads = self.job()?.in_flight.front().is_some_and(|line| line.line.effect == Effect::Read);
        Question::at(text).filter(|&question| !reads || question == Question::Pager)
    }

    fn answer_question(&mut self, question: Question, text: &str) -> bool {
        self.progress += 1;
        match question {
            Question::Pager => {
                self.wire.page_answered();
                if let Some(line) = self.job_mut().and_then(|job| job.in_flight.front_mut()) {
                    line.paged = true;
                }
                self.manners.unpaged = false;
                self.trace.push(Trace::Mark("the pager was answered"));
                self.send(b" ");
            }
            Question::AdministratorPassword => {
                self.trace.push(Trace::received(text));
                self.wire.clear();
                self.give_password();
            }
            Question::YesNo => self.decline(FaultKind::Question(reply::plain(text)), b"n"),
            Question::Continuation | Question::AcceptBanner => {
                self.decline(FaultKind::Question(reply::plain(text)), INTERRUPT);
            }
            Question::NewPassword | Question::Login => {
                self.wire.clear();
                self.ended = true;
                self.fail(FaultKind::Question(reply::plain(text)));
            }
        }
        true
    }

    /// Answers the administrator's password question: once a line, and only when no other line is on its way.
    fn give_password(&mut self) {
        let password = self.options.password.clone();
        let Some(job) = self.job_mut() else { return };
        let alone = job.in_flight.len() == 1;
        let Some(line) = job.in_flight.front_mut() else { return };
        match password {
            _ if !alone => self.decline(FaultKind::Overrun, INTERRUPT),
            _ if line.password_given => self.decline(FaultKind::WrongPassword, INTERRUPT),
            None => self.decline(FaultKind::NoPassword, INTERRUPT),
            Some(password) => {
                line.password_given = true;
                line.hiding = true;
                self.trace.push(Trace::Mark("the administrator's password was given"));
                self.send(password.expose().as_bytes());
                self.send(b"\n");
            }
        }
    }

    /// Fails with "no" to a question, then gets back in step: what was typed ahead may have been eaten, so the next thing
    /// that is waited for is the echo of an `abort`.
    fn decline(&mut self, kind: FaultKind, answer: &[u8]) {
        self.trace.push(Trace::Mark("the question was declined"));
        self.wire.clear();
        self.send(answer);
        self.fail(kind);
        if let Some(job) = self.job_mut() {
            job.in_flight.clear();
        }
        self.type_abort("abort");
    }

    /// Goes back to the base prompt after a fault: `abort` until no level is left. The job ends with [`super::Outcome`]
    /// `Replies`, or with a fault when the device does not get there.
    pub fn recover(&mut self) {
        self.interrupted = false;
        self.phase = Phase::Typing(Job::default());
        self.type_abort("abort");
    }

    fn type_abort(&mut self, text: &str) {
        let line = Line::abort(text);
        self.send(format!("{text}\n").as_bytes());
        self.trace.push(Trace::Sent(text.into()));
        if let Some(job) = self.job_mut() {
            job.in_flight.push_back(InFlight::new(line));
        }
    }

    /// The answer to an `abort`: done at the base prompt; `config global` is left with `end`, which saves nothing there.
    fn aborted(&mut self, prompt: &Prompt) {
        let tries = self.job_mut().map_or(0, |job| {
            job.aborts += 1;
            job.aborts
        });
        match prompt.context.as_deref() {
            None => {}
            Some(_) if tries >= MOST_ABORTS => {
                self.ended = true;
                let shown = prompt.context.clone().unwrap_or_default();
                self.fail(FaultKind::Level { expected: "the base prompt".into(), shown });
            }
            // After an `abort` that changed nothing this is the scope, not an entry of that name.
            Some("global") if tries > 1 => self.type_abort("end"),
            Some(_) => self.type_abort("abort"),
        }
    }

    fn complete_if_echoed(&mut self, prompt: Prompt) {
        if self.job().and_then(|job| job.in_flight.front()).is_some_and(|line| line.echoed) {
            self.complete(prompt);
        }
    }

    /// The first line on its way has its prompt: judge the answer.
    fn complete(&mut self, prompt: Prompt) {
        let Some(line) = self.job_mut().and_then(|job| job.in_flight.pop_front()) else { return };
        self.progress += 1;
        self.prompt = Some(prompt.clone());
        if line.line.effect == Effect::Abort {
            return self.aborted(&prompt);
        }
        match self.judge(line, &prompt) {
            Ok(reply) => {
                if let Some(job) = self.job_mut() {
                    job.replies.push(reply);
                }
            }
            Err((at, kind)) => self.fail_at(at, kind),
        }
    }

    fn judge(&mut self, mut line: InFlight, prompt: &Prompt) -> Result<Reply, (String, FaultKind)> {
        let text = line.line.text.clone();
        let expected = line.line.after.last().map(|level| level.name.clone());
        let at_level = prompt.confirms(expected.as_deref());
        let (mut refused, mut key) = (None, None);
        match line.line.effect {
            Effect::Key => key = Some(key_in(&mut line.body).map_err(|kind| (text.clone(), kind))?),
            Effect::Read => {
                refused = Refusal::of_read(&line.body);
                self.manners.unpaged |= !line.paged && line.body.len() > PAGE;
            }
            _ => {
                if let Some(refusal) = Refusal::of_change(&line.body) {
                    return Err((text, FaultKind::Refused(refusal)));
                }
            }
        }
        if !at_level {
            let shown = prompt.context.clone().map_or("the base level".into(), |context| format!("`{context}`"));
            let expected = expected.map_or("the base level".into(), |context| format!("`{context}`"));
            return Err((text, FaultKind::Level { expected, shown }));
        }
        self.saved += usize::from(line.line.effect == Effect::Commit);
        self.confirmed = line.line.depth_in_object();
        Ok(Reply { line: text, body: line.body, refused, key })
    }

    fn fail_at(&mut self, at: String, kind: FaultKind) {
        let left = match self.saved {
            0 => Aftermath::Untouched,
            blocks => Aftermath::Saved { blocks },
        };
        if let Some(job) = self.job_mut() {
            job.to_send.clear();
            job.failed.get_or_insert(Fault { kind, at: Step::Line(at), left });
        }
    }

    /// The connection is gone or silent, but the whole key may have come before: then it is not lost.
    pub(super) fn finish_key(&mut self) {
        let Some(job) = self.job_mut() else { return };
        let arrived = job.in_flight.front().is_some_and(|line| {
            line.line.effect == Effect::Key
                && line.body.iter().filter_map(|text| reply::printed_key(text)).any(reply::is_key)
        });
        if !arrived {
            return;
        }
        if let Some(mut line) = job.in_flight.pop_front()
            && let Ok(key) = key_in(&mut line.body)
        {
            job.replies.push(Reply { line: line.line.text, body: Vec::new(), refused: None, key: Some(key) });
        }
        self.ended = true;
    }

    fn push_body(&mut self, text: &str) {
        let password = self.options.password.clone();
        let Some(line) = self.job_mut().and_then(|job| job.in_flight.front_mut()) else { return };
        if line.hiding {
            line.hiding = false;
            let hidden = text.trim().chars().all(|c| c == '*')
                || password.is_some_and(|password| text.trim_end() == password.expose());
            if hidden {
                return;
            }
        }
        let yields_key = line.line.effect == Effect::Key;
        let first = line.body.is_empty();
        if line.echoed {
            line.body.push(text.to_owned());
        }
        let size: usize = line.body.iter().map(String::len).sum();
        if !yields_key {
            self.trace.push(Trace::received(text));
        } else if first {
            self.trace.push(Trace::Mark("the answer to generate-key is not recorded"));
        }
        if size > LONGEST_ANSWER {
            self.ended = true;
            self.fail(FaultKind::Endless);
        }
    }

    /// Whether a line without a prompt in front can be an echo: of the first line, or of one that was echoed early. What a
    /// `show` prints can equal a later line (`end`), so there only before its output begins.
    fn may_be_echo(&self) -> bool {
        let Some(first) = self.job().and_then(|job| job.in_flight.front()) else { return false };
        !first.echoed || first.line.effect != Effect::Read || first.body.is_empty()
    }

    fn echo_of_next(&self, at: usize) -> Echo {
        let next = self.job().and_then(|job| job.in_flight.iter().find(|line| !line.echoed));
        next.map_or(Echo::Elsewhere, |line| self.wire.echo(at, &line.line.text))
    }

    fn mark_echoed(&mut self, end: usize) {
        self.wire.drop_front(end);
        if let Some(line) = self.job_mut().and_then(|job| job.in_flight.iter_mut().find(|line| !line.echoed)) {
            line.echoed = true;
        }
    }

    fn second_is_echoed(&self) -> bool {
        self.job().and_then(|job| job.in_flight.get(1)).is_some_and(|line| line.echoed)
    }

    fn job(&self) -> Option<&Job> {
        match &self.phase {
            Phase::Typing(job) => Some(job),
            _ => None,
        }
    }

    fn job_mut(&mut self) -> Option<&mut Job> {
        match &mut self.phase {
            Phase::Typing(job) => Some(job),
            _ => None,
        }
    }
}

/// Takes the key out of the answer to a key-yielding line and wipes the answer.
fn key_in(body: &mut Vec<String>) -> Result<Secret, FaultKind> {
    let printed = body.iter().find_map(|text| reply::printed_key(text));
    let key = printed.filter(|text| reply::is_key(text)).map(Secret::new);
    let result = match (key, Refusal::of_change(body)) {
        (Some(key), _) => Ok(key),
        (None, Some(refusal)) => Err(FaultKind::Refused(refusal)),
        (None, None) if printed.is_some() => Err(FaultKind::NoKey("what follows `New API key:` is not a key".into())),
        (None, None) => Err(FaultKind::NoKey(reply::plain(&body.join(" ")).chars().take(120).collect())),
    };
    for text in body.iter_mut() {
        zeroize::Zeroize::zeroize(text);
    }
    body.clear();
    result
}
