//! Answers to the lines on their way.
//!
//! An answer begins behind the echo of its line and ends at a prompt that is followed by the echo of the next line, or, for
//! the last line, by nothing. A prompt followed by something else is one that the device printed again around a message of
//! its own (an expiring workspace, an HA event): neither ends an answer. A device that echoes what is typed ahead at once,
//! before the prompts, is understood too.

use zeroize::Zeroizing;

use super::ahead::{Ahead, InFlight, may_follow};
use super::fault::{Aftermath, Fault, FaultKind, Step};
use super::prompt::Prompt;
use super::reply::{self, Refusal};
use super::wire::Echo;
use super::{Job, Phase, Reply, Session};
use crate::fortios::script::Effect;
use crate::secret::Secret;

/// The most bytes of one answer.
const LONGEST_ANSWER: usize = 1024 * 1024;

/// The most pages of one answer: a megabyte has fewer.
pub(super) const MOST_PAGES: usize = 4096;

/// Rows of a terminal that a pager would stop at if it ignored the rows that were asked for.
const PAGE: usize = 24;

impl Session {
    /// Types what may be typed now.
    pub(super) fn type_ahead(&mut self) {
        let (confirmed, manners, proven) = (self.confirmed, self.manners, self.options.password_proven);
        let Phase::Typing(job) = &mut self.phase else { return };
        // Once there is a key, the rest of its script is the way back to the base prompt.
        let interrupted = self.interrupted && !job.has_key();
        if interrupted && job.in_flight.is_empty() && !job.to_send.is_empty() {
            return self.fail(FaultKind::Interrupted);
        }
        while let Some(next) = job.to_send.front() {
            let on_their_way =
                job.in_flight.iter().map(|sent| Ahead { line: &sent.line, answered: sent.password_given && proven });
            if interrupted || job.failed.is_some() || !may_follow(next, on_their_way, confirmed, manners) {
                return;
            }
            let Some(line) = job.to_send.pop_front() else { return };
            self.outbox.extend_from_slice(line.text.as_bytes());
            self.outbox.push(b'\n');
            self.record.sent(&line.text);
            job.in_flight.push_back(InFlight::new(line));
        }
    }

