//! Why a template cannot be used.

use super::embedded::EMBEDDED;
use crate::fortios::script::ScriptError;

/// A template that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// It is not a template, or names something that is not there.
    #[error("template {origin}{}: {what}", .line.map(|line| format!(", line {line}")).unwrap_or_default())]
    Template {
        /// The file.
        origin: String,
        /// The line in it, counted from 1.
        line: Option<usize>,
        /// What is wrong.
        what: String,
    },
    /// What it renders is not a script.
    #[error("template {origin}{}: it renders `{}`: {}", .line.map(|line| format!(", line {line}")).unwrap_or_default(), .error.text, .error.rule)]
    Script {
        /// The file.
        origin: String,
        /// The line of the template that the rendered line comes from, where that can be told.
        line: Option<usize>,
        /// The rendered line and the rule that it breaks.
        error: ScriptError,
    },
    /// There is no job of that name.
    #[error("there is no template `{0}` to replace")]
    Unknown(String),
}

impl RenderError {
    /// What to type next.
    pub fn hint(&self) -> Option<String> {
        match self {
            RenderError::Unknown(_) => {
                let names: Vec<&str> = EMBEDDED.iter().map(|(name, _)| *name).collect();
                Some(format!("the templates are {}", names.join(", ")))
            }
            RenderError::Template { .. } | RenderError::Script { .. } => {
                Some("mend the file, or leave out --templates to use the embedded ones".into())
            }
        }
    }
}
