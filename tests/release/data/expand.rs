//! One of each attribute, for the listing of what the derives and the macro generate.

use disconnect_core::{
    ConnectionDirection, Disconnect, DisconnectCode, DisconnectEvidence, DisconnectField, DisconnectReason, disconnected,
};

#[derive(Clone, Copy, DisconnectField)]
#[field("disconnect_reason")]
pub enum LeaveReason {
    /// No reason is known.
    #[alias("")]
    Unknown,
    /// The player quit.
    #[expected]
    Quit,
    #[value("afk_kick")]
    Idle,
}

#[derive(Clone, Copy, DisconnectField)]
#[field("region")]
pub enum Region {
    Europe,
    Asia,
}

#[derive(Debug, DisconnectEvidence)]
pub enum SessionError {
    #[reason(NetworkError, side = Network, cause = KeepaliveTimeout)]
    Silent,
    #[transparent]
    Io(std::io::Error),
}

impl std::fmt::Display for SessionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("silent")
    }
}

impl std::error::Error for SessionError {}

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
pub enum Chat {
    #[code(4000)]
    #[goodbye(GoingAway, cause = Restart)]
    Restarting,
    #[code(4001)]
    #[reason(Unknown, cause = Auth)]
    TokenExpired,
}

pub fn slots(peer: u64) {
    disconnected!(
        level: INFO,
        reason = DisconnectReason::Graceful,
        direction = ConnectionDirection::ServerToAgent,
        peer,
        "session closed"
    );
}

pub fn record(end: &Disconnect, peer: u64) {
    disconnected!(end, peer, "session closed");
}
