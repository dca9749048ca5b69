//! Logging in over real SSH: to a server of our own that counts the attempts.

#[path = "ssh/server.rs"]
mod server;

use std::path::{Path, PathBuf};
use std::time::Duration;

use fgtkey::ssh::{Dial, DialError, DialOptions, Endpoint, HostKeyPolicy, Judgement, Method, PasswordSource, Phase, Shell};
use russh::MethodKind;
use russh::keys::ssh_key::LineEnding;
use russh::keys::{Algorithm, EcdsaCurve, PrivateKey};
use server::{GREETING, Running, Server, Step};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A person's files, and the flags that name them.
struct Desk {
    directory: TempDir,
    options: DialOptions,
}

impl Desk {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let options = DialOptions {
            known_hosts: Some(directory.path().join("known_hosts")),
            password: PasswordSource::None,
            timeout: Duration::from_secs(10),
            ..DialOptions::default()
        };
        Desk { directory, options }.password("s3cret")
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let file = self.directory.path().join(name);
        std::fs::write(&file, content).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        file
    }

    fn password(mut self, password: &str) -> Self {
        self.options.password = PasswordSource::File(self.file("password", password));
        self
    }

    fn without_password(mut self) -> Self {
        self.options.password = PasswordSource::None;
        self
    }

    fn identity(mut self, name: &str, key: &PrivateKey) -> Self {
        let file = self.file(name, &key.to_openssh(LineEnding::LF).unwrap());
        self.options.identities.push(file);
        self
    }

    fn policy(mut self, text: &str) -> Self {
        self.options.host_key = text.parse().unwrap();
        self
    }

    fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = timeout;
        self
    }

    /// The server's key stands in `known_hosts`.
    fn knows(self, server: &Running) -> Self {
        let line = known_line(server, &server.key.to_openssh().unwrap());
        self.file("known_hosts", &line);
        self
    }

    fn known_hosts(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("known_hosts")).unwrap()
    }

    async fn open(&self, server: &Running) -> Result<Shell, DialError> {
        Dial::new(self.options.clone()).open(&endpoint(server.port)).await
    }

    async fn refused(&self, server: &Running) -> DialError {
        match self.open(server).await {
            Ok(_) => panic!("it got in"),
            Err(error) => error,
        }
    }
}

fn known_line(server: &Running, key: &str) -> String {
    format!("[127.0.0.1]:{} {key}\n", server.port)
}

fn endpoint(port: u16) -> Endpoint {
    Endpoint::parse(&format!("admin@127.0.0.1:{port}"), None).unwrap()
}

async fn greeting(shell: &mut Shell) -> String {
    let mut bytes = vec![0; GREETING.len()];
    shell.stream.read_exact(&mut bytes).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

/// A server that sends `bytes` and then says nothing more.
async fn mute(bytes: &'static [u8]) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(bytes).await;
            open.push(stream);
        }
    });
    port
}

#[tokio::test]
async fn a_password_opens_a_shell_with_one_attempt_and_no_probe() {
    let server = Server::default().start().await;
    let mut shell = Desk::new().knows(&server).open(&server).await.unwrap();
    assert_eq!(greeting(&mut shell).await, GREETING);
    assert_eq!(server.seen(), ["password admin", "terminal vt100 511x10000", "shell"]);
    assert_eq!(shell.route.method, Method::Password);
    assert_eq!(shell.password.unwrap().expose(), "s3cret");
    assert_eq!(shell.route.address.unwrap().port(), server.port);
    assert!(shell.route.local_port().is_some());
}

#[tokio::test]
async fn what_is_typed_arrives_and_the_end_is_seen() {
    let server = Server::default().start().await;
    let mut shell = Desk::new().knows(&server).open(&server).await.unwrap();
    greeting(&mut shell).await;
    shell.stream.write_all(b"get system status\r").await.unwrap();
    let mut echo = [0; 18];
    shell.stream.read_exact(&mut echo).await.unwrap();
    assert_eq!(&echo, b"get system status\r");
    shell.stream.write_all(b"exit\r").await.unwrap();
    let mut rest = Vec::new();
    shell.stream.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"");
    shell.stream.close().await;
}

#[tokio::test]
async fn a_wrong_password_reaches_the_server_once() {
    let server = Server::default().start().await;
    let error = Desk::new().password("wrong").knows(&server).refused(&server).await;
    assert_eq!(server.seen(), ["password admin"]);
    assert_eq!(error.to_string(), "the device refused admin: password did not get in; it takes publickey, password");
    assert!(!format!("{error:?} {}", error.hint().unwrap()).contains("wrong"));
}

#[tokio::test]
async fn a_key_file_opens_a_shell() {
    for algorithm in [Algorithm::Ed25519, Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 }] {
        let key = server::key(algorithm);
        let server = Server { user_key: Some(key.public_key().clone()), ..Server::default() }.start().await;
        let desk = Desk::new().without_password().identity("id", &key).knows(&server);
        let shell = desk.open(&server).await.unwrap();
        assert_eq!(shell.route.method, Method::Key(desk.options.identities[0].clone()));
        assert!(shell.password.is_none());
        assert_eq!(server.seen()[..2], ["offer admin", "key admin"]);
    }
}
