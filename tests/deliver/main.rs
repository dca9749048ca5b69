//! A key is kept: destinations are proven first, files are private and whole, and what fails goes to the escrow.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the harness of a test may fail it"
)]

mod place;

mod age;
mod ansible;
mod exec;
mod full_disk;
mod kubernetes;
mod lent;
mod terminal;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use fgtkey::deliver::{self, DeliverError, Destination, Device, EditError, Escrowed, Format};
use fgtkey::secret::Secret;

use place::{KEY, Place, device, mode, record, refused};

#[test]
fn each_kind_of_file_holds_the_key_and_is_private() {
    let place = Place::new();
    let destinations = ["file", "dotenv", "tfvars"].map(|kind| place.destination(kind, kind));
    let mut record = record();
    let stored = place.reserve(&destinations).unwrap().store(&mut record, Secret::new(KEY)).unwrap();
    assert_eq!(place.read("file"), format!("{KEY}\n"));
    assert_eq!(place.read("dotenv"), format!("FORTIOS_ACCESS_HOSTNAME=192.0.2.1\nFORTIOS_ACCESS_TOKEN={KEY}\n"));
    assert_eq!(place.read("tfvars"), format!("fortios_hostname = \"192.0.2.1\"\nfortios_token    = \"{KEY}\"\n"));
    assert!(stored.iter().all(|stored| mode(stored.path.as_ref().unwrap()) == 0o600));
    assert_eq!(record.delivered_to, stored.iter().map(|stored| stored.destination.clone()).collect::<Vec<_>>());
    assert_eq!(place.files(), ["dotenv", "file", "tfvars"]);
}

#[test]
fn a_draft_of_a_run_that_was_killed_is_wiped_and_one_that_is_in_use_is_not() {
    let place = Place::new();
    let private = |name: &str| {
        let path = place.write(name, KEY);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    };
    private(".fgtkey-abandoned.draft");
    let in_use = fs::File::open(private(".fgtkey-in-use.draft")).unwrap();
    in_use.lock().unwrap();
    // What others call like that: another ending, a link, a second name of a file, a file that others may read.
    private(".fgtkey-password");
    let target = private("target");
    symlink(&target, place.path(".fgtkey-link.draft")).unwrap();
    fs::hard_link(&target, place.path(".fgtkey-hard.draft")).unwrap();
    place.write(".fgtkey-open.draft", KEY);
    place.reserve(&[place.destination("file", "key")]).unwrap().store(&mut record(), Secret::new(KEY)).unwrap();
    let stay = [
        ".fgtkey-hard.draft",
        ".fgtkey-in-use.draft",
        ".fgtkey-link.draft",
        ".fgtkey-open.draft",
        ".fgtkey-password",
        "key",
        "target",
    ];
    assert_eq!(place.files(), stay);
    assert_eq!(place.read("target"), KEY);
}

#[test]
fn a_reservation_that_is_not_used_leaves_nothing_behind_and_alters_nothing() {
    let place = Place::new();
    place.write("old", "old text\n");
    drop(place.reserve(&[place.destination("file", "new"), place.destination("file", "old")]).unwrap());
    assert_eq!(place.files(), ["old"]);
    assert_eq!(place.read("old"), "old text\n");
}

#[test]
fn an_existing_file_is_replaced_as_a_whole_and_made_private() {
    let place = Place::new();
    let path = place.write("key", &"old".repeat(10_000));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let before = fs::metadata(&path).unwrap().ino();
    place.reserve(&[place.destination("file", "key")]).unwrap().store(&mut record(), Secret::new(KEY)).unwrap();
    assert_eq!(place.read("key"), format!("{KEY}\n"));
    assert_eq!(mode(&path), 0o600);
    assert_ne!(fs::metadata(&path).unwrap().ino(), before, "written in place, a reader could see half of it");
}

#[test]
fn lines_that_others_write_between_reserving_and_storing_stay() {
    let place = Place::new();
    place.write("env", "A=1\n");
    let reservation = place.reserve(&[place.destination("dotenv", "env")]).unwrap();
    place.write("env", "A=2\nB=3\n");
    reservation.store(&mut record(), Secret::new(KEY)).unwrap();
    assert!(place.read("env").starts_with("A=2\nB=3\nFORTIOS_ACCESS_HOSTNAME="));
}

