//! The command line as clap reads it: types and help, no logic.

mod check;
mod exec;
mod get;
mod plan;
mod revoke;
mod rotate;
mod verify;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use crate::deliver::{Destination, Format};
use crate::fortios::plan::Consent;
use crate::fortios::transaction::Transaction;
use crate::report::Color;
use crate::sim;
use crate::ssh::HostKeyPolicy;

pub use check::{CheckArgs, JsonOrOption, NoOutput, SimulatedArgs};
pub use exec::ExecArgs;
pub use get::GetArgs;
pub use plan::PlanArgs;
pub use revoke::RevokeArgs;
pub use rotate::{Grace, RotateArgs};
pub use verify::{KeyArgs, ModeArg, VerifyArgs, VerifyCommand};

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
    /// Colour on stderr
    #[arg(long, global = true, value_name = "auto|always|never", default_value = "auto")]
    pub color: Color,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Log in, change nothing, say what was found and whether mint would work
    Check(Box<CheckArgs>),
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
    /// List the presets, or show one
    Preset(PresetArgs),
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

/// `fgtkey mint`.
#[derive(Debug, Args)]
pub struct MintArgs {
    /// The device to log in to.
    #[arg(value_name = "DEVICE", help = "[user@]host[:port], IPv6 in brackets")]
    pub device: Option<String>,
    /// Use an embedded simulated FortiGate instead of a device; without a request: the vendor's tutorial
    #[arg(long, conflicts_with = "device")]
    pub sim: bool,
    /// Print the CLI to paste by hand, and do nothing else
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Do exactly what a plan says that `fgtkey plan --out` saved, if the device is still as it was then
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "request", "api_user", "profile", "preset", "grants", "trusted_hosts", "vdoms", "comments", "cors_origin",
        "peer_group", "schedule", "expires", "dry_run",
    ])]
    pub from_plan: Option<PathBuf>,
    /// Make the objects in one configuration transaction, so that they appear at one instant (FortiOS 6.2 and later; untried
    /// on a real device so far)
    #[arg(long, value_name = "off|auto|require", default_value = "off")]
    pub transaction: Transaction,
    /// The FortiOS version of a dry run or of the simulated device: 7.4, 7.4.8 [default: the newest surveyed]
    #[arg(long, value_name = "VERSION")]
    pub fortios: Option<String>,
    /// The VDOM mode of a dry run or of the simulated device [default: single]
    #[arg(long, value_name = "single|multi", hide_possible_values = true)]
    pub vdom_mode: Option<VdomModeArg>,
    /// What to make.
    #[command(flatten)]
    pub request: RequestArgs,
    /// What is allowed.
    #[command(flatten)]
    pub consent: ConsentArgs,
    /// Where the key goes.
    #[command(flatten)]
    pub delivery: DeliveryArgs,
    /// How the key is proven.
    #[command(flatten)]
    pub verify: VerifyArgs,
    /// How to log in.
    #[command(flatten)]
    pub ssh: SshArgs,
    /// A fault of the simulated device: LINE=refuse|drop|hang|cut:N (repeatable; see `fgtkey sim --help`)
    #[arg(long = "fault", value_name = "FAULT", hide_short_help = true, help_heading = "Rehearsal")]
    pub faults: Vec<sim::Fault>,
    /// A trap of the simulated device (repeatable; see `fgtkey sim --help`)
    #[arg(long = "trap", value_name = "TRAP", hide_short_help = true, help_heading = "Rehearsal")]
    pub traps: Vec<sim::Trap>,
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

/// Where the key goes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Delivery")]
pub struct DeliveryArgs {
    /// A destination: stdout, file:PATH, dotenv:PATH, tfvars:PATH, ansible:PATH, age:PATH, vault:MOUNT/PATH, k8s:PATH|-,
    /// exec:COMMAND; options behind commas: age:fw1.age,armor=yes (repeatable) [default: stdout]
    #[arg(long = "to", value_name = "DESTINATION")]
    pub to: Vec<Destination>,
    /// Print the key to a terminal although it is delivered elsewhere too
    #[arg(long)]
    pub reveal: bool,
    /// Who may open what age: seals, where it names nobody: age1…, or an SSH public key (repeatable)
    #[arg(long = "age-recipient", value_name = "RECIPIENT")]
    pub age_recipients: Vec<String>,
    /// The same out of a file, one recipient a line (repeatable)
    #[arg(long = "age-recipients-file", value_name = "FILE")]
    pub age_recipients_files: Vec<String>,
    /// Where keys are until they are delivered.
    #[command(flatten)]
    pub escrow: EscrowArgs,
    /// What stdout carries; with a `=` in it, an option of ssh (repeatable)
    #[arg(short, long = "output", value_name = "key|json|env|tfvars|KEY=VALUE")]
    pub output: Vec<OutputOrOption>,
}

