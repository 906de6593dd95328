//! How a process ended: exit statuses (C, section 7.22; POSIX, "Exit Status and Errors" of the shell) and signals
//! (Linux, signal(7)).
//!
//! The sender of such a code is the side where the process ran, the receiver the one whose session it served.

use super::meaning::{Meaning, closed, ended, find, sorted};
use crate::code::Code;
use crate::vocabulary::DisconnectCause as Cause;

#[rustfmt::skip] // one row a line
const STATUSES: &[Meaning] = &sorted([
    closed(0, "EXIT_SUCCESS"),
    // What the status says is the command's own. A shell passes on that of its last command: `Endpoint::shell_exited`.
    ended(1, "EXIT_FAILURE", Cause::ExitStatus).ambiguous().up_to(125),
    // The session's command could not be started.
    ended(126, "CANNOT_EXECUTE", Cause::InternalError).ambiguous(),
    ended(127, "COMMAND_NOT_FOUND", Cause::InternalError).ambiguous(),
]);

/// A shell adds this to the number of the signal that ended its command.
const SIGNALLED: i64 = 128;

/// The row of an exit status; that of the signal where the status reports one.
///
/// Neither 255 (ssh's own failure, or the command's status) nor a negative number (no status at all) is here.
pub(super) const fn exit(status: i64) -> Option<&'static Meaning> {
    match find(STATUSES, status) {
        Some(row) => Some(row),
        None => find(SIGNALS, status - SIGNALLED),
    }
}

/// Numbers as Linux counts them. Other systems agree on those up to 15, save 7, 10 and 12, and on none that would make
/// an end normal.
#[rustfmt::skip] // one row a line
pub(super) const SIGNALS: &[Meaning] = &sorted([
    // The terminal is gone: the client left, or the network lost it.
    ended(1, "SIGHUP", Cause::Killed).ambiguous(),
    // The user pressed Ctrl-C, or somebody sent it from outside.
    ended(2, "SIGINT", Cause::Killed).ambiguous(),
    // The user asked for a core dump, or a supervisor did.
    ended(3, "SIGQUIT", Cause::Killed).ambiguous(),
    ended(4, "SIGILL", Cause::Crash),
    ended(5, "SIGTRAP", Cause::Crash),
    ended(6, "SIGABRT", Cause::Crash),
    ended(7, "SIGBUS", Cause::Crash),
    ended(8, "SIGFPE", Cause::Crash),
    // For its memory, by an operator, or because a stop took too long: only the supervisor knows.
    ended(9, "SIGKILL", Cause::Killed),
    ended(10, "SIGUSR1", Cause::Killed).ambiguous(),
    ended(11, "SIGSEGV", Cause::Crash),
    ended(12, "SIGUSR2", Cause::Killed).ambiguous(),
    // Whoever read its output went away.
    ended(13, "SIGPIPE", Cause::BrokenPipe).ambiguous(),
    ended(14, "SIGALRM", Cause::Deadline).ambiguous(),
    // An ordered stop, of the workspace or of the agent, or a user's `kill`. Who shuts down knows, and says so.
    ended(15, "SIGTERM", Cause::Killed).ambiguous(),
    ended(16, "SIGSTKFLT", Cause::Crash),
    ended(24, "SIGXCPU", Cause::Limit),
    ended(25, "SIGXFSZ", Cause::Limit),
    ended(31, "SIGSYS", Cause::Crash),
]);

/// What glibc's `strsignal` says for these signals, which is what portable-pty hands on, and macOS where it differs.
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
    /// The signal of this name, where a library gives no number: `TERM` as in the `exit-signal` of SSH (RFC 4254, section
    /// 6.10), `SIGTERM`, or `Terminated` as portable-pty says. `None` for a name that is none of the signals that end a
    /// process.
    ///
    /// macOS adds the number to its text (`Killed: 9`); it is left out of the comparison.
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
        let name = name.split_once(": ").map_or(name, |(name, _)| name);
        let is_named = |row: &&Meaning| row.name == name || row.name.strip_prefix("SIG") == Some(name);
        let described = || DESCRIPTIONS.iter().find(|(text, _)| *text == name).map(|(_, number)| *number);
        let number = SIGNALS.iter().find(is_named).and_then(|row| i32::try_from(row.first()).ok());
        number.or_else(described).map(Self::signal)
    }
}

#[cfg(feature = "std")]
impl Code {
    /// How a process ended: an exit status, or where the system has signals, a signal. `None` if it has not ended.
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
