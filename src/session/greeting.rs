//! From the first byte to the first prompt.
//!
//! Before the prompt may come: nothing at all until Enter is pressed, `Welcome!`, warnings about disks and passwords, an
//! administrator's own banner (free text, with `#`, `$` and boxes) that ends in `(Press 'a' to accept):`, or the demand for
//! a new password, into which anything typed would go. So nothing is typed before the first prompt but the accept key,
//! and text that looks like a prompt is believed only when the device has nothing to add to it.

use std::time::Duration;

use super::fault::{Fault, FaultKind};
use super::prompt::BasePrompt;
use super::reply::{self, Question};
use super::{INTERRUPT, Phase, Session};

/// How long a line that looks like the first prompt must stay the last thing sent: a banner's line can begin with a word
/// and a `#`, and be cut there by the network. Only the greeting needs this; later the prompt is known.
const QUIET: Duration = Duration::from_millis(40);

/// The same for the prompt of another product: giving up early on a banner that was cut costs more than a second.
const QUIET_FOREIGN: Duration = Duration::from_secs(1);

/// How long a device may be silent before Enter is pressed once: some servers say nothing until they are spoken to.
const SILENT: Duration = Duration::from_secs(4);

/// How long a device may be silent behind whole lines before Enter is pressed once: longer, because `Verifying
/// password...` takes some models seven seconds.
const SILENT_BEHIND_LINES: Duration = Duration::from_secs(12);

/// How many banners are accepted; one is what FortiOS has.
const MOST_BANNERS: usize = 3;

/// How many pages of a greeting are turned.
const MOST_PAGES: usize = 100;

/// The most bytes of greeting.
const LONGEST_GREETING: usize = 256 * 1024;

#[derive(Debug, Default)]
pub(super) struct Greeting {
    pub failed: Option<Fault>,
    heard: usize,
    /// The last thing that came is an unfinished line.
    in_line: bool,
    pressed_enter: bool,
    banners: usize,
    pages: usize,
    /// What the unterminated last line looks like.
    looks_like: LooksLike,
}

#[derive(Debug, Default, Clone, PartialEq, Eq)]
enum LooksLike {
    #[default]
    Nothing,
    Prompt(String),
    ForeignPrompt(String),
    Question(Question, String),
}

impl Greeting {
    pub(super) fn within(&self, login: Duration) -> Duration {
        match self.looks_like {
            LooksLike::Nothing if self.pressed_enter || self.in_line => login,
            LooksLike::Nothing if self.heard == 0 => SILENT.min(login),
            LooksLike::Nothing => SILENT_BEHIND_LINES.min(login),
            LooksLike::Prompt(_) | LooksLike::Question(..) => QUIET,
            LooksLike::ForeignPrompt(_) => QUIET_FOREIGN.min(login),
        }
    }
}

impl Session {
    /// Reads one line of the greeting, or what stands at its end; false when more is needed.
    pub(super) fn greet(&mut self) -> bool {
        let front = self.wire.front(0);
        let text = front.text.into_owned();
        match front.next {
            Some(next) => {
                self.wire.drop_front(next);
                self.greeting_line(&text, next);
                true
            }
            None => self.greeting_tail(&text),
        }
    }

    fn greeting_line(&mut self, text: &str, bytes: usize) {
        self.record.received(text);
        let Phase::Greeting(greeting) = &mut self.phase else { return };
        greeting.looks_like = LooksLike::Nothing;
        greeting.in_line = false;
        greeting.heard += bytes;
        if greeting.heard > LONGEST_GREETING {
            self.fail(FaultKind::Endless);
            self.ended = true;
        } else if reply::forces_new_password(text) {
            self.fail(FaultKind::NewPassword);
            self.ended = true;
        }
    }

    fn greeting_tail(&mut self, text: &str) -> bool {
        if text.is_empty() {
            return false;
        }
        match Question::at(text) {
            None => self.greeting_may_end(text),
            Some(Question::AcceptBanner) => self.accept_banner(text),
            Some(Question::Continuation) => self.greeting_looks_like(LooksLike::ForeignPrompt(text.trim_end().into())),
            // Free text of a banner, cut here by the network, can look like any other question.
            Some(question) => self.greeting_looks_like(LooksLike::Question(question, text.into())),
        }
    }

