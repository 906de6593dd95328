//! Who ended a connection.

use disconnect_derive::DisconnectField;

/// Who closed or broke the connection; for a protocol violation, the violator. Logged as `disconnect_initiator`.
///
/// The one who closed is not always the one who reported it: a peer that says "I lost the connection" was not its
/// initiator, the network was.
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
    /// Nothing tells who it was; logged as the empty string. Not for "neither side": that is the network.
    #[default]
    #[value("")]
    Unknown,
    /// The user's side: a terminal, an editor, a browser.
    Client,
    /// The process that serves the workspace's sessions.
    Agent,
    /// The control plane, or a relay that acts for it.
    Server,
    /// Neither side: the path between them failed, or one end vanished without a word.
    Network,
}
