//! Where to log in: `[user@]host[:port]`, as `ssh` and `scp` users write it.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

/// The port of `ssh`, and FortiOS's default `admin-ssh-port`.
pub const DEFAULT_PORT: u16 = 22;

/// One device to log in to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// What messages call the device: its inventory name, or the host (with its port when that is not 22).
    pub name: String,
    /// A host name or an address, IPv6 without brackets (a zone such as `%eth0` may follow).
    pub host: String,
    /// 1 to 65535.
    pub port: u16,
    /// The administrator to log in as.
    pub user: String,
}

/// Why a text is not an [`Endpoint`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// `2001:db8::1:22` is an address, and also an address with a port.
    #[error("`{text}` can be read in two ways: [{address}]:{port} or [{text}]")]
    Ambiguous {
        /// The text as it was given, without the user.
        text: String,
        /// The address, if the last group is a port.
        address: String,
        /// The last group as a port.
        port: u16,
    },
    /// A character that no host name or address has.
    #[error("`{host}` is not a host name or an address: it contains {character:?}")]
    Host {
        /// The host as it was given.
        host: String,
        /// The first character that does not belong there.
        character: char,
    },
    /// Between brackets stands an IPv6 address, and nothing else.
    #[error("`{0}` is not an IPv6 address in brackets")]
    Brackets(String),
    /// Nothing is left for the host.
    #[error("there is no host in `{0}`")]
    NoHost(String),
    /// Neither the text nor the environment says who logs in.
    #[error("no user is given for {0}")]
    NoUser(String),
    /// Not a number from 1 to 65535.
    #[error("`{port}` is not a port: it must be a number from 1 to 65535")]
    Port {
        /// The port as it was given.
        port: String,
    },
    /// An empty name, or one with a control character.
    #[error("the user in `{0}` is empty or contains a control character")]
    User(String),
}

impl EndpointError {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        match self {
            EndpointError::Ambiguous { text, address, port } => {
                Some(format!("write [{address}]:{port} for port {port}, or [{text}]:{DEFAULT_PORT} for the address"))
            }
            EndpointError::NoUser(host) => Some(format!("write USER@{host}, or give -u USER")),
            EndpointError::Port { .. } | EndpointError::Brackets(_) | EndpointError::NoHost(_) => {
                Some("write [USER@]HOST[:PORT], with an IPv6 address in brackets: admin@[2001:db8::1]:22".to_owned())
            }
            EndpointError::Host { .. } | EndpointError::User(_) => None,
        }
    }
}

impl Endpoint {
    /// A host (IPv6 without brackets) with its port, called by what it takes to name it.
    pub(super) fn called(host: &str, port: u16, user: &str) -> Self {
        Endpoint { name: display_name(host, port), host: host.to_owned(), port, user: user.to_owned() }
    }

    /// Reads `[user@]host[:port]`; `default_user` is for a text without a user. IPv6 stands in brackets; without them
    /// it is accepted when it cannot be meant in another way.
    pub fn parse(text: &str, default_user: Option<&str>) -> Result<Self, EndpointError> {
        let named = Named::parse(text)?;
        let user = named.user.or(default_user).ok_or_else(|| EndpointError::NoUser(named.host.clone()))?;
        Ok(Endpoint::called(&named.host, named.port.unwrap_or(DEFAULT_PORT), checked_user(text, user)?))
    }
}

/// What a text says of an endpoint; the rest comes from elsewhere.
pub(super) struct Named<'a> {
    pub(super) user: Option<&'a str>,
    pub(super) host: String,
    pub(super) port: Option<u16>,
}

impl<'a> Named<'a> {
    /// Reads `[user@]host[:port]`.
    pub(super) fn parse(text: &'a str) -> Result<Self, EndpointError> {
        let (user, place) = match text.rsplit_once('@') {
            Some((user, place)) => (Some(checked_user(text, user)?), place),
            None => (None, text),
        };
        let (host, port) = split_port(place)?;
        Ok(Named { user, host: checked_host(text, host)?, port })
    }
}

