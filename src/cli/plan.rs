//! `fgtkey plan` from flags.

use std::io::Write;

use crate::fortios::request::{Request, RequestFlags};
use crate::report::plan::{to_json, to_text};
use crate::report::{Exit, Reporter, with_causes};
use crate::session::drive::Interrupt;
use crate::sim::Running;
use crate::verbs::console::Line;
use crate::verbs::plan::{Compare, Compared};

use super::args::{JsonOrOption, PlanArgs, Talk};
use super::check::{check_flags, options, options_of};
use super::draft::Draft;
use super::transcript::Recorded;
use super::{Usage, block_on, logging_in, print, request, simulated};

pub(super) fn run(args: &PlanArgs, talk: &Talk, reporter: &mut Reporter) -> Exit {
    block_on(reporter, async |reporter| plan(args, talk, reporter).await)
}

async fn plan(args: &PlanArgs, talk: &Talk, reporter: &mut Reporter) -> Result<Exit, Usage> {
    let request = asked(args)?;
    let templates = request::templates(&args.request)?;
    let out = args.out.as_deref().map(|path| Draft::reserve("--out", path)).transpose()?;
    let interrupt = super::interrupt::listen(talk.color);
    // Dropped at the end: the simulated device lives as long as the run.
    let (line, _device) = line(args, &request, interrupt).await?;
    let compare = Compare { line, request, consent: args.consent.consent(), templates };
    let mut recorded = Recorded::new(reporter, talk.transcript.as_deref())?;
    let exit = match compare.run(&mut recorded).await {
        Err(failure) => recorded.reporter.failed(&compare.line.endpoint.name, &failure),
        Ok(compared) => told(args, talk, out, (&compare, &compared), recorded.reporter),
    };
    Ok(recorded.finish(exit))
}

fn asked(args: &PlanArgs) -> Result<Request, Usage> {
    let file = request::file(&args.request)?;
    let flags = request::flags(&args.request, args.consent.allow_weak);
    let is_bare = file.is_none() && flags == RequestFlags::default();
    let request = if args.sim && is_bare { Request::tutorial() } else { Request::from_parts(file, flags) };
    request.map_err(|error| (error.to_string(), error.hint()))
}

async fn line(args: &PlanArgs, request: &Request, interrupt: Interrupt) -> Result<(Line, Option<Running>), Usage> {
    let serial = request::serial(&args.request, request);
    if args.sim {
        let running = simulated::start(&options(&args.simulated)?).await?;
        let line = simulated::line(&running, logging_in::within(&args.ssh), interrupt);
        return Ok((Line { serial, ..line }, Some(running)));
    }
    check_flags(&args.simulated)?;
    let text = args.device.as_deref().ok_or_else(no_device)?;
    let ssh = options_of(&args.output);
    let line = logging_in::line(&args.ssh, ssh, text, request.ssh_user.as_deref(), interrupt)?;
    Ok((Line { serial, ..line }, None))
}

fn no_device() -> Usage {
    let hint = "fgtkey plan [USER@]HOST[:PORT] -r FILE, or fgtkey plan --sim to try it without a device";
    ("no device is named".into(), Some(hint.into()))
}

/// What was found, on stdout and into the file.
fn told(
    args: &PlanArgs,
    talk: &Talk,
    out: Option<Draft>,
    (compare, compared): (&Compare, &Compared),
    reporter: &mut Reporter,
) -> Exit {
    let text = if args.cli {
        match compared.script(&compare.templates) {
            Ok(script) => script.to_string(),
            Err(error) => {
                reporter.error(Some(&compared.device), &error);
                return Exit::Failed;
            }
        }
    } else if args.output.contains(&JsonOrOption::Json) {
        to_json(compared)
    } else {
        to_text(compared, talk.color.on_stdout())
    };
    if let Some(mut draft) = out
        && let Err(error) = draft.write_all(compared.to_saved().to_json().as_bytes()).and_then(|()| draft.place())
    {
        reporter.bad_usage(&format!("--out: {}", with_causes(&error)), None);
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
