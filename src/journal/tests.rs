use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use proptest::prelude::*;

use super::line::Line;
use super::*;
use crate::disk::Disk;
use crate::fortios::objects::{Objects, Profile, User};

const SERIAL: &str = "FG100FTK00000000";

struct Place {
    journal: Journal,
    directory: tempfile::TempDir,
}

fn place() -> Place {
    let directory = tempfile::tempdir().unwrap();
    Place { journal: Journal::at(directory.path().join("journal")), directory }
}

fn planned(api_user: &str, edits: &[&str]) -> Planned {
    let trusted_hosts = BTreeMap::from([(1, "10.0.0.1/32".parse().unwrap()), (7, "2001:db8::/64".parse().unwrap())]);
    let settings = BTreeMap::from([("vdom".to_owned(), vec!["root".to_owned(), "edge".to_owned()])]);
    let user = User { name: api_user.to_owned(), settings, trusted_hosts, has_key: true };
    Planned {
        lent: None,
        run: None,
        verb: "mint".into(),
        device: "fw1".into(),
        host: "192.0.2.1".into(),
        port: 22,
        serial: SERIAL.into(),
        api_user: api_user.into(),
        retires: None,
        before: Objects { profile: Some(Profile { name: "tf".into(), ..Profile::default() }), user: Some(user) },
        edits: edits.iter().map(|edit| (*edit).to_owned()).collect(),
        destinations: vec!["file:/keys/fw1".into()],
    }
}

fn generating(file: &str) -> State {
    State::Generating { escrow: file.into() }
}

fn issued(file: Option<&str>) -> State {
    State::Issued { escrow: file.map(PathBuf::from), generated_at: Timestamp::UNIX_EPOCH }
}

fn stored() -> State {
    State::Stored { destination: "file:/keys/fw1".into() }
}

fn waited<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn begun(journal: &Journal, planned: Planned) -> Run {
    waited(journal.begin(planned)).unwrap()
}

/// A run that went through these states.
fn run_of(place: &Place, states: &[State]) -> PathBuf {
    let mut run = begun(&place.journal, planned("tf", &[]));
    states.iter().for_each(|state| run.enter_now(state.clone()).unwrap());
    run.path().to_owned()
}

fn past(states: &[State]) -> Past {
    let planned = planned("tf", &[]);
    Past { path: PathBuf::new(), began: Timestamp::UNIX_EPOCH, planned, states: states.to_vec() }
}

#[test]
fn a_run_reads_back_as_it_was_written() {
    let place = place();
    let states = [State::Pushed, generating("a"), issued(Some("a")), State::Delivering, stored(), State::Done];
    run_of(&place, &states);
    let runs = place.journal.runs(SERIAL);
    assert_eq!(runs.len(), 1);
    assert_eq!((&runs[0].planned, &runs[0].states[..]), (&planned("tf", &[]), &states[..]));
}

#[test]
fn a_last_line_that_was_cut_off_anywhere_did_not_happen() {
    let place = place();
    let path = run_of(&place, &[State::Pushed, generating("a")]);
    let text = fs::read(&path).unwrap();
    let begins = text[..text.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    for length in begins..text.len() - 1 {
        fs::write(&path, &text[..length]).unwrap();
        assert_eq!(Past::read(&path).unwrap().states, [State::Pushed], "{length}");
        Run::reopen(&path).unwrap().enter_now(State::TakenBack).unwrap();
        assert_eq!(Past::read(&path).unwrap().states, [State::Pushed, State::TakenBack], "{length}");
    }
}

#[test]
fn lines_of_a_later_version_are_passed_over() {
    let place = place();
    let path = run_of(&place, &[State::Pushed]);
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"{\"at\":\"2026-01-01T00:00:00Z\",\"state\":\"consecrated\"}\n\n[]\nwhat?\n").unwrap();
    Run::reopen(&path).unwrap().enter_now(generating("a")).unwrap();
    assert_eq!(Past::read(&path).unwrap().states, [State::Pushed, generating("a")]);
}

