//! The FortiOS model by its public path: what each version accepts, and what becomes of a request.

// What tests share may panic as they do; clippy's own exception covers only what stands inside a `#[test]`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod names;
mod permissions;
mod request;
mod schema;
