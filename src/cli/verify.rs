//! `fgtkey verify` from flags.

use crate::deliver::Device;
use crate::fortios::render::Templates;
use crate::report::verify::to_json;
use crate::report::{Exit, Reporter, with_causes};
use crate::secret::Secret;
use crate::session::drive::Interrupt;
use crate::sim::Running;
use crate::ssh::DialError;
use crate::verbs::console::Line;
use crate::verbs::verify::Verify;

use super::args::{JsonOrOption, Talk, VerifyCommand};
use super::transcript::Recorded;
use super::{check, key, logging_in, print, runtime, simulated};

/// What is wrong with the command line, and what to type instead.
type Usage = (String, Option<String>);

pub(super) fn run(args: &VerifyCommand, talk: &Talk, reporter: &mut Reporter) -> Exit {
    match runtime() {
        Ok(runtime) => runtime.block_on(verify(args, talk, reporter)),
        Err(error) => {
            reporter.error(None, &error);
            Exit::Failed
        }
    }
}

async fn verify(args: &VerifyCommand, talk: &Talk, reporter: &mut Reporter) -> Exit {
    let interrupt = super::interrupt::listen(talk.color);
    // Dropped at the end: the simulated device lives as long as the run.
    let (verify, _device) = match prepared(args, interrupt).await {
        Ok(prepared) => prepared,
        Err((message, hint)) => {
            reporter.bad_usage(&message, hint.as_deref());
            return Exit::Usage;
        }
    };
    let mut recorded = match Recorded::new(reporter, talk.transcript.as_deref()) {
        Ok(recorded) => recorded,
        Err(error) => {
            reporter.bad_usage(&format!("--transcript: {error}"), None);
            return Exit::Usage;
        }
    };
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
    recorded.finish(exit)
}

/// Everything that can be judged before anything is contacted.
async fn prepared(args: &VerifyCommand, interrupt: Interrupt) -> Result<(Verify, Option<Running>), Usage> {
    let templates = Templates::embedded().map_err(|error| (error.to_string(), error.hint()))?;
    let within = logging_in::within(&args.ssh);
    let verification = args.verify.verification(within)?;
    let mut api_user = args.api_user.clone();
    if args.sim {
        let running = simulated::start(&check::options(&args.simulated)?).await.map_err(|message| (message, None))?;
        let (dial, endpoint) = simulated::login(&running, within);
        let line = Line { dial, endpoint, within, interrupt, simulated: true, serial: None };
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
    logging_in::check_files(&args.ssh).map_err(|message| (message, None))?;
    let usage = |error: DialError| (with_causes(&error), error.hint());
    let dial = logging_in::dial(&args.ssh, check::options_of(&args.output)).map_err(usage)?;
    let endpoint = dial.endpoint(text, args.ssh.user.as_deref(), None).map_err(usage)?;
    let line = Line { dial, endpoint, within, interrupt, simulated: false, serial: None };
    let key = key_of(args, &line)?.ok_or_else(no_key)?;
    Ok((Verify { line, templates, verification, api_user, key }, None))
}

fn key_of(args: &VerifyCommand, line: &Line) -> Result<Option<Secret>, Usage> {
    let device = Device { name: line.endpoint.name.clone(), address: line.endpoint.host.clone() };
    key::read(&args.key, &device)
}

fn no_device() -> Usage {
    let hint = "fgtkey verify [USER@]HOST[:PORT] --from dotenv:PATH, or fgtkey verify --sim to try it without a device";
    ("no device is named".into(), Some(hint.into()))
}

fn no_key() -> Usage {
    (
        "no key is given".into(),
        Some("--from file:PATH, --from dotenv:PATH, --key-file FILE, or --key-file - for stdin".into()),
    )
}
