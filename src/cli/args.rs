//! The command line as clap reads it: types and help, no logic.

mod audit;
mod check;
mod delivery;
mod exec;
mod fleet;
mod get;
mod inventory;
mod mint;
#[cfg(feature = "nats")]
mod nats;
mod plan;
mod revoke;
mod rotate;
mod sim;
mod verify;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use crate::deliver::Format;
use crate::fortios::plan::Consent;
use crate::report::Color;
use crate::ssh::HostKeyPolicy;

pub use audit::{AuditArgs, Form, FormOrOption, PrefixLength};
pub use check::{CheckArgs, JsonOrOption, NoOutput, SimulatedArgs};
pub use delivery::{DeliveryArgs, EscrowArgs, OutputOrOption};
pub use exec::ExecArgs;
pub use fleet::{FleetArgs, WavesArgs};
pub use get::GetArgs;
pub use inventory::{InventoryArgs, SelectionArgs};
pub use mint::{MintArgs, OrderArgs};
#[cfg(feature = "nats")]
pub use nats::{
    BrokerArgs, PostArgs, StorageArg, SubmitArgs, SubmitMint, SubmitRevoke, SubmitRotate, SubmitVerb, WorkerArgs,
};
pub use plan::PlanArgs;
pub use revoke::RevokeArgs;
pub use rotate::{Grace, RotateArgs};
pub use sim::SimArgs;
pub use verify::{KeyArgs, ModeArg, VerifyArgs, VerifyCommand};

/// What a device may be called.
const DEVICES: &str = "[user@]host[:port], IPv6 in brackets; a device or a group of an inventory (repeatable)";

/// Mint, rotate and revoke FortiOS REST API keys over SSH.
#[derive(Debug, Parser)]
#[command(name = "fgtkey", version, propagate_version = true, arg_required_else_help = true, max_term_width = 110)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How to talk.
    #[command(flatten)]
    pub talk: Talk,
}

/// How much is said, and where.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct Talk {
    /// Say nothing but errors and warnings
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Show each line of CLI as it is sent; -vv: the whole session, redacted
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Write the session, redacted, to a file (0600)
    #[arg(long, global = true, value_name = "FILE")]
    pub transcript: Option<PathBuf>,
    /// Colour on stderr, and of a table on stdout
    #[arg(long, global = true, value_name = "auto|always|never", default_value = "auto")]
    pub color: Color,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Log in, change nothing, say what was found and whether mint would work
    Check(Box<CheckArgs>),
    /// List API users, what each may do and from where, and what is weak about it
    Audit(Box<AuditArgs>),
    /// Make the profile and the API user as requested, generate a key, deliver it
    Mint(Box<MintArgs>),
    /// Log in, compare, show what mint would change; change nothing
    Plan(Box<PlanArgs>),
    /// Replace a key without an outage, then retire the old one
    Rotate(Box<RotateArgs>),
    /// Remove an API user, and its profile when nothing else uses it; or switch it off and on
    Revoke(Box<RevokeArgs>),
    /// Prove that a delivered key works over REST
    Verify(Box<VerifyCommand>),
    /// Take the key out of a terminal transcript on stdin, and deliver it
    Scrape(ScrapeArgs),
    /// Print a key that was delivered before, for programs that ask for one
    Get(GetArgs),
    /// Run a command with a key in its environment
    Exec(Box<ExecArgs>),
    /// Finish the deliveries that are still in the escrow
    Deliver(DeliverArgs),
    /// Show the effective list of devices
    Inventory(InventoryArgs),
    /// List the presets, or show one
    Preset(PresetArgs),
    /// Put a job for each device on a NATS queue, for workers at other sites, and deliver what comes back
    #[cfg(feature = "nats")]
    Submit(Box<SubmitArgs>),
    /// Take the jobs of a site off a NATS queue and do them; keys go back sealed
    #[cfg(feature = "nats")]
    Worker(Box<WorkerArgs>),
    /// Run simulated FortiGates on loopback, to rehearse and to test against
    Sim(SimArgs),
    /// Print shell completions
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print a manual page
    Man {
        /// The command to print it of [default: the program]
        command: Option<String>,
    },
}

/// The request.
#[derive(Debug, Args)]
#[command(next_help_heading = "Request")]
pub struct RequestArgs {
    /// Read the request from a YAML file; flags win over it
    #[arg(short, long, value_name = "FILE")]
    pub request: Option<PathBuf>,
    /// The serial number that the device must have: another one behind its address is left alone
    #[arg(long, value_name = "SN")]
    pub serial: Option<String>,
    /// The API user
    #[arg(long, value_name = "NAME")]
    pub api_user: Option<String>,
    /// The access profile; alone: one that the device has; with a preset or grants: made [default: the API user's name]
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Start from a documented set of permissions (`fgtkey preset` lists them)
    #[arg(long, value_name = "NAME")]
    pub preset: Option<String>,
    /// Grant a permission group or a child of one (repeatable)
    #[arg(long = "grant", value_name = "GROUP[.SUB]=none|read|read-write")]
    pub grants: Vec<String>,
    /// From where the key may be used; auto: the address that the device sees this session come from (repeatable)
    #[arg(long = "trusted-host", value_name = "CIDR|auto")]
    pub trusted_hosts: Vec<String>,
    /// A VDOM of the API user (repeatable)
    #[arg(long = "vdom", value_name = "NAME")]
    pub vdoms: Vec<String>,
    /// A comment on the API user
    #[arg(long, value_name = "TEXT")]
    pub comments: Option<String>,
    /// The web origin that may use the key (CORS)
    #[arg(long, value_name = "ORIGIN")]
    pub cors_origin: Option<String>,
    /// The PKI peer group that must back the key
    #[arg(long, value_name = "NAME")]
    pub peer_group: Option<String>,
    /// The firewall schedule that limits the key
    #[arg(long, value_name = "NAME")]
    pub schedule: Option<String>,
    /// How long the key lives, where the version takes that: 90m, 12h, 7d
    #[arg(long, value_name = "DURATION")]
    pub expires: Option<String>,
    /// Use own templates from a folder instead of the embedded ones of the same names
    #[arg(long, value_name = "DIR")]
    pub templates: Option<PathBuf>,
}

