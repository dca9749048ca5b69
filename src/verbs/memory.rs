//! What the journal and the destinations remember of the keys of a pair of API users.

use jiff::Timestamp;

use crate::deliver::Device;
use crate::fortios::rotation::{Pair, Remembered};
use crate::journal::{KeyState, Past};

use super::custody::{Custody, aside};

/// What the runs on a device, the oldest first, know of a pair.
pub(super) fn remembered(runs: &[Past], pair: &Pair) -> Remembered {
    let of_pair = |past: &&Past| pair.names().any(|name| name.as_str() == past.planned.api_user);
    let mut memory = Remembered::default();
    for past in runs.iter().filter(of_pair) {
        let user = Some(past.planned.api_user.clone());
        match past.key() {
            KeyState::Delivered { .. } => {
                let retires = past.planned.retires.clone();
                memory = Remembered { in_use: user, finished: past.has_retired(), retires, undelivered: None };
            }
            // Nobody has it, or the run that is taken up has it in the escrow.
            KeyState::Unknown | KeyState::Escrowed { .. } => memory.undelivered = user,
            KeyState::None if past.retired_any() => memory.finished = true,
            KeyState::None | KeyState::Astray => {}
        }
    }
    memory
}

/// When the key in use was generated: as the journal knows it, else as a destination does that writes it down.
pub(super) async fn age_source(in_use: &str, runs: &[Past], custody: &Custody, device: Device) -> Option<Timestamp> {
    let known = runs.iter().rev().filter(|past| past.planned.api_user == in_use).find_map(|past| match past.key() {
        KeyState::Delivered { generated_at } => Some(generated_at),
        _ => None,
    });
    if known.is_some() {
        return known;
    }
    let (destinations, in_use) = (custody.destinations.clone(), in_use.to_owned());
    aside(move || {
        let fetched = destinations.iter().filter_map(|destination| destination.fetch(&device).ok());
        fetched.filter(|key| key.api_user.as_deref() == Some(in_use.as_str())).find_map(|key| key.generated_at)
    })
    .await
}
