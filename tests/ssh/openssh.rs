//! Logging in to OpenSSH's `sshd`, which is skipped, loudly, where it is not installed.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fgtkey::ssh::{Endpoint, Method, PasswordSource};
use russh::keys::PublicKey;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::desk::Desk;

const SSHD: &str = "/usr/sbin/sshd";

/// Whether `sshd`, `ssh` and `ssh-keygen` are there; says so when a test has to be skipped.
pub fn installed(test: &str) -> bool {
    let there = Path::new(SSHD).exists() && which("ssh") && which("ssh-keygen");
    if !there {
        assert!(std::env::var_os("FGTKEY_REQUIRE_PEERS").is_none(), "OpenSSH is not installed");
        eprintln!("SKIPPED: {test}: OpenSSH (sshd, ssh, ssh-keygen) is not installed");
    }
    there
}

pub fn which(program: &str) -> bool {
    Command::new(program).arg("-?").stderr(Stdio::null()).stdout(Stdio::null()).status().is_ok()
}

/// An `sshd` of our own on loopback; its shell answers each line like a device with one prompt.
pub struct Sshd {
    pub directory: TempDir,
    pub port: u16,
    pub user: String,
    pub host_key: PublicKey,
    /// A key that gets in.
    pub identity: PathBuf,
    child: Child,
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Sshd {
    /// Starts with these lines in its configuration, which win over ours.
    pub async fn start(config: &str) -> Sshd {
        Sshd::start_with(config, |_| {}).await
    }

    /// As `start`, once `prepare` has done something to the directory with the keys, which is `{at}` in the lines.
    pub async fn start_with(config: &str, prepare: impl FnOnce(&Path)) -> Sshd {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        generate(&path("host_key"), &["-t", "ed25519", "-N", ""]);
        generate(&path("identity"), &["-t", "ed25519", "-N", ""]);
        std::fs::copy(path("identity.pub"), path("authorized_keys")).unwrap();
        std::fs::write(path("shell"), SHELL).unwrap();
        prepare(directory.path());
        let port = free_port().await;
        std::fs::write(path("config"), configuration(config, directory.path(), port)).unwrap();
        // sshd wants this directory, and only a package's start script makes it.
        let _ = std::fs::create_dir_all("/run/sshd");
        let mut sshd = Command::new(SSHD);
        sshd.arg("-D").arg("-f").arg(path("config")).arg("-E").arg(path("log"));
        let child = sshd.stdin(Stdio::null()).spawn().unwrap();
        let host_key = PublicKey::read_openssh_file(path("host_key.pub")).unwrap();
        let identity = path("identity");
        let sshd = Sshd { directory, port, user: user(), host_key, identity, child };
        sshd.answers().await;
        sshd
    }

    pub fn endpoint(&self) -> Endpoint {
        Endpoint::parse(&format!("{}@127.0.0.1:{}", self.user, self.port), None).unwrap()
    }

    /// A desk that knows the server and has its key.
    pub fn desk(&self) -> Desk {
        let line = format!("[127.0.0.1]:{} {}\n", self.port, self.host_key.to_openssh().unwrap());
        let mut desk = Desk::new().source(PasswordSource::None).known_hosts_is(&line);
        desk.options.identities = vec![self.identity.clone()];
        desk
    }

    /// Also lets in the key of this file.
    pub fn authorize(&self, identity: &Path) {
        let public = std::fs::read_to_string(format!("{}.pub", identity.display())).unwrap();
        std::fs::write(self.directory.path().join("authorized_keys"), public).unwrap();
    }

    /// The process that listens.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    async fn answers(&self) {
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", self.port)).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("sshd does not answer:\n{}", self.log());
    }
}

/// Answers `bytes N` with that many bytes, and everything else with an echo.
const SHELL: &str = r#"printf 'fw1 # '
while read -r word count; do
    case $word in
        exit) exit 0 ;;
        bytes) head -c "$count" /dev/zero | tr '\0' x ;;
        size) stty size ;;
        *) printf '%s' "$word" ;;
    esac
    printf '\nfw1 # '
done
"#;

