//! The flags of `fgtkey get`.

use std::path::PathBuf;

use clap::Args;

use crate::deliver::{Destination, Format};

/// `fgtkey get`.
#[derive(Debug, Args)]
#[command(after_long_help = EXTERNAL)]
pub struct GetArgs {
    /// The device that the key opens; needed where the destination names it, and where that does not keep the host
    #[arg(value_name = "DEVICE")]
    pub device: Option<String>,
    /// The destination that has the key, as in --to: dotenv:PATH, vault:MOUNT/PATH, …
    #[arg(long, value_name = "DESTINATION", required_unless_present = "terraform")]
    pub from: Option<Destination>,
    /// What stdout carries
    #[arg(short, long, value_name = "key|json|env|tfvars", default_value = "key", hide_default_value = true)]
    pub output: Format,
    /// Answer Terraform's data source `external`: the query on stdin, an object of strings on stdout
    #[arg(long, conflicts_with_all = ["device", "from", "output"])]
    pub terraform: bool,
    /// The ssh_config that knows the device, instead of the usual ones; `none` reads none
    #[arg(short = 'F', long, value_name = "FILE|none")]
    pub ssh_config: Option<PathBuf>,
}

const EXTERNAL: &str = "\
Terraform:
  data \"external\" \"fw1\" {
    program = [\"fgtkey\", \"get\", \"--terraform\"]
    query   = { from = \"dotenv:fw1.env\" } # and device = \"fw1\", where it is needed
  }
  # data.external.fw1.result: hostname, token, api_user and generated_at; empty where unknown";
