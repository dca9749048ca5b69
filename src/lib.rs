//! fgtkey mints, rotates and revokes FortiOS REST API keys over SSH.

pub mod pattern;

pub mod secret;

pub mod fortios;

pub mod session;

pub mod ssh;

pub mod sim;

pub mod scrape;

pub mod deliver;

pub mod verbs;

pub mod report;

pub mod cli;
