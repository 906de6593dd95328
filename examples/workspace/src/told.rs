//! The messages for the user: why a connection ended, who ended it, and whether it will come back. They go to
//! standard error, into the exit status, into the goodbye of SSH and into the close frame of a page.

use std::fmt::Display;
use std::process::ExitCode;

use disconnect_core::{Category, Code, Disconnect, DisconnectCause, DisconnectInitiator, DisconnectReason, Protocol};

use crate::say::complain;
use crate::wire::message::Build;
use crate::wire::tunnel::TRY_AGAIN_LATER;

/// The exit status of ssh if it is not the status of the command.
pub(crate) const FAILED: u8 = 255;

/// Tells the user how a session ended, and returns its exit status.
pub(crate) fn ended(end: &Disconnect, build: Option<&Build>) -> ExitCode {
    if let Some(told) = told(end, build) {
        complain(told);
    }
    let status = exit_status(end).and_then(|status| u8::try_from(status).ok());
    ExitCode::from(status.unwrap_or(FAILED))
}

/// Tells the user why there is no connection.
pub(crate) fn unconnected(error: impl Display) -> ExitCode {
    complain(error);
    ExitCode::from(FAILED)
}

/// The exit status in the convention of a shell, if the command ended.
fn exit_status(end: &Disconnect) -> Option<i64> {
    let code = end.code()?;
    match code.protocol() {
        Protocol::Exit => code.number(),
        Protocol::Signal => code.number().map(|signal| 128 + signal),
        _ => None,
    }
}

/// Empty if the command simply ended, because the exit status is enough.
fn told(end: &Disconnect, build: Option<&Build>) -> Option<String> {
    let is_exit = end.code().is_some_and(|code| code.protocol() == Protocol::Exit);
    (!is_exit).then(|| why(end, build))
}

/// Why a connection ended, who ended it, and what to do. "This side" is the client.
pub(crate) fn why(end: &Disconnect, build: Option<&Build>) -> String {
    let (who, cause) = (who(end), cause(end));
    let detail = end.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    if let Some(code) = end.code().filter(|code| code.protocol() == Protocol::Signal) {
        return format!("what ran here was killed by signal {}", code.number().unwrap_or_default());
    }
    match end.reason_as().unwrap_or_default() {
        _ if end.cause_as() == Some(DisconnectCause::Replaced) => {
            "a newer connection took the place of this one".to_owned()
        }
        DisconnectReason::Graceful => format!("{who} closed the connection{detail}"),
        DisconnectReason::ClientClosed => format!("closed from this side{cause}"),
        DisconnectReason::ServerShutdown => format!("{who} is shutting down{cause}; try again when it is back"),
        DisconnectReason::NetworkError if end.cause_as() == Some(DisconnectCause::KeepaliveTimeout) => {
            "connection lost: no answer in time; try again".to_owned()
        }
        DisconnectReason::NetworkError => format!("connection lost{cause}; try again"),
        DisconnectReason::ProtocolError => format!("{who} broke the protocol{cause}; it may do so again"),
        DisconnectReason::WorkspaceStopped => stopped(build),
        DisconnectReason::ControlPlaneLost => format!("the server was lost{cause}; the session goes on"),
        DisconnectReason::Unknown if end.code() == Some(Code::websocket(TRY_AGAIN_LATER)) => {
            "the workspace has no agent now; try again later".to_owned()
        }
        DisconnectReason::Unknown if detail.is_empty() => {
            format!("disconnected by {who}, which did not say why{cause}")
        }
        DisconnectReason::Unknown => format!("disconnected by {who}{detail}"),
    }
}

fn who(end: &Disconnect) -> &'static str {
    match end.initiator_as().unwrap_or_default() {
        DisconnectInitiator::Client => "this side",
        DisconnectInitiator::Agent => "the agent",
        DisconnectInitiator::Server => "the server",
        DisconnectInitiator::Network => "the network",
        DisconnectInitiator::Unknown => "somebody",
    }
}

/// Converts the logged value to words.
fn cause(end: &Disconnect) -> String {
    end.cause().map(Category::as_str).map(|cause| format!(" ({})", cause.replace('_', " "))).unwrap_or_default()
}

fn stopped(build: Option<&Build>) -> String {
    let by = build.map(|build| format!(" by {} (build {})", build.build_reason, build.build_id)).unwrap_or_default();
    match build {
        Some(build) if build.transition == "delete" => format!("the workspace was deleted{by}; it does not come back"),
        Some(_) | None => format!("the workspace was stopped{by}; it can be started again"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ends::{CLIENT_FACING_AGENT as END, workspace_stopped};

    #[test]
    fn nothing_is_told_of_a_command_that_ended() {
        for status in [0, 1, 3, 126, 127, 130, 137, 255] {
            let end = END.received(Code::exit(status));
            assert_eq!((told(&end, None), exit_status(&end)), (None, Some(status.into())), "exit status {status}");
        }
    }

    #[test]
    fn a_signal_is_told_and_its_status_is_that_of_a_shell() {
        let end = END.received(Code::signal(9));
        assert_eq!(told(&end, None).as_deref(), Some("what ran here was killed by signal 9"));
        assert_eq!(exit_status(&end), Some(137));
    }

    #[test]
    fn an_end_of_the_connection_has_no_status() {
        for end in [END.eof(), END.closed_locally(), END.received(Code::ssh(11)), END.resolve(workspace_stopped())] {
            assert_eq!(exit_status(&end), None, "{end:?}");
        }
    }
}
