//! The flags of `fgtkey exec`.

use std::ffi::OsString;
use std::time::Duration;

use clap::Args;

use super::OrderArgs;
use crate::deliver::Destination;
use crate::fortios::duration;

/// `fgtkey exec`.
#[derive(Debug, Args)]
pub struct ExecArgs {
    /// Mint nothing: read the key from where it was delivered to, as in --to: dotenv:PATH, vault:MOUNT/PATH, …
    #[arg(long, value_name = "DESTINATION", help_heading = "Access", conflicts_with_all = MINTING)]
    pub from: Option<Destination>,
    /// Take the access away when the command has ended, however it ends
    #[arg(long, help_heading = "Access", conflicts_with = "to")]
    pub revoke_after: bool,
    /// The same, and after this time in any case, though the command may run on: 15m, 2h
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, help_heading = "Access", conflicts_with = "to")]
    pub ttl: Option<Duration>,
    /// What is minted, and on what.
    #[command(flatten)]
    pub order: OrderArgs,
    /// The command, behind `--`; it finds FORTIOS_ACCESS_HOSTNAME and FORTIOS_ACCESS_TOKEN in its environment
    #[arg(value_name = "COMMAND", last = true, required = true)]
    pub command: Vec<OsString>,
}

/// What has no meaning for a key that is there already.
const MINTING: [&str; 12] = [
    "revoke_after",
    "ttl",
    "sim",
    "fortios",
    "vdom_mode",
    "transaction",
    "faults",
    "traps",
    "RequestArgs",
    "ConsentArgs",
    "DeliveryArgs",
    "VerifyArgs",
];