#[test]
fn what_is_no_run_is_passed_over() {
    let place = place();
    let run = run_of(&place, &[State::Pushed]);
    let folder = run.parent().unwrap();
    fs::write(folder.join("0.ndjson"), b"\xff\xfe no text").unwrap();
    fs::write(folder.join("9.ndjson"), "").unwrap();
    fs::write(folder.join("99.ndjson"), "{\"at\":\"2026-01-01T00:00:00Z\",\"state\":\"done\"}\n").unwrap();
    fs::create_dir(folder.join("999.ndjson")).unwrap();
    fs::copy(&run, folder.join("copy.txt")).unwrap();
    assert_eq!(place.journal.unfinished(SERIAL, &["tf"]).unwrap().path, run);
    assert_eq!(place.journal.runs(SERIAL).len(), 1);
}

#[test]
fn old_runs_of_the_same_api_user_are_forgotten_but_none_that_came_to_no_end() {
    let place = place();
    let unfinished = run_of(&place, &[State::Pushed]);
    begun(&place.journal, planned("other", &[])).enter_now(State::Done).unwrap();
    let finished: Vec<PathBuf> = (0..KEPT + 3).map(|_| run_of(&place, &[State::Done])).collect();
    let known: Vec<PathBuf> = place.journal.runs(SERIAL).into_iter().map(|past| past.path).collect();
    assert!(known.contains(&unfinished));
    assert_eq!(known.len(), 2 + KEPT + 1, "the one that has just begun is not counted: {known:#?}");
    assert!(known.ends_with(&finished[2..]), "the oldest go first");
}

#[test]
fn a_clock_that_was_set_back_does_not_change_which_run_is_the_newest() {
    let place = place();
    let first = run_of(&place, &[State::Done]);
    let text = fs::read_to_string(&first).unwrap();
    let tomorrow = first.with_file_name("00000007-29991231T235959-1.ndjson");
    fs::write(&tomorrow, text).unwrap();
    let newest = run_of(&place, &[State::Pushed]);
    assert_eq!(place.journal.unfinished(SERIAL, &["tf"]).unwrap().path, newest);
}

#[test]
fn an_api_user_of_a_device_is_held_by_one_run_at_a_time() {
    let place = place();
    let lock = place.journal.lock(SERIAL, "tf").unwrap();
    assert!(matches!(place.journal.lock(SERIAL, "tf"), Err(JournalError::Busy { .. })));
    let others = [(SERIAL, "TF"), (SERIAL, "tf "), ("FG100FTK00000001", "tf")];
    let others = others.map(|(serial, user)| place.journal.lock(serial, user).unwrap());
    drop(lock);
    drop(place.journal.lock(SERIAL, "tf").unwrap());
    drop(others);
}

#[test]
fn names_that_are_no_file_names_stay_in_the_journal() {
    let place = place();
    for (serial, user) in [("..", "../../x"), ("a/b", "."), ("", ""), ("%2e", "a b")] {
        let _lock = place.journal.lock(serial, user).unwrap();
        begun(&place.journal, Planned { serial: serial.into(), ..planned(user, &[]) });
        assert!(place.journal.unfinished(serial, &[user]).is_some(), "{serial:?} {user:?}");
    }
    assert_eq!(fs::read_dir(place.directory.path()).unwrap().count(), 1);
}

#[test]
fn a_run_that_is_taken_up_twice_remembers_what_was_there_at_first_and_all_that_was_sent() {
    let place = place();
    let path = run_of(&place, &[State::Pushed]);
    for edit in ["system accprofile tf", "system api-user tf"] {
        let mut again = planned("tf", &[edit]);
        again.before = Objects::default();
        Run::reopen(&path).unwrap().enter_now(State::Planned(Box::new(again))).unwrap();
    }
    let past = place.journal.unfinished(SERIAL, &["tf"]).unwrap();
    assert_eq!(past.planned.before, planned("tf", &[]).before);
    assert_eq!(past.planned.edits, ["system accprofile tf", "system api-user tf"]);
}

