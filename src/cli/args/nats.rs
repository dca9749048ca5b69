//! The flags of `fgtkey submit` and `fgtkey worker`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::{ConsentArgs, DeliveryArgs, FleetArgs, RequestArgs, SelectionArgs, SshArgs, VerifyArgs, WavesArgs};
use crate::fleet::rules::Limit;
use crate::fleet::shard::Shard;
use crate::fortios::duration;
use crate::fortios::transaction::Transaction;

/// `fgtkey submit`.
#[derive(Debug, Args)]
pub struct SubmitArgs {
    /// What the workers are to do.
    #[command(subcommand)]
    pub verb: SubmitVerb,
}

/// What workers can do.
#[derive(Debug, Subcommand)]
pub enum SubmitVerb {
    /// Make the profile and the API user as requested, generate a key, send it back
    Mint(Box<SubmitMint>),
    /// Make a new key beside the old one and send it back; retire the old one with --finish
    Rotate(Box<SubmitRotate>),
    /// Remove an API user, and its profile when nothing else uses it
    Revoke(Box<SubmitRevoke>),
}

/// `fgtkey submit mint`.
#[derive(Debug, Args)]
pub struct SubmitMint {
    /// What is common to all that is submitted.
    #[command(flatten)]
    pub post: PostArgs,
    /// Make the objects in one configuration transaction
    #[arg(long, value_name = "off|auto|require", default_value = "off")]
    pub transaction: Transaction,
    /// What to make.
    #[command(flatten)]
    pub request: RequestArgs,
    /// What is allowed.
    #[command(flatten)]
    pub consent: ConsentArgs,
    /// Where the keys go when they are back.
    #[command(flatten)]
    pub delivery: DeliveryArgs,
}

/// `fgtkey submit rotate`.
#[derive(Debug, Args)]
pub struct SubmitRotate {
    /// What is common to all that is submitted.
    #[command(flatten)]
    pub post: PostArgs,
    /// Make no new key: retire what an earlier rotation left, now that the new keys are in use
    #[arg(long, conflicts_with_all = ["in_place", "if_older_than"], help_heading = "Rotation")]
    pub finish: bool,
    /// Keep the API user's name: its consumers are cut off until they have the new key
    #[arg(long, help_heading = "Rotation")]
    pub in_place: bool,
    /// Do nothing when the key in use is younger: 30d, 12h
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, help_heading = "Rotation")]
    pub if_older_than: Option<Duration>,
    /// The API user whose key is in use, where that cannot be told
    #[arg(long, value_name = "NAME", help_heading = "Rotation")]
    pub current: Option<String>,
    /// Make the new API user in one configuration transaction
    #[arg(long, value_name = "off|auto|require", default_value = "off")]
    pub transaction: Transaction,
    /// The API user
    #[arg(long, value_name = "NAME", help_heading = "Request")]
    pub api_user: String,
    /// How long the key lives, where the version takes that: 90m, 12h, 7d
    #[arg(long, value_name = "DURATION", help_heading = "Request")]
    pub expires: Option<String>,
    /// Where cfg-save is manual or revert: run `execute cfg save`, which saves everybody's pending changes
    #[arg(long, help_heading = "Consent")]
    pub save: bool,
    /// Where the keys go when they are back.
    #[command(flatten)]
    pub delivery: DeliveryArgs,
}

/// `fgtkey submit revoke`.
#[derive(Debug, Args)]
pub struct SubmitRevoke {
    /// What is common to all that is submitted.
    #[command(flatten)]
    pub post: PostArgs,
    /// Leave the access profile where it is
    #[arg(long, help_heading = "Revocation")]
    pub keep_profile: bool,
    /// Do not ask
    #[arg(short, long, help_heading = "Revocation")]
    pub yes: bool,
    /// Where cfg-save is manual or revert: run `execute cfg save`, which saves everybody's pending changes
    #[arg(long, help_heading = "Revocation")]
    pub save: bool,
    /// The API user
    #[arg(long, value_name = "NAME", help_heading = "Request")]
    pub api_user: String,
    /// Its access profile, which this tool has made: it may go
    #[arg(long, value_name = "NAME", help_heading = "Request")]
    pub profile: Option<String>,
}

