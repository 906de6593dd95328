//! Runs the whole matrix as a user would. Its program succeeds only if the limits are reached.

use std::io;
use std::process::Command;

#[test]
fn the_matrix_holds() -> io::Result<()> {
    let run = Command::new(env!("CARGO_BIN_EXE_faults")).output()?;
    let table = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{table}\n{}", String::from_utf8_lossy(&run.stderr));
    Ok(())
}
