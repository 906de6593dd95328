//! All scenarios, with the program as it is built.

use std::io;
use std::process::{Command, Output, Stdio};

#[test]
fn every_connection_ends_with_the_lines_it_should() -> io::Result<()> {
    let played = scenarios("all")?;
    let [table, errors] = [&played.stdout, &played.stderr].map(|output| String::from_utf8_lossy(output));
    assert!(played.status.success(), "{}\n{table}{errors}", played.status);
    // What was left out is to be seen: `cargo test -- --nocapture`.
    table.lines().filter(|line| line.contains("SKIPPED")).for_each(|line| println!("{line}"));
    Ok(())
}

#[test]
fn misspelt_scenario_is_refused_with_the_nearest_name() -> io::Result<()> {
    let refused = scenarios("agent-leavs")?;
    let errors = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{errors}");
    assert!(errors.contains("did you mean \"agent-leaves\"?"), "{errors}");
    Ok(())
}

fn scenarios(name: &str) -> io::Result<Output> {
    Command::new(env!("CARGO_BIN_EXE_disconnect-scenarios")).arg(name).stdin(Stdio::null()).output()
}
