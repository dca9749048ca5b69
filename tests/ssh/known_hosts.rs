//! The situations of `known_hosts.cases`: judged by us, and by OpenSSH against a real `sshd`.

use std::path::Path;
use std::process::Command;

use fgtkey::ssh::{KnownHosts, Verdict, known_name};
use russh::keys::{Algorithm, EcdsaCurve, PublicKey};

use crate::desk::Desk;
use crate::openssh::{Sshd, installed};
use crate::server::key;

struct Case {
    stricter: bool,
    verdict: &'static str,
    name: &'static str,
    text: String,
}

fn cases() -> Vec<Case> {
    let all = include_str!("known_hosts.cases").split("\n== ").skip(1);
    let cases: Vec<_> = all.map(case).collect();
    assert!(cases.len() >= 50, "{} cases", cases.len());
    cases
}

fn case(text: &'static str) -> Case {
    let (title, text) = text.split_once('\n').unwrap();
    let (stricter, title) = title.strip_prefix("stricter ").map_or((false, title), |rest| (true, rest));
    let (verdict, name) = title.split_once(' ').unwrap();
    Case { stricter, verdict, name, text: text.trim_start_matches('\n').to_owned() }
}

/// Fills the placeholders for a server at `host`, `port` that shows `shown`.
pub fn filled(text: &str, host: &str, port: u16, shown: &PublicKey) -> String {
    let name = known_name(host, port);
    let other = key(Algorithm::Ed25519).public_key().to_openssh().unwrap();
    let ecdsa = key(Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 }).public_key().to_openssh().unwrap();
    let mut shown = shown.clone();
    shown.set_comment("");
    [
        ("{name}", name.clone()),
        ("{host}", host.to_owned()),
        ("{port}", port.to_string()),
        ("{key}", shown.to_openssh().unwrap().trim().to_owned()),
        ("{other}", other),
        ("{ecdsa}", ecdsa),
        ("{hashed}", hashed(&name)),
        ("{hashed-host}", hashed(host)),
        ("{hashed-other}", hashed("fw2")),
        ("{cr}", "\r".to_owned()),
        ("{nul}", "\0".to_owned()),
    ]
    .iter()
    .fold(text.to_owned(), |text, (placeholder, value)| text.replace(placeholder, value))
}

/// A name as HashKnownHosts writes it: the HMAC-SHA-1 of the name under a random salt, both in base64.
fn hashed(name: &str) -> String {
    use russh::keys::ssh_encoding::base64::{Base64, Encoding};
    let salt: Vec<u8> = (0..20).map(|n| n * 7 + name.len() as u8).collect();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &salt);
    let hash = ring::hmac::sign(&key, name.as_bytes());
    format!("|1|{}|{}", Base64::encode_string(&salt), Base64::encode_string(hash.as_ref()))
}

fn judged(text: &str, shown: &PublicKey) -> &'static str {
    let mut hosts = KnownHosts::default();
    if hosts.add(Path::new("known_hosts"), text).is_err() {
        return "malformed";
    }
    match hosts.judge("127.0.0.1", 2222, shown) {
        Verdict::Known(_) => "known",
        Verdict::Certified(_) => "certified",
        Verdict::Changed(_) => "changed",
        Verdict::Revoked(_) => "revoked",
        Verdict::Unknown => "unknown",
    }
}

#[test]
fn every_situation_is_judged_as_its_case_says() {
    let shown = key(Algorithm::Ed25519).public_key().clone();
    for case in cases() {
        let text = filled(&case.text, "127.0.0.1", 2222, &shown);
        assert_eq!(judged(&text, &shown), case.verdict, "{}:\n{text}", case.name);
    }
}

/// Whether `ssh` logs in with this file; it may write to it.
pub fn openssh_logs_in(sshd: &Sshd, text: &str, checking: &str) -> bool {
    let file = sshd.directory.path().join("known_hosts_of_ssh");
    std::fs::write(&file, text).unwrap();
    let options = [
        format!("UserKnownHostsFile={}", file.display()),
        format!("StrictHostKeyChecking={checking}"),
        format!("IdentityFile={}", sshd.identity.display()),
        "GlobalKnownHostsFile=/dev/null".to_owned(),
        "UpdateHostKeys=no".to_owned(),
        "CheckHostIP=no".to_owned(),
        "IdentitiesOnly=yes".to_owned(),
        "BatchMode=yes".to_owned(),
    ];
    let mut ssh = Command::new("ssh");
    ssh.args(["-F", "none", "-p", &sshd.port.to_string(), "-l", &sshd.user]);
    ssh.args(options.iter().flat_map(|option| ["-o", option]));
    ssh.args(["127.0.0.1", "true"]).output().unwrap().status.success()
}

pub async fn we_log_in(sshd: &Sshd, text: &str, policy: &str) -> bool {
    let mut desk = Desk::new().policy(policy).known_hosts_is(text);
    desk.options.identities = vec![sshd.identity.clone()];
    desk.dial().open(&sshd.endpoint()).await.is_ok()
}

/// The policies, as we and as OpenSSH spell them, under which a verdict shows, and whether one gets in.
fn telling(verdict: &str) -> &'static [(&'static str, &'static str, bool)] {
    match verdict {
        "known" => &[("strict", "yes", true)],
        "unknown" => &[("strict", "yes", false), ("accept-new", "accept-new", true)],
        _ => &[("accept-new", "accept-new", false)],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn openssh_accepts_and_refuses_in_the_same_situations() {
    if !installed("openssh_accepts_and_refuses_in_the_same_situations") {
        return;
    }
    let sshd = Sshd::start("").await;
    let mut differences = Vec::new();
    for case in cases() {
        let text = filled(&case.text, "127.0.0.1", sshd.port, &sshd.host_key);
        for (policy, checking, expected) in telling(case.verdict) {
            let ours = we_log_in(&sshd, &text, policy).await;
            assert_eq!(ours, *expected, "{} ({policy}):\n{text}", case.name);
            let theirs = openssh_logs_in(&sshd, &text, checking);
            let on_purpose = case.stricter && !ours;
            if ours != theirs && !on_purpose {
                differences.push(format!("{} ({policy}): ssh says {theirs}\n{text}", case.name));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
