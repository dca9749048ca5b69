//! Logging in over real SSH: to a server of our own that counts the attempts, to raw sockets that break the protocol,
//! and to OpenSSH's `sshd` where it is installed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr)]
#![allow(missing_docs)]

#[path = "ssh/agent.rs"]
mod agent;
#[path = "ssh/certificates.rs"]
mod certificates;
#[path = "ssh/configured.rs"]
mod configured;
#[path = "ssh/desk.rs"]
mod desk;
#[path = "ssh/host_keys.rs"]
mod host_keys;
#[path = "ssh/hostile.rs"]
mod hostile;
#[path = "ssh/jump.rs"]
mod jump;
#[path = "ssh/known_hosts.rs"]
mod known_hosts;
#[path = "ssh/login.rs"]
mod login;
#[path = "ssh/openssh.rs"]
mod openssh;
#[path = "ssh/round_trips.rs"]
mod round_trips;
#[path = "ssh/second_factor.rs"]
mod second_factor;
#[path = "ssh/server.rs"]
mod server;
#[path = "ssh/terminal.rs"]
mod terminal;
