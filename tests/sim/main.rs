//! The simulated FortiGate, by its public path.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr)]

mod bytes;
mod certificates;
mod config;
mod faults;
mod fleet;
mod openssh;
mod rest;
mod stories;
mod terminal;
