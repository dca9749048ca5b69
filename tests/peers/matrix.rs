//! A whole mint behind servers of five makes, by each way in that the server has, with and without keys exchanged
//! anew in mid-session. Each has the simulated device's shell on a terminal behind it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::inetd::{self, has_namespaces};
use crate::netmiko::python;
use crate::peer::{is_there, text, works};
use crate::site::{Site, Way};

/// So many bytes of a session are encrypted with one key where keys are to be exchanged anew.
const FEW_BYTES: &str = "512";

/// A server that runs, and what it logs.
struct Peer<'a> {
    site: &'a Site,
    port: u16,
    /// What it logs of an accepted login, for each way that it has.
    accepted: &'a [(Way, &'a str)],
    /// What it logs of each key exchange, if keys are to be exchanged anew.
    rekeyed: Option<&'a str>,
}

impl Peer<'_> {
    /// The key on our stdout is the one that the device printed, and the server saw what it was to see.
    fn mints_by_each_way(&self) {
        for (way, accepted) in self.accepted {
            let before = (self.site.read("log").len(), self.site.read("screen").len());
            let minted = self.site.mint(self.port, *way);
            let (log, screen) =
                (self.site.read("log").split_off(before.0), self.site.read("screen").split_off(before.1));
            let said = text(&minted.stderr);
            assert_eq!(minted.status.code(), Some(0), "{way:?}: {said}\n{log}\n{screen}");
            let key = text(&minted.stdout).trim_end().to_owned();
            assert!(screen.contains(&format!("New API key: {key}")), "{way:?}: {key}\n{screen}");
            assert!(said.contains("trusted host 127.0.0.1/32"), "{way:?}: {said}");
            assert!(log.contains(accepted), "{way:?}: {log}");
            // The first exchange is the one before the login.
            let exchanges = self.rekeyed.map_or(3, |mark| log.matches(mark).count());
            assert!(exchanges >= 3, "{way:?}: {exchanges} key exchanges\n{log}");
        }
    }
}

fn has_openssh() -> bool {
    let programs = ["ssh", "ssh-keygen", "ssh-agent", "ssh-add"];
    let found = programs.iter().all(|program| Command::new(program).arg("-?").output().is_ok());
    is_there("OpenSSH's client", found)
}

/// Whether all is there that a test of this server needs.
fn has_server(program: &str) -> bool {
    has_openssh() && is_there(program, Path::new(program).exists()) && has_namespaces()
}

const SSHD: &str = "/usr/sbin/sshd";

fn mints_behind_sshd(rekeyed: Option<&str>, limit: &str) {
    if !has_server(SSHD) {
        return;
    }
    // sshd wants this directory, and only a package's start script makes it.
    let _ = std::fs::create_dir_all("/run/sshd");
    let site = Site::new();
    let at = site.at().display();
    let configuration = format!(
        "HostKey {at}/host_key\nPidFile none\nStrictModes no\nPermitRootLogin yes\nUsePAM yes\n\
         PasswordAuthentication yes\nKbdInteractiveAuthentication yes\nTrustedUserCAKeys {at}/ca.pub\n\
         PrintMotd no\nPrintLastLog no\nLogLevel DEBUG1\nRekeyLimit {limit}\n"
    );
    std::fs::write(site.path("config"), configuration).unwrap();
    let port = inetd::serve(&site, &[SSHD, "-i", "-e", "-f", "{at}/config"]);
    let accepted = [
        (Way::Password, "Accepted password for fgtadmin"),
        (Way::KeyboardInteractive, "Accepted keyboard-interactive/pam for fgtadmin"),
        (Way::Key, "Accepted publickey for fgtadmin"),
        (Way::Certificate, "ssh2: ED25519-CERT"),
        (Way::Agent, "Accepted publickey for fgtadmin"),
    ];
    Peer { site: &site, port, accepted: &accepted, rekeyed }.mints_by_each_way();
}

#[test]
fn a_whole_mint_by_each_way_into_openssh() {
    mints_behind_sshd(None, "default none");
}

#[test]
fn a_whole_mint_while_openssh_exchanges_keys_anew() {
    mints_behind_sshd(Some("SSH2_MSG_NEWKEYS received"), FEW_BYTES);
}

const DROPBEAR: &str = "/usr/sbin/dropbear";

