//! The flags of `fgtkey exec`.

use std::ffi::OsString;

use clap::Args;

use super::SshArgs;
use crate::deliver::Destination;

/// `fgtkey exec`.
#[derive(Debug, Args)]
pub struct ExecArgs {
    /// The device that the key opens.
    #[arg(value_name = "DEVICE", help = "[user@]host[:port], IPv6 in brackets")]
    pub device: Option<String>,
    /// Use a key that was delivered before, instead of minting one: file:PATH, dotenv:PATH, tfvars:PATH
    #[arg(long, value_name = "DESTINATION")]
    pub from: Option<Destination>,
    /// An option of ssh (repeatable)
    #[arg(short, long = "option", value_name = "KEY=VALUE")]
    pub options: Vec<String>,
    /// How to log in.
    #[command(flatten)]
    pub ssh: SshArgs,
    /// The command, behind `--`; it finds FORTIOS_ACCESS_HOSTNAME and FORTIOS_ACCESS_TOKEN in its environment
    #[arg(value_name = "COMMAND", last = true, required = true)]
    pub command: Vec<OsString>,
}
