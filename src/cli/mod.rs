//! From the command line to the verbs: clap's types become requests, and outcomes become exit statuses.

pub mod args;
mod interrupt;
mod logging_in;
mod mint;
mod preset;
mod scrape;
mod sim;
mod transcript;

use std::ffi::OsString;
use std::io::{self, Write};

use clap::{CommandFactory, Parser};

use crate::report::{Exit, Reporter, Verbosity};
use args::{Cli, Command, Talk};

/// Runs the command line `args`, the program's name first.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let mut reporter = reporter(&cli.talk);
    match cli.command {
        Command::Mint(args) => mint::run(&args, &cli.talk, &mut reporter),
        Command::Scrape(args) => scrape::run(&args, &mut reporter),
        Command::Preset(args) => preset::run(&args, &mut reporter),
        Command::Sim(args) => sim::run(&args, &mut reporter),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "fgtkey", &mut script);
            print(&script)
        }
        Command::Man => {
            let mut page = Vec::new();
            let rendered = clap_mangen::Man::new(Cli::command()).render(&mut page);
            rendered.map_or(Exit::Failed, |()| print(&page))
        }
    }
}

fn reporter(talk: &Talk) -> Reporter {
    Reporter::stderr(talk.color, Verbosity::new(talk.quiet, talk.verbose))
}

/// clap's own words: help and version go to stdout and are a success, everything else is bad usage.
fn usage(error: &clap::Error) -> Exit {
    // Nobody may be reading: there is nothing else to say it to.
    let _ = error.print();
    if error.use_stderr() { Exit::Usage } else { Exit::Done }
}

/// Writes data to stdout. A reader that went away (`| head`) has what it wanted.
fn print(bytes: &[u8]) -> Exit {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Exit::Failed,
        _ => Exit::Done,
    }
}

/// The runtime of a run: one thread is enough for one device.
fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
