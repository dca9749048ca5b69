//! One question to the server and its answer.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde::de::IgnoredAny;
use tokio_rustls::rustls;
use ureq::http::{HeaderValue, Request, Response};
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Body, Proxy};

use super::address::Address;
use super::error::VaultError;
use super::reply::{Reply, whole};
use super::settings::Settings;
use crate::secret::Secret;

/// How long is waited.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// For the connection.
    pub(super) connect: Duration,
    /// From the first lookup of the name to the last byte of the answer.
    pub(super) call: Duration,
    /// At most, when the server says when to come again.
    pub(super) pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Patience { connect: seconds(5), call: seconds(30), pause: seconds(3) }
    }
}

/// How often a standby may send us on: to the active server, and once more when that has just changed.
const REDIRECTS: usize = 3;

/// How long a text is at least that may be a secret, in bytes.
const SECRET: usize = 8;

/// A server and how to talk to it.
pub(super) struct Client {
    agent: Agent,
    address: Address,
    namespace: Option<HeaderValue>,
    plaintext: bool,
    patience: Patience,
}

/// What is asked.
pub(super) struct Question<'a> {
    /// The API path behind `/v1/`, encoded.
    pub(super) path: &'a str,
    /// Who asks; nobody when it is the login.
    pub(super) token: Option<&'a Secret>,
    /// JSON to post; without it the question is a GET.
    pub(super) body: Option<&'a [u8]>,
    /// Whether it may be asked once more when the answer did not come: it changes nothing.
    pub(super) again: bool,
}

impl Question<'_> {
    /// Whether `words` have something in them that was asked in confidence.
    fn is_repeated_in(&self, words: &str) -> bool {
        let token = self.token.is_some_and(|token| words.contains(token.expose()));
        token || self.values().any(|value| words.contains(value))
    }

    /// The texts of the JSON, as they stand there, without the names of its fields and what is too short to be a secret.
    fn values(&self) -> impl Iterator<Item = &str> {
        let pieces = || std::str::from_utf8(self.body.unwrap_or_default()).unwrap_or_default().split('"');
        let with_next = pieces().zip(pieces().skip(1).chain([""]));
        with_next.filter(|(piece, next)| piece.len() >= SECRET && !next.starts_with(':')).map(|(piece, _)| piece)
    }
}

impl Client {
    /// Opens nothing yet. Fails when the certificates that were named cannot be had.
    pub(super) fn new(settings: &Settings, patience: Patience) -> Result<Client, VaultError> {
        let namespace = settings.namespace.as_deref().map(|name| header(name, "namespace")).transpose()?;
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(patience.connect))
            .timeout_global(Some(patience.call))
            .user_agent(concat!("fgtkey/", env!("CARGO_PKG_VERSION")))
            .accept("application/json")
            .accept_encoding("identity")
            .tls_config(tls(settings)?)
            .proxy(if settings.address.is_loopback() { None } else { Proxy::try_from_env() });
        let (agent, address) = (config.build().new_agent(), settings.address.clone());
        Ok(Client { agent, address, namespace, plaintext: settings.plaintext, patience })
    }

    /// The server, as a person calls it.
    pub(super) fn server(&self) -> String {
        self.address.server().to_owned()
    }

    /// Reads what is at `path`.
    pub(super) fn get(&self, token: &Secret, path: &str) -> Result<Reply, VaultError> {
        self.ask(&Question { path, token: Some(token), body: None, again: true })
    }

    /// Asks. What may be asked again is, once, after a connection that broke and an answer that says "later".
    pub(super) fn ask(&self, question: &Question) -> Result<Reply, VaultError> {
        let reply = self.follow(question);
        match self.pause(&reply) {
            Some(pause) if question.again => {
                // The server's own words say how long (`Retry-After`), and only a short while is waited.
                thread::sleep(pause);
                self.follow(question)
            }
            _ => reply,
        }
    }

    /// How long to wait before asking again; none when that would not help.
    fn pause(&self, reply: &Result<Reply, VaultError>) -> Option<Duration> {
        match reply {
            Err(VaultError::Unreachable { source, .. }) => is_passing(source.as_ref()).then_some(Duration::ZERO),
            Err(_) => None,
            Ok(reply) if reply.is_sealed() || !reply.is_passing() => None,
            Ok(reply) => Some(reply.retry_after).filter(|pause| *pause <= self.patience.pause),
        }
    }

    /// Asks, and goes where a standby sends us.
    fn follow(&self, question: &Question) -> Result<Reply, VaultError> {
        let mut url = self.address.url(question.path);
        for _ in 0..=REDIRECTS {
            let reply = self.send(&url, question)?;
            match &reply.location {
                Some(to) => url = self.allowed(to)?,
                None => return Ok(reply),
            }
        }
        Err(VaultError::Redirect { server: self.server(), to: url })
    }

    /// The URL of a redirect, when token and key may go there: TLS stays TLS.
    fn allowed(&self, to: &str) -> Result<String, VaultError> {
        let refused = || VaultError::Redirect { server: self.server(), to: shown(to) };
        if to.starts_with('/') && !to.starts_with("//") {
            return Ok(self.address.origin() + to);
        }
        let target = Address::parse(to).map_err(|_| refused())?;
        let in_the_open = target.is_loopback() || self.plaintext;
        let is_allowed = if self.address.is_secure() { target.is_secure() } else { target.is_secure() || in_the_open };
        if is_allowed { Ok(target.to_string()) } else { Err(refused()) }
    }

    fn send(&self, url: &str, question: &Question) -> Result<Reply, VaultError> {
        let mut request = Request::builder().uri(url).header("X-Vault-Request", "true");
        if let Some(namespace) = &self.namespace {
            request = request.header("X-Vault-Namespace", namespace);
        }
        if let Some(token) = question.token {
            request = request.header("X-Vault-Token", header(token.expose(), "token")?);
        }
        let response = match question.body {
            None => {
                request.method("GET").body(()).map_err(ureq::Error::from).and_then(|request| self.agent.run(request))
            }
            Some(body) => {
                let request = request.method("POST").header("Content-Type", "application/json").body(body);
                request.map_err(ureq::Error::from).and_then(|request| self.agent.run(request))
            }
        };
        let mut reply = self.reply(response.map_err(|error| self.explain(error))?)?;
        reply.repeats = !reply.is_good() && question.is_repeated_in(&reply.errors().join(" "));
        Ok(reply)
    }

    fn reply(&self, response: Response<Body>) -> Result<Reply, VaultError> {
        let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let status = response.status().as_u16();
        let retry_after = text("Retry-After").and_then(|text| text.parse().ok()).map(Duration::from_secs);
        let location = text("Location").filter(|_| matches!(status, 301 | 302 | 303 | 307 | 308));
        let body = whole(response.into_body().into_reader()).map_err(|error| self.explain(error.into()))?;
        let retry_after = retry_after.unwrap_or_default();
        let reply = Reply { server: self.server(), status, location, retry_after, body, repeats: false };
        // An answer without a body, or one that is JSON; what stands in between answers with pages.
        let is_ours = reply.location.is_some() || reply.body.is_empty() || reply.json::<IgnoredAny>().is_ok();
        if is_ours { Ok(reply) } else { Err(reply.foreign()) }
    }

    fn explain(&self, error: ureq::Error) -> VaultError {
        let server = self.server();
        match error {
            ureq::Error::Timeout(_) => VaultError::TimedOut { server },
            ureq::Error::Io(error) if is_distrust(&error) => VaultError::Untrusted { server, source: error.into() },
            ureq::Error::Io(error) => VaultError::Unreachable { server, source: error.into() },
            error => VaultError::Unreachable { server, source: error.into() },
        }
    }
}