/// The home is ours, so that the person's `.bashrc` does not run in each session.
fn configuration(config: &str, directory: &Path, port: u16) -> String {
    let at = directory.display();
    let config = config.replace("{at}", &at.to_string());
    format!(
        "{config}\nPort {port}\nListenAddress 127.0.0.1\nHostKey {at}/host_key\nPidFile none\nStrictModes no\n\
         AuthorizedKeysFile {at}/authorized_keys\nPermitRootLogin yes\nUsePAM no\nPasswordAuthentication no\n\
         SetEnv HOME={at}\nMaxStartups 100\nForceCommand /bin/sh {at}/shell\n"
    )
}

pub fn generate(file: &Path, options: &[&str]) {
    let made = Command::new("ssh-keygen").args(["-q", "-C", "", "-f"]).arg(file).args(options).status().unwrap();
    assert!(made.success());
}

fn user() -> String {
    String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap().trim().to_owned()
}

async fn free_port() -> u16 {
    tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn every_kind_of_key_that_ssh_keygen_makes_gets_in() {
    if !installed("every_kind_of_key_that_ssh_keygen_makes_gets_in") {
        return;
    }
    let sshd = Sshd::start("").await;
    for (name, options) in [
        ("ed25519", vec!["-t", "ed25519", "-N", ""]),
        ("ecdsa256", vec!["-t", "ecdsa", "-b", "256", "-N", ""]),
        ("ecdsa384", vec!["-t", "ecdsa", "-b", "384", "-N", ""]),
        ("ecdsa521", vec!["-t", "ecdsa", "-b", "521", "-N", ""]),
        ("rsa", vec!["-t", "rsa", "-b", "2048", "-N", ""]),
        ("rsa_pem", vec!["-t", "rsa", "-b", "2048", "-N", "", "-m", "PEM"]),
        ("rsa_pkcs8", vec!["-t", "rsa", "-b", "2048", "-N", "", "-m", "PKCS8"]),
        ("ecdsa_pem", vec!["-t", "ecdsa", "-N", "", "-m", "PEM"]),
        ("ed25519_locked", vec!["-t", "ed25519", "-N", "open sesame"]),
        ("rsa_locked", vec!["-t", "rsa", "-b", "2048", "-N", "open sesame"]),
        ("rsa_pem_locked", vec!["-t", "rsa", "-b", "2048", "-N", "open sesame", "-m", "PEM"]),
        ("rsa_pkcs8_locked", vec!["-t", "rsa", "-b", "2048", "-N", "open sesame", "-m", "PKCS8"]),
    ] {
        let identity = sshd.directory.path().join(name);
        generate(&identity, &options);
        sshd.authorize(&identity);
        let mut desk = sshd.desk().person(&["open sesame"]);
        desk.options.identities = vec![identity.clone()];
        let shell = desk.dial().open(&sshd.endpoint()).await;
        let shell = shell.unwrap_or_else(|error| panic!("{name}: {error:?}\n{}", sshd.log()));
        assert_eq!(shell.route.method, Method::Key(identity));
        assert_eq!(desk.questions(), usize::from(name.ends_with("locked")), "{name}");
    }
}

#[tokio::test]
async fn the_terminal_is_wide_and_high_and_large_output_survives_rekeying() {
    if !installed("the_terminal_is_wide_and_high_and_large_output_survives_rekeying") {
        return;
    }
    let sshd = Sshd::start("RekeyLimit 256K").await;
    let mut shell = sshd.desk().dial().open(&sshd.endpoint()).await.unwrap();
    shell.stream.write_all(b"size\nbytes 3000000\nexit\n").await.unwrap();
    let mut all = Vec::new();
    shell.stream.read_to_end(&mut all).await.unwrap();
    let text = String::from_utf8(all).unwrap();
    assert!(text.contains("10000 511"), "{}", &text[..200.min(text.len())]);
    assert_eq!(text.matches('x').count(), 3_000_000 + text.matches("exit").count());
}

#[tokio::test]
async fn each_algorithm_that_is_offered_works_against_openssh() {
    if !installed("each_algorithm_that_is_offered_works_against_openssh") {
        return;
    }
    for line in [
        "KexAlgorithms curve25519-sha256",
        "KexAlgorithms curve25519-sha256@libssh.org",
        "KexAlgorithms ecdh-sha2-nistp256",
        "KexAlgorithms ecdh-sha2-nistp384",
        "KexAlgorithms ecdh-sha2-nistp521",
        "KexAlgorithms diffie-hellman-group-exchange-sha256",
        "KexAlgorithms diffie-hellman-group14-sha256",
        "KexAlgorithms diffie-hellman-group16-sha512",
        "Ciphers aes128-gcm@openssh.com",
        "Ciphers aes256-gcm@openssh.com",
        "Ciphers chacha20-poly1305@openssh.com",
        "Ciphers aes128-ctr\nMACs hmac-sha2-256",
        "Ciphers aes192-ctr\nMACs hmac-sha2-512",
        "Ciphers aes256-ctr\nMACs hmac-sha2-256-etm@openssh.com",
        "Ciphers aes256-ctr\nMACs hmac-sha2-512-etm@openssh.com",
    ] {
        let sshd = Sshd::start(line).await;
        let opened = sshd.desk().dial().open(&sshd.endpoint()).await;
        let shell = opened.unwrap_or_else(|error| panic!("{line}: {error:?}\n{}", sshd.log()));
        let agreed = shell.route.algorithms.unwrap();
        let wanted = line.split(['\n', ' ']).nth(1).unwrap();
        assert!([agreed.kex.as_str(), agreed.cipher.as_str()].contains(&wanted), "{line}: {agreed:?}");
    }
}

#[tokio::test]
async fn old_algorithms_work_against_openssh_on_request_only() {
    if !installed("old_algorithms_work_against_openssh_on_request_only") {
        return;
    }
    for line in [
        "KexAlgorithms diffie-hellman-group14-sha1",
        "KexAlgorithms diffie-hellman-group-exchange-sha1",
        "Ciphers aes128-cbc",
        "Ciphers aes256-cbc",
        "Ciphers aes128-ctr\nMACs hmac-sha1",
        "Ciphers aes128-ctr\nMACs hmac-sha1-etm@openssh.com",
    ] {
        let sshd = Sshd::start(line).await;
        let mut desk = sshd.desk();
        let error = desk.dial().open(&sshd.endpoint()).await.err().unwrap();
        assert!(error.hint().unwrap().contains("--legacy-algorithms"), "{line}: {error:?}");
        desk.options.legacy_algorithms = true;
        let opened = desk.dial().open(&sshd.endpoint()).await;
        opened.unwrap_or_else(|error| panic!("{line}: {error:?}\n{}", sshd.log()));
    }
}

#[tokio::test]
async fn the_fingerprint_is_the_one_that_ssh_keygen_prints() {
    if !installed("the_fingerprint_is_the_one_that_ssh_keygen_prints") {
        return;
    }
    let sshd = Sshd::start("").await;
    let shell = sshd.desk().dial().open(&sshd.endpoint()).await.unwrap();
    let listed =
        Command::new("ssh-keygen").arg("-lf").arg(sshd.directory.path().join("host_key.pub")).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.contains(&shell.route.host_key.to_string()), "{listed}");
}

#[tokio::test]
async fn openssh_finds_what_accept_new_has_added() {
    if !installed("openssh_finds_what_accept_new_has_added") {
        return;
    }
    let sshd = Sshd::start("").await;
    let desk = sshd.desk().known_hosts_is("").policy("accept-new");
    desk.dial().open(&sshd.endpoint()).await.unwrap();
    let name = format!("[127.0.0.1]:{}", sshd.port);
    let file = desk.options.known_hosts.clone().unwrap();
    let found = Command::new("ssh-keygen").args(["-F", &name, "-f"]).arg(&file).output().unwrap();
    assert!(found.status.success());

    // ... and what OpenSSH has hashed is found by us.
    let hashed = Command::new("ssh-keygen").args(["-q", "-H", "-f"]).arg(&file).output().unwrap();
    assert!(hashed.status.success() && desk.known_hosts().starts_with("|1|"));
    desk.policy("strict").dial().open(&sshd.endpoint()).await.unwrap();
}
