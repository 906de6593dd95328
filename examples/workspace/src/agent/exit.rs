//! How a session ended by its process.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use disconnect_core::{Code, Disconnect};
use nix::sys::signal::Signal;

use crate::ends::AGENT_FACING_CLIENT;

/// The end of a session whose client had its process killed. `asked` is the signal that the client asked for last, by a
/// key or by its name: a status alone does not tell a Ctrl-C from anybody's `kill -INT`.
pub(super) fn killed_by_client(status: ExitStatus, asked: Option<Signal>) -> Option<Disconnect> {
    let number = status.signal().filter(|number| asked.is_some_and(|asked| *number == asked as i32))?;
    Some(AGENT_FACING_CLIENT.closed_by_peer().with_code(Code::signal(number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_the_clients_where_it_asked_for_it() {
        let interrupted = ExitStatus::from_raw(Signal::SIGINT as i32);
        let ends =
            [None, Some(Signal::SIGQUIT), Some(Signal::SIGINT)].map(|asked| killed_by_client(interrupted, asked));
        assert_eq!(ends.map(|end| end.map(|end| end.reason().as_str())), [None, None, Some("client_closed")]);
    }
}
