//! `fgtkey exec`: run a command with a key in its environment.

use std::io;

use super::child::{Access, Ended, Running};
use super::event::{Event, Observer};
use super::program::Program;

/// Starts `program` for the device `name` and waits for its end.
///
/// # Errors
/// When the system does not start it, or loses track of it.
pub async fn run(
    program: &Program,
    access: Access,
    name: &str,
    observer: &mut (dyn Observer + Send),
) -> io::Result<Ended> {
    let command = program.name.to_string_lossy().into_owned();
    observer.on(name, Event::Runs { command, hostname: access.hostname.clone() });
    let mut running = Running::start(program, &access)?;
    // The command has its copy; ours goes.
    drop(access);
    running.wait().await
}
