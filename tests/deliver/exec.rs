//! A command that takes the key on its stdin.

use std::fs;
use std::time::{Duration, Instant};

use fgtkey::deliver::{Destination, FetchError};
use fgtkey::secret::Secret;
use serde_json::{Value, json};

use crate::place::{KEY, Place, device, record, refused, said, undelivered};

fn exec(command: &str) -> Destination {
    Destination::new("exec", command).unwrap()
}

fn store(place: &Place, destination: Destination) {
    place.reserve(&[destination]).unwrap().store(&mut record(), Secret::new(KEY)).unwrap();
}

#[test]
fn the_record_with_the_key_is_one_line_on_stdin_and_nowhere_else() {
    let place = Place::new();
    let out = |name: &str| place.path(name).display().to_string();
    let command = format!(
        "cat > {} && tr '\\0' '\\n' < /proc/$$/environ > {} && tr '\\0' ' ' < /proc/$$/cmdline > {}",
        out("in"),
        out("environment"),
        out("arguments")
    );
    let mut record = record();
    let stored = place.reserve(&[exec(&command)]).unwrap().store(&mut record, Secret::new(KEY)).unwrap();
    let text = place.read("in");
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&json["key"], &json["device"], text.lines().count()), (&json!(KEY), &json!("fw1"), 1));
    assert!(!place.read("environment").contains(KEY) && !place.read("arguments").contains(KEY));
    assert_eq!(stored[0].destination, "exec:cat");
    assert_eq!(record.delivered_to, ["exec:cat"]);
}

#[test]
fn a_list_runs_a_program_without_a_shell() {
    let place = Place::new();
    let file = place.path("a b; c").display().to_string();
    let yaml = json!({ "command": ["tee", file], "timeout": "5s" });
    let destination = Destination::from_yaml("exec", &yaml).unwrap();
    assert_eq!(destination.to_string().parse::<Destination>().unwrap(), destination);
    store(&place, destination);
    assert!(place.read("a b; c").contains(KEY));
    for yaml in [json!({ "command": [] }), json!({ "timeout": "5s" }), json!("")] {
        assert!(
            Destination::from_yaml("exec", &yaml).unwrap_err().to_string().contains("exec needs a command"),
            "{yaml}"
        );
    }
    assert!(Destination::from_yaml("file", &json!({ "path": ["a", "b"] })).is_err());
}

#[test]
fn a_command_that_ends_well_without_reading_has_what_it_wants() {
    store(&Place::new(), exec("exec 0<&-; true"));
}

#[test]
fn a_command_that_fails_is_told_with_its_words_but_not_with_the_key() {
    let place = Place::new();
    let said = undelivered(place.reserve(&[exec("cat >&2; echo 'no\tsuch store' >&2; exit 7")]).unwrap());
    assert!(said.contains("exit status: 7") && said.contains("no such store"), "{said}");
    let said = undelivered(place.reserve(&[exec("kill -9 $$")]).unwrap());
    assert!(said.contains("signal: 9"), "{said}");
}

#[test]
fn a_command_that_takes_too_long_is_killed_with_all_it_started() {
    let place = Place::new();
    let mark = place.path("pid").display().to_string();
    let began = Instant::now();
    let command = format!("sleep 600 & echo $! > {mark}; wait,timeout=1s");
    let said = undelivered(place.reserve(&[format!("exec:{command}").parse().unwrap()]).unwrap());
    assert!(said.contains("took longer than 1 s") && said.contains("timeout=2m"), "{said}");
    assert!(began.elapsed() < Duration::from_secs(20));
    let status = fs::read_to_string(format!("/proc/{}/stat", place.read("pid").trim())).unwrap_or_default();
    assert!(status.is_empty() || status.contains(") Z "), "{status}");
}

#[test]
fn something_left_running_in_the_background_does_not_hold_the_delivery_up() {
    let began = Instant::now();
    store(&Place::new(), exec("cat > /dev/null; sleep 30 & exit 0"));
    assert!(began.elapsed() < Duration::from_secs(15));
}

#[test]
fn a_command_that_cannot_run_is_found_before_there_is_a_key_and_never_run() {
    let place = Place::new();
    let mark = place.path("mark").display().to_string();
    for (command, problem) in [
        ("no-such-program-here --flag".to_owned(), "there is no program `no-such-program-here`"),
        (r#"["no-such-program-here"]"#.to_owned(), "there is no program `no-such-program-here`"),
        (r#"["/etc/passwd"]"#.to_owned(), "there is no program `/etc/passwd`"),
        (format!("touch {mark}; if"), "the shell does not understand it"),
    ] {
        let said = said(&refused(&place, exec(&command)));
        assert!(said.contains(problem), "{command}: {said}");
    }
    drop(place.reserve(&[exec(&format!("touch {mark}"))]).unwrap());
    assert_eq!(place.files(), Vec::<String>::new());
    for text in ["exec:cat,timeout=0", "exec:cat,timeout=2h"] {
        assert!(text.parse::<Destination>().unwrap_err().to_string().contains("1s to 3600s"), "{text}");
    }
}

#[test]
fn what_a_command_took_cannot_be_read_back() {
    assert!(matches!(exec("cat").fetch(&device()), Err(FetchError::WriteOnly)));
}
