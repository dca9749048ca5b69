//! How bad a finding is.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// From a remark to an open door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Good to know; nothing to mend by itself.
    Info,
    /// Untidy: it helps whoever has found another way in.
    Low,
    /// A protection is missing that costs nothing.
    Medium,
    /// A key that is lost works, or does more than its owner thinks.
    High,
    /// A lost key is a lost firewall.
    Critical,
}

/// A word that is no severity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a severity: info, low, medium, high or critical")]
pub struct UnknownSeverity(String);

impl Severity {
    /// All of them, the worst first.
    pub const WORST_FIRST: [Severity; 5] =
        [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];

    /// `high`.
    pub const fn word(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Severity {
    type Err = UnknownSeverity;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Severity::WORST_FIRST.into_iter().find(|severity| severity.word() == text);
        found.ok_or_else(|| UnknownSeverity(text.to_owned()))
    }
}