/// Where keys are until they are delivered.
#[derive(Debug, Args)]
#[command(next_help_heading = "Delivery")]
pub struct EscrowArgs {
    /// Seal keys that are not delivered yet: age1…, or an SSH public key (repeatable) [default: FGTKEY_ESCROW_RECIPIENT]
    #[arg(long = "escrow-recipient", value_name = "RECIPIENT")]
    pub escrow_recipients: Vec<String>,
    /// The age identity that opens a key which an earlier run left sealed in the escrow
    #[arg(long, value_name = "FILE")]
    pub escrow_identity: Option<PathBuf>,
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

/// `-o`, which is both the output of tools of this kind and the options of `ssh`: the latter have a `=`, or a blank.
#[derive(Debug, Clone)]
pub enum OutputOrOption {
    /// What stdout carries.
    Output(Format),
    /// An option of `ssh_config`.
    Option(String),
}

impl FromStr for OutputOrOption {
    type Err = <Format as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains(['=', ' ']) {
            return Ok(OutputOrOption::Option(text.to_owned()));
        }
        text.parse().map(OutputOrOption::Output)
    }
}

impl DeliveryArgs {
    /// What stdout carries: what was said last.
    pub fn format(&self) -> Option<Format> {
        self.output.iter().rev().find_map(|said| match said {
            OutputOrOption::Output(format) => Some(*format),
            OutputOrOption::Option(_) => None,
        })
    }

    /// The options of `ssh`, in their order.
    pub fn ssh_options(&self) -> Vec<String> {
        let options = self.output.iter().filter_map(|said| match said {
            OutputOrOption::Output(_) => None,
            OutputOrOption::Option(text) => Some(text.clone()),
        });
        options.collect()
    }
}

/// How to log in, with ssh's names.
#[derive(Debug, Args)]
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

/// `fgtkey sim`.
#[derive(Debug, Args)]
#[command(after_long_help = sim_help())]
pub struct SimArgs {
    /// The FortiOS version: 7.4, 7.4.8
    #[arg(long, value_name = "VERSION", default_value = "7.4.8")]
    pub fortios: String,
    /// Whether there are VDOMs
    #[arg(long, value_name = "MODE", default_value = "disable")]
    pub vdom_mode: sim::VdomMode,
    /// A VDOM, the management VDOM first (repeatable)
    #[arg(long = "vdom", value_name = "NAME")]
    pub vdoms: Vec<String>,
    /// The role in a cluster
    #[arg(long, value_name = "ROLE", default_value = "standalone")]
    pub ha: sim::Ha,
    /// FIPS-CC mode
    #[arg(long)]
    pub fips: bool,
    /// When a change is written to flash
    #[arg(long, value_name = "MODE", default_value = "automatic")]
    pub cfg_save: sim::CfgSave,
    /// The host name; of several devices its number counts up
    #[arg(long, value_name = "NAME", default_value = "fw1")]
    pub hostname: String,
    /// The administrator
    #[arg(long, value_name = "NAME", default_value = "admin")]
    pub admin: String,
    /// The administrator's password; of a simulated device, so it may stand here
    #[arg(long, value_name = "TEXT", default_value = "admin")]
    pub password: String,
    /// A public key of the administrator, as in authorized_keys (repeatable)
    #[arg(long = "public-key", value_name = "KEY")]
    pub public_keys: Vec<String>,
    /// Where to listen, loopback only; of several devices the port counts up
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:2222")]
    pub listen: SocketAddr,
    /// Where HTTPS administration listens, loopback only, with the REST API; of several devices the port counts up
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub https: Option<SocketAddr>,
    /// Write the certificates of the devices' own CAs into this file, for `curl --cacert`
    #[arg(long, value_name = "FILE", requires = "https")]
    pub https_ca: Option<PathBuf>,
    /// How many devices
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub devices: u16,
    /// A fault: LINE=ACTION, LINE a number or the text a line begins with, ACTION `refuse` (or `refuse:TEXT`), `drop`,
    /// `drop-after`, `hang`, `hang-after`, `cut:N` or `ask` (repeatable)
    #[arg(long = "fault", value_name = "FAULT")]
    pub faults: Vec<sim::Fault>,
    /// A trap, one of those below (repeatable)
    #[arg(long = "trap", value_name = "TRAP")]
    pub traps: Vec<sim::Trap>,
    /// How long commands take: 200ms, or `execute api-user=2s` (repeatable)
    #[arg(long = "think", value_name = "TIME")]
    pub think: Vec<sim::Think>,
    /// Serve one session on stdin and stdout, as the forced command of another SSH server
    #[arg(long, hide_short_help = true)]
    pub stdio: bool,
}

fn sim_help() -> String {
    let traps = sim::Trap::all().iter().map(|trap| format!("  {:24} {}\n", trap.name, trap.about));
    format!("Traps:\n{}", traps.collect::<String>())
}

/// `single` or `multi`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum VdomModeArg {
    /// No VDOMs.
    Single,
    /// Several VDOMs: `set vdom-mode multi-vdom`.
    Multi,
}
