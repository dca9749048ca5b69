//! The flags of `fgtkey inventory`, and those that pick devices out of one.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `fgtkey inventory`.
#[derive(Debug, Args)]
pub struct InventoryArgs {
    /// Only these devices, and those of these groups
    #[arg(value_name = "DEVICE|GROUP")]
    pub names: Vec<String>,
    /// Print JSON, an object a line and device, which is an inventory too
    #[arg(short, long, value_name = "json", hide_possible_values = true)]
    pub output: Option<InventoryForm>,
    /// Which devices.
    #[command(flatten)]
    pub selection: SelectionArgs,
}

/// What stdout carries instead of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum InventoryForm {
    /// One JSON object a line and device.
    Json,
}

/// How a limit is written.
const MATCH: &str = "Only those that match: site_berlin:&prod:!lab, fw*, ~fw[0-9]+, berlin[0:9], @FILE";

/// Where devices stand, and which of them are meant, with Ansible's names.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Fleet")]
pub struct SelectionArgs {
    /// Read devices from a file: our YAML, CSV, NDJSON, Ansible's INI and YAML, what `ansible-inventory --list` prints; `-`
    /// is stdin (repeatable) [default: those of FGTKEY_INVENTORY, commas between]
    #[arg(long = "inventory", value_name = "FILE")]
    pub inventories: Vec<PathBuf>,
    /// Only those that match.
    #[arg(short, long, value_name = "PATTERN", help = MATCH)]
    pub limit: Option<String>,
}
