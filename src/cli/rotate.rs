//! `fgtkey rotate` from flags.

use std::time::Duration;

use crate::deliver::{Destination, Format};
use crate::fortios::expires::Expires;
use crate::fortios::facts::Facts;
use crate::fortios::names::ApiUser;
use crate::fortios::objects::User;
use crate::fortios::plan::{Consent, Plan, PlanError};
use crate::fortios::render::Templates;
use crate::fortios::request::{Request, RequestFile, RequestFlags};
use crate::fortios::retirement::Retirement;
use crate::fortios::rotation::Pair;
use crate::fortios::status::VdomMode;
use crate::fortios::transaction::Transaction;
use crate::fortios::version::Version;
use crate::report::{Exit, Reporter};
use crate::verbs::console::Line;
use crate::verbs::custody::Custody;
use crate::verbs::rotate::{Rotate, Rotated, Way};

use super::args::{Grace, RotateArgs, Talk, VdomModeArg};
use super::devices::{self, Chosen, Device};
use super::fleet::{self, Earlier, Fleet, Shared};
use super::logging_in::Ways;
use super::transcript::Recorded;
use super::{Usage, block_on, delivery, ended, order, print, print_keyless, request, simulated};

/// How long the old key works on, where nobody says so.
const GRACE: Duration = Duration::from_secs(30);

pub(super) fn run(args: &RotateArgs, talk: &Talk, reporter: &mut Reporter) -> Exit {
    let done = devices::choose(&args.order.devices, &args.order.fleet, reporter).and_then(|chosen| {
        let read = Read::flags(args, &chosen)?;
        if args.dry_run {
            return dry_run(args, &read.of(chosen.one("rotate --dry-run")?)?, reporter);
        }
        if chosen.is_fleet {
            return fleet(args, &read, chosen.devices, talk);
        }
        let asked = read.of(chosen.only())?;
        Ok(block_on(reporter, async |reporter| rotate(args, chosen.only(), asked, talk, reporter).await))
    });
    ended(done, reporter)
}

/// Everything that can be judged before anything is contacted.
#[derive(Clone)]
struct Asked {
    api_user: ApiUser,
    /// The whole request, where there is one: a dry run has no API user to copy from.
    request: Option<Request>,
    expires: Option<Expires>,
    destinations: Vec<Destination>,
    templates: Templates,
    version: Version,
}

/// What holds for all devices of the command.
struct Read<'a> {
    args: &'a RotateArgs,
    version: Version,
    file: Option<RequestFile>,
    flags: RequestFlags,
    templates: Templates,
}

impl<'a> Read<'a> {
    fn flags(args: &'a RotateArgs, chosen: &Chosen) -> Result<Self, Usage> {
        check_flags(args, chosen)?;
        let order = &args.order;
        Ok(Read {
            args,
            version: order::version(order)?,
            file: request::file(&order.request)?,
            flags: request::flags(&order.request, true),
            templates: request::templates(&order.request)?,
        })
    }

    /// For one device, or for none.
    fn of(&self, device: Option<&Device>) -> Result<Asked, Usage> {
        let (args, flags) = (self.args, &self.flags);
        let file = request::overlaid(self.file.as_ref(), device);
        let whole = file.is_some() || args.dry_run && !args.finish && !args.in_place;
        let request = whole.then(|| Request::from_parts(file, flags.clone())).transpose();
        let request = request.map_err(|error| (error.to_string(), error.hint()))?;
        let api_user = api_user(args, request.as_ref(), flags)?;
        let expires = flags.expires.as_deref().map(str::parse::<Expires>).transpose();
        let expires = expires.map_err(|error| (format!("--expires: {error}"), None))?;
        let expires = expires.or_else(|| request.as_ref().and_then(|request| request.api_user.expires));
        let deliver = request.as_ref().map(|request| request.deliver.as_slice()).unwrap_or_default();
        let destinations = delivery::destinations(&args.order.delivery, deliver)?;
        Ok(Asked { api_user, request, expires, destinations, templates: self.templates.clone(), version: self.version })
    }
}

fn api_user(args: &RotateArgs, request: Option<&Request>, flags: &RequestFlags) -> Result<ApiUser, Usage> {
    match (request, &flags.api_user) {
        (Some(request), _) => Ok(request.api_user.name.clone()),
        (None, Some(name)) => name.parse().map_err(|error| (format!("--api-user {name}: {error}"), None)),
        (None, None) if args.order.sim => {
            simulated::API_USER.parse().map_err(|error| (format!("--sim: {error}"), None))
        }
        (None, None) => {
            let hint = "--api-user NAME, or -r FILE with the request that made it";
            Err(("whose key is to be rotated?".into(), Some(hint.into())))
        }
    }
}

