//! What goes wrong with a secret store, by name, and what to do about it.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use jiff::Timestamp;

/// Why a secret store does not take or give a key. No secret is in it.
#[derive(Debug, thiserror::Error)]
pub(super) enum VaultError {
    /// Neither an option nor the environment names the server.
    #[error("no server is named")]
    NoAddress,
    /// The address is no URL of a server.
    #[error("the address `{text}`: {problem}")]
    Address { text: String, problem: &'static str },
    /// `http://` to another machine.
    #[error("{server} would get token and key without TLS")]
    Plaintext { server: String },
    /// The environment asks for a connection that anybody can pose as the server of.
    #[error("{variable} asks to trust any certificate")]
    SkipVerify { variable: String },
    /// No token, and no AppRole either.
    #[error("there is no token")]
    NoToken,
    /// A secret without its role.
    #[error("there is a secret ID and no role ID")]
    NoRole,
    /// Something that cannot stand in an HTTP header.
    #[error("the {what} has characters that none has")]
    Characters { what: &'static str },
    #[error("the {what} {} cannot be read", path.display())]
    File { what: &'static str, path: PathBuf, source: io::Error },
    #[error("{} holds no certificate", path.display())]
    NoCertificate { path: PathBuf },
    /// The path of the device leads elsewhere, or could not be written down.
    #[error("`{path}` is no path of a secret: {problem}")]
    Path { path: String, problem: &'static str },
    #[error("{server} cannot be reached")]
    Unreachable { server: String, source: Box<dyn Error + Send + Sync> },
    #[error("the certificate of {server} is not trusted")]
    Untrusted { server: String, source: Box<dyn Error + Send + Sync> },
    #[error("{server} does not answer in time")]
    TimedOut { server: String },
    /// A redirect that must not be followed with a token in hand.
    #[error("{server} sends us to {to}, which is not followed")]
    Redirect { server: String, to: String },
    #[error("{server} answers {status} with something that is no answer of Vault or OpenBao")]
    NotVault { server: String, status: u16 },
    #[error("{server} is sealed")]
    Sealed { server: String },
    /// An answer that is none of the others, in the server's words.
    #[error("{server} answers {status}: {words}")]
    Answer { server: String, status: u16, words: String },
    #[error("the token is not valid, or has expired")]
    Token,
    #[error("the token ends in {seconds} s")]
    TokenEnds { seconds: u64 },
    #[error("the token may be used {uses} times more")]
    TokenUses { uses: u64 },
    #[error("AppRole does not let us in at auth/{mount}: {words}")]
    AppRole { mount: String, words: String },
    #[error("permission to {action} {path} is denied")]
    Denied {
        action: &'static str,
        /// As policies name it: `secret/data/fortigate/fw1`.
        path: String,
    },
    #[error("there is no such namespace")]
    NoNamespace,
    #[error("there is no secrets engine for {path}, or the token may not use it")]
    NoMount { path: String },
    #[error("{mount} is {found}, not KV version 2")]
    NotKv2 {
        mount: String,
        /// "KV version 1", "a secrets engine of the type pki".
        found: String,
    },
    /// Somebody was faster, with a key that was generated after ours.
    #[error("a key of {generated_at} is there, which is newer than this one")]
    Newer { generated_at: Timestamp },
    /// The new key would look like the older one.
    #[error("the key that is there was generated at {generated_at}, which is still to come")]
    ToCome { generated_at: Timestamp },
    /// Somebody put another key there after we had looked, and nothing says how old it is.
    #[error("another key was put there meanwhile")]
    Overtaken,
    #[error("others wrote there each of the {tries} times that we were about to")]
    Contended { tries: usize },
    /// Writing down JSON in memory failed.
    #[error("the secret could not be put into JSON")]
    Json(#[from] io::Error),
}

impl VaultError {
    /// What to type or do next, where there is something.
    pub(super) fn hint(&self) -> Option<String> {
        let text = match self {
            VaultError::NoAddress => "export VAULT_ADDR=https://vault.example.net:8200, or the option address=",
            VaultError::Plaintext { .. } => {
                "use https:// and a CA file, or, where the way is safe, the option plaintext=yes"
            }
            VaultError::SkipVerify { .. } => "unset it, and name the server's CA: VAULT_CACERT, or the option ca-file=",
            VaultError::NoToken => "`vault login`, VAULT_TOKEN, or one of the options token-file= and role-id=",
            VaultError::NoRole => "VAULT_ROLE_ID, or one of the options role-id= and role-id-file=",
            VaultError::Untrusted { .. } => "name the CA that issued it: VAULT_CACERT, or the option ca-file=",
            VaultError::Unreachable { .. } => "is the address right? VAULT_ADDR, or the option address=",
            VaultError::Redirect { .. } | VaultError::NotVault { .. } => {
                "does the address lead to the server itself? VAULT_ADDR, or the option address="
            }
            VaultError::Sealed { .. } => "`vault operator unseal`",
            VaultError::Token | VaultError::TokenEnds { .. } | VaultError::TokenUses { .. } => {
                "`vault login`, or another token in VAULT_TOKEN"
            }
            VaultError::NoNamespace => "VAULT_NAMESPACE, or the option namespace=",
            VaultError::NoMount { .. } => "`vault secrets list`; the option mount= says where the path begins",
            VaultError::ToCome { .. } => {
                "the clock of this machine is behind, or that of the one which wrote it was ahead"
            }
            VaultError::Newer { .. } | VaultError::Overtaken => {
                "somebody else issued a key for this device; only one of them can be in use"
            }
            _ => return self.exact_hint(),
        };
        Some(text.to_owned())
    }

    /// A hint that has what is missing in it, ready to be pasted.
    fn exact_hint(&self) -> Option<String> {
        match self {
            VaultError::Denied { path, .. } => {
                Some(format!("policy: path \"{path}\" {{ capabilities = [\"create\", \"read\", \"update\"] }}"))
            }
            VaultError::NotKv2 { mount, found } if found == super::place::VERSION_1 => {
                Some(format!("`vault kv enable-versioning {mount}`"))
            }
            VaultError::AppRole { .. } => {
                Some("the options role-id=, secret-id-file= and approle-mount= say who we are".into())
            }
            _ => None,
        }
    }

    /// Whether what was sent may have been done all the same: the answer is what was lost.
    pub(super) fn may_be_done(&self) -> bool {
        match self {
            VaultError::Unreachable { .. } | VaultError::TimedOut { .. } | VaultError::NotVault { .. } => true,
            VaultError::Answer { status, .. } => *status >= 500 || *status == 429,
            _ => false,
        }
    }
}
