//! Those who use the keys: commands that `exec` runs, and the recipes of the README and of `examples/`.
//!
//! A test whose program is not installed is skipped, loudly; with `FGTKEY_REQUIRE_PEERS=1` it fails instead.

// What tests share may panic as they do; clippy's own exception covers only what stands inside a `#[test]`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used, clippy::print_stderr)]

mod ansible;
mod desk;
mod exec;
mod files;
mod lend;
mod recipes;
mod signals;
mod simulator;
mod vault;
