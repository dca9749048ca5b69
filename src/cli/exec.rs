//! `fgtkey exec` from flags.

use std::io;

use crate::deliver::Destination;
use crate::report::{Exit, Reporter, with_causes};
use crate::verbs::exec::{Exec, Ran};
use crate::verbs::get::Get;
use crate::verbs::mint::Errand;
use crate::verbs::program::{Program, ProgramError};
use crate::verbs::{Event, Observer, exec};

use super::args::{ExecArgs, Talk};
use super::devices::{self, Chosen, Device};
use super::order::{self, Order, Prepared};
use super::transcript::Recorded;
use super::{Usage, block_on, ended, logging_in, runtime};

pub(super) fn run(args: &ExecArgs, talk: &Talk, reporter: &mut Reporter) -> Exit {
    let device = match device(args, reporter) {
        Ok(device) => device,
        Err(usage) => return ended(Err(usage), reporter),
    };
    let device = device.as_ref();
    // Before there is a key: a misspelt command must not cost one.
    let program = match Program::find(&args.command) {
        Ok(program) => program,
        Err(error) => return not_run(&error, reporter),
    };
    let done = match &args.from {
        Some(from) => fetched(args, from, &program, reporter),
        None => prepared(args, device).map(|(prepared, errand)| {
            let on = (device, prepared, errand);
            block_on(reporter, async |reporter| minted(args, on, program, talk, reporter).await)
        }),
    };
    ended(done, reporter)
}

/// A command has one device. With `--from`, it is a name for paths.
fn device(args: &ExecArgs, reporter: &mut Reporter) -> Result<Option<Device>, Usage> {
    let chosen = devices::choose(&args.order.devices, &args.order.fleet, reporter)?;
    Ok(chosen.one("exec")?.cloned())
}

fn not_run(error: &ProgramError, reporter: &mut Reporter) -> Exit {
    reporter.failure(None, error, &["no key was minted or read for it".into()], None);
    Exit::Command(error.status())
}

fn fetched(args: &ExecArgs, from: &Destination, program: &Program, reporter: &mut Reporter) -> Result<Exit, Usage> {
    let named = |text: &str| logging_in::named(args.order.ssh.ssh_config.clone(), text);
    let device = args.order.devices.first().map(|text| named(text)).transpose();
    let device = device.map_err(|error| (with_causes(&error), error.hint()))?;
    let name = device.as_ref().map(|device| device.name.clone());
    let access = match (Get { from: from.clone(), device }).access() {
        Ok(access) => access,
        Err(error) => {
            reporter.failure(None, &error, &[], error.hint().as_deref());
            return Ok(Exit::Failed);
        }
    };
    let name = name.unwrap_or_else(|| access.hostname.clone());
    reporter.on(&name, Event::Read { from: from.to_string() });
    let ran = runtime().and_then(|runtime| runtime.block_on(exec::run(program, access, &name, reporter)));
    Ok(match ran {
        Ok(ended) => Exit::Command(ended.status()),
        Err(error) => not_started(program, &error, reporter),
    })
}

/// What the system refuses at the last moment: a file that is no program, a file that has gone.
fn not_started(program: &Program, error: &io::Error, reporter: &mut Reporter) -> Exit {
    reporter.bad_usage(&format!("{}: {}", program.path.display(), with_causes(error)), None);
    Exit::Command(if error.kind() == io::ErrorKind::NotFound { 127 } else { 126 })
}

/// What is minted, and what for. Nobody would have a key that goes nowhere else and stays.
fn prepared(args: &ExecArgs, device: Option<&Device>) -> Result<(Prepared, Errand), Usage> {
    let lends = args.revoke_after || args.ttl.is_some();
    if args.order.delivery.format().is_some() {
        return Err(("-o: stdout is that of the command".into(), Some("leave it out".into())));
    }
    let chosen = Chosen { devices: device.cloned().into_iter().collect(), is_fleet: false };
    let mut prepared = Order::read(&args.order, &chosen, "exec", false)?.of(device)?;
    if lends {
        // What goes with the command is for nobody else.
        prepared.destinations.clear();
        return Ok((prepared, Errand::Lend { ttl: args.ttl }));
    }
    if prepared.destinations.iter().any(Destination::is_stdout) {
        return Err((
            "--to stdout: stdout is that of the command".into(),
            Some("--revoke-after, or --to file:PATH".into()),
        ));
    }
    if prepared.destinations.is_empty() {
        let hint = "--revoke-after takes it away behind the command, --to keeps it, --from reads one that is there";
        return Err(("nobody would have the key once the command has ended".into(), Some(hint.into())));
    }
    Ok((prepared, Errand::Run))
}

async fn minted(
    args: &ExecArgs,
    (device, prepared, errand): (Option<&Device>, Prepared, Errand),
    program: Program,
    talk: &Talk,
    reporter: &mut Reporter,
) -> Result<Exit, Usage> {
    let (interrupt, listener) = super::interrupt::listening(talk.color);
    // Dropped at the end: the simulated device lives as long as the run.
    let (mint, _device) = order::mint(&args.order, device, prepared, errand, interrupt).await?;
    let exec = Exec::new(mint, program.clone());
    let device = exec.mint().line.endpoint.name.clone();
    let mut recorded = Recorded::new(reporter, talk.transcript.as_deref())?;
    let exit = match exec.lease(&mut recorded).await {
        Ok(lease) => {
            recorded.reporter.doubtful(&device, &lease.verified);
            // From here on signals are the command's, and nothing keeps us from tidying up behind it.
            listener.abort();
            let ran = exec.run(lease, &mut recorded).await;
            exit(ran, &program, &device, recorded.reporter)
        }
        Err(failure) => recorded.reporter.failed(&device, &failure),
    };
    Ok(recorded.finish(exit))
}

/// An access that is still there is worse than whatever the command did.
fn exit(ran: Ran, program: &Program, device: &str, reporter: &mut Reporter) -> Exit {
    let ended = match ran.ended {
        Ok(Some(ended)) => Exit::Command(ended.status()),
        Ok(None) => Exit::Interrupted,
        Err(error) => not_started(program, &error, reporter),
    };
    match ran.revoked {
        Ok(()) => ended,
        Err(failure) => reporter.failed(device, &failure),
    }
}
