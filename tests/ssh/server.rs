//! An SSH server that behaves as a test wants it to, and writes down every attempt to log in.

use std::borrow::Cow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use russh::keys::{Algorithm, HashAlg, PrivateKey, PublicKey};
use russh::server::{Auth, ChannelOpenHandle, Config, Handler, Msg, Response, Session, VerifiedPublicKey};
use russh::{Channel, ChannelId, Disconnect, MethodKind, MethodSet, Pty};
use tokio::net::TcpListener;

/// What the shell of the server prints first.
pub const GREETING: &str = "fw1 # ";

/// A server that is being described.
#[derive(Clone)]
pub struct Server {
    pub keys: Vec<PrivateKey>,
    pub methods: Vec<MethodKind>,
    pub password: Option<&'static str>,
    pub user_key: Option<PublicKey>,
    /// The rounds of keyboard-interactive: questions (with echo or not), all answered with the password unless `answers` says otherwise.
    pub rounds: Vec<Vec<(&'static str, bool)>>,
    /// Right answers to questions that are not answered with the password.
    pub answers: Vec<(&'static str, &'static str)>,
    /// A wrong answer leads to the next round all the same.
    pub forgives: bool,
    /// Whatever is right, one more factor is wanted.
    pub insatiable: bool,
    pub banner: Option<String>,
    pub preferred: russh::Preferred,
    /// How many bytes may be sent to it before it reads.
    pub window: u32,
    /// Where the server hangs up.
    pub hang_up: Option<Step>,
    /// What the server refuses after the login.
    pub refuse: Option<Step>,
    /// What follows a right password: "one more factor, please".
    pub partial: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    Authentication,
    Channel,
    Terminal,
    Shell,
}

/// A server that runs.
pub struct Running {
    pub port: u16,
    pub key: PublicKey,
    seen: Arc<Mutex<Vec<String>>>,
}

/// What a question was answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    Right,
    Wrong,
}

pub fn key(algorithm: Algorithm) -> PrivateKey {
    PrivateKey::random(&mut russh::keys::key::safe_rng(), algorithm).unwrap()
}

impl Default for Server {
    fn default() -> Self {
        Server {
            keys: vec![key(Algorithm::Ed25519)],
            methods: vec![MethodKind::PublicKey, MethodKind::Password],
            password: Some("s3cret"),
            user_key: None,
            rounds: vec![vec![("Password: ", false)]],
            answers: Vec::new(),
            forgives: false,
            insatiable: false,
            banner: None,
            preferred: russh::Preferred::DEFAULT,
            window: 1 << 20,
            hang_up: None,
            refuse: None,
            partial: false,
        }
    }
}

impl Server {
    pub async fn start(self) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let running = Running { port, key: self.keys[0].public_key().clone(), seen: Arc::default() };
        let seen = running.seen.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                tokio::spawn(self.clone().serve(stream, seen.clone()));
            }
        });
        running
    }

    pub async fn serve<S>(self, stream: S, seen: Arc<Mutex<Vec<String>>>)
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        let config = Config {
            keys: self.keys.clone(),
            methods: MethodSet::from(self.methods.as_slice()),
            auth_rejection_time: Duration::ZERO,
            preferred: self.preferred.clone(),
            window_size: self.window,
            ..Config::default()
        };
        let visit = Visit { server: self, seen, round: 0 };
        if let Ok(session) = russh::server::run_stream(Arc::new(config), stream, visit).await {
            let _ = session.await;
        }
    }
}

impl Running {
    /// What reached the server, in order; answers only by their number.
    pub fn seen(&self) -> Vec<String> {
        let all = self.seen.lock().unwrap();
        all.iter().filter(|entry| !["right", "wrong"].contains(&entry.as_str())).cloned().collect()
    }

    /// How the questions were answered, in order.
    pub fn answered(&self) -> Vec<Answered> {
        let seen = self.seen.lock().unwrap();
        let answers = seen.iter().filter_map(|entry| match entry.as_str() {
            "right" => Some(Answered::Right),
            "wrong" => Some(Answered::Wrong),
            _ => None,
        });
        answers.collect()
    }

    pub fn fingerprint(&self) -> String {
        self.key.fingerprint(HashAlg::Sha256).to_string()
    }
}

struct Visit {
    server: Server,
    seen: Arc<Mutex<Vec<String>>>,
    round: usize,
}

impl Visit {
    fn note(&self, text: impl Into<String>) {
        self.seen.lock().unwrap().push(text.into());
    }

    fn reject(&self) -> Auth {
        Auth::Reject {
            proceed_with_methods: Some(MethodSet::from(self.server.methods.as_slice())),
            partial_success: false,
        }
    }

