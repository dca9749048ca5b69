//! `fgtkey verify`: prove that a delivered key works over REST; change nothing.

use std::sync::Arc;
use std::time::Instant;

use crate::fortios::facts::Facts;
use crate::fortios::objects::User;
use crate::fortios::render::{Paging, Templates};
use crate::fortios::status::{HaRole, Status};
use crate::secret::Secret;

use super::console::{Console, Line};
use super::event::{Event, Observer};
use super::failure::{Failure, MintError};
use super::survey::{self, Names, SurveyError};
use super::verification::{Known, Verification, verify};
use super::verified::Verified;

/// A verification on one device.
pub struct Verify {
    /// The device.
    pub line: Line,
    /// The templates.
    pub templates: Templates,
    /// How the key is proven.
    pub verification: Verification,
    /// The API user of the key, for the diagnosis; `None`: it is not known.
    pub api_user: Option<String>,
    /// The key.
    pub key: Arc<Secret>,
}

/// What came of it.
#[derive(Debug)]
pub struct Proof {
    /// The operator's name for the device.
    pub device: String,
    /// The address that was dialled.
    pub address: String,
    /// What `get system status` says.
    pub status: Status,
    /// The API user as it is on the device, if it was named.
    pub user: Option<User>,
    /// Whether the key works.
    pub verified: Verified,
}

impl Verify {
    /// Logs in, reads what is needed, asks the API once.
    ///
    /// # Errors
    /// When there is no connection, no login, no FortiGate that can be read, or no such API user; nothing was changed. A key
    /// that does not work is no error.
    pub async fn run(&self, observer: &mut (dyn Observer + Send)) -> Result<Proof, Box<Failure>> {
        let began = Instant::now();
        let mut console = self.line.open(observer).await.map_err(MintError::from)?;
        survey::tell_way(&console, &self.line, observer);
        let proof = self.prove(&mut console, observer).await;
        console.close().await;
        let proof = proof?;
        observer.on(&self.line.endpoint.name, Event::Done { elapsed: began.elapsed() });
        Ok(proof)
    }

    async fn prove(&self, console: &mut Console, observer: &mut (dyn Observer + Send)) -> Result<Proof, MintError> {
        let status = survey::status(console, &self.line, &self.templates, observer).await?;
        let facts = self.facts(&status, console, observer).await?;
        survey::tell(&status, &facts, &self.line, observer);
        let user = facts.objects.user.clone();
        let known = Known {
            status: &status,
            facts: &facts,
            user: user.as_ref(),
            profile: None,
            generated_at: None,
            expires_at: None,
            https: None,
        };
        let verification = &self.verification;
        let verified = verify(console, &self.line, &self.templates, &known, verification, &self.key, observer).await;
        let (device, address) = (self.line.endpoint.name.clone(), self.line.address());
        Ok(Proof { device, address, status, user, verified })
    }

    /// The API user, and from where we come.
    async fn facts(
        &self,
        status: &Status,
        console: &mut Console,
        observer: &mut (dyn Observer + Send),
    ) -> Result<Facts, MintError> {
        let mut facts = Facts::of_status(status);
        if console.prompt_says_secondary() {
            facts.ha_role = HaRole::Secondary;
        }
        let Some(name) = self.api_user.as_deref() else { return Ok(facts) };
        let script = self.templates.user(status.vdom_mode.has_vdoms(), Paging::Answered, name)?;
        let replies = console.run(&self.line, &script, observer).await?;
        survey::read_objects(&mut facts, Names { profile: "", user: name }, &replies)?;
        if facts.objects.user.is_none() {
            return Err(SurveyError::NoUser(name.to_owned()).into());
        }
        survey::read_session(&mut facts, &replies, &self.line, console);
        Ok(facts)
    }
}
