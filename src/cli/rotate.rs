//! `fgtkey rotate` from flags.

use crate::deliver::{Destination, Format};
use crate::fortios::expires::Expires;
use crate::fortios::facts::Facts;
use crate::fortios::names::ApiUser;
use crate::fortios::plan::{Consent, Plan};
use crate::fortios::render::Templates;
use crate::fortios::request::{Request, RequestFlags};
use crate::fortios::retirement::Retirement;
use crate::fortios::rotation::Pair;
use crate::fortios::status::VdomMode;
use crate::fortios::version::{NEWEST, Version};
use crate::report::{Exit, Reporter};
use crate::session::drive::Interrupt;
use crate::sim;
use crate::verbs::console::Line;
use crate::verbs::rotate::{Rotate, Rotated, Way};

use super::args::{Grace, RotateArgs, Talk, VdomModeArg};
use super::transcript::Recorded;
use super::{delivery, logging_in, print, print_keyless, request, runtime, simulated};

/// What is wrong with the command line, and what to type instead.
type Usage = (String, Option<String>);

pub(super) fn run(args: &RotateArgs, talk: &Talk, reporter: &mut Reporter) -> Exit {
    let done = match asked(args) {
        Ok(asked) if args.dry_run => dry_run(args, &asked, reporter),
        Ok(asked) => match runtime() {
            Ok(runtime) => runtime.block_on(rotate(args, asked, talk, reporter)),
            Err(error) => {
                reporter.error(None, &error);
                return Exit::Failed;
            }
        },
        Err(usage) => Err(usage),
    };
    done.unwrap_or_else(|(message, hint)| {
        reporter.bad_usage(&message, hint.as_deref());
        Exit::Usage
    })
}

/// Everything that can be judged before anything is contacted.
struct Asked {
    api_user: ApiUser,
    /// The whole request, where there is one: a dry run has no API user to copy from.
    request: Option<Request>,
    expires: Option<Expires>,
    destinations: Vec<Destination>,
    templates: Templates,
    version: Version,
}

fn asked(args: &RotateArgs) -> Result<Asked, Usage> {
    check_flags(args)?;
    let version = args.fortios.as_deref().map(Version::parse_target).transpose();
    let version = version.map_err(|error| (format!("--fortios: {error}"), error.hint()))?.unwrap_or(NEWEST);
    let file = request::file(&args.request)?;
    let flags = request::flags(&args.request, true);
    let whole = file.is_some() || args.dry_run && !args.finish;
    let request = whole.then(|| Request::from_parts(file, flags.clone())).transpose();
    let request = request.map_err(|error| (error.to_string(), error.hint()))?;
    let api_user = api_user(args, request.as_ref(), &flags)?;
    let expires = flags.expires.as_deref().map(str::parse::<Expires>).transpose();
    let expires = expires.map_err(|error| (format!("--expires: {error}"), None))?;
    let expires = expires.or_else(|| request.as_ref().and_then(|request| request.api_user.expires));
    let deliver = request.as_ref().map(|request| request.deliver.as_slice()).unwrap_or_default();
    let destinations = delivery::destinations(&args.delivery, deliver)?;
    let templates = request::templates(&args.request)?;
    Ok(Asked { api_user, request, expires, destinations, templates, version })
}

fn api_user(args: &RotateArgs, request: Option<&Request>, flags: &RequestFlags) -> Result<ApiUser, Usage> {
    match (request, &flags.api_user) {
        (Some(request), _) => Ok(request.api_user.name.clone()),
        (None, Some(name)) => name.parse().map_err(|error| (format!("--api-user {name}: {error}"), None)),
        (None, None) if args.sim => simulated::API_USER.parse().map_err(|error| (format!("--sim: {error}"), None)),
        (None, None) => {
            let hint = "--api-user NAME, or -r FILE with the request that made it";
            Err(("whose key is to be rotated?".into(), Some(hint.into())))
        }
    }
}

/// Flags that have no meaning for what the command is to be run on, and what it is to be run on.
fn check_flags(args: &RotateArgs) -> Result<(), Usage> {
    let told = [("--fortios", args.fortios.is_some()), ("--vdom-mode", args.vdom_mode.is_some())];
    let rehearsed = [("--fault", !args.faults.is_empty()), ("--trap", !args.traps.is_empty())];
    let only_sim = rehearsed.iter().filter(|_| !args.sim).find(|(_, given)| *given);
    if let Some((flag, _)) = only_sim {
        return Err((format!("{flag} is for the simulated device"), Some("add --sim".into())));
    }
    if let Some((flag, _)) = told.iter().filter(|_| !args.sim && !args.dry_run).find(|(_, given)| *given) {
        let message = format!("{flag} is for --dry-run and --sim: a device says itself what it is");
        return Err((message, Some("leave it out, or add --dry-run".into())));
    }
    if let Some(flag) = copied_flag(args).filter(|_| !args.dry_run) {
        let message = format!("{flag} is for --dry-run: the new API user is made like the one in use");
        return Err((message, Some("`fgtkey mint` changes what an API user may do".into())));
    }
    if args.in_place && args.grace != Grace::For(std::time::Duration::from_secs(30)) {
        return Err(("--grace: with --in-place the old key is void at once".into(), None));
    }
    match (&args.device, args.sim || args.dry_run) {
        (None, false) => {
            let hint = "fgtkey rotate [USER@]HOST[:PORT] --api-user NAME, or fgtkey rotate --sim to try it";
            Err(("no device is named".into(), Some(hint.into())))
        }
        _ => Ok(()),
    }
}

