//! How a session ended by its process.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use disconnect_core::{Code, Disconnect};
use nix::sys::signal::Signal;

use super::TO_CLIENT;

/// The process of a session has ended. `asked` is the signal that its client asked for last, by a key or by its name: a
/// status alone does not tell a Ctrl-C from anybody's `kill -INT`.
pub(super) fn exited(status: ExitStatus, asked: Option<Signal>) -> Disconnect {
    match (status.signal(), asked) {
        (Some(number), Some(asked)) if number == asked as i32 => {
            TO_CLIENT.closed_by_peer().with_code(Code::signal(number))
        }
        _ => TO_CLIENT.process_exited(status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_the_clients_where_it_asked_for_it() {
        let interrupted = ExitStatus::from_raw(Signal::SIGINT as i32);
        let ends = [None, Some(Signal::SIGQUIT), Some(Signal::SIGINT)].map(|asked| exited(interrupted, asked));
        assert_eq!(ends.map(|end| end.reason().as_str()), ["unknown", "unknown", "client_closed"]);
    }
}
