//! Devices that no vendor would sell: endless output, echoes out of order, questions at any time, any bytes at all.

use fgtkey::fortios::script::Script;
use fgtkey::session::fault::FaultKind;
use fgtkey::session::{Action, Manners, Outcome, Session};
use fgtkey::sim::{Device, Trap};
use proptest::prelude::*;

use super::pair::{Chunks, Far, Pair, SimShell};
use super::story::{PASSWORD, mint_on, mint_through_lies, options, request, spec};

const SCRIPT: &str = "config system accprofile\nedit p\nset sysgrp read\nend\nshow system accprofile p\n\
    execute api-user generate-key u\n";

const FREE: Manners = Manners { asks_at_commit: false, asks_anywhere: false, unpaged: true };

/// How the output of an endless device begins, and what it repeats.
const ENDLESS: [(&str, &str); 9] = [
    ("", "x"),
    ("", "\r"),
    ("", "line\r\n"),
    ("", "\r\n"),
    ("", "fw1 # \r\n"),
    ("", "fw1 # config transaction\r\n"),
    ("config system accprofile\r\r\n", "x"),
    ("config system accprofile\r\r\n", "line\r\n"),
    ("config system accprofile\r\r\n", "fw1 (accprofile) # set\r\n"),
];

fn action(session: &mut Session) -> Result<Action, FaultKind> {
    let action = session.poll().map_err(|fault| fault.kind);
    drop(session.take_trace());
    action
}

/// Feeds 100 MB; how many bytes were taken before the session gave up.
fn until_endless(session: &mut Session, begin: &str, repeated: &str) -> usize {
    let piece = repeated.repeat(64 * 1024 / repeated.len());
    session.receive(begin.as_bytes());
    let mut fed = 0;
    while fed < 100_000_000 {
        session.receive(piece.as_bytes());
        fed += piece.len();
        match action(session) {
            Err(kind) => {
                assert_eq!(kind, FaultKind::Endless, "{repeated:?}");
                assert!(!session.is_at_prompt());
                return fed;
            }
            Ok(Action::Done(outcome)) => panic!("{repeated:?}: {outcome:?}"),
            Ok(Action::Read { .. } | Action::Write(_)) => {}
        }
    }
    panic!("{repeated:?}: 100 MB and still listening");
}

fn at_prompt() -> Session {
    let mut session = Session::new(options());
    session.receive(b"fw1 # ");
    assert!(matches!(action(&mut session), Ok(Action::Read { .. })));
    session.expired();
    assert!(matches!(action(&mut session), Ok(Action::Done(Outcome::Ready(_)))));
    session.set_manners(FREE);
    session
}

#[test]
fn endless_output_ends_in_a_fault_long_before_it_fills_the_memory() {
    for (begin, repeated) in ENDLESS {
        let mut session = at_prompt();
        session.run(&Script::parse(SCRIPT).unwrap());
        assert!(matches!(action(&mut session), Ok(Action::Write(_))));
        let fed = until_endless(&mut session, begin, repeated);
        assert!(fed < 48 * 1024 * 1024, "{repeated:?}: {fed}");
        let mut session = Session::new(options());
        until_endless(&mut session, "", repeated);
    }
}

/// A device that asks and asks, whatever it is told.
struct Nagging(&'static str, &'static str);

impl Far for Nagging {
    fn greeting(&mut self) -> Vec<u8> {
        self.0.as_bytes().to_vec()
    }

    fn answer(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        Some([String::from_utf8_lossy(bytes).replace('\n', "\r\r\n").as_bytes(), self.1.as_bytes()].concat())
    }

    fn has_hung_up(&self) -> bool {
        false
    }
}

#[test]
fn a_device_that_asks_without_end_is_given_up() {
    for question in [
        "Continue? (y/n)",
        "Please enter current administrator password: ",
        "> ",
        "--More-- ",
        "(Press 'a' to accept):",
        "fw1 (x) # ",
        "fw1 (global) # ",
    ] {
        let mut pair = Pair::new(options(), Nagging("fw1 # ", question), Chunks::of(11));
        pair.drive().unwrap();
        pair.session.set_manners(FREE);
        pair.run(&Script::parse(SCRIPT).unwrap()).unwrap_err();
        if pair.session.is_at_prompt() {
            pair.recover().unwrap_err();
        }
        assert!(!pair.session.is_at_prompt(), "{question}");
        let given = pair.writes.iter().filter(|write| write.starts_with(PASSWORD.as_bytes())).count();
        assert!(given <= 1, "{question}: the password was given {given} times");
        let mut pair = Pair::new(options(), Nagging(question, question), Chunks::of(11));
        assert!(pair.drive().is_err() || question.starts_with("fw1"), "{question}");
    }
}

