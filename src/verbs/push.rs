//! Pushing a plan: what was sent is read back and compared before there is a key.

use crate::fortios::edit::{ProfileEdit, SetLine, UserEdit};
use crate::fortios::objects::Objects;
use crate::fortios::plan::Plan;
use crate::fortios::transaction::Transaction;
use crate::journal::State;
use crate::session::fault::{Fault, FaultKind, Step};

use super::event::{Event, Observer, Warning};
use super::failure::{Failure, MintError};
use super::site::Site;

/// Makes the objects what the plan wants them to be, and proves it. What is right already is not sent again.
pub(super) async fn push(site: &mut Site<'_>, observer: &mut (dyn Observer + Send)) -> Result<(), Box<Failure>> {
    loop {
        match push_once(site, observer).await {
            Ok(true) => break,
            Ok(false) => {}
            Err(error @ MintError::Overtaken { .. }) => return Err(site.overtaken(error).await),
            Err(error) => return Err(site.take_back(error, observer).await),
        }
    }
    match site.enter(State::Pushed).await {
        Ok(()) => Ok(()),
        Err(error) => Err(site.take_back(error, observer).await),
    }
}

/// False: it is worth another try, from a plan that knows what has been saved already.
async fn push_once(site: &mut Site<'_>, observer: &mut (dyn Observer + Send)) -> Result<bool, MintError> {
    if site.plan.edits.is_empty() {
        site.read(observer).await?;
        return proven(site).map(|()| true);
    }
    let within = !site.unopened && site.transaction.on(site.plan.version)?;
    let names = site.names();
    let script = site.templates.push_within(&site.plan, site.surveyed.paging, names.profile, within)?;
    site.sent.extend(site.plan.edits.iter().cloned());
    match site.run(&script, observer).await {
        Ok(replies) => {
            site.take_in(&replies)?;
            if site.transaction != Transaction::Off {
                site.pushed_in_transaction = Some(within);
                site.tell(observer, Event::Pushed { transaction: within });
            }
            proven(site).map(|()| true)
        }
        Err(fault) if is_unopened(&fault) => without_transaction(site, fault, observer).await.map(|()| false),
        Err(fault) => {
            if !site.remedy(&fault, observer).await? {
                return Err(fault.into());
            }
            site.replan(observer).await.map(|()| false)
        }
    }
}

/// Whether the device did not open a transaction: then nothing has been sent yet that changes it.
fn is_unopened(fault: &Fault) -> bool {
    let at_start = matches!(&fault.at, Step::Line(line) if line == "execute config-transaction start");
    at_start && matches!(fault.kind, FaultKind::Refused(_))
}

/// The commit barriers alone, where a transaction was only wished for.
async fn without_transaction(
    site: &mut Site<'_>,
    fault: Fault,
    observer: &mut (dyn Observer + Send),
) -> Result<(), MintError> {
    site.sent.clear();
    if site.transaction == Transaction::Require {
        return Err(MintError::NoTransaction(fault));
    }
    let text = format!("the device opened no configuration transaction ({}); going on without", fault.kind);
    site.tell(observer, Event::Warning(Warning::Said(text)));
    site.unopened = true;
    site.stand_up(observer).await.map_err(|_| fault.into())
}

/// Compares what was read back with what was wanted. A key that was not there when it was decided is somebody else's.
fn proven(site: &Site<'_>) -> Result<(), MintError> {
    if site.is_overtaken() {
        return Err(MintError::Overtaken { user: site.plan.key.user.clone() });
    }
    if site.plan.is_fulfilled_by(&site.now) {
        return Ok(());
    }
    Err(MintError::ReadBack(differences(&site.plan, &site.now)))
}

/// What is missing, as the lines that would set it.
fn differences(plan: &Plan, shown: &Objects) -> Vec<String> {
    let profile = plan.wanted.profile.as_ref();
    let profile = profile.and_then(|wanted| ProfileEdit::between(shown.profile.as_ref(), wanted, plan.version));
    let user = plan.wanted.user.as_ref().and_then(|wanted| UserEdit::between(shown.user.as_ref(), wanted));
    let profile_lines = profile.into_iter().flat_map(|edit| {
        let name = edit.name;
        let blocks = edit.blocks.into_iter().flat_map(|block| block.set);
        edit.set.into_iter().chain(blocks).map(move |line| format!("the profile {name} lacks `{}`", words(&line)))
    });
    let user_lines = user.into_iter().flat_map(|edit| {
        let name = edit.name;
        let rows = edit.hosts.into_iter().map(|row| row.set);
        let missing = edit.set.into_iter().chain(rows).map({
            let name = name.clone();
            move |line| format!("the API user {name} lacks `{}`", words(&line))
        });
        let extra = edit
            .delete_hosts
            .into_iter()
            .map(move |row| format!("the API user {name} has a trusted host {row} too many"));
        missing.chain(extra).collect::<Vec<_>>()
    });
    profile_lines.chain(user_lines).collect()
}

fn words(line: &SetLine) -> String {
    format!("set {} {}", line.name, line.values.join(" "))
}
