//! The words of a run on many devices: what is seen while it goes on, how it ended, and its report.
//!
//! | file | what it is |
//! |---|---|
//! | `board` | what hears of everything that happens, and says what belongs said |
//! | `lines` | the words of its lines |
//! | `groups` | the devices that did not do what was asked, by how they failed |
//! | `summary` | what is said at the end |

mod board;
mod groups;
mod lines;
mod summary;

pub use board::Board;

#[cfg(test)]
mod tests;
