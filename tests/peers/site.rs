//! What a server of another make and a person who logs in to it need: a host key, the person's keys, and the device's
//! shell as a program.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::peer::{fgtkey, text, works};

/// The administrator of the device, and the user of the server.
pub const USER: &str = "fgtadmin";

/// How a person gets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Password,
    /// With whatever is asked beside the password answered by `--otp-command`.
    KeyboardInteractive,
    Key,
    Certificate,
    Agent,
}

/// A directory with `host_key`, `authorized_keys`, `ca`, the person's keys, `shell`, and all that is printed: `log`
/// by the server, `screen` by the device.
pub struct Site {
    directory: TempDir,
    agent: Child,
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.agent.kill();
        let _ = self.agent.wait();
    }
}

impl Site {
    pub fn new() -> Site {
        let directory = tempfile::tempdir().unwrap();
        let at = directory.path();
        for name in ["host_key", "ca", "key", "held", "certified"] {
            let mut keygen = Command::new("ssh-keygen");
            assert!(works(keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"]).arg(at.join(name))));
        }
        let mut sign = Command::new("ssh-keygen");
        sign.arg("-q").arg("-s").arg(at.join("ca")).args(["-I", "a person", "-n", USER]);
        assert!(works(sign.arg(at.join("certified.pub"))));
        let authorized = ["key.pub", "held.pub"].map(|name| std::fs::read_to_string(at.join(name)).unwrap());
        std::fs::write(at.join("authorized_keys"), authorized.concat()).unwrap();
        write_shell(at);
        let agent = start_agent(at);
        Site { directory, agent }
    }

    pub fn at(&self) -> &Path {
        self.directory.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.at().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read(self.path(name)).map(|bytes| text(&bytes)).unwrap_or_default()
    }

    /// `fgtkey mint` on the server at `port`, which has the key in `host_key.pub`.
    pub fn mint(&self, port: u16, way: Way) -> Output {
        let request = ["--api-user", "terraform", "--preset", "terraform-tutorial", "--trusted-host", "auto"];
        self.log_in("mint", port, way).args(request).output().unwrap()
    }

    /// `fgtkey check` on the server at `port`.
    pub fn check(&self, port: u16, way: Way) -> Output {
        self.log_in("check", port, way).output().unwrap()
    }

    /// The same for a shell at a terminal, where a person answers the server's questions.
    pub fn check_by_hand(&self, port: u16) -> String {
        let known = format!("[127.0.0.1]:{port} {}", self.read("host_key.pub"));
        std::fs::write(self.path("known_hosts"), known).unwrap();
        std::fs::write(self.path("ssh_config"), self.ssh_config(Way::KeyboardInteractive)).unwrap();
        let (program, at) = (env!("CARGO_BIN_EXE_fgtkey"), self.at().display());
        format!(
            "env -u FGTKEY_PASSWORD HOME={at} {program} check {USER}@127.0.0.1:{port} -F {at}/ssh_config \
             --known-hosts {at}/known_hosts"
        )
    }

    /// A file with the password.
    pub fn password_file(&self) -> String {
        std::fs::write(self.path("password"), "admin\n").unwrap();
        self.path("password").display().to_string()
    }

    fn log_in(&self, verb: &str, port: u16, way: Way) -> Command {
        std::fs::write(self.path("known_hosts"), format!("[127.0.0.1]:{port} {}", self.read("host_key.pub"))).unwrap();
        std::fs::write(self.path("password"), "admin\n").unwrap();
        std::fs::write(self.path("ssh_config"), self.ssh_config(way)).unwrap();
        let mut command = fgtkey();
        command.arg(verb).arg(format!("{USER}@127.0.0.1:{port}")).arg("-F").arg(self.path("ssh_config"));
        command.arg("--known-hosts").arg(self.path("known_hosts"));
        match way {
            Way::Password => command.arg("--password-file").arg(self.path("password")),
            Way::KeyboardInteractive => {
                command.arg("--password-file").arg(self.path("password")).args(["--otp-command", "echo 123456"])
            }
            Way::Key => command.arg("-i").arg(self.path("key")),
            Way::Certificate => command.arg("-i").arg(self.path("certified")),
            Way::Agent => &mut command,
        };
        command.env("HOME", self.at()).env("XDG_STATE_HOME", self.path("state")).stdin(Stdio::null());
        command
    }

    /// Leaves the client one way to go.
    fn ssh_config(&self, way: Way) -> String {
        let agent = self.path("agent").display().to_string();
        let (method, agent) = match way {
            Way::Password => ("password", "none"),
            Way::KeyboardInteractive => ("keyboard-interactive", "none"),
            Way::Key | Way::Certificate => ("publickey", "none"),
            Way::Agent => ("publickey", agent.as_str()),
        };
        format!("PreferredAuthentications {method}\nIdentityAgent {agent}\nIdentityFile none\n")
    }
}

/// `tee` keeps what the device prints; its terminal is the one that the server made, which is the server's to read.
fn write_shell(at: &Path) {
    let device = format!("{} sim --stdio --admin {USER} --fortios 7.4.8", env!("CARGO_BIN_EXE_fgtkey"));
    let shell = at.join("shell");
    std::fs::write(&shell, format!("#!/bin/sh\n{device} | tee -a {}/screen\n", at.display())).unwrap();
    std::fs::set_permissions(&shell, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// An `ssh-agent` that alone has the key `held`.
fn start_agent(at: &Path) -> Child {
    let socket = at.join("agent");
    let mut agent = Command::new("ssh-agent");
    let child = agent.arg("-D").arg("-a").arg(&socket).stdout(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    while !socket.exists() {
        assert!(start.elapsed() < Duration::from_secs(10), "ssh-agent does not start");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(works(Command::new("ssh-add").arg("-q").arg(at.join("held")).env("SSH_AUTH_SOCK", &socket)));
    std::fs::remove_file(at.join("held")).unwrap();
    child
}
