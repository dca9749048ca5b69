//! The `fgtkey` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    fgtkey::cli::run(std::env::args_os()).into()
}
