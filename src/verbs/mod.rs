//! One file per verb: its story from top to bottom, without wording and without flags.

pub mod event;

pub use event::{Event, Observer};
