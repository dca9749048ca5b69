//! Change with eyes open: what a plan shows is what a mint does, what a mint does a revocation takes away, and in between
//! nothing is left unsaid. Through the public path, against a simulated device behind its SSH server.

// What tests share may panic as they do; clippy's own exception covers only what stands inside a `#[test]`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used)]

mod central_management;
mod change;
mod cluster;
mod desk;
mod drift;
mod pairs;
mod revoke;
mod rights;
mod shapes;
mod switch;
