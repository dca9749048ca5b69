//! Logging in over real SSH: to a server of our own that counts the attempts, to raw sockets that break the protocol,
//! and to OpenSSH's `sshd` where it is installed.

#[path = "ssh/desk.rs"]
mod desk;
#[path = "ssh/host_keys.rs"]
mod host_keys;
#[path = "ssh/hostile.rs"]
mod hostile;
#[path = "ssh/login.rs"]
mod login;
#[path = "ssh/openssh.rs"]
mod openssh;
#[path = "ssh/server.rs"]
mod server;
