//! `fgtkey plan` from flags.

use std::collections::BTreeMap;

use crate::fortios::render::Templates;
use crate::fortios::request::{Request, RequestFile, RequestFlags};
use crate::report::plan::{to_json, to_text};
use crate::report::{Exit, Reporter};
use crate::session::drive::Interrupt;
use crate::sim::Running;
use crate::verbs::console::Line;
use crate::verbs::plan::{Compare, Compared};

use super::args::{JsonOrOption, PlanArgs, Talk};
use super::check::{check_flags, options, options_of};
use super::devices::{self, Device};
use super::fleet::{self, Fleet, Shared};
use super::logging_in::{self, Ways};
use super::page::Page;
use super::transcript::Recorded;
use super::{Usage, block_on, ended, print, request, simulated};

pub(super) fn run(args: &PlanArgs, talk: &Talk, reporter: &mut Reporter) -> Exit {
    let done = devices::choose(&args.devices, &args.fleet, reporter).and_then(|chosen| {
        let file = request::file(&args.request)?;
        let templates = request::templates(&args.request)?;
        if chosen.is_fleet {
            return fleet(args, file.as_ref(), &templates, &chosen.devices, talk);
        }
        let request = asked(args, file.as_ref(), chosen.only())?;
        Ok(block_on(reporter, async |reporter| plan(args, chosen.only(), (request, templates), talk, reporter).await))
    });
    ended(done, reporter)
}

async fn plan(
    args: &PlanArgs,
    device: Option<&Device>,
    (request, templates): (Request, Templates),
    talk: &Talk,
    reporter: &mut Reporter,
) -> Result<Exit, Usage> {
    let out = args.out.as_deref().map(|path| Page::reserve("--out", path)).transpose()?;
    let interrupt = super::interrupt::listen(talk.color);
    // Dropped at the end: the simulated device lives as long as the run.
    let (line, _device) = line(args, device, &request, interrupt).await?;
    let compare = compare(args, line, request, templates.clone());
    let mut recorded = Recorded::new(reporter, talk.transcript.as_deref())?;
    let exit = match compare.run(&mut recorded).await {
        Err(failure) => recorded.reporter.failed(&compare.line.endpoint.name, &failure),
        Ok(compared) => told(args, talk, out, (&templates, &compared), recorded.reporter),
    };
    Ok(recorded.finish(exit))
}

fn compare(args: &PlanArgs, line: Line, request: Request, templates: Templates) -> Compare {
    let serial = request::serial(&args.request, &request).or(line.serial.clone());
    Compare { line: Line { serial, ..line }, request, consent: args.consent.consent(), templates }
}

/// Many devices: what was found is printed at the end, in the order of the inventory.
fn fleet(
    args: &PlanArgs,
    file: Option<&RequestFile>,
    templates: &Templates,
    devices: &[Device],
    talk: &Talk,
) -> Result<Exit, Usage> {
    if let Some(flag) = single_flag(args) {
        return Err((format!("{flag} is for one device at a time"), Some("fgtkey plan DEVICE …".into())));
    }
    let shared = Shared::new(devices, |device| asked(args, file, Some(device)))?;
    fleet::running(talk, async |interrupt| {
        let ways = Ways::new(&args.ssh, options_of(&args.output), interrupt.clone())?;
        let lines = shared.lines(devices, &ways, |request| request.ssh_user.as_deref(), |_, _| Ok(()))?;
        let run = fleet::Asked::looking(&args.fleet, "plan", devices, talk)?
            .in_json(args.output.contains(&JsonOrOption::Json));
        let compares = Fleet::new(devices, &shared, lines, |line, request: &Request| {
            Some(compare(args, line, request.clone(), templates.clone()))
        });
        let mut texts = BTreeMap::new();
        let mut tell = |at: usize, compared: Compared, reporter: &mut Reporter| {
            texts.insert(at, text(args, talk, &compared));
            if compared.differences.is_empty() {
                return Exit::Done;
            }
            reporter.not_as_it_stands(&compared);
            Exit::Differs
        };
        let exit = fleet::each(&compares, run, talk, interrupt, &mut tell).await;
        Ok(fleet::printed(texts, exit))
    })
}

/// A flag that says what is to be done with what is found on one device.
fn single_flag(args: &PlanArgs) -> Option<&'static str> {
    let given = [("--cli", args.cli), ("--out", args.out.is_some()), ("--serial", args.request.serial.is_some())];
    given.into_iter().find(|(_, given)| *given).map(|(flag, _)| flag)
}

fn asked(args: &PlanArgs, file: Option<&RequestFile>, device: Option<&Device>) -> Result<Request, Usage> {
    let file = request::overlaid(file, device);
    let flags = request::flags(&args.request, args.consent.allow_weak);
    let is_bare = file.is_none() && flags == RequestFlags::default();
    let request = if args.sim && is_bare { Request::tutorial() } else { Request::from_parts(file, flags) };
    request.map_err(|error| (error.to_string(), error.hint()))
}

async fn line(
    args: &PlanArgs,
    device: Option<&Device>,
    request: &Request,
    interrupt: Interrupt,
) -> Result<(Line, Option<Running>), Usage> {
    if args.sim {
        let running = simulated::start(&options(&args.simulated)?).await?;
        let line = simulated::line(&running, logging_in::within(&args.ssh), interrupt);
        return Ok((line, Some(running)));
    }
    check_flags(&args.simulated)?;
    let ways = Ways::new(&args.ssh, options_of(&args.output), interrupt)?;
    Ok((ways.line(device.ok_or_else(no_device)?, request.ssh_user.as_deref())?, None))
}

fn text(args: &PlanArgs, talk: &Talk, compared: &Compared) -> String {
    let json = args.output.contains(&JsonOrOption::Json);
    if json { to_json(compared) } else { to_text(compared, talk.color.on_stdout()) }
}

fn no_device() -> Usage {
    let hint = "fgtkey plan [USER@]HOST[:PORT] -r FILE, or fgtkey plan --sim to try it without a device";
    ("no device is named".into(), Some(hint.into()))
}

/// What was found, on stdout and into the file.
fn told(
    args: &PlanArgs,
    talk: &Talk,
    out: Option<Page>,
    (templates, compared): (&Templates, &Compared),
    reporter: &mut Reporter,
) -> Exit {
    let text = if args.cli {
        match compared.script(templates) {
            Ok(script) => script.to_string(),
            Err(error) => {
                reporter.error(Some(&compared.device), &error);
                return Exit::Failed;
            }
        }
    } else {
        text(args, talk, compared)
    };
    if let Some(page) = out
        && let Err(error) = page.write(&compared.to_saved().to_json())
    {
        reporter.bad_usage(&format!("--out: {error}"), None);
        return Exit::Failed;
    }
    match print(text.as_bytes()) {
        Exit::Done if compared.differences.is_empty() => Exit::Done,
        Exit::Done => {
            reporter.not_as_it_stands(compared);
            Exit::Differs
        }
        exit => exit,
    }
}
