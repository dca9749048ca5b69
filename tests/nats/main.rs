//! Jobs for workers over NATS JetStream, with the real `nats-server`.
//!
//! A test whose program is not installed is skipped, loudly; with `FGTKEY_REQUIRE_PEERS=1` it fails instead.

#![cfg(feature = "nats")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr)]

mod crowd;
mod few;
#[path = "../fleet/field.rs"]
#[allow(dead_code)]
mod field;
mod server;
