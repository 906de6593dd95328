//! What the user is told: one line on standard error, made from the record, and the exit status.

use std::process::ExitCode;

use disconnect_core::{
    Category, Code, ConnectionDirection, Disconnect, DisconnectCause, DisconnectInitiator, DisconnectReason, Protocol,
};

use crate::say::complain;
use crate::wire::message::Build;
use crate::wire::tunnel::TRY_AGAIN_LATER;

use super::Unconnected;

/// What ssh exits with where it is not the command's status.
pub(super) const FAILED: u8 = 255;

/// Tells the user how a session ended, and passes on its status.
pub(super) fn ended(end: &Disconnect, build: Option<&Build>) -> ExitCode {
    if let Some(told) = told(end, build) {
        complain(told);
    }
    let status = exit_status(end).and_then(|status| u8::try_from(status).ok());
    ExitCode::from(status.unwrap_or(FAILED))
}

/// Tells the user why there is no connection.
pub(super) fn unconnected(error: &Unconnected) -> ExitCode {
    complain(error);
    ExitCode::from(FAILED)
}

/// The status as a shell has it, where it is the command that ended.
pub(super) fn exit_status(end: &Disconnect) -> Option<i64> {
    let code = end.code()?;
    match code.protocol() {
        Protocol::Exit => code.number(),
        Protocol::Signal => code.number().map(|signal| 128 + signal),
        _ => None,
    }
}

/// Nothing where the command simply ended: its status says the rest.
fn told(end: &Disconnect, build: Option<&Build>) -> Option<String> {
    match end.code() {
        Some(code) if code.protocol() == Protocol::Exit => None,
        Some(code) if code.protocol() == Protocol::Signal => {
            Some(format!("the command was killed by signal {}", code.number().unwrap_or_default()))
        }
        _ => Some(why(end, build)),
    }
}

/// Why a connection ended, and by whom.
pub(super) fn why(end: &Disconnect, build: Option<&Build>) -> String {
    let cause = cause(end);
    match end.reason_as().unwrap_or_default() {
        DisconnectReason::Graceful => match end.detail() {
            Some(detail) => format!("disconnected: {} closed the connection: {detail}", who(end)),
            None => format!("disconnected: {} closed the connection", who(end)),
        },
        DisconnectReason::ClientClosed => format!("disconnected: closed from this side{cause}"),
        DisconnectReason::ServerShutdown => format!("disconnected: {} is shutting down{cause}", who(end)),
        DisconnectReason::NetworkError if end.cause_as() == Some(DisconnectCause::KeepaliveTimeout) => {
            format!("connection lost: {} did not answer{cause}", peer(end))
        }
        DisconnectReason::NetworkError => format!("connection lost{cause}"),
        DisconnectReason::ProtocolError => format!("disconnected: {} broke the protocol{cause}", who(end)),
        DisconnectReason::WorkspaceStopped => format!("disconnected: the workspace was {}", stopped(build)),
        DisconnectReason::ControlPlaneLost => format!("the server was lost; the session goes on{cause}"),
        DisconnectReason::Unknown if end.code() == Some(Code::websocket(TRY_AGAIN_LATER)) => {
            "the workspace has no agent now: try again later".to_owned()
        }
        DisconnectReason::Unknown => match end.detail() {
            Some(detail) => format!("disconnected by {}: {detail}", who(end)),
            None => format!("disconnected by {}, which did not say why{cause}", who(end)),
        },
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

fn peer(end: &Disconnect) -> &'static str {
    match end.direction_as() {
        Some(ConnectionDirection::ClientToServer) => "the server",
        Some(ConnectionDirection::AgentToClient | ConnectionDirection::ServerToAgent) | None => "the agent",
    }
}

/// In words, since its logged value is made of them.
fn cause(end: &Disconnect) -> String {
    end.cause().map(Category::as_str).map(|cause| format!(" ({})", cause.replace('_', " "))).unwrap_or_default()
}

fn stopped(build: Option<&Build>) -> String {
    match build {
        Some(build) if build.transition == "delete" => format!("deleted (build {})", build.build_id),
        Some(build) => format!("stopped (build {})", build.build_id),
        None => "stopped".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use disconnect_core::evidence::Side;

    use super::*;
    use crate::ends::{CLIENT_FACING_AGENT as END, CLIENT_FACING_RELAY, CLIENT_FACING_SERVER, workspace_stopped};

    fn build(transition: &str) -> Build {
        Build { build_id: 7, build_reason: "initiator".to_owned(), transition: transition.to_owned() }
    }

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
        assert_eq!(told(&end, None).as_deref(), Some("the command was killed by signal 9"));
        assert_eq!(exit_status(&end), Some(137));
    }

    #[test]
    fn an_end_of_the_connection_has_no_status() {
        for end in [END.eof(), END.closed_locally(), END.received(Code::ssh(11)), END.resolve(workspace_stopped())] {
            assert_eq!(exit_status(&end), None, "{end:?}");
        }
    }

    #[test]
    fn who_ended_it_and_why_is_told() {
        let keepalive = russh::Error::KeepaliveTimeout;
        let reset = io::Error::from(io::ErrorKind::ConnectionReset);
        let shutdown = CLIENT_FACING_RELAY.received(Code::websocket(1001));
        for (end, told) in [
            (END.received(Code::ssh(11)), "disconnected: the agent closed the connection"),
            (
                END.received(Code::ssh(11)).with_detail("agent is shutting down\u{1b}[2J"),
                "disconnected: the agent closed the connection: agent is shutting down\u{fffd}[2J",
            ),
            (END.closed_locally(), "disconnected: closed from this side"),
            (shutdown, "disconnected: the server is shutting down"),
            (END.failed(&keepalive), "connection lost: the agent did not answer (keepalive timeout)"),
            (END.failed(&reset), "connection lost (reset)"),
            (END.eof(), "connection lost (unclean eof)"),
            (END.failed(&russh::Error::DecryptionError), "disconnected: the agent broke the protocol (malformed)"),
            (END.received(Code::ssh(12)), "disconnected by the agent, which did not say why (limit)"),
            (
                END.ended(DisconnectReason::Unknown, Side::Remote).with_detail("no such subsystem"),
                "disconnected by the agent: no such subsystem",
            ),
            (CLIENT_FACING_SERVER.received(Code::websocket(1013)), "the workspace has no agent now: try again later"),
        ] {
            assert_eq!(why(&end, None), told, "{end:?}");
        }
    }

    #[test]
    fn the_build_that_stopped_the_workspace_is_told() {
        let end = END.resolve(workspace_stopped());
        for (build, told) in [
            (Some(build("stop")), "disconnected: the workspace was stopped (build 7)"),
            (Some(build("delete")), "disconnected: the workspace was deleted (build 7)"),
            (None, "disconnected: the workspace was stopped"),
        ] {
            assert_eq!(why(&end, build.as_ref()), told);
        }
    }
}