/// Rustls with the cryptography that SSH uses here, told which certificates count.
fn tls(settings: &Settings) -> Result<TlsConfig, VaultError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = TlsConfig::builder().provider(TlsProvider::Rustls).unversioned_rustls_crypto_provider(provider);
    let roots = if settings.address.is_secure() { settings.trust.certificates()? } else { Vec::new() };
    Ok(config.root_certs(RootCerts::Specific(Arc::new(roots))).build())
}

fn header(text: &str, what: &'static str) -> Result<HeaderValue, VaultError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| VaultError::Characters { what })?;
    value.set_sensitive(true);
    Ok(value)
}

fn is_distrust(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(inner, Some(rustls::Error::InvalidCertificate(_)))
}

/// Whether a connection broke in a way that a server has while it restarts.
fn is_passing(error: &(dyn Error + Send + Sync + 'static)) -> bool {
    let kinds = [
        ErrorKind::ConnectionRefused,
        ErrorKind::ConnectionReset,
        ErrorKind::ConnectionAborted,
        ErrorKind::BrokenPipe,
        ErrorKind::UnexpectedEof,
    ];
    error.downcast_ref::<io::Error>().is_some_and(|error| kinds.contains(&error.kind()))
}

/// A URL of a redirect without what stands behind its path.
fn shown(url: &str) -> String {
    url.split(['?', '#']).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Instant;

    use super::*;
    use crate::deliver::vault::login::Login;
    use crate::deliver::vault::trust::Trust;

    fn client(address: &str, patience: Patience) -> Client {
        let address = Address::parse(address).unwrap();
        let login = Login::Token(Secret::new("s.t0ken"));
        let settings = Settings { address, namespace: None, trust: Trust::default(), plaintext: false, login };
        Client::new(&settings, patience).unwrap()
    }

    #[test]
    fn a_server_that_says_nothing_is_not_waited_for_without_end() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let patience = Patience { call: Duration::from_millis(200), ..Patience::default() };
        let client = client(&format!("http://{}", silent.local_addr().unwrap()), patience);
        let start = Instant::now();
        let error = client.get(&Secret::new("s.t0ken"), "sys/health").err().unwrap();
        assert!(matches!(error, VaultError::TimedOut { .. }), "{error:?}");
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn tls_is_not_left_on_the_way_to_another_server() {
        let client = client("https://vault.example.net:8200/gate", Patience::default());
        let allowed = |to| client.allowed(to).ok();
        assert_eq!(allowed("/gate/v1/x").as_deref(), Some("https://vault.example.net:8200/gate/v1/x"));
        assert_eq!(allowed("https://other:8200/v1/x").as_deref(), Some("https://other:8200/v1/x"));
        assert_eq!(allowed("http://vault.example.net:8200/v1/x"), None);
        assert_eq!(allowed("http://127.0.0.1:8200/v1/x"), None);
    }

    #[test]
    fn a_token_with_a_line_end_in_it_is_no_header() {
        let client = client("http://127.0.0.1:1", Patience::default());
        let error = client.get(&Secret::new("s.x\r\nX-Vault-Namespace: other"), "sys/health").err().unwrap();
        assert_eq!(error.to_string(), "the token has characters that none has");
    }
}
