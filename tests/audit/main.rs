//! `audit` against simulated devices of every kind, against captured tables, and its page in a browser.

// What tests share may panic as they do; clippy's own exception covers only what stands inside a `#[test]`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used, clippy::print_stderr)]

mod browser;
mod captures;
mod chromium;
mod devices;
mod forms;
mod scene;
mod schema;
