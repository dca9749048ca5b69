//! A key is neither lost nor shown, wherever in its answer something goes wrong.

use fgtkey::fortios::script::Script;
use fgtkey::session::fault::{Aftermath, Fault, FaultKind};
use fgtkey::session::{Action, Outcome, Session};
use fgtkey::sim::{Device, Fault as SimFault, FaultAction, Place};

use super::pair::{Chunks, Far, Pair, SimShell};
use super::story::{options, spec};

const KEY: &str = "38c9tf65gd18jpxr96gQn59dfwnxjg";
const LINE: &str = "execute api-user generate-key u";

/// A device that answers the first line with this and then says nothing more, or hangs up.
struct Once {
    answer: Option<String>,
    hangs_up: bool,
}

impl Far for Once {
    fn greeting(&mut self) -> Vec<u8> {
        b"fw1 # ".to_vec()
    }

    fn answer(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let echo = String::from_utf8_lossy(bytes).replace('\n', "\r\r\n");
        Some(format!("{echo}{}", self.answer.take().unwrap_or_default()).into_bytes())
    }

    fn has_hung_up(&self) -> bool {
        self.hangs_up && self.answer.is_none()
    }
}

/// What comes of an answer to generate-key; whatever it is, the key is in no record and no message.
fn answered(answer: &str, hangs_up: bool, size: usize) -> Result<String, Fault> {
    let far = Once { answer: Some(answer.to_owned()), hangs_up };
    let mut pair = Pair::new(options(), far, Chunks::of(size));
    pair.drive().unwrap();
    let result = pair.run(&Script::parse(LINE).unwrap());
    let said = format!("{}\n{:?}\n{result:?}", pair.trace.join("\n"), pair.session);
    assert!(!said.contains(KEY) && !said.contains(&KEY[..20]), "{said}");
    result.map(|replies| replies[0].key.as_ref().unwrap().expose().to_owned())
}

#[test]
fn a_key_whose_line_came_whole_is_kept_and_one_that_may_be_cut_is_not() {
    let note = "NOTE: The bearer of this API key will be granted all access privileges assigned to the api-user u.\r\n";
    for hangs_up in [false, true] {
        for size in [1, 7, 4096] {
            for (answer, comes) in [
                (format!("New API key: {KEY}\r\n{note}\r\nfw1 # "), true),
                (format!("\r\nNew API key: {KEY}\r\n"), true),
                (format!("New API key: {KEY}\r\nNOTE: The bea"), true),
                (format!("New API key: {KEY}\r\n{note}\r\nfw1 (global) # "), true),
                (format!("New API key: {KEY}\r\nDo you want to continue? (y/n)"), true),
                (format!("New API key: {KEY}"), false),
                (format!("New API key: {}", &KEY[..25]), false),
                (format!("New API key: {KEY}+/=\r\nCommand fail. Return code -1\r\nfw1 # "), false),
                (format!("Your token is now {KEY}\r\n\r\nfw1 # "), false),
            ] {
                match answered(&answer, hangs_up, size) {
                    Ok(key) => assert!(comes && key == KEY, "{answer:?}"),
                    Err(fault) => {
                        assert!(!comes, "{answer:?}: {fault}");
                        assert_eq!(fault.left, Aftermath::KeyLost, "{answer:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_key_behind_a_prompt_that_was_printed_again_is_found() {
    let answer = format!("fw1 # New API key: {KEY}\r\n\r\nfw1 # ");
    assert_eq!(answered(&answer, false, 4096).unwrap(), KEY);
}

#[test]
fn a_refusal_to_generate_leaves_the_old_key_alone() {
    let answer = "\r\nCould not find api-user u.\r\nCommand fail. Return code -3\r\n\r\nfw1 # ";
    let fault = answered(answer, false, 4096).unwrap_err();
    assert!(matches!(fault.kind, FaultKind::Refused(_)));
    assert_eq!(fault.left, Aftermath::Untouched);
}

#[test]
fn a_fault_behind_the_key_does_not_take_it_away() {
    let script = Script::parse(&format!("config global\n{LINE}\nend\n")).unwrap();
    let user = "config system api-user\nedit u\nset accprofile prof_admin\nset vdom root\nnext\nend\n";
    for action in [FaultAction::Drop, FaultAction::Hang, FaultAction::Refuse(None), FaultAction::Ask] {
        let fault = SimFault { at: Place::Number(3), action: action.clone() };
        let change = |spec: &mut fgtkey::sim::DeviceSpec| {
            spec.config = user.into();
            spec.faults = vec![fault];
        };
        let device = Device::new(spec("7.4.8", true, change)).unwrap();
        let mut pair = Pair::new(options(), SimShell::log_in(&device), Chunks::of(64));
        pair.drive().unwrap();
        let replies = pair.run(&script).unwrap();
        let key = replies.iter().find_map(|reply| reply.key.as_ref()).unwrap();
        assert!(device.key_is_live("u", key.expose()), "{action}");
    }
}

#[test]
fn an_interrupt_stops_before_the_next_line_but_never_between_a_key_and_its_owner() {
    let script = Script::parse(&format!("config global\n{LINE}\nend\n")).unwrap();
    for (interrupted_at, comes) in [("config global", false), (LINE, true), ("end", true)] {
        let mut session = Session::new(options());
        session.receive(b"fw1 # ");
        session.expired();
        session.run(&script);
        let result = loop {
            match session.poll() {
                Ok(Action::Write(bytes)) => {
                    let line = String::from_utf8_lossy(&bytes).trim().to_owned();
                    if line == interrupted_at {
                        session.interrupt();
                    }
                    let (said, prompt) = match line.as_str() {
                        "config global" => (String::new(), "fw1 (global) # "),
                        "end" => (String::new(), "fw1 # "),
                        _ => (format!("New API key: {KEY}\r\n"), "fw1 (global) # "),
                    };
                    session.receive(format!("{line}\r\r\n{said}\r\n{prompt}").as_bytes());
                }
                Ok(Action::Read { .. }) => panic!("it waits"),
                Ok(Action::Done(Outcome::Replies(replies))) => break Ok(replies),
                Ok(Action::Done(outcome)) => panic!("{outcome:?}"),
                Err(fault) => break Err(fault.kind),
            }
        };
        match result {
            Ok(replies) => assert!(comes && replies.iter().any(|reply| reply.key.is_some()), "{interrupted_at}"),
            Err(kind) => assert!(!comes && kind == FaultKind::Interrupted, "{interrupted_at}: {kind}"),
        }
    }
}