/// How a terminal echoes what is typed ahead.
#[derive(Debug, Clone, Copy)]
enum Ahead {
    /// All lines of a write at once, before any answer, and not again.
    Early,
    /// All lines of a write at once, and each again behind its prompt.
    Twice,
}

/// The simulated FortiGate behind such a terminal.
struct EarlyEcho {
    inner: SimShell,
    ahead: Ahead,
}

impl Far for EarlyEcho {
    fn greeting(&mut self) -> Vec<u8> {
        self.inner.greeting()
    }

    fn answer(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let text = String::from_utf8_lossy(bytes).into_owned();
        if !self.inner.is_at_prompt() || !text.ends_with('\n') {
            return self.inner.answer(bytes);
        }
        let mut said: Vec<u8> = text.lines().flat_map(|line| format!("{line}\r\n").into_bytes()).collect();
        for line in text.lines() {
            let answer = self.inner.answer(format!("{line}\n").as_bytes())?;
            let echo = format!("{line}\r\r\n");
            let skip = if matches!(self.ahead, Ahead::Early) { echo.len() } else { 0 };
            assert!(answer.starts_with(echo.as_bytes()));
            said.extend_from_slice(&answer[skip..]);
        }
        Some(said)
    }

    fn has_hung_up(&self) -> bool {
        self.inner.has_hung_up()
    }
}

#[test]
fn lines_typed_ahead_may_be_echoed_at_once_or_twice() {
    for ahead in [Ahead::Early, Ahead::Twice] {
        for version in ["7.4.8", "7.6.4"] {
            for size in [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 4096] {
                let device = Device::new(spec(version, false, |_| ())).unwrap();
                let far = EarlyEcho { inner: SimShell::log_in(&device), ahead };
                let (result, trace) = mint_on(far, &device, &request(), Chunks::of(size));
                let key =
                    result.unwrap_or_else(|stop| panic!("{ahead:?} {version} {size}: {stop:?}\n{}", trace.join("\n")));
                assert!(device.key_is_live("terraform", key.expose()));
            }
        }
    }
}

/// A device that says a given piece to each write, then goes silent or hangs up.
struct Babbling {
    pieces: Vec<Vec<u8>>,
    hangs_up: bool,
}

impl Far for Babbling {
    fn greeting(&mut self) -> Vec<u8> {
        b"fw1 # ".to_vec()
    }

    fn answer(&mut self, _: &[u8]) -> Option<Vec<u8>> {
        if self.pieces.is_empty() { (!self.hangs_up).then(Vec::new) } else { Some(self.pieces.remove(0)) }
    }

    fn has_hung_up(&self) -> bool {
        self.hangs_up && self.pieces.is_empty()
    }
}

/// Something between the session and the simulated FortiGate that puts words into the device's mouth.
struct Meddled {
    inner: SimShell,
    /// Behind which share of an answer (of 256), and what.
    added: Vec<(u8, Vec<u8>)>,
}

impl Meddled {
    fn meddle(&mut self, mut said: Vec<u8>) -> Vec<u8> {
        if let Some((share, words)) = self.added.pop() {
            let at = said.len() * usize::from(share) / 256;
            said.splice(at..at, words);
        }
        said
    }
}

impl Far for Meddled {
    fn greeting(&mut self) -> Vec<u8> {
        self.inner.greeting()
    }

    fn answer(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let said = self.inner.answer(bytes)?;
        Some(self.meddle(said))
    }

    fn has_hung_up(&self) -> bool {
        self.inner.has_hung_up()
    }
}

