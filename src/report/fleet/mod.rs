//! The words of a run on many devices: what is seen while it goes on, how it ended, and its report.
//!
//! | file | what it is |
//! |---|---|
//! | `board` | what hears of everything that happens, and says what belongs said |
//! | `lines` | the words of its lines |
//! | `live`, `screen` | the live display, and the terminal under it |
//! | `rows` | what the live display shows |
//! | `groups` | the devices that did not do what was asked, by how they failed |
//! | `summary` | what is said at the end |
//! | `view` | the report for programs |
//! | `page`, `chart` | the report for people, out of `templates/fleet/page.html` |
//! | `durations` | how long each phase took |

mod board;
mod chart;
mod durations;
mod groups;
mod lines;
pub(super) mod live;
mod page;
mod rows;
mod screen;
mod summary;
mod view;

pub use board::Board;
pub use page::to_html;
pub use view::to_json;

#[cfg(test)]
mod tests;
