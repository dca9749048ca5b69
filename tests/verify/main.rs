//! Proving a key against simulated devices over real SSH and HTTPS on loopback, with everything in the way that can be.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod causes;
mod certificates;
mod hostile;
mod impostor;
mod scene;
