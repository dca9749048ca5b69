//! The flags of `fgtkey rotate`.

use std::str::FromStr;
use std::time::Duration;

use clap::Args;

use super::{ConsentArgs, DeliveryArgs, RequestArgs, SshArgs, VdomModeArg, VerifyArgs};
use crate::fortios::duration;
use crate::sim;

/// `fgtkey rotate`.
#[derive(Debug, Args)]
pub struct RotateArgs {
    /// The device to log in to.
    #[arg(value_name = "DEVICE", help = "[user@]host[:port], IPv6 in brackets")]
    pub device: Option<String>,
    /// Use an embedded simulated FortiGate, whose API user `terraform` has a key, instead of a device
    #[arg(long, conflicts_with = "device")]
    pub sim: bool,
    /// How long the old key works on once the new one is delivered: 30s, 15m; later: until --finish [default: 30s]
    #[arg(long, value_name = "DURATION|later", help_heading = "Rotation")]
    pub grace: Option<Grace>,
    /// Make no new key: retire what an earlier rotation left
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
    /// Print the CLI to paste by hand, and do nothing else; with --finish: what retires the old API user
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// The FortiOS version of a dry run or of the simulated device: 7.4, 7.4.8 [default: the newest surveyed]
    #[arg(long, value_name = "VERSION")]
    pub fortios: Option<String>,
    /// The VDOM mode of a dry run or of the simulated device [default: single]
    #[arg(long, value_name = "single|multi", hide_possible_values = true)]
    pub vdom_mode: Option<VdomModeArg>,
    /// Whose key; all but the name is copied from the API user in use, and goes for a dry run only.
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

/// `--grace`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grace {
    /// So long.
    For(Duration),
    /// Until somebody finishes it.
    Later,
}

impl FromStr for Grace {
    type Err = duration::DurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "later" { Ok(Grace::Later) } else { duration::parse(text).map(Grace::For) }
    }
}
