//! Generating the key.

use std::path::PathBuf;

use crate::fortios::script::Script;
use crate::journal::State;
use crate::secret::Secret;
use crate::session::Reply;
use crate::session::fault::{Aftermath, Fault};

use super::event::{Event, Observer, Warning};
use super::failure::{Failure, MintError};
use super::site::Site;

/// How often a key is generated again when the connection dies while it is printed.
const MOST_KEYS: usize = 3;

/// Generates the key, which will be in the file `escrow`. A connection that dies while the key is printed has voided it for everybody but us, so another one
/// is generated, which voids the lost one.
pub(super) async fn generate(
    site: &mut Site<'_>,
    escrow: PathBuf,
    observer: &mut (dyn Observer + Send),
) -> Result<Secret, Box<Failure>> {
    let script = match site.templates.generate_key(site.plan.vdoms, &site.plan.key) {
        Ok(script) => script,
        Err(error) => return Err(site.take_back(error.into(), observer).await),
    };
    // From the next line on the device may have a key that nobody knows: a run that dies must know that.
    if let Err(error) = site.enter(State::Generating { escrow }).await {
        return Err(site.take_back(error, observer).await);
    }
    let mut lost = 0;
    loop {
        let fault = match send(site, &script, observer).await {
            Ok(replies) => return keep(site, replies, observer).await,
            Err(fault) => fault,
        };
        match site.remedy(&fault, observer).await {
            Ok(true) => continue,
            Ok(false) => lost += 1,
            Err(error) => return Err(site.take_back(error, observer).await),
        }
        let again = fault.left == Aftermath::KeyLost || (site.key_lost && !site.is_alive());
        if lost == MOST_KEYS || !again {
            return Err(site.take_back(fault.into(), observer).await);
        }
        site.tell(observer, Event::KeyLost);
        if let Err(what) = site.stand_up(observer).await {
            return Err(site.give_up(fault.into(), what).await);
        }
    }
}

/// Once a key is lost, the operator's interruption comes too late: the next key is what makes it harmless.
async fn send(site: &mut Site<'_>, script: &Script, observer: &mut (dyn Observer + Send)) -> Result<Vec<Reply>, Fault> {
    if site.key_lost { site.run_through(script, observer).await } else { site.run(script, observer).await }
}

async fn keep(
    site: &mut Site<'_>,
    replies: Vec<Reply>,
    observer: &mut (dyn Observer + Send),
) -> Result<Secret, Box<Failure>> {
    let Some(key) = replies.into_iter().find_map(|reply| reply.key) else {
        return Err(site.take_back(MintError::NoKey, observer).await);
    };
    if site.plan.replaces_key {
        let api_user = site.plan.key.user.clone();
        site.tell(observer, Event::Warning(Warning::KeyReplaced { api_user }));
    }
    Ok(key)
}
