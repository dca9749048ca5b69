//! `fgtkey audit` from flags.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::fleet::outcome::Outcome;
use crate::fortios::audit::{Known, Policy};
use crate::fortios::render::Templates;
use crate::fortios::request::{Request, RequestFlags};
use crate::report::audit::{DeviceView, Unaudited, to_html, to_json, to_sarif, to_table};
use crate::report::{Exit, Reporter, Verbosity, words};
use crate::session::drive::Interrupt;
use crate::sim::Running;
use crate::verbs::audit::{Audit, Audited};
use crate::verbs::console::Line;

use super::args::{AuditArgs, Form, Talk};
use super::devices::{self, Device};
use super::fleet::{self, Fleet, Shared};
use super::logging_in::{self, Ways};
use super::page::Page;
use super::transcript::Recorded;
use super::{Usage, block_on, check, ended, print, request, simulated, terminal};

pub(super) fn run(args: &AuditArgs, talk: &Talk, reporter: &mut Reporter) -> Exit {
    let done = devices::choose(&args.devices, &args.fleet, reporter).and_then(|chosen| {
        let read = Read::flags(args)?;
        if chosen.is_fleet {
            return fleet(args, read, &chosen.devices, talk);
        }
        Ok(block_on(reporter, async |reporter| audit(args, chosen.only(), read, talk, reporter).await))
    });
    ended(done, reporter)
}

/// Everything that can be judged before anything is contacted.
struct Read {
    policy: Policy,
    /// Proven writable.
    page: Option<Page>,
    templates: Templates,
}

impl Read {
    fn flags(args: &AuditArgs) -> Result<Read, Usage> {
        let templates = Templates::embedded().map_err(|error| (error.to_string(), error.hint()))?;
        let page = args.html.as_deref().map(|path| Page::reserve("--html", path)).transpose()?;
        Ok(Read { policy: policy(args)?, page, templates })
    }

    fn audit(&self, line: Line) -> Audit {
        Audit { line, templates: self.templates.clone(), policy: self.policy.clone() }
    }
}

async fn audit(
    args: &AuditArgs,
    device: Option<&Device>,
    read: Read,
    talk: &Talk,
    reporter: &mut Reporter,
) -> Result<Exit, Usage> {
    let interrupt = super::interrupt::listen(talk.color);
    // Dropped at the end: the simulated device lives as long as the run.
    let (line, _device) = line(args, device, interrupt).await?;
    let audit = read.audit(line);
    let mut recorded = Recorded::new(reporter, talk.transcript.as_deref())?;
    let name = &audit.line.endpoint.name;
    recorded.reporter.align([name.as_str()]);
    let mut found = Found::default();
    match audit.run(&mut recorded).await {
        Ok(audited) => drop(found.add(args, 0, DeviceView::of(&audited, &read.templates), &audited)),
        Err(failure) => {
            let exit = recorded.reporter.failed(name, &failure);
            if exit == Exit::Interrupted {
                return Ok(recorded.finish(exit));
            }
            found.unaudited.push(Unaudited { device: name.clone(), reason: words(&failure.error) });
        }
    }
    let exit = told(args, read.page, talk, found, recorded.reporter);
    Ok(recorded.finish(exit))
}

/// Many devices: what was found is printed at the end, in the order of the inventory.
fn fleet(args: &AuditArgs, read: Read, devices: &[Device], talk: &Talk) -> Result<Exit, Usage> {
    let shared = Shared::new(devices, |_| Ok(()))?;
    fleet::running(talk, async |interrupt| {
        let ways = Ways::new(&args.ssh, args.ssh_options(), interrupt.clone())?;
        let lines = shared.lines(devices, &ways, |(): &()| None, |(): &(), _| Ok(()))?;
        let run = fleet::Asked::looking(&args.fleet, "audit", devices, talk)?;
        let audits = Fleet::new(devices, &shared, lines, |line, (): &()| Some(read.audit(line)));
        let mut found = Found::default();
        let mut tell = |at: usize, audited: Audited, _: &mut Reporter| {
            found.add(args, at, DeviceView::of(&audited, &read.templates), &audited)
        };
        let (exit, progress) = fleet::watched(&audits, run, talk, interrupt, &mut tell).await;
        let failed = progress.outcomes().filter(|outcome| !outcome.end.is_done());
        let reason = |outcome: &Outcome| outcome.message.clone().unwrap_or_else(|| outcome.end.name().to_owned());
        let unaudited = failed.map(|outcome| Unaudited { device: outcome.device.clone(), reason: reason(outcome) });
        found.unaudited.extend(unaudited);
        let mut reporter = Reporter::stderr(talk.color, Verbosity::new(talk.quiet, talk.verbose));
        let told = told(args, read.page, talk, found, &mut reporter);
        Ok(if exit == Exit::Interrupted { exit } else { told })
    })
}

