//! `fgtkey inventory` from flags, and the inventory for the verbs.

use std::path::PathBuf;

use crate::fleet::inventory::{Inventory, Limit, Source};
use crate::report::inventory::{to_json, to_table};
use crate::report::{Exit, Reporter, with_causes};

use super::args::{InventoryArgs, SelectionArgs, Talk};
use super::{Usage, ended, print, terminal};

/// Where the inventory is when no flag says so; of several, commas stand between.
const VARIABLE: &str = "FGTKEY_INVENTORY";

pub(super) fn run(args: &InventoryArgs, talk: &Talk, reporter: &mut Reporter) -> Exit {
    let shown = show(args, talk, reporter);
    ended(shown, reporter)
}

fn show(args: &InventoryArgs, talk: &Talk, reporter: &mut Reporter) -> Result<Exit, Usage> {
    let limit = limit(&args.selection)?;
    let inventory = load(&args.selection)?.ok_or_else(|| {
        let hint = format!("give one with --inventory FILE, or name it in {VARIABLE}");
        ("there is no inventory".to_owned(), Some(hint))
    })?;
    let picked = inventory.pick(&args.names, limit.as_ref()).map_err(|error| (with_causes(&error), error.hint()))?;
    reporter.inventory_notes(&inventory);
    let text: String = match args.output {
        Some(_) => picked.iter().map(|entry| to_json(entry)).collect(),
        None => to_table(&picked, terminal::stdout(talk.color)),
    };
    let exit = print(text.as_bytes());
    reporter.picked(picked.len(), inventory.devices().len());
    Ok(exit)
}

/// The inventory that the flags or the environment name, if any.
pub(super) fn load(args: &SelectionArgs) -> Result<Option<Inventory>, Usage> {
    let sources = sources(args);
    if sources.is_empty() {
        return Ok(None);
    }
    Inventory::load(&sources).map(Some).map_err(|error| (with_causes(&error), error.hint()))
}

/// What `-l` says.
pub(super) fn limit(args: &SelectionArgs) -> Result<Option<Limit>, Usage> {
    let limit = args.limit.as_deref().map(str::parse::<Limit>).transpose();
    limit.map_err(|error| (format!("--limit: {}", with_causes(&error)), error.hint()))
}

fn sources(args: &SelectionArgs) -> Vec<Source> {
    if !args.inventories.is_empty() {
        return args.inventories.iter().cloned().map(Source::from).collect();
    }
    let named = std::env::var(VARIABLE).unwrap_or_default();
    named.split(',').map(str::trim).filter(|name| !name.is_empty()).map(|name| PathBuf::from(name).into()).collect()
}
