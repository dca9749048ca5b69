//! The one request: `GET /api/v2/monitor/system/status`, which every API user may ask (permission group `any`).

use std::error::Error;

use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, AUTHORIZATION, CONNECTION, HOST, HeaderValue, LOCATION, USER_AGENT};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;
use tokio_rustls::client::TlsStream;
use zeroize::Zeroizing;

use super::trust::Assurance;
use crate::secret::Secret;

/// What is asked.
const PATH: &str = "/api/v2/monitor/system/status";

/// The longest head of an answer, in bytes.
const LONGEST_HEAD: usize = 64 * 1024;

/// The longest body of an answer, in bytes: FortiOS's has some hundred.
const LONGEST_BODY: usize = 256 * 1024;

/// How many header lines an answer may have.
const MOST_HEADERS: usize = 100;

/// A TLS connection with a device that was recognised.
pub struct Trusted<S> {
    stream: TlsStream<S>,
    assurance: Assurance,
}

/// What the API answered, as far as it matters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Where it redirects to, without what may stand behind a `?`.
    pub location: Option<String>,
    /// The serial number of the device that answers; `None` when there is none in the answer.
    pub serial: Option<String>,
    /// Whether it is an answer of the API: JSON that says `status`.
    pub is_api: bool,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The key has characters that no header can have.
    #[error("the key has characters that no key has")]
    Key,
    /// The host is no host.
    #[error("`{0}` cannot stand in a request")]
    Host(String),
    /// What came is not HTTP.
    #[error("it does not speak HTTP")]
    NotHttp,
    /// The connection ended before the answer did.
    #[error("the connection ended before the answer was whole")]
    BrokenOff,
    /// The answer has no end.
    #[error("the answer is longer than {LONGEST_BODY} bytes")]
    TooLong,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Trusted<S> {
    pub(super) fn new(stream: TlsStream<S>, assurance: Assurance) -> Self {
        Trusted { stream, assurance }
    }

    /// Why the device is taken for what it is.
    pub fn assurance(&self) -> &Assurance {
        &self.assurance
    }

    /// Asks for the status, with the key in the `Authorization` header; in a VDOM if one is named. Redirects are not
    /// followed. `host` is what stands in `Host`.
    ///
    /// # Errors
    /// When there is no whole answer, or it is too long.
    pub async fn ask(self, host: &str, vdom: Option<&str>, key: &Secret) -> Result<Answer, AskError> {
        let request = request(host, vdom, key)?;
        let builder = http1::Builder::new().max_buf_size(LONGEST_HEAD).max_headers(MOST_HEADERS).to_owned();
        let (mut sender, connection) =
            builder.handshake(TokioIo::new(self.stream)).await.map_err(|error| of_hyper(&error))?;
        // Ends with this function.
        let mut running = JoinSet::new();
        running.spawn(connection);
        let response = sender.send_request(request).await.map_err(|error| of_hyper(&error))?;
        answer(response).await
    }
}

fn request(host: &str, vdom: Option<&str>, key: &Secret) -> Result<Request<Empty<Bytes>>, AskError> {
    let query = vdom.map(|vdom| format!("?vdom={}", encoded(vdom))).unwrap_or_default();
    let request = Request::builder()
        .method(Method::GET)
        .uri(format!("{PATH}{query}"))
        .header(HOST, host)
        .header(USER_AGENT, concat!("fgtkey/", env!("CARGO_PKG_VERSION")))
        .header(ACCEPT, "application/json")
        .header(CONNECTION, "close")
        .header(AUTHORIZATION, bearer(key)?);
    request.body(Empty::new()).map_err(|_| AskError::Host(host.to_owned()))
}

/// The key as a header that prints as a mark.
fn bearer(key: &Secret) -> Result<HeaderValue, AskError> {
    let text = Zeroizing::new(format!("Bearer {}", key.expose()));
    let mut value = HeaderValue::from_str(&text).map_err(|_| AskError::Key)?;
    value.set_sensitive(true);
    Ok(value)
}

/// A value in a query (RFC 3986): everything but unreserved characters as `%XX`.
fn encoded(value: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    value.bytes().map(encode).collect()
}

async fn answer(response: Response<Incoming>) -> Result<Answer, AskError> {
    let status = response.status().as_u16();
    let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
    let location = location.map(|location| location.split(['?', '#']).next().unwrap_or_default().to_owned());
    let body = Limited::new(response.into_body(), LONGEST_BODY).collect().await.map_err(|error| of_body(&*error))?;
    let told = serde_json::from_slice::<Told>(&body.to_bytes()).unwrap_or_default();
    Ok(Answer { status, location, serial: told.serial, is_api: told.status.is_some() })
}

/// What the API says of itself in each answer.
#[derive(Default, Deserialize)]
struct Told {
    serial: Option<String>,
    status: Option<String>,
}

fn of_body(error: &(dyn Error + Send + Sync + 'static)) -> AskError {
    if error.is::<LengthLimitError>() {
        return AskError::TooLong;
    }
    error.downcast_ref::<hyper::Error>().map_or(AskError::BrokenOff, of_hyper)
}

fn of_hyper(error: &hyper::Error) -> AskError {
    match error {
        error if error.is_parse_too_large() => AskError::TooLong,
        error if error.is_parse() => AskError::NotHttp,
        _ => AskError::BrokenOff,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_stands_in_the_header_only_and_is_printed_nowhere() {
        let request = request("fw1:8443", Some("edge"), &Secret::new("k3yk3yk3y")).unwrap();
        assert_eq!(request.uri().to_string(), "/api/v2/monitor/system/status?vdom=edge");
        assert_eq!(request.headers()[AUTHORIZATION], "Bearer k3yk3yk3y");
        assert!(!format!("{request:?}").contains("k3y"));
    }

    #[test]
    fn what_is_no_key_is_refused_without_being_shown() {
        let error = request("fw1", None, &Secret::new("k3y\nX-Other: 1")).unwrap_err();
        assert_eq!(error.to_string(), "the key has characters that no key has");
    }

    #[test]
    fn the_name_of_a_vdom_cannot_add_to_the_query() {
        assert_eq!(encoded("a b&c=d/ä"), "a%20b%26c%3Dd%2F%C3%A4");
    }
}
