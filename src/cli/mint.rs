//! `fgtkey mint` from flags.

use std::path::Path;

use crate::deliver::{Destination, Format};
use crate::fortios::render::Templates;
use crate::fortios::request::{Request, RequestFlags};
use crate::fortios::saved_plan::SavedPlan;
use crate::fortios::status::VdomMode;
use crate::fortios::version::{NEWEST, Version};
use crate::report::{Exit, Reporter, with_causes};
use crate::session::drive::Interrupt;
use crate::sim;
use crate::verbs::console::Line;
use crate::verbs::mint::{Asked, Mint, Minted};

use super::args::{MintArgs, Talk, VdomModeArg};
use super::transcript::Recorded;
use super::{logging_in, print, print_keyless, runtime};

/// What is wrong with the command line, and what to type instead.
struct Usage {
    message: String,
    hint: Option<String>,
}

impl Usage {
    fn new(message: impl ToString, hint: Option<String>) -> Usage {
        Usage { message: message.to_string(), hint }
    }

    fn of((message, hint): (String, Option<String>)) -> Usage {
        Usage { message, hint }
    }
}

pub(super) fn run(args: &MintArgs, talk: &Talk, reporter: &mut Reporter) -> Exit {
    match prepared(args) {
        Err(usage) => {
            reporter.bad_usage(&usage.message, usage.hint.as_deref());
            Exit::Usage
        }
        Ok(prepared) if args.dry_run => dry_run(args, &prepared, reporter),
        Ok(prepared) => match runtime() {
            Ok(runtime) => runtime.block_on(mint(args, prepared, talk, reporter)),
            Err(error) => {
                reporter.error(None, &error);
                Exit::Failed
            }
        },
    }
}

/// Everything that can be judged before anything is contacted.
struct Prepared {
    asked: Asked,
    serial: Option<String>,
    templates: Templates,
    destinations: Vec<Destination>,
    version: Version,
}

fn prepared(args: &MintArgs) -> Result<Prepared, Usage> {
    let version = match &args.fortios {
        None => NEWEST,
        Some(text) => {
            Version::parse_target(text).map_err(|error| Usage::new(format!("--fortios: {error}"), error.hint()))?
        }
    };
    check_device(args)?;
    let (asked, serial) = asked(args)?;
    let deliver = asked.request().map(|request| request.deliver.as_slice()).unwrap_or_default();
    let destinations = super::delivery::destinations(&args.delivery, deliver).map_err(Usage::of)?;
    let templates = super::request::templates(&args.request).map_err(Usage::of)?;
    Ok(Prepared { asked, serial, templates, destinations, version })
}

/// Flags that have no meaning for what the command is to be run on, and what it is to be run on.
fn check_device(args: &MintArgs) -> Result<(), Usage> {
    if args.sim {
        return Ok(());
    }
    let rehearsed = [("--fault", args.faults.is_empty()), ("--trap", args.traps.is_empty())];
    if let Some((flag, _)) = rehearsed.iter().find(|(_, absent)| !absent) {
        return Err(Usage::new(format!("{flag} is for the simulated device"), Some("add --sim".into())));
    }
    if args.dry_run {
        return Ok(());
    }
    let told = [("--fortios", args.fortios.is_none()), ("--vdom-mode", args.vdom_mode.is_none())];
    if let Some((flag, _)) = told.iter().find(|(_, absent)| !absent) {
        let message = format!("{flag} is for --dry-run and --sim: a device says itself what it is");
        return Err(Usage::new(message, Some("leave it out, or add --dry-run".into())));
    }
    match args.device {
        Some(_) => Ok(()),
        None => Err(no_device()),
    }
}

fn no_device() -> Usage {
    let hint = "fgtkey mint [USER@]HOST[:PORT] …, or fgtkey mint --sim to try it without a device";
    Usage::new("no device is named", Some(hint.into()))
}

fn request(args: &MintArgs) -> Result<Request, Usage> {
    let file = super::request::file(&args.request).map_err(Usage::of)?;
    let flags = super::request::flags(&args.request, args.consent.allow_weak);
    let is_bare = file.is_none() && flags == RequestFlags::default();
    let request = if args.sim && is_bare { Request::tutorial() } else { Request::from_parts(file, flags) };
    request.map_err(|error| Usage::new(&error, error.hint()))
}

/// What is asked for, and the serial number that the device must have: a saved plan is for one device only.
fn asked(args: &MintArgs) -> Result<(Asked, Option<String>), Usage> {
    let Some(path) = &args.from_plan else {
        let request = request(args)?;
        let serial = super::request::serial(&args.request, &request);
        return Ok((Asked::Request(Box::new(request)), serial));
    };
    let saved = saved(path)?;
    match &args.request.serial {
        Some(serial) if *serial != saved.serial => {
            Err(Usage::new(format!("--serial {serial}: the plan is for {}", saved.serial), None))
        }
        _ => {
            let serial = saved.serial.clone();
            Ok((Asked::Saved(Box::new(saved)), Some(serial)))
        }
    }
}

