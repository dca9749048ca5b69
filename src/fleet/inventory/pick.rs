//! The devices of a run, out of an inventory: those that are named, and of them those that the limit leaves.

use std::collections::HashSet;

use super::{Entry, Inventory, InventoryError, Limit, LimitError};

/// Why no devices can be picked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PickError {
    /// There are no devices at all.
    #[error("there is no device in the inventory")]
    Empty,
    /// A device of those cannot be worked on.
    #[error(transparent)]
    Inventory(#[from] InventoryError),
    /// A name or a pattern picks none.
    #[error(transparent)]
    Limit(#[from] LimitError),
}

impl PickError {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        match self {
            PickError::Empty => None,
            PickError::Inventory(error) => error.hint(),
            PickError::Limit(error) => error.hint(),
        }
    }
}

impl Inventory {
    /// The devices and the devices of the groups that `names` names, all without any; of them those that `limit` leaves, in
    /// the order of the inventory.
    ///
    /// # Errors
    /// An empty inventory, a name that is no device and no group, a limit that leaves none, and what [`Inventory::check`] says of them.
    pub fn pick(&self, names: &[String], limit: Option<&Limit>) -> Result<Vec<&Entry>, PickError> {
        if self.devices().is_empty() {
            return Err(PickError::Empty);
        }
        let mut picked: Vec<&Entry> = match limit {
            Some(limit) => self.limited(limit)?,
            None => self.devices().iter().collect(),
        };
        if !names.is_empty() {
            let named = self.all_named(names)?;
            picked.retain(|entry| named.contains(entry.name.as_str()));
        }
        if picked.is_empty() {
            let nothing = limit.map_or_else(|| names.join(" "), Limit::to_string);
            return Err(LimitError::Nothing(nothing).into());
        }
        self.check(&picked)?;
        Ok(picked)
    }

    fn all_named(&self, names: &[String]) -> Result<HashSet<&str>, LimitError> {
        let mut all = HashSet::new();
        for name in names {
            let named = self.named(name).ok_or_else(|| self.unknown(name))?;
            all.extend(named.iter().map(|entry| entry.name.as_str()));
        }
        Ok(all)
    }
}