fn checked_user<'a>(text: &str, user: &'a str) -> Result<&'a str, EndpointError> {
    if user.is_empty() || user.chars().any(char::is_control) {
        return Err(EndpointError::User(text.to_owned()));
    }
    Ok(user)
}

/// Without a user in the text, the name of the person at the keyboard (`USER`, `LOGNAME`), as `ssh` does.
impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let local = std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).ok();
        Endpoint::parse(text, local.as_deref().filter(|user| !user.is_empty()))
    }
}

/// `user@host:port`, which [`Endpoint::parse`] reads back.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}:{}", self.user, bracketed(&self.host), self.port)
    }
}

fn display_name(host: &str, port: u16) -> String {
    match port {
        DEFAULT_PORT => host.to_owned(),
        _ => format!("{}:{port}", bracketed(host)),
    }
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

fn split_port(place: &str) -> Result<(&str, Option<u16>), EndpointError> {
    if let Some(rest) = place.strip_prefix('[') {
        return split_brackets(rest);
    }
    match place.matches(':').count() {
        0 => Ok((place, None)),
        1 => match place.split_once(':') {
            Some((host, port)) => Ok((host, Some(parse_port(port)?))),
            None => Ok((place, None)),
        },
        _ => bare_ipv6(place),
    }
}

fn split_brackets(rest: &str) -> Result<(&str, Option<u16>), EndpointError> {
    let (address, after) = rest.split_once(']').ok_or_else(|| EndpointError::Brackets(format!("[{rest}")))?;
    if !is_ipv6(address) {
        return Err(EndpointError::Brackets(format!("[{address}]")));
    }
    match after.strip_prefix(':') {
        Some(port) => Ok((address, Some(parse_port(port)?))),
        None if after.is_empty() => Ok((address, None)),
        None => Err(EndpointError::Port { port: after.to_owned() }),
    }
}

/// `2001:db8::1` has one reading, `2001:db8::1:22` has two.
fn bare_ipv6(place: &str) -> Result<(&str, Option<u16>), EndpointError> {
    if !is_ipv6(place) {
        let character = place.chars().find(|c| !belongs_in_host(*c)).unwrap_or(':');
        return Err(EndpointError::Host { host: place.to_owned(), character });
    }
    if let Some((address, last)) = place.rsplit_once(':')
        && let Ok(port) = parse_port(last)
        && is_ipv6(address)
    {
        return Err(EndpointError::Ambiguous { text: place.to_owned(), address: address.to_owned(), port });
    }
    Ok((place, None))
}

/// An address, with or without a zone (`fe80::1%eth0`).
fn is_ipv6(text: &str) -> bool {
    let address = text.split_once('%').map_or(text, |(address, zone)| if zone.is_empty() { "" } else { address });
    address.parse::<Ipv6Addr>().is_ok()
}

fn parse_port(text: &str) -> Result<u16, EndpointError> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match text.parse::<u16>() {
        Ok(port) if digits && port > 0 => Ok(port),
        _ => Err(EndpointError::Port { port: text.to_owned() }),
    }
}

fn checked_host(text: &str, host: &str) -> Result<String, EndpointError> {
    if host.is_empty() {
        return Err(EndpointError::NoHost(text.to_owned()));
    }
    let stray = host.chars().find(|c| !belongs_in_host(*c)).or_else(|| host.chars().next().filter(|c| *c == '-'));
    match stray {
        Some(character) if !is_ipv6(host) => Err(EndpointError::Host { host: host.to_owned(), character }),
        _ => Ok(host.to_owned()),
    }
}

