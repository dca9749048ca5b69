//! The flags of `fgtkey audit`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use super::{FleetArgs, SimulatedArgs, SshArgs};
use crate::fortios::audit::severity::Severity;
use crate::fortios::audit::{WIDEST_IPV4, WIDEST_IPV6};

/// `fgtkey audit`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 nothing found, 3 findings at or above --fail-on, 1 a device could not be audited, \
                        4 some devices could not."
)]
pub struct AuditArgs {
    /// The devices to log in to.
    #[arg(value_name = "DEVICE", help = super::DEVICES)]
    pub devices: Vec<String>,
    /// Use an embedded simulated FortiGate with a few weak API users instead of a device
    #[arg(long, conflicts_with_all = ["devices", "FleetArgs"])]
    pub sim: bool,
    /// A request: API users that none asks for are findings, the rotated NAME-a and NAME-b are known (repeatable)
    #[arg(short, long = "request", value_name = "FILE")]
    pub requests: Vec<PathBuf>,
    /// Print JSON, an object a line and device, or SARIF 2.1.0 instead of the table; with a `=` in it, an option of ssh
    /// (repeatable)
    #[arg(short, long = "output", value_name = "json|sarif|KEY=VALUE")]
    pub output: Vec<FormOrOption>,
    /// Also write one self-contained page: it loads nothing, filters, prints, and is readable on a phone (0600)
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// From which severity on findings make the exit status 3
    #[arg(long, value_name = "info|low|medium|high|critical", default_value_t = Severity::Low)]
    pub fail_on: Severity,
    /// The widest IPv4 network that a trusted host may be
    #[arg(long, value_name = "/LENGTH", default_value_t = PrefixLength::<32>(WIDEST_IPV4))]
    pub widest: PrefixLength<32>,
    /// The widest IPv6 network that a trusted host may be
    #[arg(long, value_name = "/LENGTH", default_value_t = PrefixLength::<128>(WIDEST_IPV6))]
    pub widest_ipv6: PrefixLength<128>,
    /// The GUI is meant to be closed: an interface with HTTPS administration is a finding
    #[arg(long)]
    pub gui_closed: bool,
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

/// A prefix length, with its slash or without: `/24`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrefixLength<const MOST: u8>(pub u8);

/// A text that is no prefix length.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a prefix length from /0 to /{most}")]
pub struct NoPrefixLength {
    text: String,
    most: u8,
}

impl<const MOST: u8> FromStr for PrefixLength<MOST> {
    type Err = NoPrefixLength;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let length = text.strip_prefix('/').unwrap_or(text).parse().ok().filter(|length| *length <= MOST);
        length.map(PrefixLength).ok_or_else(|| NoPrefixLength { text: text.to_owned(), most: MOST })
    }
}

impl<const MOST: u8> std::fmt::Display for PrefixLength<MOST> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "/{}", self.0)
    }
}

/// What stdout carries instead of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One JSON object a line and device.
    Json,
    /// One SARIF log.
    Sarif,
}

/// `-o` of an audit, beside the options of `ssh`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormOrOption {
    /// What stdout carries.
    Form(Form),
    /// An option of `ssh_config`.
    Option(String),
}

/// A word behind `-o` that is neither.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is neither json nor sarif nor an option of ssh (KEY=VALUE)")]
pub struct NoForm(String);

impl FromStr for FormOrOption {
    type Err = NoForm;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "json" => Ok(FormOrOption::Form(Form::Json)),
            "sarif" => Ok(FormOrOption::Form(Form::Sarif)),
            option if option.contains(['=', ' ']) => Ok(FormOrOption::Option(option.to_owned())),
            other => Err(NoForm(other.to_owned())),
        }
    }
}

impl AuditArgs {
    /// What stdout carries: what was said last; `None`: the table.
    pub fn form(&self) -> Option<Form> {
        self.output.iter().rev().find_map(|said| match said {
            FormOrOption::Form(form) => Some(*form),
            FormOrOption::Option(_) => None,
        })
    }

    /// The options of `ssh`, in their order.
    pub fn ssh_options(&self) -> Vec<String> {
        let options = self.output.iter().filter_map(|said| match said {
            FormOrOption::Form(_) => None,
            FormOrOption::Option(text) => Some(text.clone()),
        });
        options.collect()
    }
}
