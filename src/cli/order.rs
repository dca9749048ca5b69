//! The flags of a mint, for the verbs that mint.

use std::path::Path;
use std::sync::Arc;

use crate::deliver::{Destination, Format};
use crate::fortios::render::Templates;
use crate::fortios::request::{Request, RequestFile, RequestFlags};
use crate::fortios::saved_plan::SavedPlan;
use crate::fortios::transaction::Transaction;
use crate::fortios::version::{NEWEST, Version};
use crate::report::{refusal, with_causes};
use crate::session::drive::Interrupt;
use crate::sim;
use crate::verbs::console::Line;
use crate::verbs::custody::Custody;
use crate::verbs::mint::{Asked, Errand, Mint};

use super::args::OrderArgs;
use super::devices::{Chosen, Device};
use super::logging_in::Ways;
use super::{Usage, logging_in, request};

/// Everything that can be judged before anything is contacted.
#[derive(Clone)]
pub(super) struct Prepared {
    pub(super) asked: Asked,
    /// The serial number that the device must have.
    pub(super) serial: Option<String>,
    /// Who logs in, where the request says so and nobody else does.
    pub(super) ssh_user: Option<String>,
    pub(super) transaction: Transaction,
    pub(super) templates: Templates,
    pub(super) destinations: Vec<Destination>,
    pub(super) version: Version,
}

/// What is prepared for all devices of a command, and for each.
pub(super) struct Order<'a> {
    args: &'a OrderArgs,
    file: Option<RequestFile>,
    flags: RequestFlags,
    templates: Templates,
    version: Version,
}

impl<'a> Order<'a> {
    /// Reads the flags of `verb` and what they name; `dry` is a run without a device.
    pub(super) fn read(args: &'a OrderArgs, chosen: &Chosen, verb: &str, dry: bool) -> Result<Self, Usage> {
        let version = version(args)?;
        check_device(args, chosen, verb, dry)?;
        let file = request::file(&args.request)?;
        let flags = request::flags(&args.request, args.consent.allow_weak);
        Ok(Order { args, file, flags, templates: request::templates(&args.request)?, version })
    }

    /// For one device, or for none.
    pub(super) fn of(&self, device: Option<&Device>) -> Result<Prepared, Usage> {
        let request = self.request(device)?;
        let destinations = super::delivery::destinations(&self.args.delivery, &request.deliver)?;
        let serial = request::serial(&self.args.request, &request);
        let ssh_user = request.ssh_user.clone();
        Ok(Prepared {
            asked: Asked::Request(Arc::new(request)),
            serial,
            ssh_user,
            transaction: self.args.transaction,
            templates: self.templates.clone(),
            destinations,
            version: self.version,
        })
    }

    fn request(&self, device: Option<&Device>) -> Result<Request, Usage> {
        let file = request::overlaid(self.file.as_ref(), device);
        let is_bare = file.is_none() && self.flags == RequestFlags::default();
        let request =
            if self.args.sim && is_bare { Request::tutorial() } else { Request::from_parts(file, self.flags.clone()) };
        request.map_err(|error| (error.to_string(), error.hint()))
    }
}

/// The same for a plan that was saved, which is for one device only. What changes on the device is the plan's to say; of a
/// request beside it counts where the key goes, who logs in, and that it is for the same objects on the same device.
pub(super) fn prepared_from(args: &OrderArgs, chosen: &Chosen, path: &Path) -> Result<Prepared, Usage> {
    let version = version(args)?;
    chosen.one("mint --from-plan")?;
    check_device(args, chosen, "mint", false)?;
    let saved = saved(path, args.consent.allow_weak)?;
    let beside = super::request::file(&args.request)?;
    let beside =
        beside.map(|file| Request::from_parts(Some(file), RequestFlags { allow_weak: true, ..Default::default() }));
    let beside = beside.transpose().map_err(|error| (error.to_string(), error.hint()))?;
    check_serial(args.request.serial.as_deref(), &saved).map_err(|message| (format!("--serial {message}"), None))?;
    if let Some(request) = &beside {
        check_beside(request, &saved).map_err(|message| other_request(args, path, &message))?;
    }
    let deliver = beside.as_ref().map(|request| request.deliver.as_slice()).unwrap_or_default();
    let destinations = super::delivery::destinations(&args.delivery, deliver)?;
    let templates = request::templates(&args.request)?;
    let (serial, ssh_user) = (Some(saved.serial.clone()), beside.and_then(|request| request.ssh_user));
    let asked = Asked::Saved(Arc::new(saved));
    Ok(Prepared { asked, serial, ssh_user, transaction: args.transaction, templates, destinations, version })
}

