//! The key is where it was sent, and nowhere else; the password is nowhere.
//!
//! Every run is a process of its own against a simulated FortiGate. Searched are both streams, every file under its home,
//! its temporary folder and its working folder, and, while it runs, the command line and the environment of it and of its
//! children.

// What tests share may panic as they do; clippy's own exception covers only what stands inside a `#[test]`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used)]

mod debug;
mod escrow;
mod rotation;
mod run;
mod searched;
mod store;
#[path = "../vault/server.rs"]
#[allow(dead_code, reason = "the tests of vault need more of it")]
mod vault;

use std::fs;

use run::{Desk, PASSWORD};

#[test]
fn a_key_on_stdout_is_only_there() {
    let desk = Desk::new();
    let ran = desk.mint(&["-vv", "--transcript", "session.txt"]);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert_eq!(ran.key(), desk.live_key(ran.stdout.trim()));
    ran.leaks_nothing_but_in(&["stdout"]);
    assert!(desk.read("work/session.txt").contains("execute api-user generate-key"));
}

#[test]
fn a_key_in_files_is_only_in_them() {
    let desk = Desk::new();
    let ran =
        desk.mint(&["-vv", "-o", "json", "--to", "file:key", "--to", "dotenv:fw1.env", "--to", "tfvars:a.tfvars"]);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("\"delivered_to\""), "the record without the key: {}", ran.stdout);
    desk.live_key(desk.read("work/key").trim());
    ran.leaks_nothing_but_in(&["work/key", "work/fw1.env", "work/a.tfvars"]);
}

#[test]
fn a_key_in_sealed_files_and_in_a_vault_is_nowhere_in_the_open() {
    let desk = Desk::new();
    fs::write(desk.path("work/inline.yml"), "vdom: root\n").unwrap();
    // A recipient looks like a key itself: the file of them is not under the home.
    let elsewhere = tempfile::tempdir().unwrap();
    let recipients = elsewhere.path().join("recipients");
    fs::write(&recipients, "age1cy0su9fwf3gf9mw868g5yut09p6nytfmmnktexz2ya5uqg9vl9sss4euqm\n").unwrap();
    let sealed = format!("age:fw1.age,recipients-file={}", recipients.display());
    let vaults = ["new.yml", "inline.yml"].map(|file| format!("ansible:{file},vault-password-file=../password"));
    let flags = ["-vv", "--transcript", "session.txt", "--to", "file:key"];
    let ran = desk.mint(&[&flags[..], &["--to", &sealed, "--to", &vaults[0], "--to", &vaults[1]]].concat());
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    let key = desk.live_key(desk.read("work/key").trim());
    ran.leaks_nothing_but_in(&["work/key", "work/new.yml", "work/inline.yml"]);
    for file in ["work/new.yml", "work/inline.yml", "work/fw1.age"] {
        let bytes = fs::read(desk.path(file)).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains(&key), "the key is in the open in {file}");
    }
}

#[test]
fn a_key_in_plain_variables_and_in_a_manifest_is_only_there() {
    let desk = Desk::new();
    let ran = desk.mint(&["-vv", "--to", "ansible:fw1.yml", "--to", "k8s:secret.yml", "--to", "k8s:-"]);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    ran.leaks_nothing_but_in(&["work/fw1.yml", "work/secret.yml", "stdout"]);
}

#[test]
fn a_command_that_takes_the_key_has_it_on_its_stdin_alone() {
    // Long enough for its command line and its environment to be looked at.
    let desk = Desk::new();
    let ran = desk.mint(&["-vv", "--to", "exec:sleep 0.2; cat > taken; cat taken; sleep 0.2"]);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert!(ran.saw_a_child(), "nobody looked at the command");
    ran.leaks_nothing_but_in(&["work/taken"]);
}

#[test]
fn a_command_that_fails_and_says_the_key_is_not_repeated() {
    let desk = Desk::new();
    let ran = desk.mint(&["-vv", "--to", "exec:sleep 0.1; cat >&2; exit 3"]);
    assert_eq!(ran.status, Some(5), "{}", ran.stderr);
    assert!(ran.stderr.contains("exit status: 3"), "{}", ran.stderr);
    ran.leaks_nothing_but_in(&[&desk.escrowed()[0]]);
}

#[test]
fn whatever_goes_wrong_at_whatever_line_shows_nothing() {
    let lines = [
        "1",
        "get system admin status",
        "config system accprofile",
        "set address",
        "end",
        "edit tf",
        "config trusthost",
    ];
    for line in lines {
        for action in ["refuse", "drop", "drop-after", "cut:7"] {
            let desk = Desk::with_faults(&[&format!("{line}={action}")]);
            let ran = desk.mint(&["-vv", "--timeout", "2", "--transcript", "session.txt", "--to", "file:key"]);
            assert!(matches!(ran.status, Some(0 | 1)), "{line}={action}: {:?} {}", ran.status, ran.stderr);
            ran.leaks_nothing_but_in(&["work/key"]);
        }
    }
}

#[test]
fn a_key_that_is_lost_on_its_way_is_shown_nowhere() {
    for action in ["refuse", "drop", "drop-after", "hang", "cut:20", "cut:30", "cut:45", "cut:60", "cut:75"] {
        let desk = Desk::with_faults(&[&format!("execute api-user={action}")]);
        let ran = desk.mint(&["-vv", "--timeout", "2", "--transcript", "session.txt", "--to", "file:key"]);
        assert_eq!(ran.status == Some(0), action != "refuse", "{action}: {}", ran.stderr);
        ran.leaks_nothing_but_in(&["work/key"]);
    }
}

