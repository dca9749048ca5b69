//! One file per verb: its story from top to bottom, without wording and without flags; and what the verbs stand on: a
//! console, the survey of a device, and the site of a change with its way back.

pub mod access;
pub mod audit;
pub mod check;
pub mod child;
pub mod common;
pub mod console;
pub mod custody;
mod diagnosis;
pub mod event;
pub mod exec;
pub mod failure;
mod finish;
pub mod gate;
pub mod get;
mod hand_over;
mod key;
mod lend;
mod lesson;
mod memory;
pub mod mint;
mod order;
#[cfg(feature = "nats")]
pub mod pass_on;
pub mod plan;
pub mod program;
mod push;
mod record;
pub mod resume;
pub mod revoke;
pub mod rotate;
pub mod signals;
mod site;
pub mod survey;
mod undo;
pub mod verification;
pub mod verified;
pub mod verify;

pub use event::{Event, Observer};
