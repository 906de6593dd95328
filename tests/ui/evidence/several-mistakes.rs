//! Every mistake is told in one go, also those that only the compiler can see.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[reason(NetworkEror)]
    Heartbeat,
    #[reason(Graceful, side = Network, clode = 3)]
    Closed,
    #[transparent]
    Timeout,
    BadFrame(u8),
    #[reason(ProtocolError, side = Peer)]
    Garbage,
    #[reason(ProtocolError)]
    #[reason(NetworkError)]
    Torn,
}

fn main() {}
