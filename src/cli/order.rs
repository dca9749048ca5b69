//! The flags of a mint, for the verbs that mint.

use std::path::Path;

use crate::deliver::{Destination, Format};
use crate::fortios::render::Templates;
use crate::fortios::request::{Request, RequestFlags};
use crate::fortios::saved_plan::SavedPlan;
use crate::fortios::transaction::Transaction;
use crate::fortios::version::{NEWEST, Version};
use crate::report::{refusal, with_causes};
use crate::session::drive::Interrupt;
use crate::sim;
use crate::verbs::console::Line;
use crate::verbs::mint::{Asked, Errand, Mint};

use super::args::OrderArgs;
use super::{Usage, logging_in};

/// Everything that can be judged before anything is contacted.
pub(super) struct Prepared {
    pub(super) asked: Asked,
    /// The serial number that the device must have.
    pub(super) serial: Option<String>,
    pub(super) transaction: Transaction,
    pub(super) templates: Templates,
    pub(super) destinations: Vec<Destination>,
    pub(super) version: Version,
}

/// Reads the flags of `verb` and what they name; `dry` is a run without a device.
pub(super) fn prepared(args: &OrderArgs, verb: &str, dry: bool) -> Result<Prepared, Usage> {
    let version = version(args)?;
    check_device(args, verb, dry)?;
    let request = request(args)?;
    let destinations = super::delivery::destinations(&args.delivery, &request.deliver)?;
    let templates = super::request::templates(&args.request)?;
    let serial = super::request::serial(&args.request, &request);
    let asked = Asked::Request(Box::new(request));
    Ok(Prepared { asked, serial, transaction: Transaction::Off, templates, destinations, version })
}

/// The same for a plan that was saved, which is for one device only.
pub(super) fn prepared_from(args: &OrderArgs, path: &Path) -> Result<Prepared, Usage> {
    let version = version(args)?;
    check_device(args, "mint", false)?;
    let saved = saved(path, args.consent.allow_weak)?;
    if let Some(serial) = args.request.serial.as_ref().filter(|serial| **serial != saved.serial) {
        return Err((format!("--serial {serial}: the plan is for {}", saved.serial), None));
    }
    let destinations = super::delivery::destinations(&args.delivery, &[])?;
    let templates = super::request::templates(&args.request)?;
    let serial = Some(saved.serial.clone());
    let asked = Asked::Saved(Box::new(saved));
    Ok(Prepared { asked, serial, transaction: Transaction::Off, templates, destinations, version })
}

fn saved(path: &Path, allow_weak: bool) -> Result<SavedPlan, Usage> {
    let place = format!("--from-plan {}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| (format!("{place}: {}", with_causes(&error)), None))?;
    let saved = SavedPlan::parse(&text);
    let checked = saved.and_then(|saved| if allow_weak { Ok(saved) } else { saved.check_weak().map(|()| saved) });
    checked.map_err(|error| (format!("{place}: {error}"), error.hint()))
}

/// The release of a run without a device, or of the simulated one.
pub(super) fn version(args: &OrderArgs) -> Result<Version, Usage> {
    let version = args.fortios.as_deref().map(Version::parse_target).transpose();
    Ok(version.map_err(|error| (format!("--fortios: {error}"), error.hint()))?.unwrap_or(NEWEST))
}

/// Flags that have no meaning for what the command is to be run on, and what it is to be run on.
pub(super) fn check_device(args: &OrderArgs, verb: &str, dry: bool) -> Result<(), Usage> {
    if args.sim {
        return Ok(());
    }
    let rehearsed = [("--fault", args.faults.is_empty()), ("--trap", args.traps.is_empty())];
    if let Some((flag, _)) = rehearsed.iter().find(|(_, absent)| !absent) {
        return Err((format!("{flag} is for the simulated device"), Some("add --sim".into())));
    }
    if dry {
        return Ok(());
    }
    let told = [("--fortios", args.fortios.is_none()), ("--vdom-mode", args.vdom_mode.is_none())];
    if let Some((flag, _)) = told.iter().find(|(_, absent)| !absent) {
        let message = format!("{flag} is for --dry-run and --sim: a device says itself what it is");
        let instead = if verb == "exec" { "--sim" } else { "--dry-run" };
        return Err((message, Some(format!("leave it out, or add {instead}"))));
    }
    match args.device {
        Some(_) => Ok(()),
        None => Err(no_device(verb)),
    }
}

fn no_device(verb: &str) -> Usage {
    let whose = if verb == "rotate" { "--api-user NAME" } else { "…" };
    let hint = format!("fgtkey {verb} [USER@]HOST[:PORT] {whose}, or fgtkey {verb} --sim to try it without a device");
    ("no device is named".into(), Some(hint))
}

fn request(args: &OrderArgs) -> Result<Request, Usage> {
    let file = super::request::file(&args.request)?;
    let flags = super::request::flags(&args.request, args.consent.allow_weak);
    let is_bare = file.is_none() && flags == RequestFlags::default();
    let request = if args.sim && is_bare { Request::tutorial() } else { Request::from_parts(file, flags) };
    request.map_err(|error| (error.to_string(), error.hint()))
}

/// The mint, and the simulated device, which lives as long as it is held.
pub(super) async fn mint(
    args: &OrderArgs,
    prepared: Prepared,
    errand: Errand,
    interrupt: Interrupt,
) -> Result<(Mint, Option<sim::Running>), Usage> {
    let verification = args.verify.verification(logging_in::within(&args.ssh))?;
    let format = args.delivery.format().unwrap_or(Format::Key);
    let destinations = prepared.destinations.clone();
    let custody = super::delivery::custody(&args.delivery, destinations, format, verification, args.sim)?;
    let user = prepared.asked.request().and_then(|request| request.ssh_user.as_deref());
    let (line, device) = line(args, prepared.version, user, interrupt).await?;
    let Prepared { asked, serial, transaction, templates, .. } = prepared;
    let line = Line { serial, ..line };
    let mint = Mint { line, asked, transaction, consent: args.consent.consent(), templates, custody, errand };
    mint.rehearse().map_err(|error| refusal(&error))?;
    Ok((mint, device))
}

/// The way to the device, or to one that is simulated for as long as it is held.
pub(super) async fn line(
    args: &OrderArgs,
    version: Version,
    default_user: Option<&str>,
    interrupt: Interrupt,
) -> Result<(Line, Option<sim::Running>), Usage> {
    if args.sim {
        let running = simulated(args, version).await?;
        let line = super::simulated::line(&running, logging_in::within(&args.ssh), interrupt);
        return Ok((line, Some(running)));
    }
    let text = args.device.as_deref().unwrap_or_default();
    Ok((logging_in::line(&args.ssh, args.delivery.ssh_options(), text, default_user, interrupt)?, None))
}

async fn simulated(args: &OrderArgs, version: Version) -> Result<sim::Running, Usage> {
    let default = sim::SimOptions::default();
    let options = sim::SimOptions {
        version: if args.fortios.is_some() { version } else { default.version },
        vdom_mode: super::simulated::vdom_mode(args.vdom_mode),
        faults: args.faults.clone(),
        traps: args.traps.clone(),
        ..default
    };
    super::simulated::start(&options).await
}
