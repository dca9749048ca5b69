//! Inventories of all formats, as `fgtkey inventory` shows them: cases as folders under `cases/`, and agreement with
//! Ansible about the inventories under `ansible/`.

// What tests share may panic as they do; clippy's own exception covers only what stands inside a `#[test]`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr)]

mod agreement;
mod cases;
mod run;