fn saved(path: &Path) -> Result<SavedPlan, Usage> {
    let place = format!("--from-plan {}", path.display());
    let text =
        std::fs::read_to_string(path).map_err(|error| Usage::new(format!("{place}: {}", with_causes(&error)), None))?;
    SavedPlan::parse(&text).map_err(|error| Usage::new(format!("{place}: {error}"), None))
}

fn dry_run(args: &MintArgs, prepared: &Prepared, reporter: &mut Reporter) -> Exit {
    let vdom_mode = match args.vdom_mode {
        None | Some(VdomModeArg::Single) => VdomMode::Disable,
        Some(VdomModeArg::Multi) => VdomMode::Multiple,
    };
    let Asked::Request(request) = &prepared.asked else { return Exit::Usage };
    match Mint::dry_run(request, prepared.version, vdom_mode, &prepared.templates) {
        Ok((plan, script)) => {
            reporter.dry_run(&plan, args.fortios.is_none() && args.vdom_mode.is_none());
            let exit = print(script.to_string().as_bytes());
            if exit == Exit::Done {
                reporter.pasting();
            }
            exit
        }
        Err(error) => {
            reporter.refused_request(&error);
            Exit::Usage
        }
    }
}

async fn mint(args: &MintArgs, prepared: Prepared, talk: &Talk, reporter: &mut Reporter) -> Exit {
    let format = args.delivery.format().unwrap_or(Format::Key);
    let verification = args.verify.verification(logging_in::within(&args.ssh));
    let custody = verification.and_then(|verification| {
        super::delivery::custody(&args.delivery, prepared.destinations.clone(), format, verification, args.sim)
    });
    let custody = match custody {
        Ok(custody) => custody,
        Err((message, hint)) => {
            reporter.bad_usage(&message, hint.as_deref());
            return Exit::Usage;
        }
    };
    let interrupt = super::interrupt::listen(talk.color);
    // Dropped at the end: the simulated device lives as long as the run.
    let (line, _device) = match line(args, &prepared, interrupt).await {
        Ok(line) => line,
        Err(usage) => {
            reporter.bad_usage(&usage.message, usage.hint.as_deref());
            return Exit::Usage;
        }
    };
    let device = line.endpoint.name.clone();
    let mint = Mint {
        line,
        asked: prepared.asked,
        transaction: args.transaction,
        consent: args.consent.consent(),
        templates: prepared.templates,
        custody,
    };
    if let Err(error) = mint.rehearse() {
        reporter.refused_request(&error);
        return Exit::Usage;
    }
    let mut recorded = match Recorded::new(reporter, talk.transcript.as_deref()) {
        Ok(recorded) => recorded,
        Err(error) => {
            reporter.bad_usage(&format!("--transcript: {error}"), None);
            return Exit::Usage;
        }
    };
    let exit = match mint.run(&mut recorded).await {
        Ok(Minted { record, verified }) => {
            recorded.reporter.doubtful(&device, &verified);
            print_keyless(&record, &mint.custody.destinations, args.delivery.format())
        }
        Err(failure) => recorded.reporter.failed(&device, &failure),
    };
    recorded.finish(exit)
}

async fn line(
    args: &MintArgs,
    prepared: &Prepared,
    interrupt: Interrupt,
) -> Result<(Line, Option<sim::Running>), Usage> {
    let within = logging_in::within(&args.ssh);
    if args.sim {
        let running = simulated(args, prepared).await?;
        let line = super::simulated::line(&running, within, interrupt);
        return Ok((Line { serial: prepared.serial.clone(), ..line }, Some(running)));
    }
    let text = args.device.as_deref().ok_or_else(no_device)?;
    let user = prepared.asked.request().and_then(|request| request.ssh_user.as_deref());
    let line = logging_in::line(&args.ssh, args.delivery.ssh_options(), text, user, interrupt).map_err(Usage::of)?;
    Ok((Line { serial: prepared.serial.clone(), ..line }, None))
}

async fn simulated(args: &MintArgs, prepared: &Prepared) -> Result<sim::Running, Usage> {
    let default = sim::SimOptions::default();
    let options = sim::SimOptions {
        version: if args.fortios.is_some() { prepared.version } else { default.version },
        vdom_mode: super::simulated::vdom_mode(args.vdom_mode),
        faults: args.faults.clone(),
        traps: args.traps.clone(),
        ..default
    };
    super::simulated::start(&options).await.map_err(|message| Usage::new(message, None))
}
