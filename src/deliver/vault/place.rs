//! Where a secret is: which part of the path is the mount of its engine.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::client::Client;
use super::error::VaultError;
use crate::secret::Secret;

/// The version of the engine that keeps one value and has no check-and-set.
pub(super) const VERSION_1: &str = "KV version 1";

/// What stands in a URL as it is: what RFC 3986 calls unreserved, and the separator.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A secret of a KV engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The mount of its engine, without slashes at its ends: `secret`.
    pub(super) mount: String,
    /// The path in the engine: `fortigate/fw1`.
    pub(super) path: String,
}

#[derive(Deserialize)]
struct Preflight {
    data: Mount,
}

#[derive(Deserialize)]
struct Mount {
    path: String,
    #[serde(rename = "type")]
    kind: String,
    options: Option<MountOptions>,
}

#[derive(Deserialize)]
struct MountOptions {
    version: Option<String>,
}

impl Place {
    /// The place that the person named: a mount and a path in it, or both in one.
    ///
    /// Fails on a path that no URL and no destination can have.
    pub(super) fn named(mount: Option<&str>, path: &str) -> Result<Named, VaultError> {
        let (mount, path) = (mount.map(|mount| mount.trim_matches('/').to_owned()), path.trim_start_matches('/'));
        let wrong = |problem| VaultError::Path { path: path.to_owned(), problem };
        if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(wrong("it has an empty part, or dots for one"));
        }
        if mount.is_none() && !path.contains('/') {
            return Err(wrong("it names a mount, or a path, and not both"));
        }
        // Written down to be found again, these would be read as something else.
        if path.contains("{{") || path.contains("{%") || path.contains("{#") || path.contains([',', '\n']) {
            return Err(wrong("it has a comma, or braces, that could be taken for more than a name"));
        }
        Ok(Named { mount, path: path.to_owned() })
    }

    /// The path of its API, as policies name it: `secret/data/fortigate/fw1`.
    pub(super) fn data(&self) -> String {
        format!("{}/data/{}", self.mount, self.path)
    }

    /// The same for a URL.
    pub(super) fn url(&self) -> String {
        encoded(&self.data())
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.mount, self.path)
    }
}

/// A place of which the mount may not be known yet.
pub(super) struct Named {
    mount: Option<String>,
    path: String,
}

impl Named {
    /// Mount and path in one.
    pub(super) fn whole(&self) -> String {
        match &self.mount {
            Some(mount) => format!("{mount}/{}", self.path),
            None => self.path.clone(),
        }
    }

    /// Asks the server which engine is there, as the `kv` commands of `vault` and `bao` do.
    ///
    /// Fails when there is none, when the token may not use it, and when it is not KV version 2. `known` says that the token
    /// is valid; without that, the same refusal may mean that it is not.
    pub(super) fn locate(&self, client: &Client, token: &Secret, known: bool) -> Result<Place, VaultError> {
        let whole = self.whole();
        let reply = client.get(token, &format!("sys/internal/ui/mounts/{}", encoded(&whole)))?;
        match reply.status {
            403 if known => return Err(VaultError::NoMount { path: whole }),
            403 => return Err(VaultError::Token),
            _ if !reply.is_good() => return Err(reply.refusal("use", &whole)),
            _ => {}
        }
        let found = reply.json::<Preflight>()?.data;
        let mount = found.path.trim_end_matches('/');
        let path = whole.strip_prefix(mount).and_then(|rest| rest.strip_prefix('/')).filter(|path| !path.is_empty());
        let Some(path) = path.filter(|_| self.mount.as_ref().is_none_or(|named| named == mount)) else {
            return Err(VaultError::NoMount { path: whole });
        };
        found.prove()?;
        Ok(Place { mount: mount.to_owned(), path: path.to_owned() })
    }
}

impl Mount {
    fn prove(&self) -> Result<(), VaultError> {
        let version = self.options.as_ref().and_then(|options| options.version.as_deref());
        let found = match (self.kind.as_str(), version) {
            ("kv", Some("2")) => return Ok(()),
            // Mounted by early releases under this name.
            ("kv" | "generic", _) => VERSION_1.to_owned(),
            (kind, _) => format!("a secrets engine of the type {kind}"),
        };
        Err(VaultError::NotKv2 { mount: self.path.clone(), found })
    }
}

fn encoded(path: &str) -> String {
    utf8_percent_encode(path, ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_could_be_taken_for_another_is_refused() {
        for path in ["secret", "a//b", "a/../b", "a/./b", "a/b,address=https://x", "a/{{ b }}", "a/b\nc", "a/", ""] {
            assert!(Place::named(None, path).is_err(), "{path}");
        }
        assert_eq!(Place::named(None, "/secret/fw1").unwrap().whole(), "secret/fw1");
        assert_eq!(Place::named(Some("team/kv/"), "fw1").unwrap().whole(), "team/kv/fw1");
    }

    #[test]
    fn a_path_stands_in_a_url_letter_by_letter() {
        let place = Place { mount: "secret".into(), path: "fw 1/é?#%~".into() };
        assert_eq!(place.url(), "secret/data/fw%201/%C3%A9%3F%23%25~");
    }
}
