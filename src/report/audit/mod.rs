//! The words of an audit: a table for people, JSON and SARIF for programs, and one page to be handed on.
//!
//! | file | what it makes |
//! |---|---|
//! | `view` | what all forms are made of, and `-o json` as it is |
//! | `table` | the table of a terminal |
//! | `sarif` | SARIF 2.1.0 |
//! | `page` | the HTML page, out of `templates/audit/page.html` |

mod page;
mod sarif;
mod table;
mod view;

pub use page::to_html;
pub use sarif::to_sarif;
pub use table::{Terminal, to_table};
pub use view::{Counts, DeviceView, FindingView, Unaudited, UserView, to_json};

use super::{Reporter, Verbosity};

impl Reporter {
    /// Says where the page is.
    pub fn page_written(&mut self, path: &str) {
        if self.verbosity >= Verbosity::Story {
            self.note(&format!("the page is in {path} (0600)"));
        }
    }
}
