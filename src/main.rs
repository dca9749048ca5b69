//! The `fgtkey` command.
fn main() {}
