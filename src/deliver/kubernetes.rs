//! The destination `k8s:`: the manifest of a Secret, for `kubectl apply -f` and for `envFrom`.
//!
//! Source of the shape: Kubernetes' API reference, `Secret` v1 (core); of the names: RFC 1123, as Kubernetes applies it.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::ansible::quoted;
use super::content::{Content, ContentError, Found, no_key};
use super::destination::{DestinationError, Kind, Target};
use super::fetch::{FetchError, Fetched};
use super::file::{self, FileSlot};
use super::options::Options;
use super::path::PathTemplate;
use super::record::Record;
use super::slot::Slot;
use super::stdout::StdoutSlot;
use super::{DeliverError, Device, EditError, Format};
use crate::secret::Secret;

/// `k8s:PATH`, or `k8s:-` for stdout; an existing file is replaced.
pub(super) static KIND: Kind =
    Kind { name: "k8s", syntax: "k8s:PATH", value_name: "path", options: &[NAME, NAMESPACE], parse };

const NAME: &str = "name";
const NAMESPACE: &str = "namespace";

/// How stdout is written.
const STDOUT: &str = "-";

/// The longest name of a Secret and of a namespace, in bytes.
const LONGEST_NAME: usize = 253;
const LONGEST_NAMESPACE: usize = 63;

const RULE: &str = "it has lower-case letters, digits, `-` and (a name) `.`, a letter or digit at both ends";

fn parse(options: &Options) -> Result<Arc<dyn Target>, DestinationError> {
    let name = options.one(NAME).map(|text| options.template(text)).transpose()?;
    if let Some(text) = options.one(NAME).filter(|text| !text.contains("{{") && !is_name(text)) {
        return Err(options.refused(NAME, format_args!("`{text}` is no name of a Secret: {RULE}")));
    }
    let namespace = options.one(NAMESPACE).map(str::to_owned);
    if namespace.as_deref().is_some_and(|text| !is_label(text)) {
        return Err(options.refused(NAMESPACE, RULE));
    }
    let path = (options.value != STDOUT).then(|| options.path()).transpose()?;
    Ok(Arc::new(ManifestTarget { options: options.tail(), path, name, namespace }))
}

/// A DNS label of RFC 1123.
fn is_label(text: &str) -> bool {
    let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.len() <= LONGEST_NAMESPACE
        && text.starts_with(ends)
        && text.ends_with(ends)
        && text.chars().all(|c| ends(c) || c == '-')
}

/// Labels with dots between them.
fn is_name(text: &str) -> bool {
    text.len() <= LONGEST_NAME && text.split('.').all(is_label)
}

struct ManifestTarget {
    options: String,
    /// None: stdout.
    path: Option<PathTemplate>,
    name: Option<PathTemplate>,
    namespace: Option<String>,
}

impl ManifestTarget {
    fn manifest(&self, device: &Device) -> Result<Manifest, DeliverError> {
        let name = self.name.as_ref().map(|name| name.name_for(KIND.name, device)).transpose()?;
        if let Some(name) = name.as_deref().filter(|name| !is_name(name)) {
            let problem = format!("`{name}` is no name of a Secret: {RULE}");
            let destination = format!("{}:{}", KIND.name, self.path.as_ref().map_or(STDOUT, PathTemplate::as_str));
            return Err(DeliverError::Service {
                destination,
                doing: "name the Secret".into(),
                source: problem.into(),
                hint: Some("name=NAME gives it another one".into()),
            });
        }
        Ok(Manifest { name, namespace: self.namespace.clone() })
    }
}

impl Target for ManifestTarget {
    fn reserve(&self, device: &Device, _: Format) -> Result<Box<dyn Slot>, DeliverError> {
        let manifest = self.manifest(device)?;
        match &self.path {
            None => Ok(Box::new(StdoutSlot::reserve(format!("{}:{STDOUT}", KIND.name), Box::new(manifest))?)),
            Some(path) => {
                let (label, path) = path.file_for(KIND.name, device)?;
                Ok(Box::new(FileSlot::reserve(label, &self.options, &path, Arc::new(manifest))?))
            }
        }
    }

