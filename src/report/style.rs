//! Colour, where it belongs.

use std::io;
use std::str::FromStr;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

/// When output is coloured: `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR`, `CLICOLOR=0` or `TERM=dumb` say otherwise; `CLICOLOR_FORCE` counts too.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// A word that does not say when output is coloured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` does not say when to colour: auto, always or never")]
pub struct UnknownColor(String);

impl FromStr for Color {
    type Err = UnknownColor;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Color::Auto),
            "always" => Ok(Color::Always),
            "never" => Ok(Color::Never),
            other => Err(UnknownColor(other.to_owned())),
        }
    }
}

impl Color {
    /// Whether standard error is coloured.
    pub fn on_stderr(self) -> bool {
        self.on(|| AutoStream::choice(&io::stderr()))
    }

    /// Whether standard output is coloured, for a table that a person reads.
    pub fn on_stdout(self) -> bool {
        self.on(|| AutoStream::choice(&io::stdout()))
    }

    fn on(self, choice: impl FnOnce() -> ColorChoice) -> bool {
        match self {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => !matches!(choice(), ColorChoice::Never),
        }
    }
}

const NAME: Style = Style::new().bold();
const VERB: Style = AnsiColor::Cyan.on_default();
const ERROR: Style = AnsiColor::Red.on_default().bold();
const NOTE: Style = AnsiColor::Yellow.on_default();
const HINT: Style = AnsiColor::Green.on_default();
const REMOVED: Style = AnsiColor::Red.on_default();

/// The styles of the few things that have one, or none of them.
pub(super) struct Palette {
    colored: bool,
}

impl Palette {
    pub(super) fn new(colored: bool) -> Self {
        Palette { colored }
    }

    pub(super) fn name(&self, text: &str) -> String {
        self.paint(NAME, text)
    }

    pub(super) fn verb(&self, text: &str) -> String {
        let style = match text.trim_end() {
            "warning" => NOTE,
            "failed" | "escrowed" | "attention" => ERROR,
            _ => VERB,
        };
        self.paint(style, text)
    }

    pub(super) fn error(&self, text: &str) -> String {
        self.paint(ERROR, text)
    }

    pub(super) fn note(&self, text: &str) -> String {
        self.paint(NOTE, text)
    }

    pub(super) fn hint(&self, text: &str) -> String {
        self.paint(HINT, text)
    }

    pub(super) fn added(&self, text: &str) -> String {
        self.paint(HINT, text)
    }

    pub(super) fn removed(&self, text: &str) -> String {
        self.paint(REMOVED, text)
    }

    pub(super) fn changed(&self, text: &str) -> String {
        self.paint(NOTE, text)
    }

    fn paint(&self, style: Style, text: &str) -> String {
        if self.colored { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}
