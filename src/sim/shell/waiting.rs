//! What the device waits for in the middle of a command: a key at the pager, a password, a yes.

use super::super::cli::{AskKind, Pending};
use super::super::pager::{ERASE, MORE, Pager};
use super::super::traps::Paging;
use super::{Doom, Mode, Shell};

impl Shell {
    pub(super) fn pages(&self) -> bool {
        self.login.pty && self.spec.traps.pager != Paging::Off && self.cli.console_pages()
    }

    pub(super) fn rows(&self) -> usize {
        let rows = match self.spec.traps.pager {
            Paging::Fixed(rows) => rows.into(),
            _ if self.login.rows == 0 => 24,
            _ => usize::try_from(self.login.rows).unwrap_or(usize::MAX),
        };
        // The command and the mark take a row each.
        rows.saturating_sub(2).max(1)
    }

    pub(super) fn page(&mut self, mut pager: Pager, rows: usize) {
        for line in pager.page(rows) {
            self.say(&line);
            self.say("\n");
        }
        if pager.is_empty() {
            return self.finish();
        }
        self.out.extend_from_slice(MORE);
        self.mode = Mode::Pager(pager);
    }

    pub(super) fn pager_key(&mut self, pager: Pager, byte: u8) {
        let rows = match byte {
            b' ' => self.rows(),
            b'\r' | b'\n' => 1,
            b'q' | b'Q' | 0x03 => {
                self.out.extend_from_slice(ERASE);
                return self.finish();
            }
            _ => return self.mode = Mode::Pager(pager),
        };
        self.out.extend_from_slice(ERASE);
        self.page(pager, rows);
    }

    pub(super) fn ask(&mut self, kind: AskKind, pending: Pending) {
        match kind {
            AskKind::Password => {
                self.say(self.spec.traps.password_question.text());
                self.mode = Mode::Password(pending, Vec::new());
            }
            AskKind::YesNo => {
                if matches!(pending, Pending::Purge) {
                    self.say("This operation will clear all table!\n");
                }
                self.say("Do you want to continue? (y/n)");
                self.mode = Mode::YesNo(pending);
            }
        }
    }

    pub(super) fn password_key(&mut self, pending: Pending, mut typed: Vec<u8>, byte: u8) {
        match byte {
            b'\r' | b'\n' => {
                self.say("\n");
                let reply = match self.is_password(&typed) {
                    true => self.cli.resume(pending),
                    false => self.cli.decline(AskKind::Password, &pending),
                };
                return self.answer(reply);
            }
            0x03 => {
                self.doom = Doom::None;
                self.say("^C\n");
                return self.prompt();
            }
            0x08 | 0x7f => {
                if typed.pop().is_some() {
                    self.out.extend_from_slice(b"\x08 \x08");
                }
            }
            _ => {
                typed.push(byte);
                self.out.push(b'*');
            }
        }
        self.mode = Mode::Password(pending, typed);
    }

    fn is_password(&self, typed: &[u8]) -> bool {
        let typed = String::from_utf8_lossy(typed);
        let state = self.device.lock();
        let own = state.spec.admins.iter().find(|admin| admin.name == self.login.admin);
        own.and_then(|admin| admin.password.as_ref()).is_some_and(|password| password.is(&typed))
    }

    pub(super) fn yes_no_key(&mut self, pending: Pending, byte: u8) {
        self.out.push(byte);
        self.say("\n");
        let reply = match byte {
            b'y' | b'Y' => self.cli.resume(pending),
            _ => self.cli.decline(AskKind::YesNo, &pending),
        };
        self.answer(reply);
    }
}
