//! A whole mint over a stock OpenSSH server, whose forced command is the simulated device's shell on a terminal.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::peer::{fgtkey, is_there, text, works};

const SSHD: &str = "/usr/sbin/sshd";

fn has_sshd() -> bool {
    is_there("OpenSSH's sshd", Path::new(SSHD).exists() && works(Command::new("ssh").arg("-V")))
}

/// An sshd on loopback that lets one key in and gives it the device's shell. All that the device prints is kept.
struct Sshd {
    directory: TempDir,
    port: u16,
    child: Child,
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Sshd {
    /// Starts with these arguments for `fgtkey sim`.
    fn start(arguments: &str) -> Sshd {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        for name in ["host_key", "key"] {
            assert!(works(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(at(name))));
        }
        let port = free_port();
        std::fs::write(at("config"), configuration(directory.path(), port, arguments)).unwrap();
        // sshd wants this directory, and only a package's start script makes it.
        let _ = std::fs::create_dir_all("/run/sshd");
        let mut sshd = Command::new(SSHD);
        sshd.arg("-D").arg("-f").arg(at("config")).arg("-E").arg(at("log"));
        let child = sshd.stdin(Stdio::null()).spawn().unwrap();
        let sshd = Sshd { directory, port, child };
        sshd.await_port();
        sshd
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read(self.path(name)).map(|bytes| text(&bytes)).unwrap_or_default()
    }

    fn await_port(&self) {
        let start = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(start.elapsed() < Duration::from_secs(10), "sshd does not answer:\n{}", self.read("log"));
            std::thread::yield_now();
        }
    }

    /// `fgtkey mint` on this server, with its key and its host key.
    fn mint(&self, arguments: &[&str]) -> Output {
        let host_key = self.read("host_key.pub");
        std::fs::write(self.path("known_hosts"), format!("[127.0.0.1]:{} {host_key}", self.port)).unwrap();
        std::fs::write(self.path("password"), "admin\n").unwrap();
        let mut mint = fgtkey();
        mint.args(["mint", &format!("{}@127.0.0.1:{}", person(), self.port), "-i"]).arg(self.path("key"));
        mint.arg("--known-hosts").arg(self.path("known_hosts")).arg("--password-file").arg(self.path("password"));
        mint.args(["--api-user", "terraform", "--preset", "terraform-tutorial", "--trusted-host", "auto"]);
        mint.args(arguments).env("XDG_STATE_HOME", self.path("state")).stdin(Stdio::null()).output().unwrap()
    }
}

/// With `SHLVL` bash does not run the person's own configuration, which may wait for something of theirs.
/// `tee` keeps what the device prints; its terminal is the one that sshd made, which is sshd's to read.
fn configuration(directory: &Path, port: u16, arguments: &str) -> String {
    let at = directory.display();
    let device = format!("{} sim --stdio --admin {} {arguments}", env!("CARGO_BIN_EXE_fgtkey"), person());
    format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {at}/host_key\nPidFile none\nStrictModes no\nUsePAM no\n\
         SetEnv SHLVL=1\nPermitUserRC no\nPrintMotd no\n\
         AuthorizedKeysFile {at}/key.pub\nPermitRootLogin yes\nPasswordAuthentication no\n\
         ForceCommand {device} | tee -a {at}/screen\n"
    )
}

/// Whoever runs the tests: sshd lets nobody else in without being root.
fn person() -> String {
    text(&Command::new("id").arg("-un").output().unwrap().stdout).trim().to_owned()
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The key on our stdout is the one that the device printed last.
fn mints_behind_sshd(device: &str, arguments: &[&str]) {
    if !has_sshd() {
        return;
    }
    let sshd = Sshd::start(device);
    let minted = sshd.mint(arguments);
    let said = text(&minted.stderr);
    assert_eq!(minted.status.code(), Some(0), "{said}\n{}\n{}", sshd.read("log"), sshd.read("screen"));
    let key = text(&minted.stdout).trim_end().to_owned();
    assert!(sshd.read("screen").contains(&format!("New API key: {key}")), "{key}\n{}", sshd.read("screen"));
    assert!(said.contains("trusted host 127.0.0.1/32"), "{said}");
}

#[test]
fn a_whole_mint_behind_a_stock_sshd() {
    mints_behind_sshd("--fortios 7.4.8", &[]);
}

#[test]
fn a_whole_mint_with_vdoms_behind_a_stock_sshd() {
    mints_behind_sshd("--fortios 7.4.8 --vdom-mode multi", &["--vdom", "root"]);
}

#[test]
fn a_device_that_asks_for_the_password_again_behind_a_stock_sshd() {
    mints_behind_sshd("--fortios 7.6.6 --trap login-banner --trap pager-24", &[]);
}
