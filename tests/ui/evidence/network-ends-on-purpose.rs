//! The network does not end a connection on purpose: every built-in expected reason.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[reason(Graceful, side = Network)]
    Graceful,
    #[reason(ClientClosed, side = Network)]
    ClientClosed,
    #[reason(ServerShutdown, side = Network)]
    ServerShutdown,
    #[reason(WorkspaceStopped, side = Network)]
    WorkspaceStopped,
    #[reason(disconnect_core::DisconnectReason::Graceful, side = Network)]
    ByPath,
    #[reason(ClientClosed, by = Network)]
    ByParty,
}

fn main() {}
