//! The flags of `fgtkey plan`.

use std::path::PathBuf;

use clap::Args;

use super::{ConsentArgs, FleetArgs, JsonOrOption, RequestArgs, SimulatedArgs, SshArgs};

/// `fgtkey plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// The devices to log in to.
    #[arg(value_name = "DEVICE", help = super::DEVICES)]
    pub devices: Vec<String>,
    /// Use an embedded simulated FortiGate instead of a device; without a request: the vendor's tutorial
    #[arg(long, conflicts_with_all = ["devices", "FleetArgs"])]
    pub sim: bool,
    /// Print the CLI that mint would send instead of the differences
    #[arg(long)]
    pub cli: bool,
    /// Save the plan into a file (0600), for `fgtkey mint --from-plan`
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Print one JSON object; with a `=` in it, an option of ssh (repeatable)
    #[arg(short, long = "output", value_name = "json|KEY=VALUE")]
    pub output: Vec<JsonOrOption>,
    /// The request.
    #[command(flatten)]
    pub request: RequestArgs,
    /// What mint would be allowed.
    #[command(flatten)]
    pub consent: ConsentArgs,
    /// What the simulated device is.
    #[command(flatten)]
    pub simulated: SimulatedArgs,
    /// How to log in.
    #[command(flatten)]
    pub ssh: SshArgs,
    /// Which devices.
    #[command(flatten)]
    pub fleet: FleetArgs,
}
