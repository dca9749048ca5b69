//! The flags of `fgtkey sim`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use crate::sim;

/// `fgtkey sim`.
#[derive(Debug, Args)]
#[command(after_long_help = sim_help())]
pub struct SimArgs {
    /// The FortiOS version: 7.4, 7.4.8 (repeatable: the devices take turns) [default: 7.4.8; mixed: every line since 6.0]
    #[arg(long, value_name = "VERSION")]
    pub fortios: Vec<String>,
    /// Let the devices differ as those of a fleet do: model, version, some with VDOMs, some the primary of a cluster
    #[arg(long)]
    pub mixed: bool,
    /// Whether there are VDOMs
    #[arg(long, value_name = "MODE", default_value = "disable")]
    pub vdom_mode: sim::VdomMode,
    /// A VDOM, the management VDOM first (repeatable)
    #[arg(long = "vdom", value_name = "NAME")]
    pub vdoms: Vec<String>,
    /// The role in a cluster
    #[arg(long, value_name = "ROLE", default_value = "standalone")]
    pub ha: sim::Ha,
    /// FIPS-CC mode
    #[arg(long)]
    pub fips: bool,
    /// When a change is written to flash
    #[arg(long, value_name = "MODE", default_value = "automatic")]
    pub cfg_save: sim::CfgSave,
    /// The host name; of several devices its number counts up
    #[arg(long, value_name = "NAME", default_value = "fw1")]
    pub hostname: String,
    /// The administrator
    #[arg(long, value_name = "NAME", default_value = "admin")]
    pub admin: String,
    /// The administrator's password; of a simulated device, so it may stand here
    #[arg(long, value_name = "TEXT", default_value = "admin")]
    pub password: String,
    /// A public key of the administrator, as in authorized_keys (repeatable)
    #[arg(long = "public-key", value_name = "KEY")]
    pub public_keys: Vec<String>,
    /// Where to listen, loopback only; of several devices the port counts up
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:2222")]
    pub listen: SocketAddr,
    /// Where HTTPS administration listens, loopback only, with the REST API; of several devices the port counts up
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub https: Option<SocketAddr>,
    /// Write the certificates of the devices' own CAs into this file, for `curl --cacert`
    #[arg(long, value_name = "FILE", requires = "https")]
    pub https_ca: Option<PathBuf>,
    /// How many devices; for many, let --listen take free ports: 127.0.0.1:0
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub devices: u16,
    /// A fault: LINE=ACTION, LINE a number or the text a line begins with, ACTION `refuse` (or `refuse:TEXT`), `drop`,
    /// `drop-after`, `hang`, `hang-after`, `cut:N` or `ask` (repeatable)
    #[arg(long = "fault", value_name = "FAULT")]
    pub faults: Vec<sim::Fault>,
    /// Something that goes wrong on a share of the devices: WHAT=PERCENT, WHAT `refuse-connection`, `silent`,
    /// `refuse-login`, `wrong-host-key`, LINE=ACTION, or an ACTION alone for some line of each (repeatable)
    #[arg(long = "fault-rate", value_name = "RATE")]
    pub rates: Vec<sim::Rate>,
    /// Make the same keys, and let the same devices go wrong, each time
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// How long a packet to a device and its answer are under way: 100ms
    #[arg(long, value_name = "TIME", default_value = "0ms", value_parser = sim::duration)]
    pub round_trip: std::time::Duration,
    /// A trap, one of those below (repeatable)
    #[arg(long = "trap", value_name = "TRAP")]
    pub traps: Vec<sim::Trap>,
    /// How long commands take: 200ms, or `execute api-user=2s` (repeatable)
    #[arg(long = "think", value_name = "TIME")]
    pub think: Vec<sim::Think>,
    /// Write an inventory of the devices into this file, once all of them listen
    #[arg(long, value_name = "FILE")]
    pub inventory_out: Option<PathBuf>,
    /// Write what each device saw into this file, a line of JSON a device: at the end, and at each SIGUSR1
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Serve one session on stdin and stdout, as the forced command of another SSH server
    #[arg(long, hide_short_help = true)]
    pub stdio: bool,
}

fn sim_help() -> String {
    let traps = sim::Trap::all().iter().map(|trap| format!("  {:24} {}\n", trap.name, trap.about));
    format!("Traps:\n{}", traps.collect::<String>())
}
