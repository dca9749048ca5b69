//! Host certificates, judged by us and by OpenSSH against the same `sshd`.

use std::process::Command;

use crate::known_hosts::{filled, openssh_logs_in, we_log_in};
use crate::openssh::{Sshd, generate, installed};

/// How the certificate is signed, the lines of known_hosts, and whether one gets in.
const CASES: [(&[&str], &str, bool); 13] = [
    (&["-n", "127.0.0.1"], "@cert-authority {name} {ca}", true),
    (&["-n", "127.0.0.1"], "@cert-authority * {ca}", true),
    (&["-n", "127.0.0.1"], "@cert-authority {host} {ca}", true),
    (&["-n", "127.0.0.1"], "@cert-authority fw2 {ca}", false),
    (&["-n", "127.0.0.1"], "@cert-authority * {other}", false),
    (&["-n", "127.0.0.1"], "{name} {ca}", false),
    (&["-n", "127.0.0.1"], "@cert-authority * {ca}\n@revoked * {ca}", false),
    (&["-n", "127.0.0.1"], "@cert-authority * {ca}\n@revoked * {key}", false),
    (&["-n", "127.0.0.1"], "@cert-authority * {other}\n{name} {key}", true),
    (&["-n", "fw2"], "@cert-authority * {ca}", false),
    (&["-n", "fw2"], "@cert-authority * {ca}\n{name} {key}", true),
    (&["-n", "127.0.0.1", "-V", "20200101:20200102"], "@cert-authority * {ca}", false),
    (&[], "@cert-authority * {ca}", true),
];

#[tokio::test(flavor = "multi_thread")]
async fn openssh_trusts_the_same_certificates() {
    if !installed("openssh_trusts_the_same_certificates") {
        return;
    }
    for (signing, lines, expected) in CASES {
        let sshd = Sshd::start_with("HostCertificate {at}/host_key-cert.pub", |at| {
            generate(&at.join("ca"), &["-t", "ed25519", "-N", ""]);
            let mut sign = Command::new("ssh-keygen");
            sign.arg("-q").arg("-s").arg(at.join("ca")).args(["-I", "test", "-h"]).args(signing);
            assert!(sign.arg(at.join("host_key.pub")).status().unwrap().success());
        })
        .await;
        let ca = std::fs::read_to_string(sshd.directory.path().join("ca.pub")).unwrap();
        let text = filled(lines, "127.0.0.1", sshd.port, &sshd.host_key).replace("{ca}", ca.trim());
        assert_eq!(openssh_logs_in(&sshd, &text, "yes"), expected, "ssh, {signing:?}: {lines}");
        assert_eq!(we_log_in(&sshd, &text, "strict").await, expected, "{signing:?}: {lines}");
    }
}
