//! The flags of `fgtkey revoke`.

use clap::Args;

use super::{FleetArgs, JsonOrOption, RequestArgs, SshArgs, VdomModeArg, WavesArgs};
use crate::sim;

/// `fgtkey revoke`.
#[derive(Debug, Args)]
pub struct RevokeArgs {
    /// The devices to log in to.
    #[arg(value_name = "DEVICE", help = super::DEVICES)]
    pub devices: Vec<String>,
    /// Use an embedded simulated FortiGate, whose API user `terraform` has a key, instead of a device
    #[arg(long, conflicts_with_all = ["devices", "FleetArgs"])]
    pub sim: bool,
    /// Leave the access profile where it is
    #[arg(long, help_heading = "Revocation")]
    pub keep_profile: bool,
    /// Delete nothing: cut the key off at once by a trusted host that nobody is at (192.0.2.255/32), and print the CLI that
    /// brings the real ones back
    #[arg(long, conflicts_with_all = ["keep_profile", "enable", "dry_run"], help_heading = "Revocation")]
    pub disable: bool,
    /// Bring back the trusted hosts that --disable took away
    #[arg(long, conflicts_with_all = ["keep_profile", "dry_run"], help_heading = "Revocation")]
    pub enable: bool,
    /// Do not ask
    #[arg(short, long, help_heading = "Revocation")]
    pub yes: bool,
    /// Where cfg-save is manual or revert: run `execute cfg save`, which saves everybody's pending changes
    #[arg(long, help_heading = "Revocation")]
    pub save: bool,
    /// Print the CLI to paste by hand, and do nothing else
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// The FortiOS version of a dry run or of the simulated device: 7.4, 7.4.8 [default: the newest surveyed]
    #[arg(long, value_name = "VERSION")]
    pub fortios: Option<String>,
    /// The VDOM mode of a dry run or of the simulated device [default: single]
    #[arg(long, value_name = "single|multi", hide_possible_values = true)]
    pub vdom_mode: Option<VdomModeArg>,
    /// Print one JSON object; with a `=` in it, an option of ssh (repeatable)
    #[arg(short, long = "output", value_name = "json|KEY=VALUE")]
    pub output: Vec<JsonOrOption>,
    /// The request that made the API user; of a profile that it made, it is known that it may go.
    #[command(flatten)]
    pub request: RequestArgs,
    /// How to log in.
    #[command(flatten)]
    pub ssh: SshArgs,
    /// Which devices.
    #[command(flatten)]
    pub fleet: FleetArgs,
    /// Who goes first.
    #[command(flatten)]
    pub waves: WavesArgs,
    /// A fault of the simulated device: LINE=refuse|drop|hang|cut:N (repeatable; see `fgtkey sim --help`)
    #[arg(long = "fault", value_name = "FAULT", hide_short_help = true, help_heading = "Rehearsal")]
    pub faults: Vec<sim::Fault>,
    /// A trap of the simulated device (repeatable; see `fgtkey sim --help`)
    #[arg(long = "trap", value_name = "TRAP", hide_short_help = true, help_heading = "Rehearsal")]
    pub traps: Vec<sim::Trap>,
}