    /// A question that stayed the last thing sent.
    fn greeting_question(&mut self, question: Question, text: &str) -> bool {
        match question {
            Question::Pager => self.greeting_page(text),
            Question::NewPassword => self.refuse_greeting(FaultKind::NewPassword, b""),
            Question::YesNo => self.refuse_greeting(FaultKind::Question(reply::plain(text)), b"n"),
            _ => self.refuse_greeting(FaultKind::Question(reply::plain(text)), INTERRUPT),
        }
    }

    fn greeting_page(&mut self, text: &str) -> bool {
        let Phase::Greeting(greeting) = &mut self.phase else { return false };
        greeting.pages += 1;
        if greeting.pages > MOST_PAGES {
            return self.refuse_greeting(FaultKind::Endless, b"");
        }
        self.record.received(text);
        self.wire.page_answered();
        self.answer(b" ", "the pager was answered");
        true
    }

    fn accept_banner(&mut self, text: &str) -> bool {
        let Phase::Greeting(greeting) = &mut self.phase else { return false };
        greeting.banners += 1;
        // Behind the banner the device may be as silent as others are at the beginning.
        greeting.heard = 0;
        greeting.in_line = false;
        greeting.looks_like = LooksLike::Nothing;
        if greeting.banners > MOST_BANNERS {
            return self.refuse_greeting(FaultKind::Question(reply::plain(text)), b"");
        }
        self.record.received(text);
        self.wire.clear();
        // Without Enter: a surplus return would be an empty command.
        self.answer(b"a", "the login banner was accepted");
        true
    }

    fn refuse_greeting(&mut self, kind: FaultKind, answer: &[u8]) -> bool {
        self.wire.clear();
        self.send(answer);
        self.fail(kind);
        self.ended = true;
        true
    }

    fn greeting_may_end(&mut self, text: &str) -> bool {
        let text = text.trim_start();
        let looks_like = if BasePrompt::learn(text).is_some() {
            LooksLike::Prompt(text.into())
        } else if is_foreign_prompt(text) {
            LooksLike::ForeignPrompt(text.trim_end().into())
        } else {
            LooksLike::Nothing
        };
        self.greeting_looks_like(looks_like)
    }

    fn greeting_looks_like(&mut self, looks_like: LooksLike) -> bool {
        let Phase::Greeting(greeting) = &mut self.phase else { return false };
        greeting.in_line = true;
        if greeting.looks_like != looks_like {
            greeting.looks_like = looks_like;
            // The quiet time counts from here.
            self.progress += 1;
        }
        false
    }

    fn answer(&mut self, key: &[u8], why: &'static str) {
        self.send(key);
        self.record.mark(why);
        self.progress += 1;
    }

    /// The time is over: a quiet prompt is the prompt, and a device that never said a word is spoken to once. False when
    /// this is a failure.
    pub(super) fn greeting_expired(&mut self) -> bool {
        let Phase::Greeting(greeting) = &mut self.phase else { return false };
        match std::mem::take(&mut greeting.looks_like) {
            LooksLike::Prompt(text) => self.greeting_ends(&text),
            LooksLike::Question(question, text) => self.greeting_question(question, &text),
            LooksLike::ForeignPrompt(text) => self.refuse_greeting(FaultKind::NotFortiGate(reply::plain(&text)), b""),
            LooksLike::Nothing if !greeting.in_line && !greeting.pressed_enter => {
                greeting.pressed_enter = true;
                self.answer(b"\n", "nothing came, Enter was pressed once");
                true
            }
            LooksLike::Nothing => false,
        }
    }

    fn greeting_ends(&mut self, text: &str) -> bool {
        let Some((base, prompt)) = BasePrompt::learn(text) else { return false };
        self.record.received(text);
        self.wire.clear();
        self.base = Some(base);
        self.prompt = Some(prompt);
        self.phase = Phase::AtPrompt;
        self.progress += 1;
        true
    }
}

/// `NAME> `, as a FortiAuthenticator and many others prompt, or a bare `>`. FortiOS never does.
fn is_foreign_prompt(text: &str) -> bool {
    let name = text.trim_end().strip_suffix('>');
    name.is_some_and(|name| name.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prompts_of_other_products_are_told_from_text() {
        for prompt in ["FortiAuthenticator> ", "Router>", ">", "> "] {
            assert!(is_foreign_prompt(prompt), "{prompt:?}");
        }
        for text in ["", "fw1 # ", "fw1 $ ", "see <https://example.net>", "a > ", "*****>"] {
            assert!(!is_foreign_prompt(text), "{text:?}");
        }
    }
}
