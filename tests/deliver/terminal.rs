//! The key on a terminal: only when nothing else takes it, or when that was said.

use std::process::{Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_fgtkey");

/// What a run shows on a terminal, which `script` is here.
fn shown(arguments: &str) -> Option<String> {
    let home = tempfile::tempdir().unwrap();
    let command = format!("{PROGRAM} mint --sim {arguments}; echo status $?");
    let mut script = Command::new("script");
    script.args(["-q", "-e", "-c", &command, "/dev/null"]).env("HOME", home.path()).env_remove("XDG_STATE_HOME");
    script.current_dir(home.path()).stdin(Stdio::null());
    match script.output() {
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).into_owned()),
        Err(error) => {
            assert!(std::env::var_os("FGTKEY_REQUIRE_PEERS").is_none(), "script: {error}");
            None
        }
    }
}

fn has_a_key(shown: &str) -> bool {
    let is_key = |line: &str| line.len() == 30 && line.chars().all(|c| c.is_ascii_alphanumeric());
    shown.lines().any(|line| is_key(line.trim()))
}

#[test]
fn a_terminal_sees_the_key_when_it_is_the_only_destination_or_when_that_is_said() {
    for arguments in ["", "--to stdout", "--to stdout --to file:key --reveal"] {
        let Some(shown) = shown(arguments) else { return };
        assert!(has_a_key(&shown) && shown.contains("status 0"), "{arguments}: {shown}");
    }
}

#[test]
fn a_terminal_does_not_see_a_key_that_goes_elsewhere_too() {
    for arguments in ["--to stdout --to file:key", "--to file:key --to k8s:-"] {
        let Some(shown) = shown(arguments) else { return };
        assert!(!has_a_key(&shown) && shown.contains("--reveal") && shown.contains("status 1"), "{arguments}: {shown}");
    }
}
