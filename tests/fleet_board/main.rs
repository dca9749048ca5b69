//! What is seen of a fleet while it runs, and its report: a run that is made up, on a real terminal (tmux) and in a real
//! browser (headless Chromium).

// What tests share may panic as they do; clippy's own exception covers only what stands inside a `#[test]`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used, clippy::print_stderr)]

mod browser;
#[path = "../audit/chromium.rs"]
mod chromium;
mod play;
mod terminal;
