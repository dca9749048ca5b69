//! Delivery flags to destinations and the escrow.

use std::path::PathBuf;

use crate::deliver::seal::Recipients;
use crate::deliver::{Defaults, DeliverError, Destination, DestinationError, EscrowPlace, Format, escrow};
use crate::fortios::request::DeliverEntry;
use crate::journal::{self, Journal};
use crate::verbs::custody::Custody;
use crate::verbs::verification::Verification;

use super::Usage;
use super::args::{DeliveryArgs, EscrowArgs};

/// The recipients of the escrow, where no flag names them; one a line.
const ESCROW_RECIPIENT: &str = "FGTKEY_ESCROW_RECIPIENT";

/// `--to` wins over the request's `deliver:`; what the flags say of all destinations goes for both.
pub(super) fn destinations(args: &DeliveryArgs, request: &[DeliverEntry]) -> Result<Vec<Destination>, Usage> {
    let defaults = Defaults {
        reveal: args.reveal,
        age_recipients: args.age_recipients.clone(),
        age_recipients_files: args.age_recipients_files.clone(),
    };
    let usage = |of: &str, error: DestinationError| (format!("{of}: {error}"), error.hint());
    if !args.to.is_empty() {
        let with = |to: &Destination| to.clone().with(&defaults).map_err(|error| usage("--to", error));
        return args.to.iter().map(with).collect();
    }
    let read = |entry: &DeliverEntry| {
        let destination = Destination::from_yaml(&entry.kind, &entry.value).and_then(|to| to.with(&defaults));
        destination.map_err(|error| usage("deliver", error))
    };
    request.iter().map(read).collect()
}

/// Where the key goes, and how that is made sure. Of a run on the embedded device nothing has to be remembered.
pub(super) fn custody(
    args: &DeliveryArgs,
    destinations: Vec<Destination>,
    format: Format,
    verification: Verification,
    simulated: bool,
) -> Result<Custody, Usage> {
    let escrow = place(&args.escrow)?;
    let journal = if simulated {
        Journal::passing().map_err(|error| (format!("no temporary file can be made: {error}"), None))?
    } else {
        journal()?
    };
    let escrow_identity = args.escrow.escrow_identity.clone();
    Ok(Custody { destinations, format, escrow, escrow_identity, journal, verification })
}

/// The journal of this person.
pub(super) fn journal() -> Result<Journal, Usage> {
    journal_directory().map(Journal::at)
}

/// Where it is.
pub(super) fn journal_directory() -> Result<PathBuf, Usage> {
    journal::directory().ok_or_else(no_place)
}

/// Where the escrow is.
pub(super) fn escrow_directory() -> Result<PathBuf, Usage> {
    escrow::directory().ok_or_else(no_place)
}

fn no_place() -> Usage {
    (DeliverError::NoEscrow.to_string(), DeliverError::NoEscrow.hint())
}

/// Where keys are until their destinations have them.
pub(super) fn place(args: &EscrowArgs) -> Result<EscrowPlace, Usage> {
    let directory = escrow_directory()?;
    let texts =
        if args.escrow_recipients.is_empty() { recipients_of_environment() } else { args.escrow_recipients.clone() };
    let recipients = Recipients::parse(texts.iter().map(String::as_str));
    let recipients = recipients.map_err(|error| (format!("--escrow-recipient: {error}"), None))?;
    Ok(EscrowPlace::sealed(directory, recipients))
}

/// One recipient a line: an SSH public key has blanks in it.
fn recipients_of_environment() -> Vec<String> {
    let text = std::env::var(ESCROW_RECIPIENT).unwrap_or_default();
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}