    fn fetch(&self, device: &Device) -> Result<Fetched, FetchError> {
        let Some(path) = &self.path else { return Err(FetchError::WriteOnly) };
        let (label, path) = path.file_for(KIND.name, device)?;
        file::fetch(label, &path, &self.manifest(device)?)
    }

    fn is_stdout(&self) -> bool {
        self.path.is_none()
    }
}

struct Manifest {
    /// None: made of the device and the API user, which are known with the key.
    name: Option<String>,
    namespace: Option<String>,
}

impl Content for Manifest {
    fn render(&self, _: &str, record: &Record, key: &Secret) -> Result<Zeroizing<Vec<u8>>, ContentError> {
        let name = self.name.clone().unwrap_or_else(|| default_name(record));
        let namespace = self.namespace.iter().map(|name| format!("  namespace: {}\n", *quoted(name)));
        let host = record.url_host();
        let host = host.map(|host| format!("  FORTIOS_ACCESS_HOSTNAME: {}\n", *quoted(&host))).unwrap_or_default();
        let head = format!(
            "---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: {}\n{}  labels:\n    app.kubernetes.io/managed-by: fgtkey\n\
             type: Opaque\nstringData:\n{host}  FORTIOS_ACCESS_TOKEN: ",
            *quoted(&name),
            namespace.collect::<String>(),
        );
        let token = quoted(key.expose());
        let parts = [head.as_bytes(), token.as_bytes(), b"\n"];
        let mut bytes = Zeroizing::new(Vec::with_capacity(parts.iter().map(|part| part.len()).sum()));
        parts.iter().for_each(|part| bytes.extend_from_slice(part));
        Ok(bytes)
    }

    fn read_back(&self, bytes: &[u8]) -> Result<Found, ContentError> {
        let text = std::str::from_utf8(bytes).map_err(|_| EditError::NotText)?;
        // The parser's own words may quote the text, and the text is a secret.
        let read: Read = serde_saphyr::from_str(text).map_err(|_| no_key("it is no manifest of a Secret of ours"))?;
        let token = read.data.token.filter(|token| !token.is_empty());
        let key = token.map(Secret::new).ok_or_else(|| no_key("FORTIOS_ACCESS_TOKEN is not set in it"))?;
        Ok(Found { key, hostname: read.data.hostname })
    }
}

/// A manifest as we wrote it.
#[derive(serde::Deserialize)]
struct Read {
    #[serde(rename = "stringData")]
    data: StringData,
}

#[derive(serde::Deserialize)]
struct StringData {
    #[serde(rename = "FORTIOS_ACCESS_TOKEN")]
    token: Option<String>,
    #[serde(rename = "FORTIOS_ACCESS_HOSTNAME")]
    hostname: Option<String>,
}

/// `fgtkey-DEVICE-APIUSER`, reduced to what RFC 1123 allows.
fn default_name(record: &Record) -> String {
    let user = record.api_user.as_deref().unwrap_or("key");
    let full = format!("fgtkey-{}-{user}", record.device).to_lowercase();
    let allowed = |c: char| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' };
    let reduced: String = full.chars().map(allowed).take(LONGEST_NAMESPACE).collect();
    reduced.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_reduced_to_what_kubernetes_takes() {
        let cases = [
            ("fw1", "terraform", "fgtkey-fw1-terraform"),
            ("FW_1.example.net", "CI/CD é", "fgtkey-fw-1-example-net-ci-cd"),
            (&*"x".repeat(100), "y", &*format!("fgtkey-{}", "x".repeat(56))),
        ];
        for (device, user, name) in cases {
            let record = Record { api_user: Some(user.into()), ..Record::new(device) };
            assert_eq!(default_name(&record), name);
            assert!(is_name(&default_name(&record)));
        }
    }

    #[test]
    fn names_are_those_of_rfc_1123() {
        for good in ["a", "fw-1.example.net", "0"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "A", "a_b", "-a", "a-", "a..b", ".a", &"a".repeat(64)] {
            assert!(!is_name(bad), "{bad}");
        }
        assert!(!is_label("a.b"));
    }
}
