//! One file per verb: its story from top to bottom, without wording and without flags.

pub mod console;
pub mod event;
pub mod failure;
pub mod mint;
pub mod push;
pub mod survey;

pub use event::{Event, Observer};
