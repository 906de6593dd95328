//! [`DisconnectReason`]: why a connection ended.

use disconnect_derive::DisconnectField;

/// Why a connection ended. Logged as `disconnect_reason`, with the expected flag as `disconnect_expected`.
///
/// Alert on the reason; the [`DisconnectCause`](crate::DisconnectCause) says what exactly happened. The enum is
/// exhaustive on purpose: a new category is a compile error in every `match`.
///
/// ```
/// use disconnect_core::DisconnectReason;
///
/// let why = DisconnectReason::ServerShutdown;
/// assert_eq!(why.field(), ("disconnect_reason", "server_shutdown"));
/// assert_eq!(why.expected_field(), ("disconnect_expected", true));
/// assert!(!DisconnectReason::NetworkError.expected());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, DisconnectField)]
#[field("disconnect_reason", crate = crate)]
pub enum DisconnectReason {
    /// The call site did not know the reason, or the evidence was ambiguous. Investigate each of these, starting at the
    /// call site. Not for an end that is known but rare: use a cause.
    #[default]
    #[alias("")]
    Unknown,
    /// An agent or a server ended the connection cleanly: its goodbye was acknowledged, a command exited with 0, or a
    /// terminal was closed without an error. Not where the client chose to leave, and not where a whole process goes
    /// away.
    #[expected]
    Graceful,
    /// The client ended the connection on purpose and without an error: it closed the terminal, quit the editor or left
    /// the page. Not where a client vanished: that is `network_error`.
    #[expected]
    ClientClosed,
    /// The agent or server process is going away and closes healthy connections. Not where it crashed, and not where it
    /// closed only this connection.
    #[expected]
    ServerShutdown,
    /// The transport failed: an end of file without a goodbye, a failed read or write, a reset, or a timeout. Not where
    /// the bytes were invalid: that is `protocol_error`.
    NetworkError,
    /// One side violated the protocol. The initiator is the violator. Not where a well-formed request was refused.
    ProtocolError,
    /// The workspace behind the connection was stopped or deleted, and the server closed its sessions. Only a call site
    /// that knows of the stop can set it: no error and no code implies it.
    #[expected]
    WorkspaceStopped,
    /// An agent or client lost its coordination stream, while the data path may still work. Only a call site that knows
    /// which stream it lost can set it.
    ControlPlaneLost,
}
