//! A refusal, a drop, a cut and a silence at each line of a mint: the fault tells the truth, and nothing is left half made.
//!
//! What must hold after every run is checked in [`super::story`]: the aftermath against the device's real state, no user
//! without all its trusted hosts, no profile without its permissions, no key that is not live.

use fgtkey::session::fault::{Aftermath, FaultKind, Step};
use fgtkey::sim::{Device, Fault, FaultAction, Place};

use super::pair::{Chunks, Pair, SimShell};
use super::story::{Minted, Stop, is_whole, mint, options, request, spec};

const VERSIONS: [(&str, bool); 3] = [("6.0.10", true), ("7.4.8", false), ("7.6.4", true)];

/// The lines of a mint in which nothing goes wrong.
fn lines_of_a_mint(version: &str, vdoms: bool) -> Vec<String> {
    let device = Device::new(spec(version, vdoms, |_| ())).unwrap();
    assert!(mint(&device, &request(), Chunks::of(4096)).result.is_ok());
    device.commands()
}

/// A mint whose `number`-th line has a fault.
fn mint_with_fault(version: &str, vdoms: bool, number: usize, action: FaultAction, chunk: usize) -> (Device, Minted) {
    let fault = Fault { at: Place::Number(number), action };
    let device = Device::new(spec(version, vdoms, |spec| spec.faults = vec![fault])).unwrap();
    let minted = mint(&device, &request(), Chunks::of(chunk));
    (device, minted)
}

/// A session that is still at a prompt finds back to the base prompt, and nothing is saved on the way.
fn finds_back(device: &Device, pair: &mut Pair<SimShell>, what: &str) {
    let before = (device.config_text(), device.commits());
    pair.recover().unwrap_or_else(|fault| panic!("{what}: {fault}\n{}", pair.trace.join("\n")));
    assert_eq!(pair.session.prompt().unwrap().context, None, "{what}");
    assert!(pair.session.is_at_prompt() && pair.far.is_at_prompt(), "{what}");
    assert_eq!((device.config_text(), device.commits()), before, "{what}: something was saved on the way back");
}

/// A second mint on the same device, over a new connection, gets there.
fn can_be_done_again(device: &Device, what: &str) {
    let minted = mint(device, &request(), Chunks::of(4096));
    match &minted.result {
        Ok(_) => {}
        // The key that was lost on the way is there: the operator is asked before it is replaced.
        Err(Stop::Plan(fgtkey::fortios::plan::PlanError::HasKey { .. })) => {}
        Err(stop) => panic!("{what}: {stop:?}\n{}", minted.trace.join("\n")),
    }
}

/// Runs a mint with `action` at each of its lines and shows each to `see`.
fn at_each_line(action: &FaultAction, see: impl Fn(&str, &str, &Device, &mut Minted)) {
    for (version, vdoms) in VERSIONS {
        for (at, line) in lines_of_a_mint(version, vdoms).iter().enumerate() {
            for chunk in [1, 4096] {
                let what = format!("{version}, VDOMs {vdoms}, line {}, `{line}`, {action}, chunks of {chunk}", at + 1);
                let (device, mut minted) = mint_with_fault(version, vdoms, at + 1, action.clone(), chunk);
                see(&what, line, &device, &mut minted);
                let pair = &mut minted.pair;
                if minted.result.is_err() && pair.session.is_at_prompt() {
                    finds_back(&device, pair, &what);
                }
                can_be_done_again(&device, &what);
            }
        }
    }
}

fn changes(line: &str) -> bool {
    !["get ", "show "].iter().any(|verb| line.starts_with(verb))
}

#[test]
fn a_refused_line_is_named_and_nothing_behind_it_is_saved() {
    at_each_line(&FaultAction::Refuse(None), |what, line, device, minted| match &minted.result {
        // Everything that is refused but not needed.
        Ok(_) => assert!(line.starts_with("get ") || line == "end" && is_whole(device, &request()), "{what}"),
        Err(Stop::Fault(fault)) => {
            assert!(matches!(fault.kind, FaultKind::Refused(_)), "{what}: {fault}");
            assert_eq!(fault.at, Step::Line(line.into()), "{what}");
            assert!(minted.pair.session.is_at_prompt(), "{what}");
        }
        Err(stop) => assert!(!changes(line), "{what}: {stop:?}"),
    });
}

#[test]
fn a_drop_before_or_after_the_line_is_told_as_one() {
    for action in [FaultAction::Drop, FaultAction::DropAfter] {
        at_each_line(&action, |what, line, device, minted| match &minted.result {
            Ok(_) => assert!(line == "end" && is_whole(device, &request()), "{what}"),
            Err(Stop::Fault(fault)) => {
                assert!(matches!(fault.kind, FaultKind::Dropped { .. }), "{what}: {fault}");
                assert!(!minted.pair.session.is_at_prompt(), "{what}");
                let is_key = line.starts_with("execute");
                assert_eq!(fault.left == Aftermath::KeyLost, is_key, "{what}: {fault:?}");
            }
            Err(stop) => panic!("{what}: {stop:?}"),
        });
    }
}

