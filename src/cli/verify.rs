//! `fgtkey verify` from flags.

use std::collections::HashMap;
use std::sync::Arc;

use crate::fortios::render::Templates;
use crate::report::verify::to_json;
use crate::report::{Exit, Reporter};
use crate::secret::Secret;
use crate::session::drive::Interrupt;
use crate::sim::Running;
use crate::verbs::console::Line;
use crate::verbs::verification::Mode;
use crate::verbs::verify::{Proof, Verify};

use super::args::{JsonOrOption, Talk, VerifyCommand};
use super::devices::{self, Device};
use super::fleet::{self, Fleet, Shared};
use super::logging_in::{self, Ways};
use super::transcript::Recorded;
use super::{Usage, block_on, check, ended, key, print, simulated};

pub(super) fn run(args: &VerifyCommand, talk: &Talk, reporter: &mut Reporter) -> Exit {
    let done = devices::choose(&args.devices, &args.fleet, reporter).and_then(|chosen| {
        if chosen.is_fleet {
            return fleet(args, &chosen.devices, talk);
        }
        Ok(block_on(reporter, async |reporter| verify(args, chosen.only(), talk, reporter).await))
    });
    ended(done, reporter)
}

async fn verify(
    args: &VerifyCommand,
    device: Option<&Device>,
    talk: &Talk,
    reporter: &mut Reporter,
) -> Result<Exit, Usage> {
    let interrupt = super::interrupt::listen(talk.color);
    // Dropped at the end: the simulated device lives as long as the run.
    let (verify, _device) = prepared(args, device, interrupt).await?;
    let mut recorded = Recorded::new(reporter, talk.transcript.as_deref())?;
    let device = verify.line.endpoint.name.clone();
    let exit = match verify.run(&mut recorded).await {
        Err(failure) => recorded.reporter.failed(&device, &failure),
        Ok(proof) => told(args, &device, &proof, verify.verification.mode, recorded.reporter),
    };
    Ok(recorded.finish(exit))
}

fn told(args: &VerifyCommand, device: &str, proof: &Proof, mode: Mode, reporter: &mut Reporter) -> Exit {
    let json = args.output.contains(&JsonOrOption::Json);
    let printed = if json { print(to_json(proof).as_bytes()) } else { Exit::Done };
    match reporter.proven(device, &proof.verified, mode) {
        Exit::Done => printed,
        failed => failed,
    }
}

/// Many devices: the key of each is read from where it was delivered to.
fn fleet(args: &VerifyCommand, devices: &[Device], talk: &Talk) -> Result<Exit, Usage> {
    if !key::is_of_each_device(&args.key) {
        let hint = "--from DESTINATION with {{ device.name }} in it, as in --to";
        return Err(("the key of one device is not that of another".into(), Some(hint.into())));
    }
    let templates = Templates::embedded().map_err(|error| (error.to_string(), error.hint()))?;
    let verification = args.verify.verification(logging_in::within(&args.ssh))?;
    let mode = verification.mode;
    let shared = Shared::new(devices, |_| Ok(()))?;
    fleet::running(talk, async |interrupt| {
        let ways = Ways::new(&args.ssh, check::options_of(&args.output), interrupt.clone())?;
        let lines = shared.lines(devices, &ways, |(): &()| None, |(): &(), _| Ok(()))?;
        let keys = lines.iter().map(|line| key_of(args, line)?.ok_or_else(no_key));
        let keys: Vec<Arc<Secret>> = keys.map(|key| key.map(Arc::new)).collect::<Result<_, Usage>>()?;
        let run = fleet::Asked::looking(&args.fleet, "verify", devices, talk)?
            .in_json(args.output.contains(&JsonOrOption::Json));
        let by_name: HashMap<String, Arc<Secret>> =
            lines.iter().map(|line| line.endpoint.name.clone()).zip(keys).collect();
        let verifies = Fleet::new(devices, &shared, lines, |line: Line, (): &()| {
            let key = by_name.get(&line.endpoint.name)?.clone();
            let (templates, verification) = (templates.clone(), verification.clone());
            Some(Verify { line, templates, verification, api_user: args.api_user.clone(), key })
        });
        let mut tell = |at: usize, proof: Proof, reporter: &mut Reporter| match devices.get(at) {
            Some(device) => told(args, device.name(), &proof, mode, reporter),
            None => Exit::Failed,
        };
        Ok(fleet::each(&verifies, run, talk, interrupt, &mut tell).await)
    })
}

/// Everything that can be judged before anything is contacted.
async fn prepared(
    args: &VerifyCommand,
    device: Option<&Device>,
    interrupt: Interrupt,
) -> Result<(Verify, Option<Running>), Usage> {
    let templates = Templates::embedded().map_err(|error| (error.to_string(), error.hint()))?;
    let within = logging_in::within(&args.ssh);
    let verification = args.verify.verification(within)?;
    let mut api_user = args.api_user.clone();
    if args.sim {
        let running = simulated::start(&check::options(&args.simulated)?).await?;
        let line = simulated::line(&running, within, interrupt);
        let key = match key_of(args, &line)? {
            Some(key) => key,
            None => {
                api_user.get_or_insert_with(|| simulated::API_USER.to_owned());
                simulated::key(&running).ok_or_else(|| ("--sim: the simulated device made no key".into(), None))?
            }
        };
        return Ok((Verify { line, templates, verification, api_user, key: Arc::new(key) }, Some(running)));
    }
    check::check_flags(&args.simulated)?;
    let ways = Ways::new(&args.ssh, check::options_of(&args.output), interrupt)?;
    let line = ways.line(device.ok_or_else(no_device)?, None)?;
    let key = Arc::new(key_of(args, &line)?.ok_or_else(no_key)?);
    Ok((Verify { line, templates, verification, api_user, key }, None))
}

fn key_of(args: &VerifyCommand, line: &Line) -> Result<Option<Secret>, Usage> {
    key::read(&args.key, &line.device())
}

fn no_device() -> Usage {
    let hint = "fgtkey verify [USER@]HOST[:PORT] --from dotenv:PATH, or fgtkey verify --sim to try it without a device";
    ("no device is named".into(), Some(hint.into()))
}

fn no_key() -> Usage {
    (
        "no key is given".into(),
        Some("--from DESTINATION, as in --to; --key-file FILE, or --key-file - for stdin".into()),
    )
}
