//! A disk without room, found before there is a key: a file system of a few pages, in a mount namespace of its own.

use std::process::{Command, Stdio};

/// Mounts the file system and fills it, in front of a mint into it.
const SCRIPT: &str = r#"
    mkdir full && mount -t tmpfs -o size=16k tmpfs full || exit 99
    cat /dev/zero > full/filling 2>/dev/null
    "$0" mint --sim --to "$1" 2>&1
    echo "status $?"
    ls -A full
"#;

#[test]
fn every_kind_of_file_finds_a_full_disk_before_there_is_a_key() {
    let recipient = "recipient=age1cy0su9fwf3gf9mw868g5yut09p6nytfmmnktexz2ya5uqg9vl9sss4euqm";
    for destination in ["file:full/x", "ansible:full/x", &format!("age:full/x,{recipient}"), "k8s:full/x"] {
        let home = tempfile::tempdir().unwrap();
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", SCRIPT, env!("CARGO_BIN_EXE_fgtkey"), destination]);
        command.current_dir(home.path()).env("HOME", home.path()).env_remove("XDG_STATE_HOME").stdin(Stdio::null());
        let output = command.output();
        let entered = output.as_ref().is_ok_and(|output| output.status.success());
        if !entered {
            assert!(std::env::var_os("FGTKEY_REQUIRE_PEERS").is_none(), "no mount namespace: {output:?}");
            return;
        }
        let shown = String::from_utf8_lossy(&output.unwrap().stdout).into_owned();
        assert!(shown.contains("status 1\nfilling\n"), "{destination}: {shown}");
        assert!(
            shown.contains("full: No space left on device\n") && shown.contains("nothing was contacted"),
            "{shown}"
        );
    }
}