#[test]
fn a_link_stays_and_its_target_is_replaced() {
    let place = Place::new();
    let target = place.write("target", "old\n");
    symlink("target", place.path("link")).unwrap();
    place.reserve(&[place.destination("file", "link")]).unwrap().store(&mut record(), Secret::new(KEY)).unwrap();
    assert!(fs::symlink_metadata(place.path("link")).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(target).unwrap(), format!("{KEY}\n"));
}

#[test]
fn what_cannot_be_written_is_refused_before_there_is_a_key() {
    let place = Place::new();
    let read_only = place.write("read-only", "");
    fs::set_permissions(&read_only, fs::Permissions::from_mode(0o400)).unwrap();
    fs::create_dir(place.path("directory")).unwrap();
    symlink("nothing", place.path("dangling")).unwrap();
    place.write("plain", "");
    let cases = [
        ("missing/key", "there is no directory"),
        ("plain/key", "there is no directory"),
        ("directory", "is a directory, not a regular file"),
        ("dangling", "is a link to nothing, not a regular file"),
        ("read-only", "is read-only"),
    ];
    for (name, words) in cases {
        let error = refused(&place, place.destination("file", name));
        assert!(error.to_string().contains(words), "{name}: {error}");
    }
    let error = refused(&place, Destination::new("file", "/dev/null").unwrap());
    assert!(error.to_string().contains("is a device or pipe, not a regular file"), "{error}");
    assert!(error.hint().unwrap().contains("--to stdout"));
}

#[test]
fn a_directory_that_takes_no_files_is_found_before_there_is_a_key() {
    // /proc takes no new files, whoever asks.
    let error = refused(&Place::new(), Destination::new("file", "/proc/key").unwrap());
    assert!(matches!(error, DeliverError::Io { .. }), "{error:?}");
    assert!(error.to_string().contains("could not create a file in /proc"), "{error}");
}

#[test]
fn a_file_whose_lines_cannot_be_told_apart_is_left_alone() {
    let place = Place::new();
    place.write("open", "A=1\nB=\"no end\n");
    fs::write(place.path("latin1"), b"A=\xe9\n").unwrap();
    place.write("large", &"A=1\n".repeat(300_000));
    let cases = [
        ("open", EditError::Unclosed { line: 2 }),
        ("latin1", EditError::NotText),
        ("large", EditError::TooLarge { bytes: 1_200_000 }),
    ];
    for (name, expected) in cases {
        match refused(&place, place.destination("dotenv", name)) {
            DeliverError::Unfit { source, .. } => assert_eq!(source, expected),
            other => panic!("{name}: {other}"),
        }
    }
}

#[test]
fn the_same_file_twice_is_refused_under_whatever_name() {
    let place = Place::new();
    place.write("key", "");
    symlink("key", place.path("link")).unwrap();
    let twice = [
        [place.destination("file", "key"), place.destination("file", "./key")],
        [place.destination("file", "key"), place.destination("dotenv", "link")],
        [Destination::stdout(), Destination::stdout()],
    ];
    for pair in twice {
        let error = place.reserve(&pair).err().unwrap();
        assert!(matches!(error, DeliverError::Twice { .. }), "{error}");
        assert_eq!(place.files(), ["key", "link"]);
    }
}

#[test]
fn the_path_names_the_device_and_a_hostile_name_cannot_lead_elsewhere() {
    let place = Place::new();
    let destination = place.destination("file", "{{ device.name }}.key");
    place.reserve(std::slice::from_ref(&destination)).unwrap().store(&mut record(), Secret::new(KEY)).unwrap();
    assert_eq!(place.files(), ["fw1.key"]);
    let hostile = Device { name: "../../etc/cron.d/x".into(), ..device() };
    let error = deliver::reserve(&[destination], &hostile, Format::Key, &place.escrow()).err().unwrap();
    assert!(matches!(error, DeliverError::Path { .. }), "{error}");
}