#[test]
fn a_key_that_cannot_be_delivered_is_only_in_the_escrow() {
    let desk = Desk::new();
    let ran = desk.mint_with_a_reader_that_leaves(&["-vv", "--transcript", "session.txt"]);
    assert_eq!(ran.status, Some(5), "{}", ran.stderr);
    let escrow = desk.escrowed();
    assert_eq!(escrow.len(), 1, "{}", ran.stderr);
    let record: serde_json::Value = serde_json::from_str(&desk.read(&escrow[0])).unwrap();
    desk.live_key(record["record"]["key"].as_str().unwrap());
    ran.leaks_nothing_but_in(&[&escrow[0]]);
}

#[test]
fn a_password_of_any_source_is_nowhere() {
    let sources: [(&[&str], bool); 4] = [
        (&[], true),
        (&["--password-file", "../password"], false),
        // Long enough for its own command line and environment to be looked at; its variable is not for it.
        (&["--password-command", "sleep 0.1; cat ../password"], true),
        (&["--password-file", "../password", "-o", "json"], false),
    ];
    for fortios in ["7.4.8", "7.6.7"] {
        for (flags, variable) in sources {
            let desk = Desk::on(fortios);
            let mut flags = flags.to_vec();
            flags.extend(["-vv", "--transcript", "session.txt"]);
            let ran = desk.mint_as(&flags, variable.then_some(PASSWORD));
            assert_eq!(ran.status, Some(0), "{fortios} {flags:?}: {}", ran.stderr);
            assert!(ran.saw_a_child() || !flags.contains(&"--password-command"), "nobody looked at the command");
            ran.leaks_nothing_but_in(&["stdout"]);
        }
    }
}

#[test]
fn a_wrong_password_is_shown_nowhere_either() {
    let desk = Desk::with_password("another one entirely");
    let ran = desk.mint(&["-vv", "--transcript", "session.txt"]);
    assert_eq!(ran.status, Some(1), "{}", ran.stderr);
    ran.leaks_nothing_but_in(&[]);
}

#[test]
fn a_scraped_key_is_only_where_it_was_sent() {
    let transcript =
        "fw1 # execute api-user generate-key tf\r\r\n\r\nNew API key: fccys3cfbhyhqbqghkyzm1QGNnm3ry\r\n\r\nfw1 # ";
    for (flags, place) in [(&["-vv"][..], "stdout"), (&["-vv", "--to", "file:key"][..], "work/key")] {
        let desk = Desk::new();
        let ran = desk.run(&[&["scrape"], flags].concat(), None, transcript);
        assert_eq!(ran.status, Some(0), "{}", ran.stderr);
        ran.leaks_nothing_but_in(&[place]);
    }
}

#[test]
fn a_key_that_is_proven_is_shown_nowhere() {
    let desk = Desk::new();
    let minted = desk.mint(&["--to", "file:key", "--trusted-host", "127.0.0.1"]);
    assert_eq!(minted.status, Some(0), "{}", minted.stderr);
    let key = desk.read("work/key");
    let void = "fccys3cfbhyhqbqghkyzm1QGNnm3ry";
    for (flags, input, status) in [
        (&["--from", "file:key"][..], "", 0),
        (&["--key-file", "-", "-o", "json"][..], key.as_str(), 0),
        (&["--key-file", "key", "--insecure", "--api-user", "tf"][..], "", 0),
        (&["--key-file", "-", "--api-user", "tf"][..], void, 1),
        (&["--from", "file:key", "--https-port", "1"][..], "", 0),
        (&["--from", "file:key", "--https-port", "1", "--verify", "require"][..], "", 1),
    ] {
        let ran = desk.at_device("verify", &[flags, &["-vv", "--transcript", "session.txt"]].concat(), input);
        assert_eq!(ran.status, Some(status), "{flags:?}: {}", ran.stderr);
        ran.leaks_nothing_but_in(&["work/key"]);
    }
}

#[test]
fn a_key_that_a_command_gets_is_in_its_environment_only() {
    let desk = Desk::new();
    assert_eq!(desk.mint(&["--to", "dotenv:fw1.env"]).status, Some(0));
    let command = ["exec", "-vv", "--transcript", "session.txt", "--from", "dotenv:fw1.env", "--", "sleep", "0.2"];
    let ran = desk.run(&command, Some(PASSWORD), "");
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    ran.leaks_nothing_but_in(&["work/fw1.env", "environment of a child"]);
}

#[test]
fn a_key_that_a_program_asks_for_is_in_the_answer_only() {
    let desk = Desk::new();
    assert_eq!(desk.mint(&["--to", "file:key"]).status, Some(0));
    for (asked, query) in
        [(&["get", "-vv", "--from", "file:key"][..], ""), (&["get", "--terraform"], r#"{"from":"file:key"}"#)]
    {
        let ran = desk.run(asked, None, query);
        assert_eq!(ran.status, Some(0), "{}", ran.stderr);
        ran.leaks_nothing_but_in(&["work/key", "stdout"]);
    }
}

#[test]
fn the_embedded_device_keeps_its_keys_too() {
    let desk = Desk::new();
    let ran = desk.run(
        &["mint", "--sim", "-vv", "--fortios", "7.6", "--transcript", "session.txt", "--to", "file:key"],
        None,
        "",
    );
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    ran.leaks_nothing_but_in(&["work/key"]);
}

#[test]
fn what_is_written_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    desk.mint(&[
        "--transcript",
        "session.txt",
        "--to",
        "file:key",
        "--to",
        "dotenv:fw1.env",
        "--to",
        "ansible:fw1.yml",
    ]);
    for file in ["work/session.txt", "work/key", "work/fw1.env", "work/fw1.yml"] {
        let mode = fs::metadata(desk.path(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}