/// Flags that have no meaning for what the command is to be run on, and what it is to be run on.
fn check_flags(args: &RotateArgs, chosen: &Chosen) -> Result<(), Usage> {
    order::check_device(&args.order, chosen, "rotate", args.dry_run)?;
    if let Some(flag) = copied_flag(args).filter(|_| !args.dry_run) {
        let message = format!("{flag} is for --dry-run: the new API user is made like the one in use");
        return Err((message, Some("`fgtkey mint` changes what an API user may do".into())));
    }
    if let Some(flag) = new_key_flag(args).filter(|_| args.finish) {
        let message = format!("{flag}: --finish makes no new key, it retires the old one");
        return Err((message, Some("leave it out".into())));
    }
    if args.in_place && args.order.transaction != Transaction::Off {
        let message = "--transaction: with --in-place no object is made or altered";
        return Err((message.into(), Some("leave it out".into())));
    }
    check_grace(args)
}

/// A flag that says something of a new key.
fn new_key_flag(args: &RotateArgs) -> Option<&'static str> {
    let (order, delivery) = (&args.order, &args.order.delivery);
    let given = [
        ("--expires", order.request.expires.is_some()),
        ("--to", !delivery.to.is_empty()),
        ("--reveal", delivery.reveal),
        ("--age-recipient", !delivery.age_recipients.is_empty()),
        ("--age-recipients-file", !delivery.age_recipients_files.is_empty()),
        ("--output", delivery.format().is_some()),
        ("--verify", order.verify.verify.is_some()),
        ("--transaction", order.transaction != Transaction::Off),
    ];
    given.into_iter().find(|(_, given)| *given).map(|(flag, _)| flag)
}

/// Where the old key has no time left, none can be given to it.
fn check_grace(args: &RotateArgs) -> Result<(), Usage> {
    let why = match (args.grace, args.in_place, args.finish) {
        (Some(_), true, _) => "with --in-place the old key is void at once",
        (Some(_), _, true) => "--finish retires the old key at once",
        _ => return Ok(()),
    };
    Err((format!("--grace: {why}"), Some("leave it out".into())))
}

/// A flag whose value a rotation copies from the device.
fn copied_flag(args: &RotateArgs) -> Option<&'static str> {
    let request = &args.order.request;
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
        (.., Some(Grace::Later)) => Way::Later,
        (.., Some(Grace::For(grace))) => Way::Grace(grace),
        (.., None) => Way::Grace(GRACE),
    }
}

fn consent(args: &RotateArgs) -> Consent {
    Consent { replace_key: false, change_shared_profile: false, save: args.order.consent.save }
}

/// The new API user and its key, or with `--finish` the end of the old one.
fn dry_run(args: &RotateArgs, asked: &Asked, reporter: &mut Reporter) -> Result<Exit, Usage> {
    let vdom_mode = match args.order.vdom_mode {
        None | Some(VdomModeArg::Single) => VdomMode::Disable,
        Some(VdomModeArg::Multi) => VdomMode::Multiple,
    };
    let facts = Facts::assumed(asked.version, vdom_mode);
    let script = if args.finish {
        let retirement = Retirement::unseen(&facts, unseen_old(args, asked)?);
        asked.templates.dry_retirement(&retirement.map_err(|error| (error.to_string(), error.hint()))?)
    } else {
        let plan = unseen(args, asked, &facts)?;
        reporter.dry_run(&plan, args.order.fortios.is_none() && args.order.vdom_mode.is_none());
        let within = args.order.transaction.on(plan.version).map_err(|error| (error.to_string(), error.hint()))?;
        asked.templates.dry_run_within(&plan, within)
    };
    let script = script.map_err(|error| (error.to_string(), error.hint()))?;
    let exit = print(script.to_string().as_bytes());
    if exit == Exit::Done && !args.finish {
        if !args.in_place {
            reporter.rotating(args.current.as_deref().unwrap_or(asked.api_user.as_str()));
        }
        reporter.pasting();
    }
    Ok(exit)
}

/// The new key where nobody can look: the one that is named is taken to be in use.
fn unseen(args: &RotateArgs, asked: &Asked, facts: &Facts) -> Result<Plan, Usage> {
    let refused = |error: PlanError| (error.to_string(), error.hint());
    if args.in_place {
        let name = args.current.clone().unwrap_or_else(|| asked.api_user.to_string());
        let user = User { name, has_key: true, ..User::default() };
        return Plan::in_place(facts, &user, asked.expires, consent(args)).map_err(refused);
    }
    let Some(request) = &asked.request else {
        return Err(("a dry run needs the whole request".into(), Some("-r FILE".into())));
    };
    let pair = Pair::of(&asked.api_user).map_err(|error| (error.to_string(), error.hint()))?;
    let in_use = args.current.as_deref().unwrap_or(asked.api_user.as_str());
    Plan::rotate_unseen(request, pair.other(in_use), facts).map_err(refused)
}

