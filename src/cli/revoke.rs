//! `fgtkey revoke` from flags.

use crate::fortios::facts::Facts;
use crate::fortios::names::ApiUser;
use crate::fortios::objects::{Objects, Profile, User};
use crate::fortios::plan::Consent;
use crate::fortios::render::Templates;
use crate::fortios::request::{ProfileRequest, Request, RequestFlags};
use crate::fortios::retirement::{Claim, Retirement};
use crate::fortios::status::VdomMode;
use crate::fortios::version::{NEWEST, Version};
use crate::journal::Journal;
use crate::report::revoke::to_json;
use crate::report::{Exit, Reporter};
use crate::session::drive::Interrupt;
use crate::sim;
use crate::verbs::access::{Access, Switch};
use crate::verbs::console::Line;
use crate::verbs::revoke::Revoke;

use super::args::{JsonOrOption, RevokeArgs, Talk, VdomModeArg};
use super::check::options_of;
use super::confirm::{can_be_asked, confirmed};
use super::transcript::Recorded;
use super::{Usage, block_on, delivery, ended, logging_in, print, request, simulated};

pub(super) fn run(args: &RevokeArgs, talk: &Talk, reporter: &mut Reporter) -> Exit {
    match asked(args) {
        Err(usage) => ended(Err(usage), reporter),
        Ok(asked) if args.dry_run => ended(dry_run(args, &asked), reporter),
        Ok(_) if !args.yes && !args.enable && !can_be_asked() => {
            reporter.nobody_to_ask();
            Exit::Usage
        }
        Ok(asked) => block_on(reporter, async |reporter| contact(args, asked, talk, reporter).await),
    }
}

/// Everything that can be judged before anything is contacted.
struct Asked {
    api_user: ApiUser,
    /// The profile of the request; without one, an API user's own name.
    profile: String,
    claim: Claim,
    ssh_user: Option<String>,
    serial: Option<String>,
    templates: Templates,
    version: Version,
}

fn asked(args: &RevokeArgs) -> Result<Asked, Usage> {
    check_flags(args)?;
    let version = args.fortios.as_deref().map(Version::parse_target).transpose();
    let version = version.map_err(|error| (format!("--fortios: {error}"), error.hint()))?.unwrap_or(NEWEST);
    let file = request::file(&args.request)?;
    let flags = request::flags(&args.request, true);
    let bare = RequestFlags { allow_weak: true, api_user: flags.api_user.clone(), ..RequestFlags::default() };
    let templates = request::templates(&args.request)?;
    let request = match (file, args.sim && flags == RequestFlags { allow_weak: true, ..RequestFlags::default() }) {
        (None, true) => Some(Request::tutorial()),
        (None, false) if flags == bare => None,
        (file, _) => Some(Request::from_parts(file, flags.clone())),
    };
    let request = request.transpose().map_err(|error| (error.to_string(), error.hint()))?;
    let api_user = match (&request, &flags.api_user) {
        (Some(request), _) => request.api_user.name.clone(),
        (None, Some(name)) => name.parse().map_err(|error| (format!("--api-user {name}: {error}"), None))?,
        (None, None) => {
            let hint = "--api-user NAME, or -r FILE with the request that made it";
            return Err(("which API user is to go?".into(), Some(hint.into())));
        }
    };
    let owned = request.as_ref().is_some_and(|request| matches!(request.profile, ProfileRequest::Made { .. }));
    let profile = request.as_ref().map_or_else(|| api_user.to_string(), |request| request.profile.name().to_string());
    let serial = request.as_ref().and_then(|request| request.serial.clone());
    Ok(Asked {
        api_user,
        profile,
        claim: Claim { user: true, owned, keep: args.keep_profile },
        ssh_user: request.and_then(|request| request.ssh_user),
        serial: args.request.serial.clone().or(serial),
        templates,
        version,
    })
}

/// Flags that have no meaning for what the command is to be run on, and what it is to be run on.
fn check_flags(args: &RevokeArgs) -> Result<(), Usage> {
    let rehearsed = [("--fault", !args.faults.is_empty()), ("--trap", !args.traps.is_empty())];
    if let Some((flag, _)) = rehearsed.iter().filter(|_| !args.sim).find(|(_, given)| *given) {
        return Err((format!("{flag} is for the simulated device"), Some("add --sim".into())));
    }
    let told = [("--fortios", args.fortios.is_some()), ("--vdom-mode", args.vdom_mode.is_some())];
    if let Some((flag, _)) = told.iter().filter(|_| !args.sim && !args.dry_run).find(|(_, given)| *given) {
        let message = format!("{flag} is for --dry-run and --sim: a device says itself what it is");
        return Err((message, Some("leave it out, or add --dry-run".into())));
    }
    match (&args.device, args.sim || args.dry_run) {
        (None, false) => {
            let hint = "fgtkey revoke [USER@]HOST[:PORT] --api-user NAME, or fgtkey revoke --sim to try it";
            Err(("no device is named".into(), Some(hint.into())))
        }
        _ => Ok(()),
    }
}

