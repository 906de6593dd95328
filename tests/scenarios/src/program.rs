//! The workspace's processes: this program again, in another role.
//!
//! Cargo builds no program of another package for `cargo run` or `cargo test`, so this one contains the workspace. The
//! role is a variable of the environment and not an argument: the workspace starts itself again, and a proxy is started
//! by ssh. Both hand the environment on.

use std::ffi::OsStr;
use std::io;

use tokio::process::Command;

/// Set in the environment of a process to make it the workspace.
pub(crate) const ROLE: (&str, &str) = ("DISCONNECT_SCENARIOS_ROLE", "workspace");

/// Whether this process is the workspace.
pub(crate) fn is_workspace() -> bool {
    std::env::var_os(ROLE.0).is_some_and(|role| role == ROLE.1)
}

/// The workspace with these arguments.
///
/// # Errors
///
/// The path of this program is unknown.
pub(crate) fn workspace<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> io::Result<Command> {
    let mut command = workspace::process::workspace(arguments)?;
    command.envs([ROLE]);
    Ok(command)
}