/// Bytes at random, and words that mean something to a session.
fn said() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "fw1 # ",
        "fw1 (accprofile) # ",
        "fw1 (p) # ",
        "fw1(Secondary) (p) $ ",
        "fw1 (global) # ",
        "\r\n",
        "\r\r\n",
        "--More-- ",
        "\r         \r",
        "config system accprofile\r\r\n",
        "edit p\r\r\n",
        "set sysgrp read\r\r\n",
        "end\r\r\n",
        "abort\r\r\n",
        "show system accprofile p\r\r\n",
        "execute api-user generate-key u\r\r\n",
        "Command fail. Return code -61\r\n",
        "new entry 'p' added\r\n",
        "New API key: 38c9tf65gd18jpxr96gQn59dfwnxjg",
        "New API key: ",
        "(y/n)",
        "Current Password: ",
        "Please enter current administrator password: ",
        "(Press 'a' to accept):",
        "> ",
        "New Password: ",
        "fw1 login: ",
        "config transaction id=1 has expired\r\n",
        "################ ",
        "\u{1b}[2J",
        "\u{8}",
        "\0",
    ];
    let word = prop::sample::select(words.to_vec()).prop_map(|word| word.as_bytes().to_vec());
    let piece = prop_oneof![8 => word, 1 => prop::collection::vec(any::<u8>(), 0..12)];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// Whether a session may write this: lines of its script, the way back, and keys that answer questions.
fn may_be_written(write: &[u8]) -> bool {
    let text = String::from_utf8_lossy(write).into_owned();
    let text = text.strip_prefix(['n', ' ', 'a', '\u{3}']).filter(|rest| !rest.starts_with("bort")).unwrap_or(&text);
    let known = |line: &str| {
        let line = line.trim_start_matches(['\u{3}', ' ', 'n']);
        line.is_empty() || line == PASSWORD || line == "abort" || SCRIPT.lines().any(|of_script| of_script == line)
    };
    text.split('\n').all(|line| known(line) || known(&format!("e{line}")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_device_says_the_session_ends_and_writes_only_what_it_may(
        pieces in prop::collection::vec(said(), 0..12),
        sizes in prop::collection::vec(1_usize..60, 1..8),
        hangs_up in any::<bool>(),
        asks_at_commit in any::<bool>(),
    ) {
        let mut pair = Pair::new(options(), Babbling { pieces, hangs_up }, Chunks::cycling(sizes));
        prop_assume!(pair.drive().is_ok());
        pair.session.set_manners(Manners { asks_at_commit, ..FREE });
        let result = pair.run(&Script::parse(SCRIPT).unwrap());
        if result.is_err() && pair.session.is_at_prompt() {
            let _ = pair.recover();
        }
        for write in &pair.writes {
            prop_assert!(may_be_written(write), "{:?}", String::from_utf8_lossy(write));
        }
        let trace = pair.trace.join("\n");
        prop_assert!(!trace.contains(PASSWORD), "{trace}");
    }

    #[test]
    fn whatever_a_greeting_says_nothing_is_typed_but_its_answers(
        greeting in said(),
        sizes in prop::collection::vec(1_usize..60, 1..8),
    ) {
        let mut session = Session::new(options());
        let (mut fed, mut cuts) = (0, sizes.iter().cycle());
        loop {
            match session.poll() {
                Err(_) | Ok(Action::Done(_)) => break,
                Ok(Action::Write(bytes)) => prop_assert!(
                    [&b"a"[..], b" ", b"n", b"\n", b"\x03"].contains(&bytes.as_slice()) || bytes.iter().all(|byte| b"a ".contains(byte)),
                    "{:?}", bytes.as_slice()
                ),
                Ok(Action::Read { .. }) if fed < greeting.len() => {
                    let end = (fed + cuts.next().unwrap()).min(greeting.len());
                    session.receive(&greeting[fed..end]);
                    fed = end;
                }
                Ok(Action::Read { .. }) => session.expired(),
            }
        }
    }

    #[test]
    fn whatever_is_added_to_what_a_device_says_nothing_is_saved_half(
        added in prop::collection::vec((any::<u8>(), said()), 0..14),
        sizes in prop::collection::vec(1_usize..200, 1..4),
        version in prop::sample::select(vec!["7.4.8", "7.6.4"]),
    ) {
        let device = Device::new(spec(version, false, |_| ())).unwrap();
        let far = Meddled { inner: SimShell::log_in(&device), added };
        mint_through_lies(far, &device, &request(), Chunks::cycling(sizes));
    }

    #[test]
    fn any_chunking_of_any_traps_mints(
        sizes in prop::collection::vec(1_usize..200, 1..12),
        traps in prop::sample::subsequence(Trap::all().to_vec(), 0..8),
    ) {
        let device = Device::new(spec("7.6.4", true, |spec| traps.iter().for_each(|trap| trap.apply(spec)))).unwrap();
        let minted = super::story::mint(&device, &request(), Chunks::cycling(sizes));
        prop_assert!(minted.result.is_ok(), "{:?}", minted.result);
    }
}
