//! `fgtkey exec` from flags.

use std::io;

use crate::deliver::{Destination, Device};
use crate::report::{Exit, Reporter, with_causes};
use crate::verbs::get::Get;
use crate::verbs::program::{Program, ProgramError};
use crate::verbs::{Event, Observer, exec};

use super::args::ExecArgs;
use super::{logging_in, runtime};

pub(super) fn run(args: &ExecArgs, reporter: &mut Reporter) -> Exit {
    let device = match args.device.as_deref().map(|text| logging_in::named(args.ssh_config.clone(), text)).transpose() {
        Ok(device) => device,
        Err(error) => {
            reporter.bad_usage(&with_causes(&error), error.hint().as_deref());
            return Exit::Usage;
        }
    };
    // Before there is a key: a misspelt command must not cost one.
    let program = match Program::find(&args.command) {
        Ok(program) => program,
        Err(error) => return not_run(&error, reporter),
    };
    fetched(&args.from, device, &program, reporter)
}

fn not_run(error: &ProgramError, reporter: &mut Reporter) -> Exit {
    reporter.failure(None, error, &["no key was minted or read for it".into()], None);
    Exit::Command(error.status())
}

fn fetched(from: &Destination, device: Option<Device>, program: &Program, reporter: &mut Reporter) -> Exit {
    let name = device.as_ref().map(|device| device.name.clone());
    let access = match (Get { from: from.clone(), device }).access() {
        Ok(access) => access,
        Err(error) => {
            reporter.failure(None, &error, &[], error.hint().as_deref());
            return Exit::Failed;
        }
    };
    let name = name.unwrap_or_else(|| access.hostname.clone());
    reporter.on(&name, Event::Read { from: from.to_string() });
    match runtime().and_then(|runtime| runtime.block_on(exec::run(program, access, &name, reporter))) {
        Ok(ended) => Exit::Command(ended.status()),
        Err(error) => not_started(program, &error, reporter),
    }
}

/// What the system refuses at the last moment: a file that is no program, a file that has gone.
fn not_started(program: &Program, error: &io::Error, reporter: &mut Reporter) -> Exit {
    reporter.bad_usage(&format!("{}: {}", program.path.display(), with_causes(error)), None);
    Exit::Command(if error.kind() == io::ErrorKind::NotFound { 127 } else { 126 })
}