/// Letters of any script, since resolvers may know international names; nothing that a shell or a terminal acts on.
fn belongs_in_host(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-' | '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, u16, String) {
        let endpoint = Endpoint::parse(text, Some("me")).unwrap_or_else(|e| panic!("{text}: {e}"));
        (endpoint.host, endpoint.port, endpoint.user)
    }

    #[test]
    fn user_and_port_may_be_left_out() {
        assert_eq!(parts("fw1"), ("fw1".into(), 22, "me".into()));
        assert_eq!(parts("admin@fw1"), ("fw1".into(), 22, "admin".into()));
        assert_eq!(parts("admin@192.0.2.1:2222"), ("192.0.2.1".into(), 2222, "admin".into()));
        assert_eq!(parts("a@b@fw1"), ("fw1".into(), 22, "a@b".into()));
    }

    #[test]
    fn ipv6_stands_in_brackets_or_alone() {
        assert_eq!(parts("[2001:db8::1]:2222"), ("2001:db8::1".into(), 2222, "me".into()));
        assert_eq!(parts("u@[2001:db8::1]"), ("2001:db8::1".into(), 22, "u".into()));
        assert_eq!(parts("2001:db8::1"), ("2001:db8::1".into(), 22, "me".into()));
        assert_eq!(parts("fe80::1%eth0"), ("fe80::1%eth0".into(), 22, "me".into()));
        assert_eq!(parts("2001:db8:0:0:0:0:0:1"), ("2001:db8:0:0:0:0:0:1".into(), 22, "me".into()));
    }

    #[test]
    fn an_address_that_may_end_in_a_port_is_refused() {
        let error = Endpoint::parse("2001:db8::1:22", Some("me")).unwrap_err();
        assert_eq!(error.to_string(), "`2001:db8::1:22` can be read in two ways: [2001:db8::1]:22 or [2001:db8::1:22]");
    }

    #[test]
    fn what_is_not_an_endpoint_says_why() {
        for (text, message) in [
            ("", "there is no host in ``"),
            ("admin@", "there is no host in `admin@`"),
            ("@fw1", "the user in `@fw1` is empty or contains a control character"),
            ("fw1:0", "`0` is not a port: it must be a number from 1 to 65535"),
            ("fw1:", "`` is not a port: it must be a number from 1 to 65535"),
            ("fw1:+22", "`+22` is not a port: it must be a number from 1 to 65535"),
            ("fw1:65536", "`65536` is not a port: it must be a number from 1 to 65535"),
            ("[fw1]:22", "`[fw1]` is not an IPv6 address in brackets"),
            ("[2001:db8::1", "`[2001:db8::1` is not an IPv6 address in brackets"),
            ("[2001:db8::1]22", "`22` is not a port: it must be a number from 1 to 65535"),
            ("fw 1", "`fw 1` is not a host name or an address: it contains ' '"),
            ("-oProxyCommand=x", "`-oProxyCommand=x` is not a host name or an address: it contains '='"),
            ("-v", "`-v` is not a host name or an address: it contains '-'"),
            ("a:b:c", "`a:b:c` is not a host name or an address: it contains ':'"),
        ] {
            let error = Endpoint::parse(text, Some("me")).unwrap_err();
            assert_eq!(error.to_string(), message, "{text}");
        }
    }

    #[test]
    fn without_any_user_there_is_no_endpoint() {
        assert_eq!(Endpoint::parse("fw1", None), Err(EndpointError::NoUser("fw1".into())));
    }

    #[test]
    fn the_name_tells_two_ports_of_one_host_apart() {
        assert_eq!(Endpoint::parse("fw1", Some("me")).unwrap().name, "fw1");
        assert_eq!(Endpoint::parse("127.0.0.1:2201", Some("me")).unwrap().name, "127.0.0.1:2201");
        assert_eq!(Endpoint::parse("[::1]:2201", Some("me")).unwrap().name, "[::1]:2201");
    }

    #[test]
    fn what_is_displayed_is_read_back() {
        for text in ["admin@fw1:22", "admin@[2001:db8::1]:2222"] {
            assert_eq!(Endpoint::parse(text, None).unwrap().to_string(), text);
        }
    }
}
