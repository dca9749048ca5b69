//! The command that `exec` runs: as if we were not there, but for two variables.

use std::os::unix::fs::PermissionsExt;

use crate::desk::{Desk, KEY, PASSWORD, Ready, fed, text};

#[test]
fn the_command_has_host_and_key_in_its_environment_and_our_streams() {
    let desk = Desk::new();
    let script = "cat; echo $FORTIOS_ACCESS_HOSTNAME $FORTIOS_ACCESS_TOKEN; echo on stderr >&2";
    let ran = fed(&mut desk.exec(script), "from stdin\n");
    assert_eq!(text(&ran.stdout), format!("from stdin\n192.0.2.1 {KEY}\n"));
    let told = text(&ran.stderr);
    assert!(told.ends_with("with the key for 192.0.2.1\non stderr\n"), "the story is over before it starts: {told}");
    assert_eq!(ran.status.code(), Some(0));
}

#[test]
fn the_command_is_not_told_our_password() {
    let desk = Desk::new();
    let ran = desk.command("fgtkey").args(["exec", "--from", "dotenv:fw1.env", "--", "env"]).output().unwrap();
    let variables = text(&ran.stdout);
    assert!(variables.contains(KEY) && !variables.contains(PASSWORD), "{variables}");
    assert!(!variables.contains("FGTKEY_"), "{variables}");
}

#[test]
fn how_the_command_ends_is_how_we_end() {
    let desk = Desk::new();
    let cases = [
        ("exit 0", 0),
        ("exit 1", 1),
        ("exit 6", 6),
        ("exit 255", 255),
        ("kill -TERM $$", 143),
        ("kill -KILL $$", 137),
        ("kill -INT $$", 130),
        ("kill -SEGV $$", 139),
    ];
    for (script, status) in cases {
        let ran = desk.exec(script).output().unwrap();
        assert_eq!(ran.status.code(), Some(status), "{script}: {}", text(&ran.stderr));
    }
}

#[test]
fn words_behind_the_dashes_are_the_commands_own() {
    let desk = Desk::new();
    let ran = desk.exec("echo \"$0 $*\"").args(["zero", "--from", "-q", "--", "--help"]).output().unwrap();
    assert_eq!(text(&ran.stdout), "zero --from -q -- --help\n");
}

#[test]
fn a_command_that_cannot_be_run_is_told_before_a_key_is_looked_for() {
    let desk = Desk::new();
    desk.write("plain", "#!/bin/sh\n");
    for (command, status) in [("no-such-command", 127), ("./missing", 127), ("./plain", 126), ("/", 126), ("", 127)] {
        let ran = desk.command("fgtkey").args(["exec", "--from", "file:nowhere", "--", command]).output().unwrap();
        assert_eq!(ran.status.code(), Some(status), "{command}: {}", text(&ran.stderr));
        assert!(text(&ran.stderr).contains("no key was minted or read for it"), "{}", text(&ran.stderr));
    }
}

#[test]
fn a_file_that_turns_out_to_be_no_program_is_126() {
    let desk = Desk::new();
    let path = desk.write("broken", "#!/no/such/interpreter\n");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let ran = desk.command("fgtkey").args(["exec", "--from", "dotenv:fw1.env", "--", "./broken"]).output().unwrap();
    assert!(matches!(ran.status.code(), Some(126 | 127)), "{:?}", ran.status);
    assert!(text(&ran.stderr).contains("fgtkey: error: ./broken: "), "{}", text(&ran.stderr));
}

#[test]
fn a_key_without_a_host_needs_the_device() {
    let desk = Desk::new();
    let run = |device: &[&str]| {
        let words = [&["exec"], device, &["--from", "file:key", "--", "sh", "-c", "echo $FORTIOS_ACCESS_HOSTNAME"]];
        desk.command("fgtkey").args(words.concat()).output().unwrap()
    };
    let refused = run(&[]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("no device is named"), "{}", text(&refused.stderr));
    assert_eq!(text(&run(&["admin@fw1:2222"]).stdout), "fw1\n");
    assert_eq!(text(&run(&["admin@[2001:db8::2]"]).stdout), "[2001:db8::2]\n");
}

#[test]
fn a_closed_stdin_is_an_empty_one() {
    let desk = Desk::new();
    let script = "exec fgtkey exec --from dotenv:fw1.env -- sh -c 'cat; echo over' <&-";
    let ran = desk.command("sh").args(["-c", script]).output().unwrap();
    assert_eq!((ran.status.code(), text(&ran.stdout).as_str()), (Some(0), "over\n"), "{}", text(&ran.stderr));
}

#[test]
fn the_key_is_in_the_environment_of_the_command_and_nowhere_else() {
    let desk = Desk::new();
    let mut ready = Ready::start(desk.exec("echo $$; read line; exit 3").stdin(std::process::Stdio::piped()));
    let of = |process: &str, file: &str| text(&std::fs::read(format!("/proc/{process}/{file}")).unwrap());
    let ours = ready.child.id().to_string();
    assert!(of(&ready.first, "environ").contains(KEY));
    for (process, file) in [(ready.first.as_str(), "cmdline"), (&ours, "cmdline"), (&ours, "environ")] {
        assert!(!of(process, file).contains(KEY), "the key is in {file}");
    }
    assert!(ready.child.try_wait().unwrap().is_none());
    let (status, stdout, stderr) = ready.ended();
    assert_eq!(status, Some(3));
    assert!(!stdout.contains(KEY) && !stderr.contains(KEY), "{stdout}{stderr}");
}
