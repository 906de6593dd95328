//! All mistakes are reported at once, including those that only the compiler sees.

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
