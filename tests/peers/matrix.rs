//! A check and a whole mint behind servers of five makes, by each way in that the server has, and with keys that the server wants
//! exchanged anew in mid-session where it can be told to.

use crate::peer::text;
use crate::servers::{self, Rekeying, Running};
use crate::site::Way;

/// The ways that a server has, and what it logs of each.
type Ways = [(Way, &'static str)];

const OPENSSH: &Ways = &[
    (Way::Password, "Accepted password for fgtadmin"),
    (Way::KeyboardInteractive, "Accepted keyboard-interactive/pam for fgtadmin"),
    (Way::Key, "Accepted publickey for fgtadmin"),
    (Way::Certificate, "ssh2: ED25519-CERT"),
    (Way::Agent, "Accepted publickey for fgtadmin"),
];

/// It logs nothing; but the client has one way only to go.
const DROPBEAR: &Ways = &[(Way::Password, ""), (Way::Key, ""), (Way::Agent, "")];

const TINYSSHD: &Ways = &[(Way::Key, " accepted {packet_auth.c"), (Way::Agent, " accepted {packet_auth.c")];

const ASYNCSSH: &Ways = &[
    (Way::Password, "Trying password auth"),
    (Way::KeyboardInteractive, "Trying keyboard-interactive auth"),
    (Way::Key, "Verifying request with ssh-ed25519 key"),
    (Way::Certificate, "Verifying request with ssh-ed25519-cert-v01@openssh.com key"),
    (Way::Agent, "Verifying request with ssh-ed25519 key"),
];

const PARAMIKO: &Ways = &[
    (Way::Password, "right password"),
    (Way::KeyboardInteractive, "right keyboard-interactive"),
    (Way::Key, "right publickey"),
    (Way::Agent, "right publickey"),
];

/// The key on our stdout is the one that the device printed. What the server logged meanwhile is returned.
fn mint(server: &Running, way: Way) -> String {
    let site = &server.site;
    let before = (site.read("log").len(), site.read("screen").len());
    let minted = site.mint(server.port, way);
    let (log, screen) = (site.read("log").split_off(before.0), site.read("screen").split_off(before.1));
    let said = text(&minted.stderr);
    assert_eq!(minted.status.code(), Some(0), "{way:?}: {said}\n{log}\n{screen}");
    let key = text(&minted.stdout).trim_end().to_owned();
    assert!(screen.contains(&format!("New API key: {key}")), "{way:?}: {key}\n{screen}");
    assert!(said.contains("trusted host 127.0.0.1/32"), "{way:?}: {said}");
    log
}

/// The login works, the device behind it is recognised, and it is told that a mint would work.
fn check(server: &Running, way: Way) {
    let checked = server.site.check(server.port, way);
    let (found, said) = (text(&checked.stdout), text(&checked.stderr));
    assert_eq!(checked.status.code(), Some(0), "{way:?}: {said}\n{found}");
    for part in ["fgtadmin by ", "FG100FTK00000000", "7.4.8", "seen from     127.0.0.1", "mint works here"] {
        assert!(found.contains(part), "{way:?}, {part}: {found}");
    }
}

fn mints_by_each_way(server: Option<Running>, ways: &Ways) {
    let Some(server) = server else { return };
    for (way, accepted) in ways {
        check(&server, *way);
        let log = mint(&server, *way);
        assert!(log.contains(accepted), "{way:?}: {log}");
    }
}

/// `exchanged` is what the server logs of each key exchange; the first one is before the login.
fn mints_with_new_keys(server: Option<Running>, ways: &Ways, exchanged: &str) {
    let Some(server) = server else { return };
    for (way, accepted) in ways {
        let log = mint(&server, *way);
        let exchanges = log.matches(exchanged).count();
        assert!(log.contains(accepted) && exchanges >= 3, "{way:?}, {exchanges} key exchanges: {log}");
    }
}

#[test]
fn a_check_and_a_whole_mint_by_each_way_into_openssh() {
    mints_by_each_way(servers::openssh(Rekeying::Never), OPENSSH);
}

#[test]
fn a_check_and_a_whole_mint_by_each_way_into_dropbear() {
    mints_by_each_way(servers::dropbear(), DROPBEAR);
}

#[test]
fn a_check_and_a_whole_mint_by_each_way_into_tinysshd() {
    mints_by_each_way(servers::tinysshd(), TINYSSHD);
}

#[test]
fn a_check_and_a_whole_mint_by_each_way_into_asyncssh() {
    mints_by_each_way(servers::asyncssh(Rekeying::Never), ASYNCSSH);
}

#[test]
fn a_check_and_a_whole_mint_by_each_way_into_paramiko() {
    mints_by_each_way(servers::paramiko(Rekeying::Never), PARAMIKO);
}

#[test]
fn a_whole_mint_while_openssh_exchanges_keys_anew() {
    mints_with_new_keys(servers::openssh(Rekeying::Often), OPENSSH, "SSH2_MSG_NEWKEYS received");
}

#[test]
fn a_whole_mint_while_asyncssh_exchanges_keys_anew() {
    mints_with_new_keys(servers::asyncssh(Rekeying::Often), ASYNCSSH, "Completed key exchange");
}

#[test]
fn a_whole_mint_while_paramiko_exchanges_keys_anew() {
    mints_with_new_keys(servers::paramiko(Rekeying::Often), PARAMIKO, "Switch to new keys");
}
