//! The terminal that a table is printed on.

use std::io;

use terminal_size::{Width, terminal_size_of};

use crate::report::Color;
use crate::report::audit::Terminal;

/// The width where nobody says another: a log, a pipe.
const WIDTH: usize = 120;

/// Standard output: `COLUMNS` if somebody has set it, else what the terminal says.
pub(super) fn stdout(color: Color) -> Terminal {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).filter(|columns| *columns > 0);
    let own = || terminal_size_of(io::stdout()).map(|(Width(width), _)| usize::from(width)).filter(|width| *width > 0);
    Terminal { width: said.or_else(own).unwrap_or(WIDTH), colored: color.on_stdout() }
}
