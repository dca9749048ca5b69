//! The flags of a run over many devices.

use std::path::PathBuf;

use clap::Args;

use super::SelectionArgs;
use crate::fleet::rules::Limit;
use crate::fleet::shard::Shard;

/// Which devices, and how many at once.
#[derive(Debug, Args)]
#[command(next_help_heading = "Fleet")]
pub struct FleetArgs {
    /// Where they stand.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Only the I-th of N parts of them, told by their names: 1/4
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
    /// How many devices are worked on at once
    #[arg(short, long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub jobs: u16,
    /// Start no more devices when more than so many have failed, or more than so many percent of all of them
    #[arg(long, value_name = "N|P%")]
    pub max_failures: Option<Limit>,
    /// Write a report of the run: a page with a timeline, or the same as JSON
    #[arg(long, value_name = "FILE.html|FILE.json")]
    pub report: Option<PathBuf>,
}

/// Who goes first, and what an earlier run has left to do.
#[derive(Debug, Args)]
#[command(next_help_heading = "Fleet")]
pub struct WavesArgs {
    /// How many devices go first, and have to succeed before the others follow in waves; 0: none [default: one of each model
    /// and release, when there are more than 20 devices]
    #[arg(long, value_name = "N")]
    pub canary: Option<usize>,
    /// Go on with a run that was stopped or killed: what it has done is not done again
    #[arg(long, value_name = "RUN|last")]
    pub resume: Option<String>,
    /// Do what has failed in a run once more
    #[arg(long, value_name = "RUN|last", conflicts_with = "resume")]
    pub retry_failed: Option<String>,
}
