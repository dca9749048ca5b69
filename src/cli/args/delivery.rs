//! The flags that say where a key goes.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use crate::deliver::{Destination, Format};

/// Where the key goes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Delivery")]
pub struct DeliveryArgs {
    /// A destination: stdout, file:PATH, dotenv:PATH, tfvars:PATH, ansible:PATH, age:PATH, vault:MOUNT/PATH, k8s:PATH|-,
    /// exec:COMMAND; options behind commas: age:fw1.age,armor=yes (repeatable) [default: stdout]
    #[arg(long = "to", value_name = "DESTINATION")]
    pub to: Vec<Destination>,
    /// Print the key to a terminal although it is delivered elsewhere too
    #[arg(long)]
    pub reveal: bool,
    /// Who may open what age: seals, where it names nobody: age1…, or an SSH public key (repeatable)
    #[arg(long = "age-recipient", value_name = "RECIPIENT")]
    pub age_recipients: Vec<String>,
    /// The same out of a file, one recipient a line (repeatable)
    #[arg(long = "age-recipients-file", value_name = "FILE")]
    pub age_recipients_files: Vec<String>,
    /// Where keys are until they are delivered.
    #[command(flatten)]
    pub escrow: EscrowArgs,
    /// What stdout carries; with a `=` in it, an option of ssh (repeatable)
    #[arg(short, long = "output", value_name = "key|json|env|tfvars|KEY=VALUE")]
    pub output: Vec<OutputOrOption>,
}

/// Where keys are until they are delivered.
#[derive(Debug, Args)]
#[command(next_help_heading = "Delivery")]
pub struct EscrowArgs {
    /// Seal keys that are not delivered yet: age1…, or an SSH public key (repeatable) [default: FGTKEY_ESCROW_RECIPIENT]
    #[arg(long = "escrow-recipient", value_name = "RECIPIENT")]
    pub escrow_recipients: Vec<String>,
    /// The age identity that opens a key which an earlier run left sealed in the escrow
    #[arg(long, value_name = "FILE")]
    pub escrow_identity: Option<PathBuf>,
}

/// `-o`, which is both the output of tools of this kind and the options of `ssh`: the latter have a `=`, or a blank.
#[derive(Debug, Clone)]
pub enum OutputOrOption {
    /// What stdout carries.
    Output(Format),
    /// An option of `ssh_config`.
    Option(String),
}

impl FromStr for OutputOrOption {
    type Err = <Format as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains(['=', ' ']) {
            return Ok(OutputOrOption::Option(text.to_owned()));
        }
        text.parse().map(OutputOrOption::Output)
    }
}

impl DeliveryArgs {
    /// What stdout carries: what was said last.
    pub fn format(&self) -> Option<Format> {
        self.output.iter().rev().find_map(|said| match said {
            OutputOrOption::Output(format) => Some(*format),
            OutputOrOption::Option(_) => None,
        })
    }

    /// The options of `ssh`, in their order.
    pub fn ssh_options(&self) -> Vec<String> {
        let options = self.output.iter().filter_map(|said| match said {
            OutputOrOption::Output(_) => None,
            OutputOrOption::Option(text) => Some(text.clone()),
        });
        options.collect()
    }
}
