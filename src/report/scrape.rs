//! The words for what a transcript holds.

use super::Reporter;
use crate::scrape::{DeviceError, Found, Missing, Scrape};

impl Reporter {
    /// Says what the device refused in a transcript, what is uncertain about the keys in it, and, without a key, what is
    /// missing.
    pub fn scraped(&mut self, scrape: &Scrape) {
        if let Some(missing) = &scrape.missing {
            self.error(None, missing);
        }
        let told = |error: &&DeviceError| !matches!(&scrape.missing, Some(Missing::Refused { line, .. }) if *line == error.line);
        scrape.errors.iter().filter(told).for_each(|error| self.note(&refusal(error)));
        scrape.found.iter().for_each(|found| self.found(found));
        if let Some(hint) = scrape.missing.as_ref().and_then(|missing| missing.hint()) {
            self.hint(&hint);
        }
    }

    fn found(&mut self, found: &Found) {
        let what = format!("the key in line {}{}", found.line, owner(found));
        if !found.live {
            self.note(&format!("{what} is void: a later one was generated for the same API user"));
        }
        for doubt in &found.doubts {
            self.note(&format!("{what}: {doubt}"));
        }
    }
}

fn refusal(error: &DeviceError) -> String {
    match &error.command {
        Some(command) => format!("line {}: the device refused `{command}`: {}", error.line, error.text),
        None => format!("line {}: the device refused: {}", error.line, error.text),
    }
}

/// ` of terraform on fw1`, as far as it is known.
fn owner(found: &Found) -> String {
    let user = found.api_user.as_ref().map(|user| format!(" of {user}"));
    let device = found.device.as_ref().map(|device| format!(" on {device}"));
    format!("{}{}", user.unwrap_or_default(), device.unwrap_or_default())
}
