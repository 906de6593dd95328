//! How a session ended by its process.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use disconnect_core::{Code, Disconnect, Protocol};
use nix::sys::signal::Signal;

use super::TO_CLIENT;

/// The process of a session has ended. `asked` is the signal that its client asked for last, by a key or by its name: a
/// status alone does not tell a Ctrl-C from anybody's `kill -INT`.
pub(super) fn exited(status: ExitStatus, asked: Option<Signal>) -> Disconnect {
    match (status.signal(), asked) {
        (Some(number), Some(asked)) if number == asked as i32 => TO_CLIENT.closed_by_peer().code(Code::signal(number)),
        _ => TO_CLIENT.exited(status),
    }
}

/// The exit status of the process, where it is that by which the session ended.
pub(super) fn exit_code(end: &Disconnect) -> Option<i64> {
    end.protocol_code().filter(|code| code.protocol() == Protocol::Exit).map(Code::number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_the_clients_where_it_asked_for_it() {
        let interrupted = ExitStatus::from_raw(Signal::SIGINT as i32);
        let ends = [None, Some(Signal::SIGQUIT), Some(Signal::SIGINT)].map(|asked| exited(interrupted, asked));
        assert_eq!(ends.map(|end| end.reason_str()), ["unknown", "unknown", "client_closed"]);
    }

    #[test]
    fn only_an_exit_has_an_exit_code() {
        assert_eq!(exit_code(&exited(ExitStatus::from_raw(3 << 8), None)), Some(3));
        assert_eq!(exit_code(&exited(ExitStatus::from_raw(9), None)), None);
        assert_eq!(exit_code(&TO_CLIENT.shutting_down()), None);
    }
}
