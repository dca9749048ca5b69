//! What a server answers.

use std::io::{self, Read};
use std::time::Duration;

use serde::Deserialize;
use zeroize::Zeroizing;

use super::error::VaultError;

/// The largest answer that is read, in bytes. A secret is at most 1 MiB where the store keeps it by raft (its
/// `max_entry_size`), and its JSON may escape every character.
const LARGEST: u64 = 8 * 1024 * 1024;

/// Room for a usual answer, in bytes.
const ROOM: usize = 64 * 1024;

/// How much of the server's words is repeated, in characters.
const WORDS: usize = 300;

/// An answer, which may have secrets in it.
pub(super) struct Reply {
    /// The server that gave it.
    pub(super) server: String,
    /// The HTTP status.
    pub(super) status: u16,
    /// Where it sends us, when it does.
    pub(super) location: Option<String>,
    /// When to ask again; zero when it does not say.
    pub(super) retry_after: Duration,
    /// Its JSON; wiped.
    pub(super) body: Zeroizing<Vec<u8>>,
    /// Whether its errors repeat something secret of the question.
    pub(super) repeats: bool,
}

/// What a server says in place of an answer.
#[derive(Deserialize)]
struct Errors {
    #[serde(default)]
    errors: Vec<String>,
}

impl Reply {
    /// Whether it is an answer and no refusal.
    pub(super) fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether the same question may well be answered a moment later.
    pub(super) fn is_passing(&self) -> bool {
        self.status >= 500 || self.status == 429
    }

    /// Whether the store is locked, and stays so until people come with their keys.
    pub(super) fn is_sealed(&self) -> bool {
        self.status == 503 && self.says("sealed")
    }

    /// Whether one of the server's errors has `text` in it.
    pub(super) fn says(&self, text: &str) -> bool {
        self.errors().iter().any(|error| error.to_lowercase().contains(text))
    }

    /// Reads it. Fails on what is no JSON, or of another shape.
    pub(super) fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, VaultError> {
        serde_json::from_slice(&self.body).map_err(|_| self.foreign())
    }

    /// The answer of something that is no secret store.
    pub(super) fn foreign(&self) -> VaultError {
        VaultError::NotVault { server: self.server.clone(), status: self.status }
    }

    /// Whether it says nothing of a reason: with 404, that there is nothing.
    pub(super) fn has_no_words(&self) -> bool {
        self.errors().is_empty()
    }

    /// The server's words, on one line; none that repeat the token, the key or what others keep beside it.
    pub(super) fn words(&self) -> String {
        if self.repeats {
            return "its words repeat secrets, and are not shown".into();
        }
        let text = self.errors().join("; ");
        let line: Vec<&str> = text.split_whitespace().collect();
        match line.join(" ").chars().filter(|c| !c.is_control()).take(WORDS).collect::<String>() {
            text if text.is_empty() => "no reason given".into(),
            text => text,
        }
    }

    /// The refusal by name; `action` and `path` are what was asked for, as policies name them.
    pub(super) fn refusal(&self, action: &'static str, path: &str) -> VaultError {
        if self.is_sealed() {
            return VaultError::Sealed { server: self.server.clone() };
        }
        match self.status {
            403 => VaultError::Denied { action, path: path.to_owned() },
            404 if self.says("namespace not found") => VaultError::NoNamespace,
            404 if self.says("no handler for route") => VaultError::NoMount { path: path.to_owned() },
            status => VaultError::Answer { server: self.server.clone(), status, words: self.words() },
        }
    }

    pub(super) fn errors(&self) -> Vec<String> {
        serde_json::from_slice(&self.body).map(|errors: Errors| errors.errors).unwrap_or_default()
    }
}

/// All that `reader` gives, up to the largest answer. Memory that had a part of it is wiped.
pub(super) fn whole(reader: impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut reader = reader.take(LARGEST);
    let mut bytes = Zeroizing::new(Vec::with_capacity(ROOM));
    let mut piece = Zeroizing::new([0; 8192]);
    loop {
        let length = reader.read(&mut *piece)?;
        let piece = piece.get(..length).unwrap_or_default();
        if piece.is_empty() {
            return Ok(bytes);
        }
        if bytes.len() + piece.len() > bytes.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(bytes.capacity() * 2));
            larger.extend_from_slice(&bytes);
            bytes = larger;
        }
        bytes.extend_from_slice(piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, body: &str) -> Reply {
        let body = Zeroizing::new(body.as_bytes().to_vec());
        Reply { server: "vault:8200".into(), status, location: None, retry_after: Duration::ZERO, body, repeats: false }
    }

    #[test]
    fn a_refusal_has_a_name() {
        let cases = [
            (503, r#"{"errors":["Vault is sealed"]}"#, "vault:8200 is sealed"),
            (403, r#"{"errors":["permission denied"]}"#, "permission to read secret/data/fw1 is denied"),
            (404, r#"{"errors":["namespace not found"]}"#, "there is no such namespace"),
            (404, r#"{"errors":["no handler for route \"x\""]}"#, "there is no secrets engine for secret/data/fw1"),
            (500, r#"{"errors":["1 error:\n\t* disk full"]}"#, "vault:8200 answers 500: 1 error: * disk full"),
            (400, "{}", "vault:8200 answers 400: no reason given"),
        ];
        for (status, body, words) in cases {
            let error = reply(status, body).refusal("read", "secret/data/fw1").to_string();
            assert!(error.starts_with(words), "{error}");
        }
    }

    #[test]
    fn a_large_answer_is_read_whole() {
        let text = "x".repeat(1_000_000);
        assert_eq!(whole(text.as_bytes()).unwrap().len(), text.len());
    }
}
