//! A person's desk: their files, and the flags that name them.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fgtkey::secret::Secret;
use fgtkey::ssh::config::{ConfigFile, ConfigSources, Local, SshConfig};
use fgtkey::ssh::{Dial, DialError, DialOptions, Endpoint, PasswordSource, Person, PromptError, Shell};
use russh::keys::PrivateKey;
use russh::keys::ssh_key::LineEnding;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;

use crate::server::{GREETING, Running};

pub struct Desk {
    pub directory: TempDir,
    pub options: DialOptions,
    pub questions: Arc<AtomicUsize>,
    said: Vec<String>,
}

impl Desk {
    /// A password file, an empty known_hosts, and nobody to ask.
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let options = DialOptions {
            known_hosts: Some(directory.path().join("known_hosts")),
            timeout: Duration::from_secs(10),
            person: Person::nobody(),
            ..DialOptions::default()
        };
        let desk = Desk { directory, options, questions: Arc::default(), said: Vec::new() };
        // Not the agent of whoever runs the tests.
        desk.option("IdentityAgent none").password("s3cret")
    }

    /// `-o`; what was said last wins.
    pub fn option(mut self, text: &str) -> Self {
        self.said.insert(0, text.to_owned());
        self.reads(ConfigFile::None)
    }

    /// `-F`, beside the options so far.
    pub fn config(self, text: &str) -> Self {
        let file = self.file("config", text);
        self.reads(ConfigFile::Only(file))
    }

    fn reads(mut self, file: ConfigFile) -> Self {
        let file = match (&file, self.directory.path().join("config")) {
            (ConfigFile::None, config) if config.exists() => ConfigFile::Only(config),
            _ => file,
        };
        let sources = ConfigSources { file, options: self.said.clone(), local: Local::current() };
        self.options.ssh_config = Arc::new(SshConfig::load(&sources).unwrap());
        self
    }

    pub fn file(&self, name: &str, content: &str) -> PathBuf {
        let file = self.directory.path().join(name);
        std::fs::write(&file, content).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        file
    }

    pub fn password(mut self, password: &str) -> Self {
        self.options.password = PasswordSource::File(self.file("password", password));
        self
    }

    pub fn source(mut self, source: PasswordSource) -> Self {
        self.options.password = source;
        self
    }

    /// A person who gives these answers, the last one again and again.
    pub fn person(mut self, answers: &'static [&'static str]) -> Self {
        let questions = self.questions.clone();
        self.options.person = Person::answering(move |_| {
            let answer = answers.get(questions.fetch_add(1, Ordering::SeqCst)).or(answers.last());
            answer.map(|answer| Secret::new(*answer)).ok_or(PromptError::NoTerminal)
        });
        self
    }

    pub fn questions(&self) -> usize {
        self.questions.load(Ordering::SeqCst)
    }

    pub fn identity(mut self, name: &str, key: &PrivateKey) -> Self {
        let file = self.file(name, &key.to_openssh(LineEnding::LF).unwrap());
        self.options.identities.push(file);
        self
    }

    pub fn policy(mut self, text: &str) -> Self {
        self.options.host_key = text.parse().unwrap();
        self
    }

    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = timeout;
        self
    }

    /// The server's key stands in known_hosts.
    pub fn knows(self, server: &Running) -> Self {
        let line = format!("[127.0.0.1]:{} {}\n", server.port, server.key.to_openssh().unwrap());
        self.known_hosts_is(&line)
    }

    pub fn known_hosts_is(self, text: &str) -> Self {
        self.file("known_hosts", text);
        self
    }

    pub fn known_hosts(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("known_hosts")).unwrap()
    }

    pub fn dial(&self) -> Dial {
        Dial::new(self.options.clone())
    }

    pub async fn open(&self, server: &Running) -> Result<Shell, DialError> {
        self.dial().open(&endpoint(server.port)).await
    }

    pub async fn refused(&self, server: &Running) -> DialError {
        self.refused_at(server.port).await
    }

    pub async fn refused_at(&self, port: u16) -> DialError {
        match self.dial().open(&endpoint(port)).await {
            Ok(_) => panic!("it got in"),
            Err(error) => error,
        }
    }
}

pub fn endpoint(port: u16) -> Endpoint {
    Endpoint::parse(&format!("admin@127.0.0.1:{port}"), None).unwrap()
}

pub async fn greeting(shell: &mut Shell) -> String {
    let mut bytes = vec![0; GREETING.len()];
    shell.stream.read_exact(&mut bytes).await.unwrap();
    String::from_utf8(bytes).unwrap()
}
