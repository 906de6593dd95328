//! [`DisconnectInitiator`]: who ended a connection.

use disconnect_derive::DisconnectField;

/// Who closed or broke the connection. For a protocol violation: the violator. Logged as `disconnect_initiator`.
///
/// The initiator may differ from the party that reports the end. If the peer reports that it lost the connection, the
/// initiator is the network.
///
/// ```
/// use disconnect_core::DisconnectInitiator;
///
/// assert_eq!(DisconnectInitiator::Agent.field(), ("disconnect_initiator", "agent"));
/// assert_eq!(DisconnectInitiator::parse(""), Some(DisconnectInitiator::Unknown));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, DisconnectField)]
#[field("disconnect_initiator", crate = crate)]
pub enum DisconnectInitiator {
    /// The evidence does not show who ended the connection. Logged as the empty string. Not for "neither side": use
    /// `network`.
    #[default]
    #[value("")]
    Unknown,
    /// The user's program: a terminal, an editor or a browser.
    Client,
    /// The process that runs in the workspace and serves its sessions.
    Agent,
    /// The control plane, or a relay that acts for it.
    Server,
    /// Neither side: the path between them failed, or one side vanished without a goodbye.
    Network,
}