#[test]
fn a_run_that_is_done_is_unfinished_while_its_key_is_in_the_escrow() {
    let place = place();
    let escrow = place.directory.path().join("key.json");
    fs::write(&escrow, "{}").unwrap();
    let states = [State::Generating { escrow: escrow.clone() }, State::Done];
    run_of(&place, &states);
    assert!(place.journal.unfinished(SERIAL, &["tf"]).is_some());
    fs::remove_file(escrow).unwrap();
    assert!(place.journal.unfinished(SERIAL, &["tf"]).is_none());
}

#[test]
fn the_key_of_a_run_is_the_last_one() {
    let escrowed = |file: &str| KeyState::Escrowed { escrow: file.into(), generated_at: Timestamp::UNIX_EPOCH };
    let cases = [
        (vec![State::Pushed], KeyState::None, false),
        (vec![generating("a")], KeyState::Unknown, false),
        (vec![generating("a"), issued(Some("a"))], escrowed("a"), false),
        (vec![generating("a"), issued(None), State::Delivering], KeyState::Astray, true),
        (vec![generating("a"), issued(Some("a")), State::Delivering, stored()], escrowed("a"), true),
        (vec![generating("a"), issued(Some("a")), State::Delivering, generating("b")], KeyState::Unknown, false),
        (vec![generating("a"), issued(Some("a")), generating("b"), issued(Some("b"))], escrowed("b"), false),
        (vec![generating("a"), issued(Some("a")), State::TakenBack], KeyState::None, false),
        (
            vec![generating("a"), issued(Some("a")), State::Delivering, stored(), State::Done],
            KeyState::Delivered { generated_at: Timestamp::UNIX_EPOCH },
            true,
        ),
    ];
    for (states, key, began) in cases {
        let past = past(&states);
        assert_eq!((past.key(), past.delivery_began()), (key, began), "{states:?}");
    }
}

fn any_state() -> impl Strategy<Value = State> {
    let file = || proptest::sample::select(vec!["a", "b", "c"]);
    prop_oneof![
        Just(State::Planned(Box::new(planned("tf", &[])))),
        Just(State::Pushed),
        file().prop_map(generating),
        file().prop_map(|file| issued(Some(file))),
        Just(issued(None)),
        Just(State::Delivering),
        Just(stored()),
        Just(State::Verified { verified: None }),
        Just(State::Done),
        Just(State::TakenBack),
        Just(State::Left { what: "key unknown".into() }),
    ]
}

proptest! {
    /// Whatever a journal says, what it says of the key fits together.
    #[test]
    fn what_is_known_of_a_key_fits_together(states in proptest::collection::vec(any_state(), 0..12)) {
        let past = past(&states);
        let last = |is_it: fn(&State) -> bool| states.iter().rposition(is_it).map_or(0, |index| index + 1);
        let born = last(|state| matches!(state, State::Generating { .. } | State::Issued { .. }));
        let taken_back = last(|state| *state == State::TakenBack);
        prop_assert_eq!(past.key() == KeyState::None, born <= taken_back);
        if let KeyState::Escrowed { escrow, .. } = past.key() {
            prop_assert_eq!(past.escrow(), Some(escrow.as_path()));
        }
        if past.key() == KeyState::Unknown {
            let is_sent = matches!(states[born - 1], State::Generating { .. });
            prop_assert!(past.escrow().is_some() && is_sent);
        }
        let is_delivered = matches!(past.key(), KeyState::Delivered { .. });
        prop_assert!(!is_delivered || states.contains(&State::Done));
        prop_assert!(past.void().all(|void| Some(void) != past.escrow()));
        let named = |file: &Path| past.escrow() == Some(file) || past.void().any(|void| void == file);
        for state in &states {
            if let State::Generating { escrow } | State::Issued { escrow: Some(escrow), .. } = state {
                prop_assert!(named(escrow), "{:?} is forgotten", escrow);
            }
        }
    }
}

proptest! {
    // Each of them waits for the disk.
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A line is one line, and reads back, whatever is in it.
    #[test]
    fn any_words_read_back(what in any::<String>(), file in any::<String>()) {
        let place = place();
        let states = [State::Left { what }, State::Generating { escrow: file.into() }];
        let path = run_of(&place, &states);
        prop_assert_eq!(Past::read(&path).unwrap().states, states);
    }
}

