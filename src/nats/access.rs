//! How to get to the broker.

use std::path::PathBuf;
use std::time::Duration;

use async_nats::{ConnectErrorKind, ConnectOptions};

use crate::secret::Secret;

use super::broker::BrokerError;

/// How long a connection may take.
const WITHIN: Duration = Duration::from_secs(10);

/// Where the broker is, and who we are to it.
#[derive(Debug)]
pub struct Access {
    /// `nats://HOST:4222`, or several with commas between; `tls://` demands TLS.
    pub url: String,
    /// Who we are.
    pub credentials: Credentials,
    /// The PEM file of the authorities that may sign its certificate; none: those of the system.
    pub ca: Option<PathBuf>,
}

/// Who we are to a broker.
#[derive(Debug)]
pub enum Credentials {
    /// Nobody, or who the URL says.
    None,
    /// A user with a password.
    Password {
        /// The user.
        user: String,
        /// The password.
        password: Secret,
    },
    /// Whoever has the token.
    Token(Secret),
    /// A file with a JWT and the seed of its key, as `nsc` writes it.
    File(PathBuf),
}

impl Access {
    /// The URL without a password, for messages.
    pub fn shown(&self) -> String {
        let bare = |url: &str| match (url.split_once("://"), url.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
            (None, Some((_, host))) => host.to_owned(),
            (_, None) => url.to_owned(),
        };
        self.url.split(',').map(bare).collect::<Vec<_>>().join(",")
    }

    /// Connects. A connection that is lost later is made again, as often as it takes.
    pub(super) async fn connect(&self, name: &str) -> Result<async_nats::Client, BrokerError> {
        let options = self.options().await?.name(name).connection_timeout(WITHIN);
        let servers: Result<Vec<async_nats::ServerAddr>, _> = self.url.split(',').map(str::parse).collect();
        let servers = servers.map_err(|source| BrokerError::Url { url: self.shown(), source })?;
        options.connect(servers).await.map_err(|error| match error.kind() {
            ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => {
                BrokerError::Denied { url: self.shown() }
            }
            _ => BrokerError::Unreachable { url: self.shown(), source: error },
        })
    }

    async fn options(&self) -> Result<ConnectOptions, BrokerError> {
        let options = match &self.ca {
            // With an authority named, nobody means to talk in the clear.
            Some(ca) => ConnectOptions::new().add_root_certificates(ca.clone()).require_tls(true),
            None => ConnectOptions::new(),
        };
        match &self.credentials {
            Credentials::None => Ok(options),
            Credentials::Password { user, password } => {
                Ok(options.user_and_password(user.clone(), password.expose().to_owned()))
            }
            Credentials::Token(token) => Ok(options.token(token.expose().to_owned())),
            Credentials::File(path) => {
                let read = options.credentials_file(path).await;
                read.map_err(|source| BrokerError::CredentialsFile { path: path.clone(), source })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_a_url_is_not_shown() {
        let shown = |url: &str| Access { url: url.into(), credentials: Credentials::None, ca: None }.shown();
        assert_eq!(shown("nats://me:s3cret@n1:4222,tls://n2"), "nats://n1:4222,tls://n2");
        assert_eq!(shown("me:s3@cret@n1"), "n1");
        assert_eq!(shown("nats://n1"), "nats://n1");
    }
}