/// Who goes where nobody can look: the one that is named.
fn unseen_old<'a>(args: &RotateArgs, asked: &'a Asked) -> Result<&'a ApiUser, Usage> {
    if args.current.as_deref() == Some(asked.api_user.as_str()) {
        let message = format!("{} is in use, as --current says: it is not what has to go", asked.api_user);
        return Err((message, Some("--api-user names the one to retire".into())));
    }
    Ok(&asked.api_user)
}

fn user(asked: &Asked) -> Option<&str> {
    asked.request.as_ref()?.ssh_user.as_deref()
}

/// A rotation on one device.
fn rotation(args: &RotateArgs, line: Line, asked: &Asked, custody: Custody) -> Rotate {
    let of_file = asked.request.as_ref().and_then(|request| request.serial.clone());
    let serial = args.order.request.serial.clone().or(of_file).or(line.serial.clone());
    Rotate {
        line: Line { serial, ..line },
        api_user: asked.api_user.clone(),
        current: args.current.clone(),
        expires: asked.expires,
        transaction: args.order.transaction,
        way: way(args),
        if_older_than: args.if_older_than,
        consent: consent(args),
        templates: asked.templates.clone(),
        custody,
    }
}

async fn rotate(
    args: &RotateArgs,
    device: Option<&Device>,
    asked: Asked,
    talk: &Talk,
    reporter: &mut Reporter,
) -> Result<Exit, Usage> {
    let interrupt = super::interrupt::listen(talk.color);
    // Dropped at the end: the simulated device lives as long as the run.
    let (line, simulated) = order::line(&args.order, device, asked.version, user(&asked), interrupt).await?;
    if simulated.as_ref().is_some_and(|running| simulated::key(running).is_none()) {
        return Err(("--sim: the simulated device made no key".into(), None));
    }
    let custody = order::custody(&args.order, &asked.destinations, Format::Key)?;
    let device = line.endpoint.name.clone();
    let rotate = rotation(args, line, &asked, custody);
    let mut recorded = Recorded::new(reporter, talk.transcript.as_deref())?;
    let exit = match rotate.run(&mut recorded).await {
        Ok(rotated) => told(args, &device, rotated, &asked.destinations, recorded.reporter),
        Err(failure) => recorded.reporter.failed(&device, &failure),
    };
    Ok(recorded.finish(exit))
}

fn told(args: &RotateArgs, device: &str, rotated: Rotated, to: &[Destination], reporter: &mut Reporter) -> Exit {
    match rotated {
        Rotated::Fresh => Exit::Done,
        Rotated::Finished { retired } => {
            reporter.finished(device, &retired);
            Exit::Done
        }
        Rotated::New { record, verified, interrupted } => {
            reporter.doubtful(device, &verified);
            let printed = print_keyless(&record, to, args.order.delivery.format());
            if interrupted { reporter.not_waited(device) } else { printed }
        }
    }
}

/// Many devices, each with its own pair of API users.
fn fleet(args: &RotateArgs, read: &Read<'_>, devices: Vec<Device>, talk: &Talk) -> Result<Exit, Usage> {
    let order = &args.order;
    let earlier = Earlier::find(&order.waves, "rotate")?;
    let devices = earlier.left(devices);
    let shared = Shared::new(&devices, |device| {
        let asked = read.of(Some(device))?;
        let custody = order::fleet_custody(order, &asked.destinations)?;
        Ok((asked, custody))
    })?;
    fleet::running(talk, async |interrupt| {
        let ways = Ways::new(&order.ssh, order.delivery.ssh_options(), interrupt.clone())?;
        let lines = shared.lines(&devices, &ways, |(asked, _)| user(asked), |_, _| Ok(()))?;
        let run = fleet::Asked::changing(&order.fleet, &order.waves, ("rotate", earlier), &devices, talk)?;
        let run = run.in_json(order.delivery.format() == Some(Format::Json));
        let common = run.common()?;
        let rotations = Fleet::new(&devices, &shared, lines, |line, (asked, custody): &(Asked, Custody)| {
            Some(rotation(args, line, asked, common.custody(custody.clone())))
        });
        let mut tell = |at: usize, rotated: Rotated, reporter: &mut Reporter| match rotations.of(at) {
            Some((name, (asked, _))) => told(args, name, rotated, &asked.destinations, reporter),
            None => Exit::Failed,
        };
        Ok(fleet::each(&rotations, run, talk, interrupt, &mut tell).await)
    })
}
