//! The flags of `fgtkey mint`, most of which are those of `fgtkey exec` and `fgtkey rotate` too.

use std::path::PathBuf;

use clap::Args;

use super::{ConsentArgs, DeliveryArgs, FleetArgs, RequestArgs, SshArgs, VdomModeArg, VerifyArgs, WavesArgs};
use crate::fortios::transaction::Transaction;
use crate::sim;

/// `fgtkey mint`.
#[derive(Debug, Args)]
pub struct MintArgs {
    /// Print the CLI to paste by hand, and do nothing else
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Do exactly what a plan says that `fgtkey plan --out` saved, if the device is still as it was then; where the key goes
    /// is for --to, or `deliver:` of the request (-r), to say
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "api_user", "profile", "preset", "grants", "trusted_hosts", "vdoms", "comments", "cors_origin",
        "peer_group", "schedule", "expires", "dry_run",
    ])]
    pub from_plan: Option<PathBuf>,
    /// What is minted, and on what.
    #[command(flatten)]
    pub order: OrderArgs,
}

/// What is minted, and on what.
#[derive(Debug, Args)]
pub struct OrderArgs {
    /// The devices to log in to.
    #[arg(value_name = "DEVICE", help = super::DEVICES)]
    pub devices: Vec<String>,
    /// Use an embedded simulated FortiGate instead of a device: without a request for the vendor's tutorial, the API user
    /// `terraform`
    #[arg(long, conflicts_with_all = ["devices", "FleetArgs"])]
    pub sim: bool,
    /// The FortiOS version of a dry run or of the simulated device: 7.4, 7.4.8 [default: the newest surveyed]
    #[arg(long, value_name = "VERSION")]
    pub fortios: Option<String>,
    /// The VDOM mode of a dry run or of the simulated device [default: single]
    #[arg(long, value_name = "single|multi", hide_possible_values = true)]
    pub vdom_mode: Option<VdomModeArg>,
    /// Make the objects in one configuration transaction, so that they appear at one instant (FortiOS 6.2 and later; untried
    /// on a real device so far)
    #[arg(long, value_name = "off|auto|require", default_value = "off")]
    pub transaction: Transaction,
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
