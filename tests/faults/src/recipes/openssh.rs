//! OpenSSH's client as a process: the exit of the remote command, a DISCONNECT by its code, a refusal, a lost
//! connection.
//!
//! `ssh` exits with 255 for every failure. So this recipe also reads its log (`ssh -E FILE`) and its standard error.

use std::process::ExitStatus;

use disconnect_core::evidence::Side;
use disconnect_core::{Code, Disconnect, DisconnectCause, DisconnectReason, Endpoint};

/// The end of a session of `ssh`. Its log level must be at least `LogLevel=INFO`.
pub fn exited(end: Endpoint, status: ExitStatus, log: &str, stderr: &str, is_shell: bool) -> Disconnect {
    match status.code() {
        // A signal ended `ssh` itself.
        None => end.process_exited(status),
        Some(255) => match log.lines().find_map(|line| said(end, line)) {
            Some(said) => said,
            // Not in the log. The command can write to standard error too, but no such line makes an end normal.
            None if stderr.trim_end().ends_with("closed by remote host.") => end.eof(),
            None => end.received(Code::exit(255)),
        },
        Some(code) if is_shell => end.remote_shell_exited(Code::exit(code)),
        Some(code) => end.received(Code::exit(code)),
    }
}

/// The end that a line of the log reports.
fn said(end: Endpoint, line: &str) -> Option<Disconnect> {
    const LOST: [&str; 6] =
        ["closed by", "reset by", "not responding", "Broken pipe", "Connection timed out", "Software caused"];
    let refused = |side| end.ended(DisconnectReason::Unknown, side).with_cause(DisconnectCause::Auth);
    if let Some(rest) = line.strip_prefix("Received disconnect from ") {
        // `127.0.0.1 port 22:11: the text of the peer`
        let code = rest.split_once(" port ")?.1.split(':').nth(1)?.trim().parse().ok()?;
        Some(end.received(Code::ssh(code)))
    } else if line.starts_with("Host key verification failed") {
        Some(refused(Side::Local))
    } else if line.contains(": Permission denied (") {
        Some(refused(Side::Remote))
    } else if LOST.iter().any(|lost| line.contains(lost)) {
        Some(end.eof())
    } else {
        None
    }
}
