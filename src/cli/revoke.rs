//! `fgtkey revoke` from flags.

use std::collections::BTreeSet;

use crate::fortios::facts::Facts;
use crate::fortios::names::ApiUser;
use crate::fortios::objects::{Objects, Profile, User};
use crate::fortios::plan::Consent;
use crate::fortios::render::Templates;
use crate::fortios::request::{ProfileRequest, Request, RequestFile, RequestFlags};
use crate::fortios::retirement::{Claim, Retirement};
use crate::fortios::status::VdomMode;
use crate::fortios::version::{NEWEST, Version};
use crate::journal::Journal;
use crate::report::revoke::to_json;
use crate::report::{Exit, Reporter};
use crate::session::drive::Interrupt;
use crate::sim;
use crate::verbs::access::{Access, Switch, Switched};
use crate::verbs::console::Line;
use crate::verbs::revoke::{Removal, Revoke, Sight};

use super::args::{JsonOrOption, RevokeArgs, Talk, VdomModeArg};
use super::check::options_of;
use super::confirm::{can_be_asked, confirmed};
use super::devices::{self, Chosen, Device};
use super::fleet::{self, Earlier, Fleet, Shared};
use super::logging_in::{self, Ways};
use super::transcript::Recorded;
use super::{Usage, block_on, delivery, ended, print, request, simulated};

pub(super) fn run(args: &RevokeArgs, talk: &Talk, reporter: &mut Reporter) -> Exit {
    let done = devices::choose(&args.devices, &args.fleet, reporter).and_then(|chosen| {
        let read = Read::flags(args, &chosen)?;
        if args.dry_run {
            return dry_run(args, &read.of(chosen.one("revoke --dry-run")?)?);
        }
        if !args.yes && !args.enable && !can_be_asked() {
            reporter.nobody_to_ask();
            return Ok(Exit::Usage);
        }
        if chosen.is_fleet {
            return fleet(args, &read, chosen.devices, talk, reporter);
        }
        let asked = read.of(chosen.only())?;
        Ok(block_on(reporter, async |reporter| contact(args, chosen.only(), asked, talk, reporter).await))
    });
    ended(done, reporter)
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

/// What holds for all devices of the command.
struct Read<'a> {
    args: &'a RevokeArgs,
    version: Version,
    file: Option<RequestFile>,
    flags: RequestFlags,
    templates: Templates,
}

impl<'a> Read<'a> {
    fn flags(args: &'a RevokeArgs, chosen: &Chosen) -> Result<Self, Usage> {
        check_flags(args, chosen)?;
        let version = args.fortios.as_deref().map(Version::parse_target).transpose();
        let version = version.map_err(|error| (format!("--fortios: {error}"), error.hint()))?.unwrap_or(NEWEST);
        Ok(Read {
            args,
            version,
            file: request::file(&args.request)?,
            flags: request::flags(&args.request, true),
            templates: request::templates(&args.request)?,
        })
    }