    fn hangs_up(&self, step: Step) -> Result<(), russh::Error> {
        if self.server.hang_up == Some(step) { Err(russh::Error::Disconnect) } else { Ok(()) }
    }

    /// "One more factor, please."
    fn more(&self) -> Auth {
        let more = MethodSet::from([MethodKind::KeyboardInteractive, MethodKind::Password].as_slice());
        Auth::Reject { proceed_with_methods: Some(more), partial_success: true }
    }

    fn judge(&self, answers: &[String]) -> bool {
        let mut all = answers.len() == self.server.rounds[self.round].len();
        for ((question, _), answer) in self.server.rounds[self.round].iter().zip(answers) {
            let other = self.server.answers.iter().find(|(asked, _)| asked == question);
            let right = other.map(|(_, right)| *right).or(self.server.password) == Some(answer.as_str());
            self.note(if right { "right" } else { "wrong" });
            all &= right;
        }
        all
    }

    fn questions(&self) -> Auth {
        let round = self.server.rounds[self.round].clone();
        let prompts = round.into_iter().map(|(text, echo)| (Cow::Borrowed(text), echo)).collect::<Vec<_>>();
        Auth::Partial { name: "".into(), instructions: "".into(), prompts: prompts.into() }
    }
}

impl Handler for Visit {
    type Error = russh::Error;

    async fn auth_none(&mut self, _: &str) -> Result<Auth, Self::Error> {
        self.note("none");
        Ok(self.reject())
    }

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, Self::Error> {
        self.note(format!("password {user}"));
        self.hangs_up(Step::Authentication)?;
        if !self.server.methods.contains(&MethodKind::Password) || Some(password) != self.server.password {
            return Ok(self.reject());
        }
        if self.server.partial {
            let more = MethodSet::from([MethodKind::KeyboardInteractive].as_slice());
            return Ok(Auth::Reject { proceed_with_methods: Some(more), partial_success: true });
        }
        Ok(Auth::Accept)
    }

    async fn auth_publickey_offered(
        &mut self,
        user: &str,
        offer: russh::server::PublicKeyOffer<'_>,
    ) -> Result<Auth, Self::Error> {
        self.note(format!("offer {user}"));
        let known = self.server.user_key.as_ref().is_some_and(|key| key.key_data() == offer.public_key.key_data());
        Ok(if known { Auth::Accept } else { self.reject() })
    }

    async fn auth_publickey(&mut self, user: &str, _: VerifiedPublicKey<'_>) -> Result<Auth, Self::Error> {
        self.note(format!("key {user}"));
        Ok(Auth::Accept)
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        user: &str,
        _: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, Self::Error> {
        let Some(response) = response else {
            self.note(format!("interactive {user}"));
            self.round = 0;
            return Ok(self.questions());
        };
        let answers: Vec<_> = response.map(|answer| String::from_utf8_lossy(&answer).into_owned()).collect();
        self.note(format!("answers {}", answers.len()));
        let right = self.judge(&answers);
        if !right && !self.server.forgives {
            return Ok(self.reject());
        }
        self.round += 1;
        if self.round < self.server.rounds.len() {
            return Ok(self.questions());
        }
        Ok(if self.server.insatiable { self.more() } else { Auth::Accept })
    }

    async fn authentication_banner(&mut self) -> Result<Option<String>, Self::Error> {
        Ok(self.server.banner.clone())
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        self.hangs_up(Step::Channel)?;
        match self.server.refuse {
            Some(Step::Channel) => reply.reject(russh::ChannelOpenFailure::ResourceShortage).await,
            _ => reply.accept().await,
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments)]
    async fn pty_request(
        &mut self,
        channel: ChannelId,
        terminal: &str,
        columns: u32,
        rows: u32,
        _: u32,
        _: u32,
        _: &[(Pty, u32)],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        self.note(format!("terminal {terminal} {columns}x{rows}"));
        self.hangs_up(Step::Terminal)?;
        match self.server.refuse {
            Some(Step::Terminal) => session.channel_failure(channel),
            _ => session.channel_success(channel),
        }
    }

    async fn shell_request(&mut self, channel: ChannelId, session: &mut Session) -> Result<(), Self::Error> {
        self.note("shell");
        if self.server.hang_up == Some(Step::Shell) {
            return session.disconnect(Disconnect::ByApplication, "too many\r\nsessions", "en");
        }
        if self.server.refuse == Some(Step::Shell) {
            return session.channel_failure(channel);
        }
        session.channel_success(channel)?;
        session.data(channel, GREETING.as_bytes().to_vec())
    }

    async fn data(&mut self, channel: ChannelId, data: &[u8], session: &mut Session) -> Result<(), Self::Error> {
        if data == b"exit\r" {
            return session.close(channel);
        }
        session.data(channel, data.to_vec())
    }
}