/// What all devices told.
#[derive(Default)]
struct Found {
    /// By their numbers.
    views: BTreeMap<usize, DeviceView>,
    unaudited: Vec<Unaudited>,
    /// Whether there is a finding that the operator wants to fail on.
    fails: bool,
}

impl Found {
    fn add(&mut self, args: &AuditArgs, at: usize, view: DeviceView, audited: &Audited) -> Exit {
        let fails = audited.audit.reaches(args.fail_on);
        self.fails |= fails;
        self.views.insert(at, view);
        if fails { Exit::Differs } else { Exit::Done }
    }

    fn exit(&self) -> Exit {
        match (self.views.is_empty(), self.unaudited.is_empty()) {
            (true, _) => Exit::Failed,
            (false, false) => Exit::Partly,
            (false, true) if self.fails => Exit::Differs,
            (false, true) => Exit::Done,
        }
    }
}

/// Prints what was found and writes the page; the exit status of the whole.
fn told(args: &AuditArgs, page: Option<Page>, talk: &Talk, found: Found, reporter: &mut Reporter) -> Exit {
    let exit = found.exit();
    let Found { views, unaudited, .. } = found;
    let views: Vec<DeviceView> = views.into_values().collect();
    let text = match args.form() {
        Some(Form::Json) => views.iter().map(to_json).collect(),
        Some(Form::Sarif) => to_sarif(&views, &unaudited),
        None => {
            let terminal = terminal::stdout(talk.color);
            views.iter().map(|view| to_table(view, terminal)).collect::<Vec<_>>().join("\n")
        }
    };
    if let Some(page) = page {
        let path = page.path().display().to_string();
        let html = to_html(&views, &unaudited, Timestamp::now()).map_err(|error| error.to_string());
        if let Err(error) = html.and_then(|html| page.write(&html)) {
            reporter.bad_usage(&format!("--html: {error}"), None);
            return Exit::Failed;
        }
        reporter.page_written(&path);
    }
    match print(text.as_bytes()) {
        Exit::Done => exit,
        failed => failed,
    }
}

fn policy(args: &AuditArgs) -> Result<Policy, Usage> {
    let mut known = Known::default();
    for path in &args.requests {
        let file = request::read(path)?;
        let request = Request::from_parts(Some(file), RequestFlags { allow_weak: true, ..RequestFlags::default() });
        let request = request.map_err(|error| (format!("{}: {error}", path.display()), error.hint()))?;
        known.add(request.api_user.name.as_str());
    }
    Ok(Policy {
        widest_ipv4: args.widest.0,
        widest_ipv6: args.widest_ipv6.0,
        known: (!args.requests.is_empty()).then_some(known),
        gui_closed: args.gui_closed,
    })
}

/// The way to the device, or to one that is simulated for as long as it is held.
async fn line(
    args: &AuditArgs,
    device: Option<&Device>,
    interrupt: Interrupt,
) -> Result<(Line, Option<Running>), Usage> {
    if args.sim {
        let options = check::options(&args.simulated)?;
        let running = simulated::start(&options).await?;
        simulated::weak_users(&running);
        let line = simulated::line(&running, logging_in::within(&args.ssh), interrupt);
        return Ok((line, Some(running)));
    }
    check::check_flags(&args.simulated)?;
    let ways = Ways::new(&args.ssh, args.ssh_options(), interrupt)?;
    Ok((ways.line(device.ok_or_else(no_device)?, None)?, None))
}

fn no_device() -> Usage {
    let hint = "fgtkey audit [USER@]HOST[:PORT], or fgtkey audit --sim to try it without a device";
    ("no device is named".into(), Some(hint.into()))
}