    /// For one device, or for none.
    fn of(&self, device: Option<&Device>) -> Result<Asked, Usage> {
        let (args, flags) = (self.args, &self.flags);
        let file = request::overlaid(self.file.as_ref(), device);
        let nothing = RequestFlags { allow_weak: true, ..RequestFlags::default() };
        let bare = RequestFlags { api_user: flags.api_user.clone(), ..nothing.clone() };
        let request = match (file, args.sim && *flags == nothing) {
            (None, true) => Some(Request::tutorial()),
            (None, false) if *flags == bare => None,
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
        let own = || api_user.to_string();
        let profile = request.as_ref().map_or_else(own, |request| request.profile.name().to_string());
        let serial = request.as_ref().and_then(|request| request.serial.clone());
        Ok(Asked {
            api_user,
            profile,
            claim: Claim { user: true, owned, keep: args.keep_profile },
            ssh_user: request.and_then(|request| request.ssh_user),
            serial: args.request.serial.clone().or(serial),
            templates: self.templates.clone(),
            version: self.version,
        })
    }
}

/// Flags that have no meaning for what the command is to be run on, and what it is to be run on.
fn check_flags(args: &RevokeArgs, chosen: &Chosen) -> Result<(), Usage> {
    let rehearsed = [("--fault", !args.faults.is_empty()), ("--trap", !args.traps.is_empty())];
    if let Some((flag, _)) = rehearsed.iter().filter(|_| !args.sim).find(|(_, given)| *given) {
        return Err((format!("{flag} is for the simulated device"), Some("add --sim".into())));
    }
    let told = [("--fortios", args.fortios.is_some()), ("--vdom-mode", args.vdom_mode.is_some())];
    if let Some((flag, _)) = told.iter().filter(|_| !args.sim && !args.dry_run).find(|(_, given)| *given) {
        let message = format!("{flag} is for --dry-run and --sim: a device says itself what it is");
        return Err((message, Some("leave it out, or add --dry-run".into())));
    }
    match chosen.devices.is_empty() && !chosen.is_fleet && !args.sim && !args.dry_run {
        true => {
            let hint = "fgtkey revoke [USER@]HOST[:PORT] --api-user NAME, or fgtkey revoke --sim to try it";
            Err(("no device is named".into(), Some(hint.into())))
        }
        false => Ok(()),
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

async fn contact(
    args: &RevokeArgs,
    device: Option<&Device>,
    asked: Asked,
    talk: &Talk,
    reporter: &mut Reporter,
) -> Result<Exit, Usage> {
    let interrupt = super::interrupt::listen(talk.color);
    // Dropped at the end: the simulated device lives as long as the run.
    let (line, _device) = line(args, device, &asked, interrupt).await?;
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

async fn line(
    args: &RevokeArgs,
    device: Option<&Device>,
    asked: &Asked,
    interrupt: Interrupt,
) -> Result<(Line, Option<sim::Running>), Usage> {
    if let Some(device) = device.filter(|_| !args.sim) {
        let ways = Ways::new(&args.ssh, options_of(&args.output), interrupt)?;
        return Ok((expecting(ways.line(device, asked.ssh_user.as_deref())?, asked), None));
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
    Ok((expecting(line, asked), Some(running)))
}

/// The serial number of the request, else that of the inventory.
fn expecting(line: Line, asked: &Asked) -> Line {
    Line { serial: asked.serial.clone().or(line.serial.clone()), ..line }
}

/// Many devices: the person is asked once, for all of them.
fn fleet(
    args: &RevokeArgs,
    read: &Read<'_>,
    devices: Vec<Device>,
    talk: &Talk,
    reporter: &mut Reporter,
) -> Result<Exit, Usage> {
    if args.request.serial.is_some() {
        return Err(("--serial is for one device".into(), Some("the inventory says them for several".into())));
    }
    let verb = match (args.disable, args.enable) {
        (true, _) => "revoke --disable",
        (_, true) => "revoke --enable",
        _ => "revoke",
    };
    let earlier = Earlier::find(&args.waves, verb)?;
    let devices = earlier.left(devices);
    let shared = Shared::new(&devices, |device| read.of(Some(device)))?;
    fleet::running(talk, async |interrupt| {
        let ways = Ways::new(&args.ssh, options_of(&args.output), interrupt.clone())?;
        let lines = shared.lines(&devices, &ways, |asked| asked.ssh_user.as_deref(), |_, _| Ok(()))?;
        let names: BTreeSet<&str> =
            devices.iter().filter_map(|device| Some(shared.of(device)?.api_user.as_str())).collect();
        let question = question(args, &names, devices.len());
        if !args.yes && !args.enable && !confirmed(&question, &mut interrupt.clone()).await {
            reporter.not_meant("all devices");
            return Ok(Exit::Failed);
        }
        let run = fleet::Asked::changing(&args.fleet, &args.waves, (verb, earlier), &devices, talk)?
            .in_json(args.output.contains(&JsonOrOption::Json));
        if args.disable || args.enable {
            switches(args, (&devices, &shared, lines), run, talk, interrupt).await
        } else {
            Ok(removals(args, (&devices, &shared, lines), run, talk, interrupt).await)
        }
    })
}

fn question(args: &RevokeArgs, api_users: &BTreeSet<&str>, devices: usize) -> String {
    let names: Vec<&str> = api_users.iter().copied().collect();
    let what = if args.disable { "cut off from everywhere" } else { "removed" };
    format!("is {} to be {what} on {devices} devices?", names.join(", "))
}

/// The devices, what their requests say, the ways to them.
type On<'a> = (&'a [Device], &'a Shared<Asked>, Vec<Line>);

async fn removals(
    args: &RevokeArgs,
    (devices, shared, lines): On<'_>,
    run: fleet::Asked,
    talk: &Talk,
    interrupt: Interrupt,
) -> Exit {
    let removals = Fleet::new(devices, shared, lines, |line, asked: &Asked| {
        Some(Removal {
            line: expecting(line, asked),
            templates: asked.templates.clone(),
            api_user: asked.api_user.to_string(),
            profile: asked.profile.clone(),
            claim: asked.claim,
            consent: consent(args),
        })
    });
    let json = args.output.contains(&JsonOrOption::Json);
    let mut tell = |at: usize, sight: Sight, _: &mut Reporter| match removals.of(at) {
        Some((name, asked)) if json => print(to_json(name, asked.api_user.as_str(), &sight).as_bytes()),
        _ => Exit::Done,
    };
    fleet::each(&removals, run, talk, interrupt, &mut tell).await
}

async fn switches(
    args: &RevokeArgs,
    (devices, shared, lines): On<'_>,
    run: fleet::Asked,
    talk: &Talk,
    interrupt: Interrupt,
) -> Result<Exit, Usage> {
    let journal = run.common()?.journal(&delivery::journal()?);
    let switch = if args.enable { Switch::Enable } else { Switch::Disable };
    let switches = Fleet::new(devices, shared, lines, |line, asked: &Asked| {
        Some(Access {
            line: expecting(line, asked),
            api_user: asked.api_user.clone(),
            switch,
            consent: consent(args),
            templates: asked.templates.clone(),
            journal: journal.clone(),
        })
    });
    let mut tell = |at: usize, switched: Switched, _: &mut Reporter| match (switches.of(at), switched.restore) {
        (Some((name, _)), Some(restore)) => print(format!("# {name}\n{restore}").as_bytes()),
        _ => Exit::Done,
    };
    Ok(fleet::each(&switches, run, talk, interrupt, &mut tell).await)
}
