//! `fgtkey audit` from flags.

use std::io::Write;
use std::path::Path;

use jiff::Timestamp;

use crate::fortios::audit::{Known, Policy};
use crate::fortios::render::Templates;
use crate::fortios::request::{Request, RequestFlags};
use crate::report::audit::{DeviceView, Unaudited, to_html, to_json, to_sarif, to_table};
use crate::report::{Exit, Reporter, with_causes};
use crate::session::drive::Interrupt;
use crate::sim::Running;
use crate::verbs::audit::{Audit, Audited};
use crate::verbs::console::Line;
use crate::verbs::failure::Failure;

use super::args::{AuditArgs, Form, Talk};
use super::draft::Draft;
use super::transcript::Recorded;
use super::{check, ended, logging_in, print, request, runtime, simulated, terminal};

/// What is wrong with the command line, and what to type instead.
type Usage = (String, Option<String>);

pub(super) fn run(args: &AuditArgs, talk: &Talk, reporter: &mut Reporter) -> Exit {
    match runtime() {
        Ok(runtime) => runtime.block_on(audit(args, talk, reporter)),
        Err(error) => {
            reporter.error(None, &error);
            Exit::Failed
        }
    }
}

async fn audit(args: &AuditArgs, talk: &Talk, reporter: &mut Reporter) -> Exit {
    let interrupt = super::interrupt::listen(talk.color);
    let asked = match prepared(args, interrupt).await {
        Ok(asked) => asked,
        Err(usage) => return ended(Err(usage), reporter),
    };
    let mut recorded = match Recorded::new(reporter, talk.transcript.as_deref()) {
        Ok(recorded) => recorded,
        Err(usage) => return ended(Err(usage), reporter),
    };
    recorded.reporter.align(asked.audits.iter().map(|audit| audit.line.endpoint.name.as_str()));
    let mut found = Found::default();
    for audit in &asked.audits {
        let name = &audit.line.endpoint.name;
        match audit.run(&mut recorded).await {
            Ok(audited) => found.add(args, &asked, &audited),
            Err(failure) => {
                let exit = recorded.reporter.failed(name, &failure);
                if exit == Exit::Interrupted {
                    return recorded.finish(exit);
                }
                found.unaudited.push(unaudited(name, &failure));
            }
        }
    }
    let exit = told(args, asked.page, talk, &found, recorded.reporter);
    recorded.finish(exit)
}

/// Everything that can be judged before anything is contacted.
struct Asked {
    audits: Vec<Audit>,
    /// Proven writable.
    page: Option<Draft>,
    /// For the lines that mend.
    templates: Templates,
    /// The simulated device lives as long as the run.
    _device: Option<Running>,
}

/// What all devices told.
#[derive(Default)]
struct Found {
    views: Vec<DeviceView>,
    unaudited: Vec<Unaudited>,
    /// Whether there is a finding that the operator wants to fail on.
    fails: bool,
}

impl Found {
    fn add(&mut self, args: &AuditArgs, asked: &Asked, audited: &Audited) {
        self.fails |= audited.audit.reaches(args.fail_on);
        self.views.push(DeviceView::of(audited, &asked.templates));
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

fn unaudited(device: &str, failure: &Failure) -> Unaudited {
    Unaudited { device: device.to_owned(), reason: with_causes(&failure.error) }
}

/// Prints what was found and writes the page; the exit status of the whole.
fn told(args: &AuditArgs, page: Option<Draft>, talk: &Talk, found: &Found, reporter: &mut Reporter) -> Exit {
    let views = &found.views;
    let text = match args.form() {
        Some(Form::Json) => views.iter().map(to_json).collect(),
        Some(Form::Sarif) => to_sarif(views, &found.unaudited),
        None => {
            let terminal = terminal::stdout(talk.color);
            views.iter().map(|view| to_table(view, terminal)).collect::<Vec<_>>().join("\n")
        }
    };
    if let Some((page, path)) = page.zip(args.html.as_deref()) {
        let path = path.display().to_string();
        if let Err(error) = write(page, found) {
            reporter.bad_usage(&format!("--html: {path}: {error}"), None);
            return Exit::Failed;
        }
        reporter.page_written(&path);
    }
    match print(text.as_bytes()) {
        Exit::Done => found.exit(),
        exit => exit,
    }
}

async fn prepared(args: &AuditArgs, interrupt: Interrupt) -> Result<Asked, Usage> {
    let templates = || Templates::embedded().map_err(|error| (error.to_string(), error.hint()));
    let policy = policy(args)?;
    let page = args.html.as_deref().map(|path| Draft::reserve("--html", path)).transpose()?;
    let (lines, device) = lines(args, interrupt).await?;
    let audits = lines.into_iter().map(|line| Ok(Audit { line, templates: templates()?, policy: policy.clone() }));
    Ok(Asked { audits: audits.collect::<Result<_, Usage>>()?, page, templates: templates()?, _device: device })
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

/// The ways to the devices, each named once.
async fn lines(args: &AuditArgs, interrupt: Interrupt) -> Result<(Vec<Line>, Option<Running>), Usage> {
    if args.sim {
        let options = check::options(&args.simulated)?;
        let running = simulated::start(&options).await?;
        simulated::weak_users(&running);
        let line = simulated::line(&running, logging_in::within(&args.ssh), interrupt);
        return Ok((vec![line], Some(running)));
    }
    check::check_flags(&args.simulated)?;
    if args.devices.is_empty() {
        let hint = "fgtkey audit [USER@]HOST[:PORT], or fgtkey audit --sim to try it without a device";
        return Err(("no device is named".into(), Some(hint.into())));
    }
    let line = |device: &String| logging_in::line(&args.ssh, args.ssh_options(), device, None, interrupt.clone());
    Ok((args.devices.iter().map(line).collect::<Result<_, Usage>>()?, None))
}

/// Fills the page and puts it into place.
fn write(mut page: Draft, found: &Found) -> Result<(), String> {
    let html = to_html(&found.views, &found.unaudited, Timestamp::now()).map_err(|error| error.to_string())?;
    let written = page.write_all(html.as_bytes()).and_then(|()| page.place());
    written.map_err(|error| with_causes(&error))
}
