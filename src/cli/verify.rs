//! `fgtkey verify` from flags.

use crate::fortios::render::Templates;
use crate::report::verify::to_json;
use crate::report::{Exit, Reporter};
use crate::secret::Secret;
use crate::session::drive::Interrupt;
use crate::sim::Running;
use crate::verbs::console::Line;
use crate::verbs::verify::Verify;

use super::args::{JsonOrOption, Talk, VerifyCommand};
use super::transcript::Recorded;
use super::{Usage, block_on, check, key, logging_in, print, simulated};

pub(super) fn run(args: &VerifyCommand, talk: &Talk, reporter: &mut Reporter) -> Exit {
    block_on(reporter, async |reporter| verify(args, talk, reporter).await)
}

async fn verify(args: &VerifyCommand, talk: &Talk, reporter: &mut Reporter) -> Result<Exit, Usage> {
    let interrupt = super::interrupt::listen(talk.color);
    // Dropped at the end: the simulated device lives as long as the run.
    let (verify, _device) = prepared(args, interrupt).await?;
    let mut recorded = Recorded::new(reporter, talk.transcript.as_deref())?;
    let device = verify.line.endpoint.name.clone();
    let exit = match verify.run(&mut recorded).await {
        Err(failure) => recorded.reporter.failed(&device, &failure),
        Ok(proof) => {
            let json = args.output.contains(&JsonOrOption::Json);
            let printed = if json { print(to_json(&proof).as_bytes()) } else { Exit::Done };
            match recorded.reporter.proven(&device, &proof.verified, verify.verification.mode) {
                Exit::Done => printed,
                failed => failed,
            }
        }
    };
    Ok(recorded.finish(exit))
}

/// Everything that can be judged before anything is contacted.
async fn prepared(args: &VerifyCommand, interrupt: Interrupt) -> Result<(Verify, Option<Running>), Usage> {
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
        return Ok((Verify { line, templates, verification, api_user, key }, Some(running)));
    }
    check::check_flags(&args.simulated)?;
    let text = args.device.as_deref().ok_or_else(no_device)?;
    let line = logging_in::line(&args.ssh, check::options_of(&args.output), text, None, interrupt)?;
    let key = key_of(args, &line)?.ok_or_else(no_key)?;
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
