//! The flags of `fgtkey check`.

use std::str::FromStr;

use clap::Args;

use super::{FleetArgs, SshArgs, VdomModeArg};
use crate::sim;

/// `fgtkey check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The devices to log in to.
    #[arg(value_name = "DEVICE", help = super::DEVICES)]
    pub devices: Vec<String>,
    /// Use an embedded simulated FortiGate instead of a device
    #[arg(long, conflicts_with_all = ["devices", "FleetArgs"])]
    pub sim: bool,
    /// Print one JSON object instead of the table; with a `=` in it, an option of ssh (repeatable)
    #[arg(short, long = "output", value_name = "json|KEY=VALUE")]
    pub output: Vec<JsonOrOption>,
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

/// What the embedded simulated device of `fgtkey check --sim` is.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rehearsal")]
pub struct SimulatedArgs {
    /// The FortiOS version of the simulated device: 7.4, 7.4.8
    #[arg(long, value_name = "VERSION")]
    pub fortios: Option<String>,
    /// The VDOM mode of the simulated device [default: single]
    #[arg(long, value_name = "single|multi", hide_possible_values = true)]
    pub vdom_mode: Option<VdomModeArg>,
    /// The role of the simulated device in a cluster [default: standalone]
    #[arg(long, value_name = "ROLE")]
    pub ha: Option<sim::Ha>,
    /// FIPS-CC mode of the simulated device
    #[arg(long)]
    pub fips: bool,
    /// When the simulated device writes a change to flash [default: automatic]
    #[arg(long, value_name = "MODE")]
    pub cfg_save: Option<sim::CfgSave>,
    /// A fault of the simulated device (repeatable; see `fgtkey sim --help`)
    #[arg(long = "fault", value_name = "FAULT", hide_short_help = true)]
    pub faults: Vec<sim::Fault>,
    /// A trap of the simulated device (repeatable; see `fgtkey sim --help`)
    #[arg(long = "trap", value_name = "TRAP", hide_short_help = true)]
    pub traps: Vec<sim::Trap>,
}

/// `-o` of a verb whose data is a table or JSON, beside the options of `ssh`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonOrOption {
    /// One JSON object.
    Json,
    /// An option of `ssh_config`.
    Option(String),
}

/// A word behind `-o` that is neither.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is neither json nor an option of ssh (KEY=VALUE)")]
pub struct NoOutput(String);

impl FromStr for JsonOrOption {
    type Err = NoOutput;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "json" => Ok(JsonOrOption::Json),
            option if option.contains(['=', ' ']) => Ok(JsonOrOption::Option(option.to_owned())),
            other => Err(NoOutput(other.to_owned())),
        }
    }
}