    /// Reads one line of the answers, or what stands at their end; false when more is needed.
    pub(super) fn converse(&mut self) -> bool {
        let front = self.wire.front(0);
        // It may hold a key.
        let (text, begin, next) = (Zeroizing::new(front.text.into_owned()), front.begin, front.next);
        if self.job().is_none_or(|job| job.in_flight.is_empty()) {
            return false;
        }
        match next {
            Some(next) => self.answer_line(&text, begin, next),
            None => self.answer_tail(&text, begin),
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
                if self.second_is_echoed() {
                    self.complete_if_echoed(prompt);
                }
                // A prompt that was printed again may have a line of the answer behind it.
                self.wire.drop_front(next);
                self.push_body(rest);
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
        self.wire.drop_front(next);
        self.push_body(text);
        true
    }

    fn answer_tail(&mut self, text: &str, begin: usize) -> bool {
        if text.is_empty() {
            return false;
        }
        if let Some(question) = self.question(text, begin) {
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

    fn complete_if_echoed(&mut self, prompt: Prompt) {
        if self.job().and_then(|job| job.in_flight.front()).is_some_and(|line| line.echoed) {
            self.complete(prompt);
        }
    }

    /// The first line on its way has its prompt: judge the answer.
    fn complete(&mut self, prompt: Prompt) {
        let Some(mut line) = self.job_mut().and_then(|job| job.in_flight.pop_front()) else { return };
        self.progress += 1;
        self.prompt = Some(prompt.clone());
        if line.line.effect == Effect::Abort {
            return self.aborted(&prompt, Refusal::of_change(&line.body).is_some());
        }
        let judged = self.judge(&mut line, &prompt);
        let Some(job) = self.job_mut() else { return };
        match judged {
            Ok(reply) => job.replies.push(reply),
            Err((kind, left)) => {
                job.to_send.clear();
                job.failed.get_or_insert(Fault { kind, at: Step::Line(line.line.text.clone()), left });
            }
        }
    }

    fn judge(&mut self, line: &mut InFlight, prompt: &Prompt) -> Result<Reply, (FaultKind, Aftermath)> {
        let (text, effect) = (line.line.text.clone(), line.line.effect);
        let mut refused = None;
        match effect {
            Effect::Key => return self.judge_key(line),
            Effect::Read => {
                refused = Refusal::of_read(&line.body);
                self.manners.unpaged |= line.pages == 0 && line.body.len() > PAGE;
            }
            _ => {
                if let Some(refusal) = Refusal::of_change(&line.body) {
                    return Err((FaultKind::Refused(refusal), self.kept()));
                }
            }
        }
        let expected = line.line.after.last().map(|level| level.name.as_str());
        if !prompt.confirms(expected) {
            let level = |name: Option<&str>| name.map_or("the base level".into(), |name| format!("`{name}`"));
            let kind = FaultKind::Level { expected: level(expected), shown: level(prompt.context.as_deref()) };
            // Not refused, and not where it leads to: it may have saved something or not.
            let left = if effect == Effect::Commit { Aftermath::Unknown } else { self.kept() };
            return Err((kind, left));
        }
        self.note_transaction(&text);
        self.saved += usize::from(effect == Effect::Commit && !self.in_transaction);
        self.confirmed = line.line.depth_in_object();
        Ok(Reply { line: text, body: std::mem::take(&mut line.body), refused, key: None })
    }

    fn note_transaction(&mut self, line: &str) {
        match line.strip_prefix("execute config-transaction ") {
            Some("start") => self.in_transaction = true,
            Some(_) => self.in_transaction = false,
            None => {}
        }
    }

    /// A key that came counts, whatever the prompt behind it looks like.
    fn judge_key(&mut self, line: &mut InFlight) -> Result<Reply, (FaultKind, Aftermath)> {
        let announced = line.body.iter().any(|text| reply::printed_key(text).is_some());
        let key = key_in(&line.body).map_err(|kind| match kind {
            FaultKind::Refused(_) if !announced => (kind, self.kept()),
            _ => (kind, Aftermath::KeyLost),
        })?;
        self.confirmed = 0;
        Ok(Reply { line: line.line.text.clone(), body: Vec::new(), refused: None, key: Some(key) })
    }

    /// What the lines that were answered have left.
    pub(super) fn kept(&self) -> Aftermath {
        match self.saved {
            0 => Aftermath::Untouched,
            blocks => Aftermath::Saved { blocks },
        }
    }

    /// Something is wrong before the prompt behind a key, but the whole line with the key may have come: then it is not
    /// lost.
    pub(super) fn finish_key(&mut self) {
        let Some(job) = self.job_mut() else { return };
        let Some(line) = job.in_flight.front().filter(|line| line.line.effect == Effect::Key) else { return };
        if let Ok(key) = key_in(&line.body) {
            let line = line.line.text.clone();
            job.replies.push(Reply { line, body: Vec::new(), refused: None, key: Some(key) });
            job.in_flight.pop_front();
        }
    }

    fn push_body(&mut self, text: &str) {
        if let Some(kind) = self.answered_ahead(text) {
            return self.decline(kind, b"");
        }
        let text = self.without_password(text);
        // The message may be about another session's transaction as well; ours is not worth the doubt.
        let has_expired = self.in_transaction && reply::is_expiry(&text);
        let Phase::Typing(job) = &mut self.phase else { return };
        let Some(line) = job.in_flight.front_mut() else { return };
        line.hiding = false;
        line.heard += text.len() + 1;
        let is_endless = line.heard > LONGEST_ANSWER;
        match line.line.effect {
            Effect::Key if line.body.is_empty() => self.record.mark("the answer to generate-key is not recorded"),
            Effect::Key => {}
            _ => self.record.received(&text),
        }
        if line.echoed && !reply::is_of_another(&text) {
            line.body.push(text);
        }
        if is_endless {
            self.ended = true;
            self.fail(FaultKind::Endless);
        }
        if has_expired {
            self.in_transaction = false;
            self.fail(FaultKind::TransactionExpired);
        }
    }

    /// Whether a line without a prompt in front can be an echo: of the first line, or of one that was echoed early. What a
    /// `show` prints can equal a later line (`end`), so there only before its output begins.
    fn may_be_echo(&self) -> bool {
        let Some(first) = self.job().and_then(|job| job.in_flight.front()) else { return false };
        !first.echoed || first.line.effect != Effect::Read || first.body.is_empty()
    }

    pub(super) fn echo_of_next(&self, at: usize) -> Echo {
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

    pub(super) fn job(&self) -> Option<&Job> {
        match &self.phase {
            Phase::Typing(job) => Some(job),
            _ => None,
        }
    }

    pub(super) fn job_mut(&mut self) -> Option<&mut Job> {
        match &mut self.phase {
            Phase::Typing(job) => Some(job),
            _ => None,
        }
    }
}

/// The key in the answer to a key-yielding line.
fn key_in(body: &[String]) -> Result<Secret, FaultKind> {
    let printed = body.iter().find_map(|text| reply::printed_key(text));
    let key = printed.filter(|text| reply::is_key(text)).map(Secret::new);
    match (key, Refusal::of_change(body)) {
        (Some(key), _) => Ok(key),
        (None, Some(refusal)) => Err(FaultKind::Refused(refusal)),
        (None, None) if printed.is_some() => Err(FaultKind::NoKey("what follows `New API key:` is not a key".into())),
        (None, None) => Err(FaultKind::NoKey(reply::without_keys(&body.join(" ")))),
    }
}
