//! The flags of `fgtkey exec`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use crate::deliver::Destination;

/// `fgtkey exec`.
#[derive(Debug, Args)]
pub struct ExecArgs {
    /// The device that the key opens; needed where the destination names it, and where that does not keep the host
    #[arg(value_name = "DEVICE")]
    pub device: Option<String>,
    /// The destination that has the key, as in --to: dotenv:PATH, vault:MOUNT/PATH, …
    #[arg(long, value_name = "DESTINATION")]
    pub from: Destination,
    /// The ssh_config that knows the device, instead of the usual ones; `none` reads none
    #[arg(short = 'F', long, value_name = "FILE|none")]
    pub ssh_config: Option<PathBuf>,
    /// The command, behind `--`; it finds FORTIOS_ACCESS_HOSTNAME and FORTIOS_ACCESS_TOKEN in its environment
    #[arg(value_name = "COMMAND", last = true, required = true)]
    pub command: Vec<OsString>,
}