fn check_serial(serial: Option<&str>, saved: &SavedPlan) -> Result<(), String> {
    match serial.filter(|serial| *serial != saved.serial) {
        Some(serial) => Err(format!("{serial}: the plan is for {}", saved.serial)),
        None => Ok(()),
    }
}

/// Whether a request is for what the plan is for.
fn check_beside(request: &Request, saved: &SavedPlan) -> Result<(), String> {
    check_serial(request.serial.as_deref(), saved).map_err(|message| format!("device.serial {message}"))?;
    let (user, profile) = (request.api_user.name.as_str(), request.profile.name().as_str());
    if user != saved.api_user {
        return Err(format!("api_user.name {user}: the plan is for {}", saved.api_user));
    }
    if profile != saved.profile {
        return Err(format!("profile.name {profile}: the plan is for {}", saved.profile));
    }
    Ok(())
}

fn other_request(args: &OrderArgs, path: &Path, message: &str) -> Usage {
    let file = args.request.request.as_deref().unwrap_or(Path::new("-r")).display();
    let again = format!("`fgtkey plan … -r {file} --out {}` makes a plan of this request", path.display());
    (format!("{file}: {message}"), Some(again))
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
pub(super) fn check_device(args: &OrderArgs, chosen: &Chosen, verb: &str, dry: bool) -> Result<(), Usage> {
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
    if chosen.devices.is_empty() && !chosen.is_fleet { Err(no_device(verb)) } else { Ok(()) }
}

fn no_device(verb: &str) -> Usage {
    let whose = if verb == "rotate" { "--api-user NAME" } else { "…" };
    let hint = format!("fgtkey {verb} [USER@]HOST[:PORT] {whose}, or fgtkey {verb} --sim to try it without a device");
    ("no device is named".into(), Some(hint))
}

/// The mint, and the simulated device, which lives as long as it is held.
pub(super) async fn mint(
    args: &OrderArgs,
    device: Option<&Device>,
    prepared: Prepared,
    errand: Errand,
    interrupt: Interrupt,
) -> Result<(Mint, Option<sim::Running>), Usage> {
    let custody = custody(args, &prepared.destinations, Format::Key)?;
    let (line, running) = line(args, device, prepared.version, prepared.ssh_user.as_deref(), interrupt).await?;
    let mint = minting(args, line, prepared, custody, errand);
    mint.rehearse().map_err(|error| refusal(&error))?;
    Ok((mint, running))
}

/// A mint on one device.
pub(super) fn minting(args: &OrderArgs, line: Line, prepared: Prepared, custody: Custody, errand: Errand) -> Mint {
    let Prepared { asked, serial, transaction, templates, .. } = prepared;
    let line = Line { serial: serial.or(line.serial.clone()), ..line };
    Mint { line, asked, transaction, consent: args.consent.consent(), templates, custody, errand }
}

/// Where the keys of a fleet go: each to a place of its own.
pub(super) fn fleet_custody(args: &OrderArgs, destinations: &[Destination]) -> Result<Custody, Usage> {
    if let Some(serial) = &args.request.serial {
        let hint = "the serial numbers of several devices stand in the inventory";
        return Err((format!("--serial {serial} is for one device"), Some(hint.into())));
    }
    check_apart(destinations)?;
    custody(args, destinations, Format::NameAndKey)
}

/// Each device's key needs a place of its own.
pub(super) fn check_apart(destinations: &[Destination]) -> Result<(), Usage> {
    let shared = |to: &&Destination| !to.names_device() && !to.is_stdout() && to.kind() != "exec";
    match destinations.iter().find(shared) {
        None => Ok(()),
        Some(to) => {
            let message = format!("{to}: the keys of several devices would be written over each other there");
            Err((message, Some("put {{ device.name }} into it".into())))
        }
    }
}

/// Where the key goes; `format`: what stdout carries where nothing is said.
pub(super) fn custody(args: &OrderArgs, destinations: &[Destination], format: Format) -> Result<Custody, Usage> {
    let verification = args.verify.verification(logging_in::within(&args.ssh))?;
    let format = args.delivery.format().unwrap_or(format);
    super::delivery::custody(&args.delivery, destinations.to_vec(), format, verification, args.sim)
}

/// The way to the device, or to one that is simulated for as long as it is held.
pub(super) async fn line(
    args: &OrderArgs,
    device: Option<&Device>,
    version: Version,
    default_user: Option<&str>,
    interrupt: Interrupt,
) -> Result<(Line, Option<sim::Running>), Usage> {
    match device {
        Some(device) if !args.sim => {
            let ways = Ways::new(&args.ssh, args.delivery.ssh_options(), interrupt)?;
            Ok((ways.line(device, default_user)?, None))
        }
        _ => {
            let running = simulated(args, version).await?;
            let line = super::simulated::line(&running, logging_in::within(&args.ssh), interrupt);
            Ok((line, Some(running)))
        }
    }
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
