//! Keys that an `ssh-agent` holds, offered to a real `sshd`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use fgtkey::ssh::{Method, PasswordSource};

use crate::desk::Desk;
use crate::openssh::{Sshd, generate, installed, which};

/// An agent of our own, without the person's environment.
struct Agent {
    directory: tempfile::TempDir,
    child: Child,
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Agent {
    /// `None`, loudly, where the programs are missing.
    fn start(test: &str) -> Option<Agent> {
        if !installed(test) || !which("ssh-agent") || !which("ssh-add") {
            eprintln!("SKIPPED: {test}: ssh-agent or ssh-add is not installed");
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("agent");
        let mut agent = Command::new("ssh-agent");
        let child = agent.arg("-D").arg("-a").arg(&socket).stdout(Stdio::null()).spawn().unwrap();
        while !socket.exists() {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        Some(Agent { directory, child })
    }

    fn socket(&self) -> PathBuf {
        self.directory.path().join("agent")
    }

    fn add(&self, arguments: &[&str], file: &Path) {
        let mut add = Command::new("ssh-add");
        let added = add.arg("-q").args(arguments).arg(file).env("SSH_AUTH_SOCK", self.socket()).status().unwrap();
        assert!(added.success());
    }

    /// A new key with this comment; the file is removed, so that the agent alone has it.
    fn add_new(&self, comment: &str, options: &[&str]) -> PathBuf {
        let file = self.directory.path().join(comment);
        generate(&file, &[options, &["-N", "", "-C", comment]].concat());
        self.add(&[], &file);
        std::fs::remove_file(&file).unwrap();
        file
    }
}

/// A desk that knows the server and has this agent and no key of its own.
fn desk(sshd: &Sshd, agent: &Agent) -> Desk {
    let mut desk = sshd.desk().option(&format!("IdentityAgent {}", agent.socket().display()));
    desk.options.identities.clear();
    desk
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_key_in_the_agent_gets_in() {
    let Some(agent) = Agent::start("every_kind_of_key_in_the_agent_gets_in") else { return };
    for options in [vec!["-t", "ed25519"], vec!["-t", "ecdsa", "-b", "384"], vec!["-t", "rsa", "-b", "2048"]] {
        let sshd = Sshd::start("").await;
        let file = agent.add_new(options[1], &options);
        sshd.authorize(&file);
        let desk = desk(&sshd, &agent).option("IdentitiesOnly yes").option(&format!("IdentityFile {}", file.display()));
        let shell = desk.dial().open(&sshd.endpoint()).await;
        let shell = shell.unwrap_or_else(|error| panic!("{options:?}: {error:?}\n{}", sshd.log()));
        assert_eq!(shell.route.method, Method::AgentKey(options[1].to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rsa_keys_of_the_agent_sign_with_sha2() {
    let Some(agent) = Agent::start("rsa_keys_of_the_agent_sign_with_sha2") else { return };
    for hash in ["rsa-sha2-256", "rsa-sha2-512"] {
        let sshd = Sshd::start(&format!("PubkeyAcceptedAlgorithms {hash}")).await;
        let file = agent.add_new(hash, &["-t", "rsa", "-b", "2048"]);
        sshd.authorize(&file);
        let desk = desk(&sshd, &agent).option("IdentitiesOnly yes").option(&format!("IdentityFile {}", file.display()));
        let desk = desk.option(&format!("PubkeyAcceptedAlgorithms {hash}"));
        desk.dial().open(&sshd.endpoint()).await.unwrap_or_else(|error| panic!("{hash}: {error:?}\n{}", sshd.log()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_of_key_that_is_too_old_does_not_hide_the_others() {
    let Some(agent) = Agent::start("a_kind_of_key_that_is_too_old_does_not_hide_the_others") else { return };
    let sshd = Sshd::start("").await;
    let old = agent.directory.path().join("dsa");
    let mut keygen = Command::new("ssh-keygen");
    let made = keygen.args(["-q", "-t", "dsa", "-N", "", "-f"]).arg(&old).stderr(Stdio::null()).status().unwrap();
    if !made.success() {
        eprintln!("SKIPPED: this ssh-keygen makes no DSA keys any more");
        return;
    }
    agent.add(&[], &old);
    let file = agent.add_new("new", &["-t", "ed25519"]);
    sshd.authorize(&file);
    let shell = desk(&sshd, &agent).option("IdentityFile none").dial().open(&sshd.endpoint()).await;
    let shell = shell.unwrap_or_else(|error| panic!("{error:?}\n{}", sshd.log()));
    assert_eq!(shell.route.method, Method::AgentKey("new".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_limited_to_a_host_are_used_there() {
    let Some(agent) = Agent::start("keys_limited_to_a_host_are_used_there") else { return };
    let sshd = Sshd::start("").await;
    let file = agent.directory.path().join("limited");
    generate(&file, &["-t", "ed25519", "-N", ""]);
    sshd.authorize(&file);
    let known = agent.directory.path().join("known");
    std::fs::write(&known, format!("[127.0.0.1]:{} {}\n", sshd.port, sshd.host_key.to_openssh().unwrap())).unwrap();
    agent.add(&["-h", &format!("[127.0.0.1]:{}", sshd.port), "-H", known.to_str().unwrap()], &file);
    let shell = desk(&sshd, &agent).dial().open(&sshd.endpoint()).await;
    let shell = shell.unwrap_or_else(|error| panic!("{error:?}\n{}", sshd.log()));
    assert!(matches!(shell.route.method, Method::AgentKey(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_key_goes_before_the_others_of_a_full_agent() {
    let Some(agent) = Agent::start("a_named_key_goes_before_the_others_of_a_full_agent") else { return };
    let sshd = Sshd::start("").await;
    for comment in ["one", "two", "three"] {
        agent.add_new(comment, &["-t", "ed25519"]);
    }
    // Nobody named a key: two are offered, and no more.
    let error = desk(&sshd, &agent).option("IdentityFile none").dial().open(&sshd.endpoint()).await.err().unwrap();
    let expected =
        format!("the device refused {}: key one of the agent, key two of the agent did not get in", sshd.user);
    assert!(error.to_string().starts_with(&expected), "{error}");
    assert!(error.hint().unwrap().starts_with("1 more keys were not offered"));

    let mut desk = desk(&sshd, &agent);
    desk.options.identities = vec![sshd.identity.clone()];
    let shell = desk.dial().open(&sshd.endpoint()).await.unwrap();
    assert_eq!(shell.route.method, Method::Key(sshd.identity.clone()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_agent_signs_nothing_and_another_way_is_taken() {
    let Some(agent) = Agent::start("a_locked_agent_signs_nothing_and_another_way_is_taken") else { return };
    let sshd = Sshd::start("").await;
    let file = agent.directory.path().join("confirmed");
    generate(&file, &["-t", "ed25519", "-N", "", "-C", "confirmed"]);
    sshd.authorize(&file);
    // A key to be confirmed, without anybody whom the agent could ask.
    agent.add(&["-c"], &file);
    let error = desk(&sshd, &agent).option("IdentityFile none").dial().open(&sshd.endpoint()).await.err().unwrap();
    assert_eq!(error.to_string(), "the ssh-agent does not sign with confirmed");
    assert!(error.hint().unwrap().contains("ssh-add -l"));
    assert!(!sshd.log().contains("Failed"), "{}", sshd.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_is_gone_is_a_warning() {
    if !installed("an_agent_that_is_gone_is_a_warning") {
        return;
    }
    let sshd = Sshd::start("").await;
    let desk = sshd.desk().option("IdentityAgent /nonexistent/agent");
    let shell = desk.dial().open(&sshd.endpoint()).await.unwrap();
    assert_eq!(shell.route.warnings, ["the ssh-agent at /nonexistent/agent does not answer"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_source_keeps_the_agents_keys_back() {
    let Some(agent) = Agent::start("a_password_source_keeps_the_agents_keys_back") else { return };
    let server = crate::server::Server::default().start().await;
    agent.add_new("one", &["-t", "ed25519"]);
    let desk = Desk::new().knows(&server).option(&format!("IdentityAgent {}", agent.socket().display()));
    desk.open(&server).await.unwrap();
    assert_eq!(server.seen()[0], "password admin");
    let desk = desk.source(PasswordSource::None);
    desk.refused(&server).await;
    assert_eq!(server.seen()[3], "offer admin");
}

/// Certificates of users: the agent's, those beside a key, and those that are named.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_gets_in_wherever_it_lies() {
    let Some(agent) = Agent::start("a_certificate_gets_in_wherever_it_lies") else { return };
    for kind in [vec!["-t", "ed25519"], vec!["-t", "ecdsa"], vec!["-t", "rsa", "-b", "2048"]] {
        let directory = tempfile::tempdir().unwrap();
        let sshd = Sshd::start_with("TrustedUserCAKeys {at}/ca.pub", |at| {
            generate(&at.join("ca"), &["-t", "ed25519", "-N", ""]);
        })
        .await;
        let key = directory.path().join("id");
        generate(&key, &[kind.as_slice(), &["-N", "", "-C", "mine"]].concat());
        sign(&sshd, &key, &["-n", &sshd.user]);
        let beside = directory.path().join("id-cert.pub");

        let mut own = sshd.desk();
        own.options.identities = vec![key.clone()];
        let shell = own.dial().open(&sshd.endpoint()).await;
        let shell = shell.unwrap_or_else(|error| panic!("beside, {kind:?}: {error:?}\n{}", sshd.log()));
        assert_eq!(shell.route.method, Method::Certificate(beside.clone()));

        agent.add(&[], &key);
        let with_agent = desk(&sshd, &agent).option("IdentitiesOnly yes");
        let with_agent = with_agent.option(&format!("IdentityFile {}", key.display()));
        let shell = with_agent.dial().open(&sshd.endpoint()).await;
        let shell = shell.unwrap_or_else(|error| panic!("agent, {kind:?}: {error:?}\n{}", sshd.log()));
        assert_eq!(shell.route.method, Method::AgentCertificate("mine".to_owned()));

        let named = directory.path().join("named-cert.pub");
        std::fs::rename(&beside, &named).unwrap();
        let with_file = own.option(&format!("CertificateFile {}", named.display()));
        let shell = with_file.dial().open(&sshd.endpoint()).await;
        let shell = shell.unwrap_or_else(|error| panic!("named, {kind:?}: {error:?}\n{}", sshd.log()));
        assert_eq!(shell.route.method, Method::Certificate(named));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_out_of_date_is_not_offered() {
    if !installed("a_certificate_out_of_date_is_not_offered") {
        return;
    }
    let sshd = Sshd::start_with("TrustedUserCAKeys {at}/ca.pub", |at| {
        generate(&at.join("ca"), &["-t", "ed25519", "-N", ""]);
    })
    .await;
    let directory = tempfile::tempdir().unwrap();
    let key = directory.path().join("id");
    generate(&key, &["-t", "ed25519", "-N", ""]);
    sign(&sshd, &key, &["-n", &sshd.user, "-V", "20200101:20200102"]);
    let mut desk = sshd.desk();
    desk.options.identities = vec![key.clone()];
    let error = desk.dial().open(&sshd.endpoint()).await.err().unwrap().to_string();
    assert!(error.contains(&format!("key {} did not get in", key.display())), "{error}");
    assert!(!error.contains("certificate"), "{error}");
}

fn sign(sshd: &Sshd, key: &Path, options: &[&str]) {
    let mut sign = Command::new("ssh-keygen");
    sign.arg("-q").arg("-s").arg(sshd.directory.path().join("ca")).args(["-I", "test"]).args(options);
    assert!(sign.arg(format!("{}.pub", key.display())).status().unwrap().success());
    std::io::stderr().flush().unwrap();
}
