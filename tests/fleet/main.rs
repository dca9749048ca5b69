//! Many devices in one run, through the program itself: a process that simulates a fleet, another one that mints on it, and
//! what both of them say afterwards.
//!
//! `FGTKEY_FLEET` says how many devices (300 without it), `FGTKEY_PROGRAM` which program: `.ci/run` does it with the release
//! program and 5,000.

// What tests share may panic as they do; clippy's own exception covers only what stands inside a `#[test]`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used)]

mod field;
mod killed;
mod mishaps;
mod password;
mod stops;
