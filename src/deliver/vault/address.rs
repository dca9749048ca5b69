//! Where the server is: `https://vault.example.net:8200`, perhaps with a path in front of `/v1`.

use std::fmt;
use std::net::IpAddr;

use ureq::http::Uri;
use ureq::http::uri::Authority;

use super::error::VaultError;

/// The URL of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    secure: bool,
    authority: Authority,
    /// What stands in front of `/v1`, without a slash at its end.
    base: String,
}

impl Address {
    /// Fails on what is no `http://` or `https://` URL of a server, and on one with a name or password in it.
    pub(super) fn parse(text: &str) -> Result<Address, VaultError> {
        let address = |problem| VaultError::Address { text: shown(text), problem };
        let uri: Uri = text.trim().parse().map_err(|_| address("it is no URL"))?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(address("it begins with neither https:// nor http://")),
        };
        let authority = uri.authority().ok_or_else(|| address("it names no server"))?;
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return Err(address("it has more or less than the name of a server in front of its path"));
        }
        if uri.query().is_some() || text.contains('#') {
            return Err(address("it has something behind its path"));
        }
        let base = uri.path().trim_end_matches('/').to_owned();
        Ok(Address { secure, authority: authority.clone(), base })
    }

    /// Whether the connection is TLS.
    pub(super) fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether what is sent never leaves this machine.
    pub(super) fn is_loopback(&self) -> bool {
        let host = self.authority.host().trim_matches(['[', ']']);
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    /// The server, as a person calls it: `vault.example.net:8200`.
    pub(super) fn server(&self) -> &str {
        self.authority.as_str()
    }

    /// The URL without its path: `https://vault.example.net:8200`.
    pub(super) fn origin(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{}", self.authority)
    }

    /// The URL of an API path, which is encoded already: `sys/health`.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{self}/v1/{path}")
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin(), self.base)
    }
}

/// Without the password that it might have.
fn shown(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, rest)) => format!("…@{rest}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_have_a_path_and_a_slash_at_its_end() {
        let cases = [
            ("https://vault.example.net:8200", "https://vault.example.net:8200/v1/sys/health"),
            ("https://vault.example.net/", "https://vault.example.net/v1/sys/health"),
            ("https://gate.example.net/vault/", "https://gate.example.net/vault/v1/sys/health"),
            ("http://[::1]:8200", "http://[::1]:8200/v1/sys/health"),
        ];
        for (text, url) in cases {
            assert_eq!(Address::parse(text).unwrap().url("sys/health"), url);
        }
    }

    #[test]
    fn what_is_no_address_is_refused_and_its_password_is_not_shown() {
        for text in
            ["", "vault.example.net:8200", "unix:///run/vault", "https://", "https://u:pw@x", "https://x?y", "x#y"]
        {
            let error = Address::parse(text).unwrap_err().to_string();
            assert!(error.starts_with("the address `") && !error.contains("pw"), "{error}");
        }
    }

    #[test]
    fn only_this_machine_itself_is_loopback() {
        let is = |text: &str| Address::parse(text).unwrap().is_loopback();
        assert!(["http://127.0.0.1:1", "http://127.9.9.9", "http://[::1]:1", "http://localhost"].into_iter().all(is));
        assert!(!["http://192.0.2.1", "http://localhost.example.net", "http://[2001:db8::1]"].into_iter().any(is));
    }
}
