//! Those who use the keys: commands that `exec` runs, and the recipes of the README and of `examples/`.

// What tests share may panic as they do; clippy's own exception covers only what stands inside a `#[test]`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used, clippy::print_stderr)]

mod desk;
mod exec;
mod signals;
