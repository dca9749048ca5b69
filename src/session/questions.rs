//! Questions in the middle of a conversation: the pager, the administrator's password, and those that are declined.

use super::conversation::MOST_PAGES;
use super::fault::FaultKind;
use super::reply::{self, Question};
use super::wire::Echo;
use super::{INTERRUPT, Session};
use crate::fortios::script::Effect;

/// Declines a question that was asked with more lines on their way. Likely they have answered it, and then this is an
/// empty line; if the device has thrown them away, it is neither "yes" nor a password.
const ENTER: &[u8] = b"\n";

impl Session {
    /// A question at the end of what came. What a `show` prints may hold any words, and may be cut anywhere by the network,
    /// so there only the pager counts; nor is the echo of a typed line, cut somewhere, a question.
    pub(super) fn question(&self, text: &str, begin: usize) -> Option<Question> {
        let job = self.job()?;
        let reads = job.in_flight.front().is_some_and(|line| line.line.effect == Effect::Read);
        let rest = self.base.as_ref().and_then(|base| base.read(text)).map_or(text, |(_, rest)| rest);
        let is_echo = self.echo_of_next(begin + text.len() - rest.len()) == Echo::Partly
            || job.in_flight.iter().any(|line| line.line.text.starts_with(rest.trim_start()));
        Question::at(rest).filter(|&question| !is_echo && (!reads || question == Question::Pager))
    }

    pub(super) fn answer_question(&mut self, question: Question, text: &str) -> bool {
        self.progress += 1;
        let text = &self.without_password(text);
        if question != Question::Pager {
            self.wire.clear();
        }
        match question {
            Question::Pager => self.turn_page(),
            Question::AdministratorPassword => {
                self.record.received(text);
                self.give_password();
            }
            Question::YesNo => {
                let answer = if self.is_ahead() { ENTER } else { b"n" };
                self.decline(FaultKind::Question(reply::plain(text)), answer);
            }
            Question::Continuation | Question::AcceptBanner => {
                self.decline(FaultKind::Question(reply::plain(text)), INTERRUPT);
            }
            Question::NewPassword | Question::Login => {
                self.ended = true;
                self.fail(FaultKind::Question(reply::plain(text)));
            }
        }
        true
    }

    /// Whether lines were typed behind the one that is being answered.
    fn is_ahead(&self) -> bool {
        self.job().is_some_and(|job| job.in_flight.len() > 1)
    }

    /// Goes on to the next page. With lines behind the read, the pager has taken them for its keys.
    fn turn_page(&mut self) {
        self.manners.unpaged = false;
        let is_ahead = self.is_ahead();
        let Some(line) = self.job_mut().and_then(|job| job.in_flight.front_mut()) else { return };
        line.pages += 1;
        if line.pages > MOST_PAGES {
            self.ended = true;
            return self.fail(FaultKind::Endless);
        }
        self.wire.page_answered();
        if is_ahead {
            return self.decline(FaultKind::Overrun, INTERRUPT);
        }
        self.record.mark("the pager was answered");
        self.send(b" ");
    }

    /// Answers the administrator's password question: once a line, and only when no other line is on its way.
    fn give_password(&mut self) {
        let password = self.options.password.clone();
        let is_ahead = self.is_ahead();
        let Some(line) = self.job_mut().and_then(|job| job.in_flight.front_mut()) else { return };
        let effect = line.line.effect;
        if effect == Effect::Abort {
            // Asked by a line that was typed ahead: what precedes the `abort` declines it.
            return;
        }
        let echoed = line.echoed;
        let given = std::mem::replace(&mut line.password_given, true);
        self.learn_question(effect);
        match password {
            _ if is_ahead || !echoed => self.decline(FaultKind::Overrun, ENTER),
            _ if given => self.decline(FaultKind::WrongPassword, INTERRUPT),
            None => self.decline(FaultKind::NoPassword, INTERRUPT),
            Some(password) => {
                if let Some(line) = self.job_mut().and_then(|job| job.in_flight.front_mut()) {
                    line.hiding = true;
                }
                self.gave_password = true;
                self.record.mark("the administrator's password was given");
                self.send(password.expose().as_bytes());
                self.send(b"\n");
            }
        }
    }

    /// This device asks where its version let nobody expect it: from now on nothing is typed behind such a line.
    fn learn_question(&mut self, effect: Effect) {
        self.manners.asks_at_commit = true;
        self.manners.asks_anywhere |= !matches!(effect, Effect::Commit | Effect::Key);
    }

    /// A whole line that holds a question: what was typed ahead has answered it.
    pub(super) fn answered_ahead(&mut self, text: &str) -> Option<FaultKind> {
        let job = self.job()?;
        let line = job.in_flight.front().filter(|line| line.echoed && !line.password_given)?;
        if job.in_flight.len() < 2 {
            return None;
        }
        let effect = line.line.effect;
        // What a `show` prints may hold the words of all others.
        let question = if effect == Effect::Read { Question::pages(text) } else { Question::within(text) }?;
        match question {
            Question::Pager => self.manners.unpaged = false,
            Question::AdministratorPassword => self.learn_question(effect),
            _ => return Some(FaultKind::Question(reply::plain(&self.without_password(text)))),
        }
        Some(FaultKind::Overrun)
    }

    /// Fails with "no" to a question, then gets back in step: what was typed ahead may have been eaten, so the next thing
    /// that is waited for is the echo of an `abort`.
    pub(super) fn decline(&mut self, kind: FaultKind, answer: &[u8]) {
        self.record.mark("the question was declined");
        self.send(answer);
        self.fail(kind);
        if let Some(job) = self.job_mut() {
            job.in_flight.clear();
        }
        self.type_abort("abort");
    }

    /// The text without the password, once that was given: some terminals show it as stars, some not at all, and one that
    /// was not asking takes it for a command and echoes it. A short password is a word that stands anywhere, so of that
    /// only the echo behind the question is covered.
    pub(super) fn without_password(&self, text: &str) -> String {
        let hiding = self.job().and_then(|job| job.in_flight.front()).is_some_and(|line| line.hiding);
        let covers = |password: &str| !password.is_empty() && (hiding || self.gave_password && password.len() >= 6);
        match self.options.password.as_ref().map(|password| password.expose()) {
            // The number of stars is the length of the password.
            _ if hiding && is_masked(text) => String::new(),
            Some(password) if covers(password) => text.replace(password, "*****"),
            _ => text.to_owned(),
        }
    }
}

/// Whether the line is nothing but a password shown as stars, perhaps behind the end of its question.
fn is_masked(text: &str) -> bool {
    let shown = text.trim_start_matches([':', ' ']).trim_end();
    !shown.is_empty() && shown.bytes().all(|byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_that_tell_the_length_of_a_password_are_masked() {
        assert!(is_masked("*********"));
        assert!(is_masked(": ***** "));
        assert!(!is_masked("admin's password required."));
        assert!(!is_masked("* new entry"));
        assert!(!is_masked(""));
    }
}
