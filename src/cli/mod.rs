//! From the command line to the verbs: clap's types become requests, and outcomes become exit statuses.

pub mod args;
mod audit;
mod check;
mod confirm;
mod deliver;
mod delivery;
mod devices;
mod draft;
mod exec;
mod fleet;
mod get;
mod interrupt;
mod inventory;
mod key;
mod logging_in;
mod mint;
mod order;
mod page;
mod plan;
mod preset;
mod request;
mod revoke;
mod rotate;
mod scrape;
mod shared;
mod sim;
mod simulated;
#[cfg(feature = "nats")]
mod submit;
mod terminal;
mod transcript;
mod verify;
#[cfg(feature = "nats")]
mod worker;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use crate::deliver::{Destination, Format, Record};
use crate::report::{Color, Exit, Reporter, Verbosity, aside};
use args::{Cli, Command, Talk};

/// What is wrong with the command line, and what to type instead.
type Usage = (String, Option<String>);

/// Runs the command line `args`, the program's name first.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return not_run(&error),
    };
    let mut reporter = reporter(&cli.talk);
    match cli.command {
        Command::Check(args) => check::run(&args, &cli.talk, &mut reporter),
        Command::Audit(args) => audit::run(&args, &cli.talk, &mut reporter),
        Command::Mint(args) => mint::run(&args, &cli.talk, &mut reporter),
        Command::Plan(args) => plan::run(&args, &cli.talk, &mut reporter),
        Command::Revoke(args) => revoke::run(&args, &cli.talk, &mut reporter),
        Command::Rotate(args) => rotate::run(&args, &cli.talk, &mut reporter),
        Command::Verify(args) => verify::run(&args, &cli.talk, &mut reporter),
        Command::Scrape(args) => scrape::run(&args, &mut reporter),
        Command::Get(args) => get::run(&args, &mut reporter),
        Command::Exec(args) => exec::run(&args, &cli.talk, &mut reporter),
        Command::Deliver(args) => deliver::run(&args, &mut reporter),
        Command::Inventory(args) => inventory::run(&args, &cli.talk, &mut reporter),
        Command::Preset(args) => preset::run(&args, &mut reporter),
        #[cfg(feature = "nats")]
        Command::Submit(args) => submit::run(&args, &cli.talk, &mut reporter),
        #[cfg(feature = "nats")]
        Command::Worker(args) => worker::run(&args, &cli.talk, &mut reporter),
        Command::Sim(args) => sim::run(&args, &mut reporter),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "fgtkey", &mut script);
            print(&script)
        }
        Command::Man { command } => man(command.as_deref(), &mut reporter),
    }
}

/// The manual page of the program or of one command.
fn man(name: Option<&str>, reporter: &mut Reporter) -> Exit {
    let mut program = Cli::command();
    program.build();
    let page_of = match name {
        None => Some(program),
        Some(name) => program.find_subcommand(name).cloned(),
    };
    let Some(page_of) = page_of else {
        let message = format!("there is no command `{}`", name.unwrap_or_default());
        reporter.bad_usage(&message, Some("see `fgtkey --help`"));
        return Exit::Usage;
    };
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(page_of).render(&mut page);
    rendered.map_or(Exit::Failed, |()| print(&page))
}

fn reporter(talk: &Talk) -> Reporter {
    Reporter::stderr(talk.color, Verbosity::new(talk.quiet, talk.verbose))
}

/// Help and version that were asked for are data; everything else that clap stops at is bad usage.
fn not_run(error: &clap::Error) -> Exit {
    // Nobody may be reading: there is nothing else to say it to.
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let _ = error.print();
            return Exit::Done;
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => drop(error.print()),
        _ => Reporter::stderr(Color::Auto, Verbosity::Story).unreadable(error),
    }
    Exit::Usage
}

/// Writes data to stdout. A reader that went away (`| head`) has what it wanted.
fn print(bytes: &[u8]) -> Exit {
    let write = || {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes).and_then(|()| stdout.flush())
    };
    let written = if io::stdout().is_terminal() { aside(write) } else { write() };
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Reporter::stderr(Color::Auto, Verbosity::Story).unwritten(&error);
            Exit::Failed
        }
        _ => Exit::Done,
    }
}

/// The record without the key, for a script that asked for JSON and has the key delivered elsewhere.
fn print_keyless(record: &Record, destinations: &[Destination], format: Option<Format>) -> Exit {
    let elsewhere = !destinations.is_empty() && !destinations.iter().any(Destination::is_stdout);
    if elsewhere && format == Some(Format::Json) {
        print(format!("{}\n", record.to_json()).as_bytes())
    } else {
        Exit::Done
    }
}

/// The end of a run; a command line that cannot be used is told.
fn ended(done: Result<Exit, Usage>, reporter: &mut Reporter) -> Exit {
    done.unwrap_or_else(|(message, hint)| {
        reporter.bad_usage(&message, hint.as_deref());
        Exit::Usage
    })
}

/// Runs a verb that talks to a device to its end.
fn block_on(reporter: &mut Reporter, verb: impl AsyncFnOnce(&mut Reporter) -> Result<Exit, Usage>) -> Exit {
    match runtime() {
        Ok(runtime) => ended(runtime.block_on(verb(reporter)), reporter),
        Err(error) => {
            reporter.error(None, &error);
            Exit::Failed
        }
    }
}

/// The runtime of a run: one thread is enough for one device.
fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
