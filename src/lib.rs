//! fgtkey mints, rotates and revokes FortiOS REST API keys over SSH.
pub mod fortios;
pub mod secret;
pub mod ssh;
