//! A `match` over the reasons forgets one: the vocabulary cannot grow unnoticed.

use disconnect_core::DisconnectReason;

fn is_ours(why: DisconnectReason) -> bool {
    match why {
        DisconnectReason::Graceful | DisconnectReason::ClientClosed | DisconnectReason::ServerShutdown => true,
        DisconnectReason::Unknown | DisconnectReason::NetworkError | DisconnectReason::ProtocolError => false,
        DisconnectReason::WorkspaceStopped => true,
    }
}

fn main() {
    is_ours(DisconnectReason::Unknown);
}
