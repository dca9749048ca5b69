//! Delivery flags to destinations and the escrow.

use crate::deliver::seal::Recipients;
use crate::deliver::{DeliverError, Destination, EscrowPlace, Format, escrow};
use crate::fortios::request::DeliverEntry;
use crate::journal::{self, Journal};
use crate::verbs::custody::Custody;

use super::args::DeliveryArgs;

/// What is wrong with the flags, and what to type instead.
pub(super) type Usage = (String, Option<String>);

/// The recipients of the escrow, where no flag names them; one a line.
const ESCROW_RECIPIENT: &str = "FGTKEY_ESCROW_RECIPIENT";

/// `--to` wins over the request's `deliver:`.
pub(super) fn destinations(args: &DeliveryArgs, request: &[DeliverEntry]) -> Result<Vec<Destination>, Usage> {
    if !args.to.is_empty() {
        return Ok(args.to.clone());
    }
    let read = |entry: &DeliverEntry| {
        Destination::from_yaml(&entry.kind, &entry.value).map_err(|error| (format!("deliver: {error}"), error.hint()))
    };
    request.iter().map(read).collect()
}

/// Where the key goes, and how that is made sure. Of a run on the embedded device nothing has to be remembered.
pub(super) fn custody(
    args: &DeliveryArgs,
    destinations: Vec<Destination>,
    format: Format,
    simulated: bool,
) -> Result<Custody, Usage> {
    let escrow = escrow(args)?;
    let journal = if simulated {
        Journal::passing().map_err(|error| (format!("no temporary file can be made: {error}"), None))?
    } else {
        // Where there is a place for the escrow there is one for the journal.
        Journal::at(journal::directory().unwrap_or_else(|| escrow.directory.join("journal")))
    };
    let escrow_identity = args.escrow_identity.clone();
    Ok(Custody { destinations, format, escrow, escrow_identity, journal })
}

/// Where keys are until their destinations have them.
pub(super) fn escrow(args: &DeliveryArgs) -> Result<EscrowPlace, Usage> {
    let Some(directory) = escrow::directory() else {
        return Err((DeliverError::NoEscrow.to_string(), DeliverError::NoEscrow.hint()));
    };
    let texts =
        if args.escrow_recipients.is_empty() { recipients_of_environment() } else { args.escrow_recipients.clone() };
    let recipients = Recipients::parse(texts.iter().map(String::as_str));
    let recipients = recipients.map_err(|error| (format!("--escrow-recipient: {error}"), None))?;
    Ok(EscrowPlace { directory, recipients })
}

/// One recipient a line: an SSH public key has blanks in it.
fn recipients_of_environment() -> Vec<String> {
    let text = std::env::var(ESCROW_RECIPIENT).unwrap_or_default();
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}
