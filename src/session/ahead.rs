//! What may be typed before which answer has come: the commit barrier.
//!
//! FortiOS saves an object when its level is left. Traps that the rules below survive:
//! - a failing `set` stays in the entry, and the object can still be saved without it: the line that saves waits for all;
//! - a failing `next` has already left the entry: nothing that saves is on its way behind it;
//! - if `edit NAME` is refused, a `delete 1` meant for its trusted hosts removes the API user `1`: it waits like a line that
//!   leaves a level;
//! - if `config trusthost` does not open, the `next` meant for it saves the user without trusted hosts: a line that leaves
//!   a nested level waits until the device is known to be nested so deep that even failures on the way cannot make it
//!   leave the object.
//!
//! Three things eat what is typed ahead: the pager, the administrator's password question (7.6 and later), and the login.
//! Nothing is typed behind a `show` or `get` that may be paged: one through `| grep` is not, nor is any once an output of
//! more than a page came in one piece. Nothing is typed behind a commit that may ask, until the question is answered with
//! a password that is known to be right. Nothing is typed before the first prompt.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroize;

use super::Manners;
use crate::fortios::script::{Effect, Line};

/// A line that was sent and not answered yet.
pub(super) struct InFlight {
    pub line: Arc<Line>,
    /// Its echo was seen.
    pub echoed: bool,
    /// What the device printed for it so far.
    pub body: Vec<String>,
    /// The administrator's password was given for it.
    pub password_given: bool,
    /// The rest of the line under way is the echo of a password.
    pub hiding: bool,
    /// How many pages of it were asked for.
    pub pages: usize,
    /// How many bytes came while it was the first on its way, its echo and prompts aside.
    pub heard: usize,
}

impl InFlight {
    pub(super) fn new(line: Arc<Line>) -> Self {
        let (echoed, password_given, hiding) = (false, false, false);
        InFlight { line, echoed, body: Vec::new(), password_given, hiding, pages: 0, heard: 0 }
    }
}

impl Drop for InFlight {
    /// The answer may hold a key.
    fn drop(&mut self) {
        self.body.zeroize();
    }
}

impl fmt::Debug for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InFlight").field("line", &self.line.text).field("echoed", &self.echoed).finish_non_exhaustive()
    }
}

/// The most bytes that are typed ahead: far below any terminal's input queue (4,096 on Linux).
const MOST_AHEAD: usize = 2048;

/// A line on its way, as far as it decides what may follow it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ahead<'a> {
    /// The line.
    pub line: &'a Line,
    /// Its password question came and was answered with a password that had logged in: it does not come again.
    pub answered: bool,
}

/// Whether `next` may be sent while `in_flight` is on its way; `confirmed` is how deep in an object the device is known to
/// be ([`Line::depth_in_object`]).
pub(super) fn may_follow<'a>(
    next: &Line,
    in_flight: impl ExactSizeIterator<Item = Ahead<'a>> + Clone,
    confirmed: usize,
    manners: Manners,
) -> bool {
    if in_flight.len() == 0 {
        return true;
    }
    let ahead: usize = in_flight.clone().map(|ahead| ahead.line.text.len() + 1).sum();
    if ahead + next.text.len() > MOST_AHEAD || in_flight.clone().any(|ahead| ahead.eats_what_follows(manners)) {
        return false;
    }
    match next.effect {
        Effect::Open | Effect::Stage | Effect::Read => true,
        // Even if `config global` is refused, its `end` only says "Unknown action". Typed together with the reads it cannot be
        // echoed in the midst of their output.
        Effect::Up => in_flight.clone().all(|ahead| matches!(ahead.line.effect, Effect::Read | Effect::Open)),
        Effect::Remove | Effect::Leave => depth_at_worst(in_flight, confirmed) >= 2,
        Effect::Begin | Effect::Commit | Effect::Key | Effect::Abort => false,
    }
}

impl Ahead<'_> {
    fn eats_what_follows(self, manners: Manners) -> bool {
        match self.line.effect {
            Effect::Begin | Effect::Key | Effect::Abort => true,
            Effect::Commit => manners.asks_at_commit && !self.answered,
            Effect::Leave => manners.asks_anywhere,
            Effect::Read => !(manners.unpaged || self.line.piped),
            Effect::Open | Effect::Stage | Effect::Remove | Effect::Up => false,
        }
    }
}

