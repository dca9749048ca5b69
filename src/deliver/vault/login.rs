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

/// How often a token has to be usable still: where is it, may I, what is there, and the same again with the key in hand.
const FEWEST_USES: u64 = 8;

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
    #[serde(default)]
    lease_duration: u64,
    #[serde(default)]
    num_uses: u64,
}

#[derive(Deserialize)]
struct Looked {
    data: Lease,
}

#[derive(Deserialize)]
struct Lease {
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
    let auth = reply.json::<LoggedIn>()?.auth;
    enough(Some(auth.lease_duration).filter(|seconds| *seconds > 0), auth.num_uses)?;
    Ok(Secret::new(auth.client_token))
}

/// Proves that the token is valid and stays so for a while. A token that may not ask about itself is not judged: whether
/// it is known is then unknown, and the answer is no.
pub(super) fn prove(client: &Client, token: &Secret) -> Result<bool, VaultError> {
    let reply = client.get(token, "auth/token/lookup-self")?;
    if reply.status == 403 {
        return Ok(false);
    }
    if !reply.is_good() {
        return Err(reply.refusal("read", "auth/token/lookup-self"));
    }
    let lease = reply.json::<Looked>()?.data;
    enough(lease.expire_time.map(|_| lease.ttl), lease.num_uses)?;
    Ok(true)
}

/// `seconds` is none for a token that never ends; `uses` is 0 for one that may be used at will.
fn enough(seconds: Option<u64>, uses: u64) -> Result<(), VaultError> {
    match seconds {
        Some(seconds) if seconds < SHORTEST => return Err(VaultError::TokenEnds { seconds }),
        _ if (1..FEWEST_USES).contains(&uses) => return Err(VaultError::TokenUses { uses }),
        _ => Ok(()),
    }
}