/// A journal whose runs share a log.
fn of_a_fleet(place: &Place) -> Journal {
    let log = Log::begin(&place.directory.path().join("journal"), "20261124T2200", &Disk::default()).unwrap();
    place.journal.of_run("20261124T2200").in_log(log)
}

/// The folder of logs and what is in it.
fn logs_of(place: &Place) -> Vec<PathBuf> {
    let entries = fs::read_dir(place.directory.path().join("journal/fleet")).unwrap();
    entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some()).collect()
}

fn of_device(number: usize) -> Planned {
    Planned { serial: format!("FG{number}"), ..planned("tf", &[]) }
}

#[test]
fn the_runs_of_a_fleet_are_in_their_files_when_they_are_over_and_the_log_goes() {
    let place = place();
    let journal = of_a_fleet(&place);
    let ends = [State::Done, State::Left { what: "a profile".into() }, State::TakenBack, State::Pushed];
    waited(async {
        for (number, end) in ends.iter().enumerate() {
            let mut run = journal.begin(of_device(number)).await.unwrap();
            run.enter(generating("a")).await.unwrap();
            assert!(journal.runs(&format!("FG{number}")).is_empty(), "its lock is held: nobody else looks");
            run.enter(end.clone()).await.unwrap();
        }
    });
    for (number, end) in ends.into_iter().enumerate() {
        let runs = place.journal.runs(&format!("FG{number}"));
        assert_eq!((runs.len(), &runs[0].states[..]), (1, &[generating("a"), end][..]));
        assert!(journal.is_of_this_run(&runs[0]));
    }
    assert_eq!(logs_of(&place).len(), 1);
    drop(journal);
    assert_eq!(logs_of(&place).len(), 0);
}

#[test]
fn what_a_program_that_is_gone_has_left_in_its_log_is_found_by_the_next_one_that_takes_a_lock() {
    let place = place();
    let journal = of_a_fleet(&place);
    let run = begun(&journal, of_device(1));
    run.note(generating("a")).unwrap();
    let over = begun(&journal, of_device(2));
    over.note(State::Done).unwrap();
    let log = logs_of(&place).remove(0);
    let text = fs::read_to_string(&log).unwrap();
    let log = log.with_file_name("20261124T2100-1.ndjson");
    // As it is when the program is killed: no file of a run, and nobody has the log any more.
    drop((run, over, journal));
    fs::remove_dir_all(place.directory.path().join("journal/FG1")).unwrap();
    fs::remove_file(place.directory.path().join("journal/FG2.ndjson")).unwrap();
    for cut in [text.len(), text.len() - 1] {
        fs::write(&log, &text[..cut]).unwrap();
        let other = of_a_fleet(&place);
        let _lock = other.lock("FG9", "tf").unwrap();
        assert!(!log.exists());
        assert_eq!(other.unfinished("FG1", &["tf"]).unwrap().states, [generating("a")]);
        assert_eq!(other.runs("FG2").len(), 1);
    }
}

#[test]
fn the_log_of_a_program_that_is_alive_is_left_alone_and_a_file_that_somebody_added_to_is_kept() {
    let place = place();
    let journal = of_a_fleet(&place);
    let mut run = begun(&journal, of_device(1));
    run.enter_now(State::Left { what: "a profile".into() }).unwrap();
    let path = run.path().to_owned();
    drop(run);
    Run::reopen(&path).unwrap().enter_now(State::Done).unwrap();
    let log = logs_of(&place).remove(0);
    let text = fs::read_to_string(&log).unwrap();
    drop(place.journal.lock("FG9", "tf").unwrap());
    assert!(log.exists());
    drop(journal);
    fs::write(&log, text).unwrap();
    drop(place.journal.lock("FG9", "tf").unwrap());
    assert!(place.journal.runs("FG1")[0].is_done());
}

