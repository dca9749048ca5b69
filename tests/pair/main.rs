//! The session against the simulated FortiGate, and against devices that no vendor would sell, without a runtime.
//!
//! [`pair`] moves the bytes, [`story`] is a mint in a page and what must hold after every one of them.

// What tests share may panic as they do; clippy's own exception covers only what stands inside a `#[test]`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used)]

mod faults;
mod hostile;
mod names;
mod pair;
mod questions;
mod retirement;
mod secrets;
mod story;
mod transcripts;
mod traps;
mod waves;
