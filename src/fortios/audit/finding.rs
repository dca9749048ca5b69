//! One thing that is weak.

use super::mend::Mend;
use super::rule::Rule;
use super::severity::Severity;

/// A rule that is broken, by whom, and what mends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// The API user that breaks it; `None`: the device itself.
    pub user: Option<String>,
    /// What is there, in one sentence without its full stop. It quotes the device's own words.
    pub sentence: String,
    /// The change that mends it, where it is a change of configuration.
    pub mend: Option<Mend>,
}

impl Finding {
    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.rule.about().severity
    }
}