#[test]
fn a_silence_ends_in_a_fault_that_says_what_was_waited_for() {
    for action in [FaultAction::Hang, FaultAction::HangAfter] {
        at_each_line(&action, |what, line, device, minted| match &minted.result {
            Ok(_) => assert!(line == "end" && is_whole(device, &request()), "{what}"),
            Err(Stop::Fault(fault)) => {
                let FaultKind::Silent { awaited, seconds, .. } = &fault.kind else { panic!("{what}: {fault}") };
                assert_eq!((awaited.as_str(), *seconds), (format!("the prompt after `{line}`").as_str(), 30), "{what}");
                assert!(!minted.pair.session.is_at_prompt(), "{what}");
            }
            Err(stop) => panic!("{what}: {stop:?}"),
        });
    }
}

#[test]
fn a_question_nobody_expects_is_declined_and_the_session_finds_back() {
    at_each_line(&FaultAction::Ask, |what, line, device, minted| match &minted.result {
        Ok(_) => assert!(line == "end" && is_whole(device, &request()), "{what}"),
        Err(Stop::Fault(fault)) => {
            let asked = matches!(&fault.kind, FaultKind::Question(text) if text.contains("(y/n)"));
            // What a `show` prints may hold any words: there a question is no question, and its answer never comes.
            let waits = matches!(fault.kind, FaultKind::Silent { .. }) && !changes(line);
            assert!(asked || waits, "{what}: {fault}");
            assert!(asked == minted.pair.session.is_at_prompt(), "{what}");
        }
        Err(stop) => panic!("{what}: {stop:?}"),
    });
}

#[test]
fn a_cut_at_any_byte_of_any_reply_never_makes_a_key_of_half_of_one() {
    for (version, vdoms) in [("7.4.8", false), ("7.6.4", true)] {
        let mut runs = 0;
        for (at, line) in lines_of_a_mint(version, vdoms).iter().enumerate() {
            let cut_at = |bytes| mint_with_fault(version, vdoms, at + 1, FaultAction::Cut(bytes), 4096);
            let whole = cut_at(1_000_000).1.pair.heard;
            // What is only read is long, and a cut in it leaves nothing behind: every eleventh byte is enough.
            let step = if changes(line) { 1 } else { 11 };
            for bytes in (0..).step_by(step) {
                let (device, minted) = cut_at(bytes);
                cut_is_told(line, bytes, &device, &minted);
                runs += 1;
                if minted.pair.heard == whole {
                    break;
                }
            }
        }
        assert!(runs > 500, "only {runs} cuts");
    }
}

fn cut_is_told(line: &str, bytes: usize, device: &Device, minted: &Minted) {
    match &minted.result {
        Ok(key) => assert!(device.key_is_live("terraform", key.expose()), "{line} cut at {bytes}"),
        Err(Stop::Fault(fault)) => {
            assert!(matches!(fault.kind, FaultKind::Dropped { .. }), "{line} cut at {bytes}: {fault}");
            let lost = fault.left == Aftermath::KeyLost;
            let at_key = matches!(&fault.at, Step::Line(line) if line.starts_with("execute"));
            assert_eq!(lost, at_key, "{line} cut at {bytes}: {fault:?}");
        }
        Err(stop) => panic!("{line} cut at {bytes}: {stop:?}"),
    }
}

#[test]
fn without_a_password_the_question_is_declined_and_nothing_is_saved_or_typed_into_it() {
    for vdoms in [false, true] {
        let device = Device::new(spec("7.6.4", vdoms, |_| ())).unwrap();
        let mut minted = super::story::mint_with(
            &device,
            &request(),
            Chunks::of(64),
            fgtkey::session::Options { password: None, ..options() },
        );
        let Err(Stop::Fault(fault)) = &minted.result else { panic!("{:?}", minted.trace) };
        assert_eq!(fault.kind, FaultKind::NoPassword);
        assert_eq!(fault.left, Aftermath::Saved { blocks: 1 });
        assert!(device.api_users().is_empty());
        finds_back(&device, &mut minted.pair, "no password");
    }
}

#[test]
fn a_wrong_password_is_given_once() {
    let device = Device::new(spec("7.6.4", false, |_| ())).unwrap();
    let wrong = std::sync::Arc::new(fgtkey::secret::Secret::new("wrong-password"));
    let options = fgtkey::session::Options { password: Some(wrong), ..options() };
    let minted = super::story::mint_with(&device, &request(), Chunks::of(64), options);
    let Err(Stop::Fault(fault)) = &minted.result else { panic!("{:?}", minted.trace) };
    assert!(
        matches!(&fault.kind, FaultKind::Refused(refusal) if refusal.text.contains("password required")),
        "{fault}"
    );
    let given = minted.pair.writes.iter().filter(|write| write.starts_with(b"wrong-password")).count();
    assert_eq!(given, 1);
    assert!(!minted.trace.join("\n").contains("wrong-password"));
}
