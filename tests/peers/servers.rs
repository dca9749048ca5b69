//! Servers of five makes, each with the simulated device's shell on a terminal behind it. `None` where something is
//! missing, which is said.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::inetd::{self, has_namespaces};
use crate::netmiko::python;
use crate::peer::{is_there, works};
use crate::site::Site;

const SSHD: &str = "/usr/sbin/sshd";
const DROPBEAR: &str = "/usr/sbin/dropbear";
const TINYSSHD: &str = "/usr/sbin/tinysshd";

/// How many bytes a server encrypts with one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rekeying {
    /// More than a session has.
    Never,
    /// So few that a session has several key exchanges.
    Often,
}

impl Rekeying {
    fn bytes(self) -> &'static str {
        match self {
            Rekeying::Never => "1073741824",
            Rekeying::Often => "512",
        }
    }
}

/// A server that takes connections.
pub struct Running {
    pub site: Site,
    pub port: u16,
    _script: Option<Script>,
}

/// A server in Python; it ends with this.
struct Script(Child);

impl Drop for Script {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn has_openssh() -> bool {
    let programs = ["ssh", "ssh-keygen", "ssh-agent", "ssh-add"];
    let found = programs.iter().all(|program| Command::new(program).arg("-?").output().is_ok());
    is_there("OpenSSH's client", found)
}

/// Whether all is there that this server needs.
fn has_server(program: &str) -> bool {
    has_openssh() && is_there(program, Path::new(program).exists()) && has_namespaces()
}

/// Serves with a program that takes its connection from `inetd`.
fn inetd(site: Site, server: &[&str]) -> Running {
    let port = inetd::serve(&site, server);
    Running { site, port, _script: None }
}

pub fn openssh(rekeying: Rekeying) -> Option<Running> {
    if !has_server(SSHD) {
        return None;
    }
    // sshd wants this directory, and only a package's start script makes it.
    let _ = std::fs::create_dir_all("/run/sshd");
    let site = Site::new();
    let (at, limit) = (site.at().display(), rekeying.bytes());
    let configuration = format!(
        "HostKey {at}/host_key\nPidFile none\nStrictModes no\nPermitRootLogin yes\nUsePAM yes\n\
         PasswordAuthentication yes\nKbdInteractiveAuthentication yes\nTrustedUserCAKeys {at}/ca.pub\n\
         PrintMotd no\nPrintLastLog no\nLogLevel DEBUG1\nRekeyLimit {limit}\n"
    );
    std::fs::write(site.path("config"), configuration).unwrap();
    Some(inetd(site, &[SSHD, "-i", "-e", "-f", "{at}/config"]))
}

/// It has no log in this mode, and no limit to be set on what one key encrypts.
pub fn dropbear() -> Option<Running> {
    if !has_server(DROPBEAR) {
        return None;
    }
    let site = Site::new();
    let mut convert = Command::new("dropbearconvert");
    convert.args(["openssh", "dropbear"]).arg(site.path("host_key")).arg(site.path("dropbear_key"));
    assert!(works(&mut convert));
    Some(inetd(site, &[DROPBEAR, "-i", "-r", "{at}/dropbear_key"]))
}

/// It has no limit to be set on what one key encrypts.
pub fn tinysshd() -> Option<Running> {
    if !has_server(TINYSSHD) {
        return None;
    }
    let site = Site::new();
    assert!(works(Command::new("/usr/sbin/tinysshd-makekey").arg("-q").arg(site.path("tinysshd_keys"))));
    let printed = Command::new("/usr/sbin/tinysshd-printkey").arg(site.path("tinysshd_keys")).output().unwrap();
    std::fs::write(site.path("host_key.pub"), printed.stdout).unwrap();
    Some(inetd(site, &[TINYSSHD, "-v", "-v", "{at}/tinysshd_keys"]))
}

pub fn asyncssh(rekeying: Rekeying) -> Option<Running> {
    script("asyncssh", rekeying)
}

pub fn paramiko(rekeying: Rekeying) -> Option<Running> {
    script("paramiko", rekeying)
}

/// Starts `tests/peers/LIBRARY_server.py`, which prints its port.
fn script(library: &str, rekeying: Rekeying) -> Option<Running> {
    let found = works(python().args(["-c", &format!("import {library}")]));
    if !has_openssh() || !is_there(library, found) {
        return None;
    }
    let site = Site::new();
    let file = format!("{}/tests/peers/{library}_server.py", env!("CARGO_MANIFEST_DIR"));
    let log = std::fs::File::create(site.path("log")).unwrap();
    let mut server = python();
    // Without -B it would leave its compiled modules in the tree.
    server.arg("-B").arg(file).arg(site.at()).arg(rekeying.bytes());
    let mut server = Script(server.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let port = line.trim().parse().unwrap_or_else(|_| panic!("{library} does not start:\n{}", site.read("log")));
    Some(Running { site, port, _script: Some(server) })
}
