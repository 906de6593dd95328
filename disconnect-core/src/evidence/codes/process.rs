//! Exit statuses (C, section 7.22; POSIX, "Exit Status and Errors" of the shell) and signals (Linux, signal(7)).
//!
//! The sender of such a code is the side on which the process ran. The receiver is the side whose session it served.

use super::meaning::{Meaning, closed, ended, find, sorted};
use crate::code::Code;
use crate::vocabulary::DisconnectCause as Cause;

#[rustfmt::skip] // one row per line
const STATUSES: &[Meaning] = &sorted([
    closed(0, "EXIT_SUCCESS"),
    // The command defines these. A shell exits with the status of its last command: see `Endpoint::shell_exited`.
    ended(1, "EXIT_FAILURE", Cause::ExitStatus).ambiguous().up_to(125),
    // The command of the session did not start.
    ended(126, "CANNOT_EXECUTE", Cause::InternalError).ambiguous(),
    ended(127, "COMMAND_NOT_FOUND", Cause::InternalError).ambiguous(),
]);

/// A shell adds this to the number of the signal that ended its command.
const SIGNALLED: i64 = 128;

/// Returns the row of an exit status, or the row of the signal that the status reports.
///
/// Two statuses have no row: 255, which is ssh's own failure or the command's status, and a negative number, which is
/// no status.
pub(super) const fn exit(status: i64) -> Option<&'static Meaning> {
    match find(STATUSES, status) {
        Some(row) => Some(row),
        None => find(SIGNALS, status - SIGNALLED),
    }
}

/// Signal numbers of Linux. Other systems use the same numbers up to 15, except 7, 10 and 12. No signal is
/// expected, so a different number cannot make an end expected.
#[rustfmt::skip] // one row a line
pub(super) const SIGNALS: &[Meaning] = &sorted([
    // The terminal is gone: the client left, or the network lost it.
    ended(1, "SIGHUP", Cause::Killed).ambiguous(),
    // The user pressed Ctrl-C, or another process sent it.
    ended(2, "SIGINT", Cause::Killed).ambiguous(),
    // The user or a supervisor asked for a core dump.
    ended(3, "SIGQUIT", Cause::Killed).ambiguous(),
    ended(4, "SIGILL", Cause::Crash),
    ended(5, "SIGTRAP", Cause::Crash),
    ended(6, "SIGABRT", Cause::Crash),
    ended(7, "SIGBUS", Cause::Crash),
    ended(8, "SIGFPE", Cause::Crash),
    // The kernel ran out of memory, an operator sent it, or a stop took too long. Only the supervisor knows.
    ended(9, "SIGKILL", Cause::Killed),
    ended(10, "SIGUSR1", Cause::Killed).ambiguous(),
    ended(11, "SIGSEGV", Cause::Crash),
    ended(12, "SIGUSR2", Cause::Killed).ambiguous(),
    // The reader of its output is gone.
    ended(13, "SIGPIPE", Cause::BrokenPipe).ambiguous(),
    ended(14, "SIGALRM", Cause::Deadline).ambiguous(),
    // An ordered stop of the workspace or agent, or a user's `kill`. Code that orders the stop records it before.
    ended(15, "SIGTERM", Cause::Killed).ambiguous(),
    ended(16, "SIGSTKFLT", Cause::Crash),
    ended(24, "SIGXCPU", Cause::Limit),
    ended(25, "SIGXFSZ", Cause::Limit),
    ended(31, "SIGSYS", Cause::Crash),
]);

/// The signal descriptions of glibc's `strsignal`, which portable-pty returns, and those of macOS if they differ.
const DESCRIPTIONS: &[(&str, i32)] = &[
    ("Hangup", 1),
    ("Interrupt", 2),
    ("Quit", 3),
    ("Illegal instruction", 4),
    ("Trace/breakpoint trap", 5),
    ("Trace/BPT trap", 5),
    ("Aborted", 6),
    ("Abort trap", 6),
    ("Bus error", 7),
    ("Floating point exception", 8),
    ("Killed", 9),
    ("User defined signal 1", 10),
    ("Segmentation fault", 11),
    ("User defined signal 2", 12),
    ("Broken pipe", 13),
    ("Alarm clock", 14),
    ("Terminated", 15),
    ("Stack fault", 16),
    ("CPU time limit exceeded", 24),
    ("Cputime limit exceeded", 24),
    ("File size limit exceeded", 25),
    ("Filesize limit exceeded", 25),
    ("Bad system call", 31),
];

impl Code {
    /// Returns the signal with this name or description. `None` if it names no signal that ends a process.
    ///
    /// Use it for libraries that give no signal number. It accepts `TERM` as in the `exit-signal` message of SSH (RFC
    /// 4254, section 6.10), `SIGTERM`, and the description `Terminated`, which portable-pty returns. The number that
    /// macOS appends (`Killed: 9`) is ignored.
    ///
    /// ```
    /// use disconnect_core::Code;
    ///
    /// for name in ["TERM", "SIGTERM", "Terminated", "Terminated: 15"] {
    ///     assert_eq!(Code::signal_named(name), Some(Code::signal(15)), "{name}");
    /// }
    /// assert_eq!(Code::signal_named("WINCH"), None);
    /// ```
    pub fn signal_named(name: &str) -> Option<Self> {
        let name = name.split_once(':').map_or(name, |(name, _)| name);
        let is_named = |row: &&Meaning| row.name == name || row.name.strip_prefix("SIG") == Some(name);
        let described = || DESCRIPTIONS.iter().find(|(text, _)| *text == name).map(|(_, number)| *number);
        let number = SIGNALS.iter().find(is_named).and_then(|row| i32::try_from(row.first()).ok());
        number.or_else(described).map(Self::signal)
    }
}

#[cfg(feature = "std")]
impl Code {
    /// The exit status of a process, or the signal that ended it on systems with signals. `None` if the status has
    /// neither.
    pub(crate) fn of_process(status: std::process::ExitStatus) -> Option<Self> {
        status.code().map(Self::exit).or_else(|| signal(status))
    }
}

#[cfg(all(feature = "std", unix))]
fn signal(status: std::process::ExitStatus) -> Option<Code> {
    std::os::unix::process::ExitStatusExt::signal(&status).map(Code::signal)
}

#[cfg(all(feature = "std", not(unix)))]
fn signal(_: std::process::ExitStatus) -> Option<Code> {
    None
}
