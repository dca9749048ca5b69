//! Programs of other makes at both ends of the wire: clients that were not written for the simulated FortiGate, and a
//! server that was not written for our client.
//!
//! A test whose program is not installed is skipped, loudly; with `FGTKEY_REQUIRE_PEERS=1` it fails instead.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr)]

mod clients;
mod inetd;
mod matrix;
mod netmiko;
mod openssh;
mod peer;
mod rekey;
mod sealed;
mod servers;
mod site;
mod sshd;
mod terminal;
mod vault;