/// What has to be said to be done.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Consent")]
pub struct ConsentArgs {
    /// Allow what is weak: no trusted host, 0.0.0.0/0, super_admin, everything read-write, CORS *
    #[arg(long)]
    pub allow_weak: bool,
    /// Replace the key of an API user that has one: its consumers are cut off at once
    #[arg(long)]
    pub replace_key: bool,
    /// Alter a profile that other API users or administrators use
    #[arg(long)]
    pub change_shared_profile: bool,
    /// Where cfg-save is manual or revert: run `execute cfg save`, which saves everybody's pending changes
    #[arg(long)]
    pub save: bool,
}

impl ConsentArgs {
    /// What the operator allows.
    pub fn consent(&self) -> Consent {
        let ConsentArgs { replace_key, change_shared_profile, save, .. } = *self;
        Consent { replace_key, change_shared_profile, save }
    }
}

/// `fgtkey deliver`.
#[derive(Debug, Args)]
pub struct DeliverArgs {
    /// Only the keys of these devices [default: all]
    #[arg(value_name = "DEVICE")]
    pub devices: Vec<String>,
    /// Deliver what is still in the escrow
    #[arg(long, conflicts_with = "list")]
    pub resume: bool,
    /// Show what is in the escrow: device, API user, when the key was generated, the destinations that lack it
    #[arg(long)]
    pub list: bool,
    /// How a key is written to stdout, where that is what it lacks
    #[arg(short, long, value_name = "key|json|env|tfvars")]
    pub output: Option<Format>,
    /// Where keys are until they are delivered.
    #[command(flatten)]
    pub escrow: EscrowArgs,
}

/// How to log in, with ssh's names.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "SSH")]
pub struct SshArgs {
    /// The administrator to log in as
    #[arg(short, long, value_name = "USER")]
    pub user: Option<String>,
    /// A private key to log in with (repeatable)
    #[arg(short, long = "identity", value_name = "FILE")]
    pub identities: Vec<PathBuf>,
    /// The hosts on the way, the nearest first; `none` goes directly
    #[arg(short = 'J', long = "jump", value_name = "[USER@]HOST[:PORT],…")]
    pub jump: Option<String>,
    /// The ssh_config to read instead of the usual ones; `none` reads none
    #[arg(short = 'F', long, value_name = "FILE|none")]
    pub ssh_config: Option<PathBuf>,
    /// Which host keys are trusted
    #[arg(long, value_name = "strict|accept-new|SHA256:…")]
    pub host_key: Option<HostKeyPolicy>,
    /// The known hosts file to use instead of the usual ones
    #[arg(long, value_name = "FILE")]
    pub known_hosts: Option<PathBuf>,
    /// Read the password from the first line of a file
    #[arg(long, value_name = "FILE", group = "password_source")]
    pub password_file: Option<PathBuf>,
    /// Read the password from the first line that a shell command prints
    #[arg(long, value_name = "CMD", group = "password_source")]
    pub password_command: Option<String>,
    /// Ask for the password on the terminal (FGTKEY_PASSWORD is the source of pipelines)
    #[arg(long, group = "password_source")]
    pub ask_password: bool,
    /// Answer a second factor with the first line that a shell command prints (the question is in FGTKEY_QUESTION)
    #[arg(long, value_name = "CMD")]
    pub otp_command: Option<String>,
    /// Also offer the algorithms of old firmware (SHA-1, CBC, ssh-rsa)
    #[arg(long)]
    pub legacy_algorithms: bool,
    /// How long to wait for the login, and for any one reply
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub timeout: u64,
}

/// `fgtkey scrape`.
#[derive(Debug, Args)]
pub struct ScrapeArgs {
    /// Only the key of this API user
    #[arg(long, value_name = "NAME")]
    pub api_user: Option<String>,
    /// The device's name for the record and for paths [default: as its prompt shows it]
    #[arg(long, value_name = "NAME")]
    pub device: Option<String>,
    /// The address of the device, for dotenv and tfvars [default: its name]
    #[arg(long, value_name = "HOST")]
    pub address: Option<String>,
    /// Where the key goes.
    #[command(flatten)]
    pub delivery: DeliveryArgs,
}

/// `fgtkey preset`.
#[derive(Debug, Args)]
pub struct PresetArgs {
    /// The preset to show
    pub name: Option<String>,
    /// List the permission groups and their children instead
    #[arg(long, conflicts_with = "name")]
    pub groups: bool,
    /// For this FortiOS version [default: the newest surveyed]
    #[arg(long, value_name = "VERSION")]
    pub fortios: Option<String>,
}

/// `single` or `multi`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum VdomModeArg {
    /// No VDOMs.
    Single,
    /// Several VDOMs: `set vdom-mode multi-vdom`.
    Multi,
}