#[test]
fn a_log_writes_nothing_outside_the_journal() {
    let place = place();
    let folder = place.directory.path().join("journal/fleet");
    fs::create_dir_all(&folder).unwrap();
    let line = serde_json::to_string(&Line { at: Timestamp::UNIX_EPOCH, state: State::Done }).unwrap();
    let foreign = ["../x.ndjson", "/tmp/x.ndjson", "a/../../x.ndjson", "a/b/c.ndjson", ".", "", "x.ndjson", "a/b"];
    let text: String = foreign.iter().map(|file| format!("{{\"file\":\"{file}\",\"line\":{line}}}\n")).collect();
    fs::write(folder.join("1.ndjson"), text).unwrap();
    drop(place.journal.lock("FG9", "tf").unwrap());
    assert_eq!(fs::read_dir(place.directory.path()).unwrap().count(), 1);
    assert_eq!(logs_of(&place).len(), 0);
}

#[test]
fn what_fleets_have_done_on_a_device_is_one_file_however_often_they_do_it() {
    let place = place();
    let journal = of_a_fleet(&place);
    for _ in 0..200 {
        begun(&journal, planned("tf", &[])).enter_now(State::Done).unwrap();
    }
    begun(&journal, planned("other", &[])).enter_now(State::Done).unwrap();
    let folder = place.directory.path().join("journal");
    let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let names: std::collections::BTreeSet<String> = entries.collect();
    assert_eq!(names, [format!("{SERIAL}.ndjson"), "fleet".into()].into());
    let runs = place.journal.runs(SERIAL);
    assert!((KEPT + 1..100).contains(&runs.len()), "old ones are forgotten: {}", runs.len());
    assert_eq!(runs.last().unwrap().planned.api_user, "other");
    assert!(runs.iter().all(Past::is_done));
    let next = begun(&place.journal, planned("tf", &[])).path().to_owned();
    assert!(next.file_name().unwrap().to_str().unwrap().starts_with("00000202-"), "{next:?}");
    assert_eq!(place.journal.runs(SERIAL).last().unwrap().path, next);
}

#[test]
fn a_run_of_a_fleet_that_has_to_go_on_gets_a_file_of_its_own() {
    let place = place();
    let journal = of_a_fleet(&place);
    begun(&journal, planned("tf", &[])).enter_now(State::Done).unwrap();
    let path = place.journal.runs(SERIAL).remove(0).path;
    assert!(!path.exists());
    Run::reopen(&path).unwrap().enter_now(State::Pushed).unwrap();
    let runs = place.journal.runs(SERIAL);
    assert_eq!((runs.len(), &runs[0].path), (1, &path));
    assert_eq!(runs[0].states, [State::Done, State::Pushed]);
}

#[test]
fn what_is_no_file_among_the_logs_is_passed_over() {
    let place = place();
    let folder = place.directory.path().join("journal/fleet");
    fs::create_dir_all(folder.join("1.ndjson")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.join("2.ndjson")).unwrap();
    nix::unistd::mkfifo(&folder.join("3.ndjson"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    drop(place.journal.lock("FG9", "tf").unwrap());
}

#[test]
fn a_log_that_is_just_made_is_not_taken_for_one_whose_program_is_gone() {
    let place = place();
    let over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                place.journal.mend().unwrap();
            }
        });
        for number in 0..300 {
            let journal = place.directory.path().join("journal");
            let log = Log::begin(&journal, &format!("{number}"), &Disk::default()).unwrap();
            assert!(log.path().exists());
        }
        over.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

#[test]
fn what_a_fleet_writes_for_a_run_that_it_takes_up_lasts_before_the_next_step() {
    let place = place();
    begun(&place.journal, planned("tf", &[])).enter_now(generating("a")).unwrap();
    let past = place.journal.unfinished(SERIAL, &["tf"]).unwrap();
    let disk = Disk::default();
    let key = disk.takes(tempfile::tempfile().unwrap());
    let log = Log::begin(&place.directory.path().join("journal"), "20261124T2200", &disk).unwrap();
    waited(async {
        let mut run = place.journal.in_log(log).take_up(&past, planned("tf", &[])).await.unwrap();
        key.write_at(b"a key", 0).unwrap();
        run.enter(State::Delivering).await.unwrap();
        assert!(!key.is_dirty());
        key.write_at(b"more", 0).unwrap();
        run.lasts().await.unwrap();
        assert!(!key.is_dirty());
    });
}
