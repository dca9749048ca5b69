//! `kill -9` at any instant: the same command again tells what happened and finishes the job.
//!
//! The device runs in the test, so that it can be asked what it has and has had; the program is a child with a home of its
//! own. `FGTKEY_KILLS=N` sets how many random instants are tried (60; with `FGTKEY_REQUIRE_PEERS=1`: 240), and
//! `FGTKEY_KILL_SEED=N` repeats a run.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "the harness of a test may fail it"
)]

mod consumer;
mod desk;
mod journal;
mod outcome;
mod start;

mod calls;
mod disk;
mod failing;
mod lines;
mod random;
mod resume;
mod rotation;
mod sealed;
mod states;
mod together;
