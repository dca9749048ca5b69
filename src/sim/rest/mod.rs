//! The REST API of a simulated device: requests to answers, without a network.
//!
//! What is documented: the key goes into the header `Authorization: Bearer`; 401 is a key that is none, 403 a right
//! that is missing, 429 a source that is blocked after failures (REST API reference); the key in the URL is refused
//! from 7.4.5 on (community ta-p/357228). The bodies of refusals are the general shape, as is the order in which a
//! request is judged. `schedule`, `peer-auth` and `cors-allow-origin` of an API user are not looked at.

mod access;
mod resource;

use std::net::IpAddr;

use serde::Serialize;
use serde_json::Value;

use self::access::Caller;
use self::resource::Resource;
use super::device::{Device, State};
use super::status;
use crate::secret::Secret;

/// A request, as far as it matters here.
pub(super) struct Request {
    pub(super) method: String,
    /// `/api/v2/monitor/system/status`.
    pub(super) path: String,
    /// Names and values, decoded.
    pub(super) query: Vec<(String, Secret)>,
    /// The key of the header.
    pub(super) bearer: Option<Secret>,
    /// Where the connection comes from.
    pub(super) source: IpAddr,
}

impl Request {
    fn query(&self, name: &str) -> Option<&Secret> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// `?vdom=`.
    fn vdom(&self) -> Option<&str> {
        self.query("vdom").map(Secret::expose)
    }
}

/// What is answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) body: String,
}

/// Why a request is refused: its HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Denied {
    /// No key, a wrong one, or one that may not be used from there.
    Unauthorized,
    /// The right is missing.
    Forbidden,
    /// There is nothing at this path.
    NotFound,
    /// Only GET is simulated.
    MethodNotAllowed,
    /// The source is blocked.
    Blocked,
}

impl Denied {
    const fn status(self) -> u16 {
        match self {
            Denied::Unauthorized => 401,
            Denied::Forbidden => 403,
            Denied::NotFound => 404,
            Denied::MethodNotAllowed => 405,
            Denied::Blocked => 429,
        }
    }
}

/// The frame that every JSON answer has.
#[derive(Serialize)]
struct Envelope<'a> {
    http_method: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    results: Option<Value>,
    vdom: &'a str,
    path: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'a str>,
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
    serial: &'a str,
    version: String,
    build: u32,
}

/// Answers a request.
pub(super) fn answer(device: &Device, request: &Request) -> Answer {
    let mut state = device.lock();
    match judge(&mut state, request) {
        Ok((vdom, results)) => framed(&state, request, &vdom, Ok(results)),
        // The web server in front of the API has its own page for these.
        Err(refusal @ (Denied::Unauthorized | Denied::Blocked)) => page(refusal),
        Err(refusal) => framed(&state, request, request.vdom().unwrap_or("root"), Err(refusal)),
    }
}

/// The VDOM that is meant, and what is asked for.
fn judge(state: &mut State, request: &Request) -> Result<(String, Value), Denied> {
    let caller = Caller::of(state, request)?;
    if request.method != "GET" {
        return Err(Denied::MethodNotAllowed);
    }
    let resource = Resource::at(&request.path).ok_or(Denied::NotFound)?;
    let vdom = caller.vdom(state, request.vdom())?;
    if !resource.group.is_none_or(|group| caller.may_read(state, group)) {
        return Err(Denied::Forbidden);
    }
    let results = resource.results(state, &vdom).ok_or(Denied::NotFound)?;
    Ok((vdom, results))
}

fn framed(state: &State, request: &Request, vdom: &str, outcome: Result<Value, Denied>) -> Answer {
    let (kind, path, name) = parts(&request.path);
    let refused = outcome.as_ref().err().copied();
    let envelope = Envelope {
        http_method: &request.method,
        results: outcome.ok(),
        vdom,
        path,
        name,
        action: (kind == "monitor").then_some(""),
        status: if refused.is_some() { "error" } else { "success" },
        http_status: refused.map(Denied::status),
        serial: &state.spec.serial,
        version: format!("v{}", state.spec.version),
        build: status::build_number(state.spec.version),
    };
    Answer {
        status: refused.map_or(200, Denied::status),
        content_type: "application/json",
        body: serde_json::to_string_pretty(&envelope).unwrap_or_default(),
    }
}

/// `monitor`, `system`, `status` out of `/api/v2/monitor/system/status`.
fn parts(path: &str) -> (&str, &str, &str) {
    let mut words = path.trim_start_matches("/api/v2/").splitn(3, '/');
    let mut next = || words.next().unwrap_or_default();
    (next(), next(), next())
}

fn page(refusal: Denied) -> Answer {
    let status = refusal.status();
    let title = if status == 401 { "401 Unauthorized" } else { "429 Too Many Requests" };
    let body = format!(
        "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>{title}</title>\n</head><body>\n\
         <h1>{title}</h1>\n</body></html>\n"
    );
    Answer { status, content_type: "text/html; charset=iso-8859-1", body }
}

/// The names and values of a query. A value may be a key, so all of them are treated like one.
pub(super) fn pairs(query: &str) -> Vec<(String, Secret)> {
    let halves = query.split('&').filter(|part| !part.is_empty());
    let halves = halves.map(|part| part.split_once('=').unwrap_or((part, "")));
    halves.map(|(name, value)| (decoded(name), Secret::new(decoded(value)))).collect()
}

/// `%20` and `+` to a blank, and so on; what is no escape stays.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, later)) = rest.split_first() {
        let escaped = later.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = later.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(if *first == b'+' { b' ' } else { *first });
                rest = later;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_decoded_and_what_is_no_escape_stays() {
        let shown: Vec<_> =
            pairs("vdom=my%20lab&x=100%&empty=&a+b").iter().map(|(n, v)| format!("{n}={}", v.expose())).collect();
        assert_eq!(shown, ["vdom=my lab", "x=100%", "empty=", "a b="]);
    }

    #[test]
    fn a_path_has_a_kind_a_path_and_a_name() {
        assert_eq!(parts("/api/v2/monitor/system/resource/usage"), ("monitor", "system", "resource/usage"));
        assert_eq!(parts("/favicon.ico"), ("", "favicon.ico", ""));
    }
}
