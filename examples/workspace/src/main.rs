//! The program of the [`workspace`] library.

use std::process::ExitCode;

fn main() -> ExitCode {
    workspace::main()
}