/// What is common to all that is submitted.
#[derive(Debug, Args)]
pub struct PostArgs {
    /// The devices to submit.
    #[arg(value_name = "DEVICE", help = super::DEVICES)]
    pub devices: Vec<String>,
    /// Where they stand.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Only the I-th of N parts of them, told by their names: 1/4
    #[arg(long, value_name = "I/N", help_heading = "Fleet")]
    pub shard: Option<Shard>,
    /// Submit no more devices when more than so many have failed, or more than so many percent of all of them
    #[arg(long, value_name = "N|P%", help_heading = "Fleet")]
    pub max_failures: Option<Limit>,
    /// Write a report of the run: a page with a timeline, or the same as JSON
    #[arg(long, value_name = "FILE.html|FILE.json", help_heading = "Fleet")]
    pub report: Option<PathBuf>,
    /// Who goes first.
    #[command(flatten)]
    pub waves: WavesArgs,
    /// Submit all of it and go; the same command with --resume collects what has come back
    #[arg(long, conflicts_with_all = ["canary", "max_failures", "report"], help_heading = "Queue")]
    pub detach: bool,
    /// Withdraw a job that no worker has taken within this time: 90s, 1h [default: it waits]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, help_heading = "Queue")]
    pub wait: Option<Duration>,
    /// The age identity that opens what comes back [default: a new one for the run, in its state directory]
    #[arg(long, value_name = "FILE", help_heading = "Queue")]
    pub age_identity: Option<PathBuf>,
    /// The queue.
    #[command(flatten)]
    pub broker: BrokerArgs,
}

impl PostArgs {
    /// As the verbs that work on devices themselves have it: all jobs may be on the queue at once.
    pub fn fleet(&self) -> FleetArgs {
        FleetArgs {
            selection: self.selection.clone(),
            shard: self.shard,
            jobs: u16::MAX,
            max_failures: self.max_failures,
            report: self.report.clone(),
        }
    }
}

/// The queue.
#[derive(Debug, Args)]
#[command(next_help_heading = "Queue")]
pub struct BrokerArgs {
    /// The NATS server: nats://HOST:4222; tls:// demands TLS; several with commas between [default: NATS_URL]
    #[arg(long, value_name = "URL")]
    pub nats: Option<String>,
    /// A file of NATS credentials (JWT and key) [default: NATS_CREDS; else NATS_TOKEN, or NATS_USER with NATS_PASSWORD]
    #[arg(long, value_name = "FILE")]
    pub nats_creds: Option<PathBuf>,
    /// Trust the server whose certificate an authority in this PEM file signed [default: those of the system]
    #[arg(long, value_name = "FILE")]
    pub nats_ca: Option<PathBuf>,
    /// On how many servers of a cluster the streams are kept, where they are made now
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=5))]
    pub replicas: u8,
    /// How long jobs and results are kept that nobody takes, where the streams are made now
    #[arg(long, value_name = "DURATION", default_value = "7d", value_parser = duration::parse)]
    pub max_age: Duration,
    /// Where the streams are kept, where they are made now
    #[arg(long, value_name = "file|memory", default_value = "file", hide_possible_values = true)]
    pub storage: StorageArg,
    /// After how long a silent worker's job goes to another one, where its site is new
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration::parse, hide_short_help = true)]
    pub ack_wait: Duration,
}

/// `--storage`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StorageArg {
    /// On disk.
    File,
    /// In memory: gone when the server restarts.
    Memory,
}

/// `fgtkey worker`.
#[derive(Debug, Args)]
pub struct WorkerArgs {
    /// The site whose jobs are taken: what the inventory says of a device (`site`)
    #[arg(long, value_name = "SITE", default_value = crate::nats::job::DEFAULT_SITE)]
    pub site: String,
    /// How many devices are worked on at once
    #[arg(short, long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub jobs: u16,
    /// Give up a job that was begun so often without an end
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..))]
    pub max_deliver: u8,
    /// An option of ssh (repeatable)
    #[arg(short, long = "option", value_name = "KEY=VALUE", help_heading = "SSH")]
    pub options: Vec<String>,
    /// Use own templates from a folder instead of the embedded ones of the same names
    #[arg(long, value_name = "DIR")]
    pub templates: Option<PathBuf>,
    /// The queue.
    #[command(flatten)]
    pub broker: BrokerArgs,
    /// How the keys are proven.
    #[command(flatten)]
    pub verify: VerifyArgs,
    /// How to log in.
    #[command(flatten)]
    pub ssh: SshArgs,
}
