//! The words of a plan: one line a difference for people, one object for programs.

use std::path::Path;

use serde::Serialize;

use super::failure::hint;
use super::style::Palette;
use super::text::printable;
use super::{Reporter, Verbosity, with_causes};
use crate::fortios::difference::{Difference, Sign};
use crate::verbs::plan::Compared;

/// The differences, one a line: the device's name, `+`, `-` or `~`, and what differs. Empty when nothing does.
pub fn to_text(compared: &Compared, colored: bool) -> String {
    let palette = Palette::new(colored);
    let device = palette.name(&printable(&compared.device));
    let line = |difference: &Difference| {
        let text = printable(&difference.to_string());
        let told = match difference.sign() {
            Sign::Added => palette.added(&format!("+ {text}")),
            Sign::Removed => palette.removed(&format!("- {text}")),
            Sign::Changed => palette.changed(&format!("~ {text}")),
        };
        format!("{device}  {told}\n")
    };
    compared.differences.iter().map(line).collect()
}

/// One JSON object on one line.
pub fn to_json(compared: &Compared) -> String {
    let Compared { device, status, plan, profile, differences, .. } = compared;
    let object = Object {
        device,
        serial: &status.serial,
        fortios: plan.version.to_string(),
        vdom_mode: status.vdom_mode.word(),
        api_user: &plan.key.user,
        profile,
        changes: differences,
        refused: compared.refused.as_ref().map(|error| with_causes(error)),
    };
    // Strings and lists of them always have a JSON form.
    serde_json::to_string(&object).map(|line| line + "\n").unwrap_or_default()
}

/// The form of `-o json`: stable.
#[derive(Serialize)]
struct Object<'a> {
    device: &'a str,
    serial: &'a str,
    fortios: String,
    vdom_mode: &'static str,
    api_user: &'a str,
    profile: &'a str,
    changes: &'a [Difference],
    refused: Option<String>,
}

impl Reporter {
    /// Says what a request is good for beside a plan that was saved.
    pub fn beside_a_plan(&mut self, request: &Path) {
        if self.verbosity >= Verbosity::Story {
            let file = request.display();
            self.note(&format!(
                "the plan says what changes on the device; of {file} counts where the key goes, and who logs in"
            ));
        }
    }

    /// Says why a mint would not do what a plan shows.
    pub fn not_as_it_stands(&mut self, compared: &Compared) {
        let Some(error) = &compared.refused else { return };
        self.note(&format!("{}: mint would be refused: {}", compared.device, with_causes(error)));
        if let Some(hint) = hint(error) {
            self.hint(&hint);
        }
    }
}
