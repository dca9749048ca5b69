//! A mint against simulated devices over real SSH on loopback, with everything going wrong that can.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr)]

mod cases;
mod delivery;
mod faults;
mod guards;
mod idempotence;
mod interrupts;
mod keys;
mod lent;
mod passwords;
mod recovery;
mod scene;
mod story;
mod switch;
