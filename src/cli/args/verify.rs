//! The flags of `fgtkey verify`, and those of the verification of a key, which other verbs share.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{FleetArgs, JsonOrOption, SimulatedArgs, SshArgs};
use crate::deliver::Destination;
use crate::report::with_causes;
use crate::rest::{Authorities, Fingerprint};
use crate::verbs::verification::{Mode, TrustChoice, Verification};

/// `fgtkey verify`.
#[derive(Debug, Args)]
pub struct VerifyCommand {
    /// The devices to log in to.
    #[arg(value_name = "DEVICE", help = super::DEVICES)]
    pub devices: Vec<String>,
    /// Use an embedded simulated FortiGate instead of a device; without a key: one of its API user `terraform`
    #[arg(long, conflicts_with_all = ["devices", "FleetArgs"])]
    pub sim: bool,
    /// Where the key is.
    #[command(flatten)]
    pub key: KeyArgs,
    /// The API user of the key, for a closer diagnosis
    #[arg(long, value_name = "NAME")]
    pub api_user: Option<String>,
    /// Print one JSON object; with a `=` in it, an option of ssh (repeatable)
    #[arg(short, long = "output", value_name = "json|KEY=VALUE")]
    pub output: Vec<JsonOrOption>,
    /// How it is proven.
    #[command(flatten)]
    pub verify: VerifyArgs,
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

/// Where a key is.
#[derive(Debug, Clone, Args)]
pub struct KeyArgs {
    /// Read the key from the first line of a file; `-`: of standard input
    #[arg(long, value_name = "FILE|-", group = "key_source")]
    pub key_file: Option<PathBuf>,
    /// Read the key from where it was delivered to, as in --to: dotenv:PATH, vault:MOUNT/PATH, …
    #[arg(long, value_name = "DESTINATION", group = "key_source")]
    pub from: Option<Destination>,
}

/// How a key is proven over REST.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Verification")]
pub struct VerifyArgs {
    /// Whether the key is proven over REST; auto: where this machine may reach the API [default: auto]
    #[arg(long, value_name = "auto|require|off", hide_possible_values = true)]
    pub verify: Option<ModeArg>,
    /// The port of HTTPS administration [default: the one that the device names]
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub https_port: Option<u16>,
    /// Trust certificates that an authority in this PEM file signed [default: what the device shows over SSH]
    #[arg(long, value_name = "FILE", group = "tls_trust")]
    pub ca: Option<PathBuf>,
    /// Trust the certificate with this SHA-256
    #[arg(long, value_name = "SHA256:…", group = "tls_trust")]
    pub tls_fingerprint: Option<Fingerprint>,
    /// Trust any certificate: whoever answers gets the key
    #[arg(long, group = "tls_trust")]
    pub insecure: bool,
}

/// `--verify`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModeArg {
    /// Where this machine may reach the API.
    Auto,
    /// A key that was not seen to work is a failure.
    Require,
    /// Not at all.
    Off,
}

impl VerifyArgs {
    /// What the flags say; `within` is `--timeout`.
    ///
    /// # Errors
    /// A message and a hint, when `--ca` cannot be used.
    pub fn verification(&self, within: Duration) -> Result<Verification, (String, Option<String>)> {
        let mode = match self.verify {
            None | Some(ModeArg::Auto) => Mode::Auto,
            Some(ModeArg::Require) => Mode::Require,
            Some(ModeArg::Off) => Mode::Off,
        };
        let trust = match (&self.ca, self.tls_fingerprint, self.insecure) {
            (Some(file), ..) => {
                let read = Authorities::read(file);
                TrustChoice::Ca(read.map_err(|error| (format!("--ca: {}", with_causes(&error)), None))?)
            }
            (None, Some(fingerprint), _) => TrustChoice::Fingerprint(fingerprint),
            (None, None, true) => TrustChoice::Insecure,
            (None, None, false) => TrustChoice::Learned,
        };
        Ok(Verification { mode, https_port: self.https_port, trust, within })
    }
}
