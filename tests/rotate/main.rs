//! Rotations against simulated devices over real SSH and HTTPS on loopback, with everything going wrong that can.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr)]

mod alternation;
mod api;
#[path = "../mint/cases.rs"]
mod cases;
mod delivery;
mod faults;
mod finish;
mod guards;
mod in_place;
mod load;
mod scene;
mod story;
mod transaction;
mod verification;