#[test]
fn a_key_that_cannot_be_stored_is_in_the_escrow_and_the_others_have_it() {
    let place = Place::new();
    fs::create_dir(place.path("gone")).unwrap();
    let destinations = [place.destination("file", "gone/key"), place.destination("file", "key")];
    let reservation = place.reserve(&destinations).unwrap();
    fs::remove_dir_all(place.path("gone")).unwrap();
    let mut record = record();
    let undelivered = reservation.store(&mut record, Secret::new(KEY)).unwrap_err();
    assert_eq!(place.read("key"), format!("{KEY}\n"));
    assert_eq!(record.delivered_to, [format!("file:{}", place.path("key").display())]);
    assert_eq!(undelivered.failures.len(), 1);
    let Escrowed::At(kept) = &undelivered.escrowed else { panic!("{undelivered:?}") };
    assert_eq!(mode(kept), 0o600);
    assert_eq!(mode(kept.parent().unwrap()), 0o700);
    let json: serde_json::Value = serde_json::from_slice(&fs::read(kept).unwrap()).unwrap();
    assert_eq!(json["undelivered"], serde_json::json!([format!("file:{}", place.path("gone/key").display())]));
    assert_eq!(json["record"]["key"], KEY);
    assert_eq!(json["record"]["api_user"], "terraform");
}

#[test]
fn an_escrow_that_cannot_be_written_stops_everything_before_there_is_a_key() {
    let place = Place::new();
    place.write("state", "in the way");
    let error = place.reserve(&[place.destination("file", "key")]).err().unwrap();
    assert!(error.to_string().starts_with("escrow: could not create"), "{error}");
    assert!(error.hint().unwrap().contains("XDG_STATE_HOME"));
    assert_eq!(place.files(), ["state"]);
}

#[test]
fn when_the_escrow_fails_too_the_key_comes_back() {
    let place = Place::new();
    fs::create_dir(place.path("gone")).unwrap();
    let reservation = place.reserve(&[place.destination("file", "gone/key")]).unwrap();
    fs::remove_dir_all(place.path("gone")).unwrap();
    fs::remove_dir_all(place.path("state")).unwrap();
    let undelivered = reservation.store(&mut record(), Secret::new(KEY)).unwrap_err();
    match undelivered.escrowed {
        Escrowed::Failed { key, .. } => assert_eq!(key.expose(), KEY),
        Escrowed::At(path) => panic!("{}", path.display()),
    }
}

#[test]
fn the_key_is_in_no_error_and_in_no_debug() {
    let place = Place::new();
    fs::create_dir(place.path("gone")).unwrap();
    let reservation = place.reserve(&[place.destination("dotenv", "gone/key")]).unwrap();
    fs::remove_dir_all(place.path("gone")).unwrap();
    fs::remove_dir_all(place.path("state")).unwrap();
    let mut record = record();
    let undelivered = reservation.store(&mut record, Secret::new(KEY)).unwrap_err();
    let said = format!("{undelivered} {undelivered:?} {record:?} {}", record.to_json());
    assert!(!said.contains(KEY), "{said}");
}

#[test]
fn a_key_reads_back_from_the_files_that_hold_it() {
    let place = Place::new();
    for (text, host) in [("file:f", None), ("dotenv:d", Some("192.0.2.1")), ("tfvars:t", Some("192.0.2.1"))] {
        assert!(place.named(text).fetch(&device()).unwrap_err().to_string().ends_with("there is nothing"), "{text}");
        place.deliver(text);
        assert_eq!(place.fetch(text), (KEY.to_owned(), host.map(str::to_owned)), "{text}");
    }
    place.write("d", "A=1\n");
    let error = place.named("dotenv:d").fetch(&device()).unwrap_err();
    assert!(error.to_string().contains("FORTIOS_ACCESS_TOKEN is not set in it"), "{error}");
}

#[test]
fn another_run_finds_a_destination_again_with_its_options() {
    let place = Place::new();
    place.write("pw", "secret\n");
    for text in ["ansible:fw1.yml,token-variable=token,vault-password-file=%pw", "k8s:s.yml,name=x,namespace=net"] {
        let reservation = place.reserve(&[place.named(text)]).unwrap();
        let [spec] = reservation.specs().try_into().unwrap();
        assert_eq!(spec.parse::<Destination>().unwrap(), place.named(text), "{spec}");
    }
}
