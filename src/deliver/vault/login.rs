//! Who we are to the server: a token, or an AppRole that gets one.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::client::{Client, Question};
use super::error::VaultError;
use super::reply::Reply;
use crate::deliver::record::wiped_json;
use crate::secret::Secret;

/// How a token is come by.
pub(super) enum Login {
    /// It is there.
    Token(Secret),
    /// It is given for a role and the secret of that role.
    AppRole {
        /// Where the method is enabled, behind `auth/`: `approle`.
        mount: String,
        /// The role.
        role_id: String,
        /// Its secret; a role may do without.
        secret_id: Option<Secret>,
    },
}

/// How long a token has to last, in seconds: a mint is done by then.
const SHORTEST: u64 = 60;

/// How often a token has to be usable still: which engine, what is there, may I; what is there, write; the last two once
/// more.
const FEWEST_USES: u64 = 7;

#[derive(Serialize)]
struct Credentials<'a> {
    role_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_id: Option<&'a str>,
}

#[derive(Deserialize)]
struct LoggedIn<'a> {
    #[serde(borrow)]
    auth: Auth<'a>,
}

#[derive(Deserialize)]
struct Auth<'a> {
    #[serde(borrow)]
    client_token: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Looked {
    data: Lease,
}

/// How long a token is good.
#[derive(Deserialize)]
pub(super) struct Lease {
    #[serde(default)]
    ttl: u64,
    /// None for a token that never ends.
    expire_time: Option<String>,
    #[serde(default)]
    num_uses: u64,
}

impl Login {
    /// The token. An AppRole asks the server for it, and fails when that refuses.
    pub(super) fn token(self, client: &Client) -> Result<Secret, VaultError> {
        match self {
            Login::Token(token) => Ok(token),
            Login::AppRole { mount, role_id, secret_id } => {
                let secret_id = secret_id.as_ref().map(Secret::expose);
                let body = wiped_json(&Credentials { role_id: &role_id, secret_id })?;
                let path = format!("auth/{mount}/login");
                // A secret ID may be good for one login only: it is not used up twice on an answer that was lost.
                let reply = client.ask(&Question { path: &path, token: None, body: Some(&body), again: false })?;
                given(&reply, &mount)
            }
        }
    }
}

fn given(reply: &Reply, mount: &str) -> Result<Secret, VaultError> {
    if matches!(reply.status, 400 | 401 | 403) {
        return Err(VaultError::AppRole { mount: mount.to_owned(), words: reply.words() });
    }
    if !reply.is_good() {
        return Err(reply.refusal("log in at", &format!("auth/{mount}")));
    }
    Ok(Secret::new(reply.json::<LoggedIn>()?.auth.client_token))
}

impl Lease {
    /// What the server knows of the token; none when that may not be asked, or when the token is not valid at all.
    pub(super) fn of(client: &Client, token: &Secret) -> Result<Option<Lease>, VaultError> {
        let reply = client.get(token, "auth/token/lookup-self")?;
        match reply.status {
            403 => Ok(None),
            _ if reply.is_good() => Ok(Some(reply.json::<Looked>()?.data)),
            _ => Err(reply.refusal("read", "auth/token/lookup-self")),
        }
    }

    /// Fails unless it lasts until the key is written.
    pub(super) fn prove(&self) -> Result<(), VaultError> {
        if self.expire_time.is_some() && self.ttl < SHORTEST {
            return Err(VaultError::TokenEnds { seconds: self.ttl });
        }
        // None are counted for a token that may be used at will: 0.
        if (1..FEWEST_USES).contains(&self.num_uses) {
            return Err(VaultError::TokenUses { uses: self.num_uses });
        }
        Ok(())
    }
}
