//! The flags of `fgtkey rotate`.

use std::str::FromStr;
use std::time::Duration;

use clap::Args;

use super::OrderArgs;
use crate::fortios::duration;

/// `fgtkey rotate`.
#[derive(Debug, Args)]
pub struct RotateArgs {
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
    /// Whose key, on what; all else that is asked for is copied from the API user in use, and goes for a dry run only.
    #[command(flatten)]
    pub order: OrderArgs,
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
