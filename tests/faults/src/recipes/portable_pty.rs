//! portable-pty: how the process under a terminal ended: left, failed, or killed by which signal.
//!
//! What the master reads says nothing. It is `Ok(0)` (`EIO` below portable-pty) for every way to end, and does not come
//! where another process still holds the terminal. So let a thread of its own copy the output, and wait for the child.

use std::os::unix::process::ExitStatusExt;
use std::process;

use disconnect_core::evidence::Side;
use disconnect_core::{Code, Disconnect, DisconnectReason, Endpoint};
use portable_pty::ExitStatus;

/// The end on the side that ran the process, which was an interactive shell or a command.
pub fn exited(end: Endpoint, status: &ExitStatus, is_shell: bool) -> Disconnect {
    match (status.signal(), exit_status(status)) {
        // The exit code beside a signal is 1, as that of a shell that was left.
        (Some(name), _) => Code::signal_named(name)
            .map_or_else(|| end.ended(DisconnectReason::Unknown, Side::Local), |code| end.sent(code))
            .with_detail(name.to_owned()),
        (None, status) if is_shell => end.shell_exited(status),
        (None, status) => end.process_exited(status),
    }
}

/// The same status as the standard library has it: the exit code stands in the second byte.
fn exit_status(status: &ExitStatus) -> process::ExitStatus {
    process::ExitStatus::from_raw(i32::from(status.exit_code().to_le_bytes()[0]) << 8)
}