/// How deep in the object the device is after the lines on their way, if everything that can fail fails: what opens a level
/// does not, and a `next` without an entry leaves the table.
fn depth_at_worst<'a>(in_flight: impl Iterator<Item = Ahead<'a>>, confirmed: usize) -> usize {
    let mut worst = confirmed;
    for Ahead { line, .. } in in_flight {
        worst = match line.effect {
            Effect::Leave => line.depth_in_object().min(worst.saturating_sub(1)),
            Effect::Open | Effect::Stage | Effect::Remove | Effect::Read => worst,
            Effect::Begin | Effect::Commit | Effect::Key | Effect::Up | Effect::Abort => 0,
        };
    }
    worst
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fortios::script::Script;

    /// The writes that a device which accepts everything sees: lines typed together are joined by ` · `.
    fn waves(text: &str, manners: Manners) -> Vec<String> {
        let script = Script::parse(text).unwrap();
        let mut waves: Vec<Vec<&Line>> = Vec::new();
        let mut confirmed = 0;
        for line in script.lines() {
            let rides = waves.last().is_some_and(|wave| {
                may_follow(line, wave.iter().map(|line| Ahead { line, answered: false }), confirmed, manners)
            });
            if !rides {
                confirmed = waves.last().and_then(|wave| wave.last()).map_or(0, |line| line.depth_in_object());
                waves.push(Vec::new());
            }
            waves.last_mut().unwrap().push(line);
        }
        waves.iter().map(|wave| wave.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join(" · ")).collect()
    }

    const BEFORE_7_6: Manners = Manners { asks_at_commit: false, asks_anywhere: false, unpaged: true };
    const FROM_7_6: Manners = Manners { asks_at_commit: true, ..BEFORE_7_6 };

    const MINT: &str = "config system accprofile\nedit p\nset sysgrp read\nset netgrp read\nend\n\
        config system api-user\nedit u\nset accprofile p\nconfig trusthost\nedit 1\nset ipv4-trusthost 10.0.0.1/32\nnext\n\
        edit 2\nset ipv4-trusthost 10.0.0.2/32\nend\nend\nshow system accprofile p\nshow system api-user u\n\
        execute api-user generate-key u\n";

    #[test]
    fn a_mint_costs_a_round_trip_a_barrier() {
        assert_eq!(
            waves(MINT, BEFORE_7_6),
            [
                "config system accprofile · edit p · set sysgrp read · set netgrp read",
                "end · config system api-user · edit u · set accprofile p · config trusthost · edit 1 · set ipv4-trusthost 10.0.0.1/32",
                "next · edit 2 · set ipv4-trusthost 10.0.0.2/32 · end",
                "end · show system accprofile p · show system api-user u",
                "execute api-user generate-key u",
            ]
        );
    }

    #[test]
    fn from_7_6_nothing_is_typed_behind_a_commit() {
        let waves = waves(MINT, FROM_7_6);
        assert_eq!(waves.len(), 7);
        assert_eq!(waves.iter().filter(|wave| *wave == "end").count(), 2);
    }

    #[test]
    fn after_a_question_in_mid_flight_nothing_is_typed_behind_a_line_that_leaves_a_level() {
        let waves = waves(MINT, Manners { asks_anywhere: true, ..FROM_7_6 });
        assert!(waves.contains(&"next".to_owned()));
    }

    #[test]
    fn nothing_is_typed_behind_a_read_before_the_session_is_known_not_to_be_paged() {
        let text = "get system status\nshow system accprofile p\n";
        assert_eq!(waves(text, Manners { unpaged: false, ..BEFORE_7_6 }).len(), 2);
        assert_eq!(waves(text, BEFORE_7_6).len(), 1);
    }

    #[test]
    fn the_end_of_a_permission_block_waits_until_the_block_is_known_to_be_open() {
        let text = "config system accprofile\nedit p\nset fwgrp custom\nset netgrp custom\nconfig fwgrp-permission\n\
            set address read\nend\nconfig netgrp-permission\nset cfg read\nend\nend\n";
        assert_eq!(
            waves(text, BEFORE_7_6),
            [
                "config system accprofile · edit p · set fwgrp custom · set netgrp custom · config fwgrp-permission · set address read",
                "end · config netgrp-permission · set cfg read",
                "end",
                "end",
            ]
        );
    }

    #[test]
    fn a_row_is_removed_only_where_the_device_is_known_to_be_in_its_table() {
        let text = "config system api-user\nedit u\nconfig trusthost\ndelete 1\nedit 2\nset ipv4-trusthost 10.0.0.2/32\nend\nend\n";
        assert_eq!(
            waves(text, BEFORE_7_6),
            [
                "config system api-user · edit u · config trusthost",
                "delete 1 · edit 2 · set ipv4-trusthost 10.0.0.2/32 · end",
                "end",
            ]
        );
    }

    #[test]
    fn no_failure_on_the_way_lets_a_row_of_trusted_hosts_save_the_user() {
        let rows: String =
            (1..=5).map(|row| format!("edit {row}\nset ipv4-trusthost 10.0.0.{row}/32\nnext\n")).collect();
        let text = format!("config system api-user\nedit u\nconfig trusthost\n{rows}end\nend\n");
        for wave in waves(&text, BEFORE_7_6) {
            let leaving = wave.split(" · ").filter(|line| ["next", "end"].contains(line)).count();
            assert!(leaving <= 2, "{wave}");
        }
    }
}
