//! portable-pty: how the process in a terminal ended: it exited, failed, or was killed by a signal.
//!
//! The master's reads do not show it. They return `Ok(0)` (`EIO` below portable-pty) for every end, and no end at all
//! if another process keeps the terminal open. So copy the output in a separate thread, and wait for the child.

use std::os::unix::process::ExitStatusExt;
use std::process;

use disconnect_core::evidence::Side;
use disconnect_core::{Code, Disconnect, DisconnectReason, Endpoint};
use portable_pty::ExitStatus;

/// The end at the side that ran the process: an interactive shell or a command.
pub fn exited(end: Endpoint, status: &ExitStatus, is_shell: bool) -> Disconnect {
    match (status.signal(), exit_status(status)) {
        // With a signal the exit code is 1, like that of a shell that exited with 1.
        (Some(name), _) => Code::signal_named(name)
            .map_or_else(|| end.ended(DisconnectReason::Unknown, Side::Local), |code| end.sent(code))
            .with_detail(name.to_owned()),
        (None, status) if is_shell => end.shell_exited(status),
        (None, status) => end.process_exited(status),
    }
}

/// The status in the standard library's form: the exit code is in the second byte.
fn exit_status(status: &ExitStatus) -> process::ExitStatus {
    process::ExitStatus::from_raw(i32::from(status.exit_code().to_le_bytes()[0]) << 8)
}