/// A flag whose value a rotation copies from the device.
fn copied_flag(args: &RotateArgs) -> Option<&'static str> {
    let request = &args.request;
    let given = [
        ("--profile", request.profile.is_some()),
        ("--preset", request.preset.is_some()),
        ("--grant", !request.grants.is_empty()),
        ("--trusted-host", !request.trusted_hosts.is_empty()),
        ("--vdom", !request.vdoms.is_empty()),
        ("--comments", request.comments.is_some()),
        ("--cors-origin", request.cors_origin.is_some()),
        ("--peer-group", request.peer_group.is_some()),
        ("--schedule", request.schedule.is_some()),
    ];
    given.into_iter().find(|(_, given)| *given).map(|(flag, _)| flag)
}

fn way(args: &RotateArgs) -> Way {
    match (args.finish, args.in_place, args.grace) {
        (true, ..) => Way::Finish,
        (_, true, _) => Way::InPlace,
        (.., Grace::For(grace)) => Way::Grace(grace),
        (.., Grace::Later) => Way::Later,
    }
}

fn consent(args: &RotateArgs) -> Consent {
    Consent { replace_key: false, change_shared_profile: false, save: args.consent.save }
}

/// The new API user and its key, or with `--finish` the end of the old one.
fn dry_run(args: &RotateArgs, asked: &Asked, reporter: &mut Reporter) -> Result<Exit, Usage> {
    let vdom_mode = match args.vdom_mode {
        None | Some(VdomModeArg::Single) => VdomMode::Disable,
        Some(VdomModeArg::Multi) => VdomMode::Multiple,
    };
    let facts = Facts::assumed(asked.version, vdom_mode);
    let script = match (&asked.request, args.finish) {
        (_, true) => {
            let old = args.current.as_deref().map_or(Ok(asked.api_user.clone()), |name| name.parse());
            let old = old.map_err(|error| (format!("--current: {error}"), None))?;
            let retirement = Retirement::unseen(&facts, &old).map_err(|error| (error.to_string(), error.hint()))?;
            asked.templates.dry_retirement(&retirement)
        }
        (Some(request), false) => {
            let pair = Pair::of(&asked.api_user).map_err(|error| (error.to_string(), error.hint()))?;
            let idle = pair.other(asked.api_user.as_str());
            let plan = Plan::rotate_unseen(request, idle, &facts).map_err(|error| (error.to_string(), error.hint()))?;
            reporter.dry_run(&plan, args.fortios.is_none() && args.vdom_mode.is_none());
            asked.templates.dry_run(&plan)
        }
        (None, false) => return Err(("a dry run needs the whole request".into(), Some("-r FILE".into()))),
    };
    let script = script.map_err(|error| (error.to_string(), error.hint()))?;
    let exit = print(script.to_string().as_bytes());
    if exit == Exit::Done && !args.finish {
        reporter.pasting();
        reporter.rotating(asked.api_user.as_str());
    }
    Ok(exit)
}

async fn rotate(args: &RotateArgs, asked: Asked, talk: &Talk, reporter: &mut Reporter) -> Result<Exit, Usage> {
    let interrupt = super::interrupt::listen(talk.color);
    // Dropped at the end: the simulated device lives as long as the run.
    let (line, _device) = line(args, &asked, interrupt).await?;
    let verification = args.verify.verification(line.within)?;
    let format = args.delivery.format().unwrap_or(Format::Key);
    let device = line.endpoint.name.clone();
    let rotate = Rotate {
        line,
        api_user: asked.api_user,
        current: args.current.clone(),
        expires: asked.expires,
        way: way(args),
        if_older_than: args.if_older_than,
        consent: consent(args),
        templates: asked.templates,
        custody: delivery::custody(&args.delivery, asked.destinations, format, verification, args.sim)?,
    };
    let recorded = Recorded::new(reporter, talk.transcript.as_deref());
    let mut recorded = recorded.map_err(|error| (format!("--transcript: {error}"), None))?;
    let exit = match rotate.run(&mut recorded).await {
        Ok(Rotated::Fresh) => Exit::Done,
        Ok(Rotated::Finished { retired }) => {
            recorded.reporter.finished(&device, &retired);
            Exit::Done
        }
        Ok(Rotated::New { record, verified, interrupted }) => {
            recorded.reporter.doubtful(&device, &verified);
            let printed = print_keyless(&record, &rotate.custody.destinations, args.delivery.format());
            if interrupted { recorded.reporter.not_waited(&device) } else { printed }
        }
        Err(failure) => recorded.reporter.failed(&device, &failure),
    };
    Ok(recorded.finish(exit))
}

async fn line(args: &RotateArgs, asked: &Asked, interrupt: Interrupt) -> Result<(Line, Option<sim::Running>), Usage> {
    let serial = args.request.serial.clone();
    let serial = serial.or_else(|| asked.request.as_ref().and_then(|request| request.serial.clone()));
    if !args.sim {
        let text = args.device.as_deref().unwrap_or_default();
        let user = asked.request.as_ref().and_then(|request| request.ssh_user.as_deref());
        let line = logging_in::line(&args.ssh, args.delivery.ssh_options(), text, user, interrupt)?;
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
    let running = simulated::start(&options).await.map_err(|message| (message, None))?;
    if simulated::key(&running).is_none() {
        return Err(("--sim: the simulated device made no key".into(), None));
    }
    let line = simulated::line(&running, logging_in::within(&args.ssh), interrupt);
    Ok((Line { serial, ..line }, Some(running)))
}