#[test]
fn a_whole_mint_by_each_way_into_dropbear() {
    if !has_server(DROPBEAR) {
        return;
    }
    let site = Site::new();
    let mut convert = Command::new("dropbearconvert");
    convert.args(["openssh", "dropbear"]).arg(site.path("host_key")).arg(site.path("dropbear_key"));
    assert!(works(&mut convert));
    // In this mode it has no log; the client has one way only to go.
    let port = inetd::serve(&site, &[DROPBEAR, "-i", "-r", "{at}/dropbear_key"]);
    let accepted = [(Way::Password, ""), (Way::Key, ""), (Way::Agent, "")];
    Peer { site: &site, port, accepted: &accepted, rekeyed: None }.mints_by_each_way();
}

const TINYSSHD: &str = "/usr/sbin/tinysshd";

#[test]
fn a_whole_mint_by_each_way_into_tinysshd() {
    if !has_server(TINYSSHD) {
        return;
    }
    let site = Site::new();
    assert!(works(Command::new("/usr/sbin/tinysshd-makekey").arg("-q").arg(site.path("tinysshd_keys"))));
    let printed = Command::new("/usr/sbin/tinysshd-printkey").arg(site.path("tinysshd_keys")).output().unwrap();
    std::fs::write(site.path("host_key.pub"), printed.stdout).unwrap();
    let port = inetd::serve(&site, &[TINYSSHD, "-v", "-v", "{at}/tinysshd_keys"]);
    let accepted = [(Way::Key, " accepted {packet_auth.c"), (Way::Agent, " accepted {packet_auth.c")];
    Peer { site: &site, port, accepted: &accepted, rekeyed: None }.mints_by_each_way();
}

/// A server in Python; it ends with this.
struct Script(Child);

impl Drop for Script {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts `tests/peers/LIBRARY_server.py`, which prints its port.
fn script(site: &Site, library: &str, rekey_bytes: &str) -> (Script, u16) {
    let file = format!("{}/tests/peers/{library}_server.py", env!("CARGO_MANIFEST_DIR"));
    let log = std::fs::File::create(site.path("log")).unwrap();
    // Python would leave its compiled modules in the tree.
    let mut server = python();
    server.arg("-B").arg(file).arg(site.at()).arg(rekey_bytes).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
    let mut server = Script(server.spawn().unwrap());
    let mut line = String::new();
    BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let port = line.trim().parse().unwrap_or_else(|_| panic!("{library} does not start:\n{}", site.read("log")));
    (server, port)
}

fn mints_behind_python(library: &str, accepted: &[(Way, &str)], rekeyed: Option<&str>, rekey_bytes: &str) {
    let found = works(python().args(["-c", &format!("import {library}")]));
    if !has_openssh() || !is_there(library, found) {
        return;
    }
    let site = Site::new();
    let (_server, port) = script(&site, library, rekey_bytes);
    Peer { site: &site, port, accepted, rekeyed }.mints_by_each_way();
}

const A_LOT: &str = "1073741824";

const ASYNCSSH: [(Way, &str); 5] = [
    (Way::Password, "Trying password auth"),
    (Way::KeyboardInteractive, "Trying keyboard-interactive auth"),
    (Way::Key, "Verifying request with ssh-ed25519 key"),
    (Way::Certificate, "Verifying request with ssh-ed25519-cert-v01@openssh.com key"),
    (Way::Agent, "Verifying request with ssh-ed25519 key"),
];

#[test]
fn a_whole_mint_by_each_way_into_asyncssh() {
    mints_behind_python("asyncssh", &ASYNCSSH, None, A_LOT);
}

#[test]
fn a_whole_mint_while_asyncssh_exchanges_keys_anew() {
    mints_behind_python("asyncssh", &ASYNCSSH, Some("Completed key exchange"), FEW_BYTES);
}

const PARAMIKO: [(Way, &str); 4] = [
    (Way::Password, "right password"),
    (Way::KeyboardInteractive, "right keyboard-interactive"),
    (Way::Key, "right publickey"),
    (Way::Agent, "right publickey"),
];

#[test]
fn a_whole_mint_by_each_way_into_paramiko() {
    mints_behind_python("paramiko", &PARAMIKO, None, A_LOT);
}

#[test]
fn a_whole_mint_while_paramiko_exchanges_keys_anew() {
    mints_behind_python("paramiko", &PARAMIKO, Some("Switch to new keys"), FEW_BYTES);
}
