//! Python with the peers' libraries.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::contestant::peers;

/// What proves that they are there.
const IMPORTS: &str = "import asyncssh, netmiko, nornir_netmiko, pssh, scrapli, scrapli_community";

/// The Python of `FGTKEY_PEERS_PYTHON` where it has all of them; else the one in `target/peers-bench`, made when it is
/// missing.
pub fn with_peers() -> Option<PathBuf> {
    let given = std::env::var_os("FGTKEY_PEERS_PYTHON").map(PathBuf::from);
    if let Some(python) = given.filter(|python| is_complete(python)) {
        return Some(python);
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(target).join("peers-bench");
    let python = folder.join("bin/python");
    if !is_complete(&python) {
        make(&folder, &python);
    }
    let complete = is_complete(&python);
    if !complete {
        eprintln!("MISSING: the peers in Python, which could not be installed; their rows are left out");
    }
    complete.then_some(python)
}

fn is_complete(python: &Path) -> bool {
    let mut import = Command::new(python);
    import.args(["-c", IMPORTS]).stdout(Stdio::null()).stderr(Stdio::null());
    import.status().is_ok_and(|status| status.success())
}

fn make(folder: &Path, python: &Path) {
    eprintln!("installing the peers into {}", folder.display());
    // What fails here is told by what is missing then.
    let _ = Command::new("python3").args(["-m", "venv"]).arg(folder).status();
    let mut install = Command::new(python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]);
    let _ = install.arg(peers().join("requirements.txt")).status();
}
