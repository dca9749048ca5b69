//! The ssh-agent: keys that sign without being seen, those of security tokens among them.

use std::path::{Path, PathBuf};

use russh::keys::HashAlg;
use russh::keys::agent::client::AgentClient;
use russh::keys::agent::{AgentIdentity, AgentSessionBinding};
use tokio::net::UnixStream;

use super::config::IdentityAgent;

/// Where `ssh` finds the agent when nothing is said.
const SOCKET_VARIABLE: &str = "SSH_AUTH_SOCK";

/// Why the agent is of no use.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// Nobody listens at the socket, or not an agent.
    #[error("the ssh-agent at {} does not answer", socket.display())]
    Unreachable {
        /// The socket.
        socket: PathBuf,
        /// Why.
        source: russh::keys::Error,
    },
    /// It does not sign: it is locked, a person said no, a token was not touched.
    #[error("the ssh-agent does not sign with {key}")]
    Unwilling {
        /// The key, as it is shown to a person.
        key: String,
        /// Why.
        source: russh::keys::Error,
    },
}

/// A connection to the agent, for one login.
pub(super) struct Agent {
    client: AgentClient<UnixStream>,
    /// What it holds, in its order.
    pub(super) held: Vec<AgentIdentity>,
}

fn socket_of(said: Option<&IdentityAgent>) -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from);
    match said {
        None => variable(SOCKET_VARIABLE),
        Some(IdentityAgent::None) => None,
        Some(IdentityAgent::Variable(name)) => variable(name),
        Some(IdentityAgent::Socket(path)) => Some(path.clone()),
    }
}

impl Agent {
    /// Asks the agent what it holds; `None` when there is none to ask. The agent is told which server the signatures
    /// are for, so that keys that are limited to some (`ssh-add -h`) can be used.
    pub(super) async fn ask(
        said: Option<&IdentityAgent>,
        server: Option<&AgentSessionBinding>,
    ) -> Result<Option<Agent>, AgentError> {
        let Some(path) = socket_of(said) else { return Ok(None) };
        let agent = Agent::connect(&path, server).await;
        agent.map(Some).map_err(|source| AgentError::Unreachable { socket: path, source })
    }

    async fn connect(path: &Path, server: Option<&AgentSessionBinding>) -> Result<Agent, russh::keys::Error> {
        let mut client = AgentClient::connect_uds(path).await?;
        if let Some(server) = server {
            // Agents before OpenSSH 8.9, and others than OpenSSH's, do not know this; they limit no keys either.
            let _ = client.bind_session(server, false).await;
        }
        let held = client.request_identities().await?;
        Ok(Agent { client, held })
    }

    /// Appends a signature over `request` to it. A token may have to be touched for it, a person to say yes.
    pub(super) async fn sign(
        &mut self,
        key: &AgentIdentity,
        hash: Option<HashAlg>,
        request: Vec<u8>,
    ) -> Result<Vec<u8>, AgentError> {
        let signed = self.client.sign_request(key, hash, request).await;
        signed.map_err(|source| AgentError::Unwilling { key: shown(key), source })
    }
}

/// The key's comment, and its fingerprint where it has none.
pub(super) fn shown(key: &AgentIdentity) -> String {
    match super::error::one_line(key.comment()) {
        comment if comment.is_empty() => super::hostkeys::fingerprint_of(&key.public_key()).to_string(),
        comment => comment,
    }
}