/// For a device that has all of it, and nobody else who uses the profile.
fn dry_run(args: &RevokeArgs, asked: &Asked) -> Result<Exit, Usage> {
    let vdom_mode = match args.vdom_mode {
        None | Some(VdomModeArg::Single) => VdomMode::Disable,
        Some(VdomModeArg::Multi) => VdomMode::Multiple,
    };
    let profile = asked.claim.owned.then(|| Profile { name: asked.profile.clone(), ..Profile::default() });
    let user = User { name: asked.api_user.to_string(), has_key: true, ..User::default() };
    let objects = Objects { profile, user: Some(user) };
    let facts = Facts { objects, ..Facts::assumed(asked.version, vdom_mode) };
    let retirement = Retirement::of_objects(&facts, asked.claim, Consent::default());
    let retirement = retirement.map_err(|error| (error.to_string(), error.hint()))?;
    let script = asked.templates.dry_retirement(&retirement).map_err(|error| (error.to_string(), error.hint()))?;
    Ok(print(script.to_string().as_bytes()))
}

async fn contact(args: &RevokeArgs, asked: Asked, talk: &Talk, reporter: &mut Reporter) -> Result<Exit, Usage> {
    let interrupt = super::interrupt::listen(talk.color);
    // Dropped at the end: the simulated device lives as long as the run.
    let (line, _device) = line(args, &asked, interrupt).await?;
    let mut recorded = Recorded::new(reporter, talk.transcript.as_deref())?;
    let exit = match (args.disable, args.enable) {
        (true, _) => switch(args, asked, line, Switch::Disable, &mut recorded).await?,
        (_, true) => switch(args, asked, line, Switch::Enable, &mut recorded).await?,
        _ => revoke(args, &asked, &line, &mut recorded).await,
    };
    Ok(recorded.finish(exit))
}

fn consent(args: &RevokeArgs) -> Consent {
    Consent { save: args.save, ..Consent::default() }
}

/// Looks, says what would go, asks, does it.
async fn revoke(args: &RevokeArgs, asked: &Asked, line: &Line, recorded: &mut Recorded<'_>) -> Exit {
    let device = line.endpoint.name.clone();
    let mut revoke = Revoke {
        line,
        templates: &asked.templates,
        api_user: asked.api_user.to_string(),
        profile: asked.profile.clone(),
        claim: asked.claim,
        consent: consent(args),
    };
    let sight = match revoke.look(recorded).await {
        Ok(sight) => sight,
        Err(failure) => return recorded.reporter.failed(&device, &failure),
    };
    recorded.reporter.sight(&device, &sight);
    let json = args.output.contains(&JsonOrOption::Json);
    let told =
        |sight| if json { print(to_json(&device, asked.api_user.as_str(), sight).as_bytes()) } else { Exit::Done };
    if sight.retirement.is_done() {
        recorded.reporter.nothing_to_revoke(&device, asked.api_user.as_str());
        return told(&sight);
    }
    if !args.yes && !confirmed(&format!("remove this from {device}?"), &mut line.interrupt.clone()).await {
        recorded.reporter.not_meant(&device);
        return Exit::Failed;
    }
    // What was not shown does not go, whatever has become possible meanwhile.
    revoke.claim.keep |= sight.retirement.delete_profile.is_none();
    match revoke.run(recorded).await {
        Ok(_) => {
            recorded.reporter.revoked(&device, &sight);
            told(&sight)
        }
        Err(failure) => recorded.reporter.failed(&device, &failure),
    }
}

async fn switch(
    args: &RevokeArgs,
    asked: Asked,
    line: Line,
    switch: Switch,
    recorded: &mut Recorded<'_>,
) -> Result<Exit, Usage> {
    let device = line.endpoint.name.clone();
    let journal = if args.sim {
        Journal::passing().map_err(|error| (format!("no temporary file can be made: {error}"), None))?
    } else {
        delivery::journal()?
    };
    let question = format!("cut {} of {device} off from everywhere?", asked.api_user);
    let mut interrupt = line.interrupt.clone();
    if switch == Switch::Disable && !args.yes && !confirmed(&question, &mut interrupt).await {
        recorded.reporter.not_meant(&device);
        return Ok(Exit::Failed);
    }
    let access =
        Access { line, api_user: asked.api_user, switch, consent: consent(args), templates: asked.templates, journal };
    Ok(match access.run(recorded).await {
        Ok(switched) => {
            recorded.reporter.switched(&device, access.api_user.as_str(), switch, &switched);
            switched.restore.map_or(Exit::Done, |script| print(script.to_string().as_bytes()))
        }
        Err(failure) => recorded.reporter.failed(&device, &failure),
    })
}

async fn line(args: &RevokeArgs, asked: &Asked, interrupt: Interrupt) -> Result<(Line, Option<sim::Running>), Usage> {
    let serial = asked.serial.clone();
    if !args.sim {
        let text = args.device.as_deref().unwrap_or_default();
        let line = logging_in::line(&args.ssh, options_of(&args.output), text, asked.ssh_user.as_deref(), interrupt)?;
        return Ok((Line { serial, ..line }, None));
    }
    let default = sim::SimOptions::default();
    let options = sim::SimOptions {
        version: if args.fortios.is_some() { asked.version } else { default.version },
        vdom_mode: simulated::vdom_mode(args.vdom_mode),
        faults: args.faults.clone(),
        traps: args.traps.clone(),
        ..default
    };
    let running = simulated::start(&options).await?;
    if simulated::key(&running).is_none() {
        return Err(("--sim: the simulated device made no key".into(), None));
    }
    let line = simulated::line(&running, logging_in::within(&args.ssh), interrupt);
    Ok((Line { serial, ..line }, Some(running)))
}
