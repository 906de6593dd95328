//! Why a connection ended.

use disconnect_derive::DisconnectField;

/// Why a connection ended, coarse enough to alert on: logged as `disconnect_reason`, with `disconnect_expected` beside
/// it. What kind of network error it was is the [`DisconnectCause`](crate::DisconnectCause).
///
/// Exhaustive on purpose: a new category has to break every `match`, so that nobody forgets it.
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
    /// The site could not tell, or the evidence was ambiguous. Every such line is worth a look, often at the site
    /// itself. Not for an end that is known but rare: that deserves a cause.
    #[default]
    #[alias("")]
    Unknown,
    /// An agent or a server ended it in good order: its goodbye was acknowledged, a command exited with 0, a terminal
    /// was closed without an error. Not where a client chose to leave, nor where a whole process is going away.
    #[expected]
    Graceful,
    /// The client ended it on purpose and without an error: it closed the terminal, quit the editor, left the page.
    /// Not where a client merely vanished: that is a network error.
    #[expected]
    ClientClosed,
    /// The agent or server process is going away and closes connections that were healthy. Not where it crashed, and
    /// not where one connection alone was closed.
    #[expected]
    ServerShutdown,
    /// The transport failed: an end of file without a goodbye, a failed read or write, a reset, silence until a
    /// timeout. Not where bytes arrived that made no sense.
    NetworkError,
    /// Bytes flowed, but one side broke the protocol; the initiator is the violator. Not where a well-formed request
    /// was refused.
    ProtocolError,
    /// The workspace behind the connection was stopped or deleted, so the server closed its sessions. Only a site that
    /// knows of the stop says so: no error and no code implies it.
    #[expected]
    WorkspaceStopped,
    /// An agent or client lost its coordination stream, while the data path may still work. Only a site that knows
    /// which stream it lost says so.
    ControlPlaneLost,
}
