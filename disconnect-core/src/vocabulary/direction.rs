//! On which layer a connection ran.

use disconnect_derive::DisconnectField;

/// On which layer the connection ran, and between whom: logged as `connect_type`.
///
/// There is no unknown direction: a site always knows which connection it holds.
///
/// ```
/// use disconnect_core::ConnectionDirection;
///
/// assert_eq!(ConnectionDirection::parse("agent_to_client"), Some(ConnectionDirection::AgentToClient));
/// assert!(!ConnectionDirection::valid("client_to_agent"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, DisconnectField)]
#[field("connect_type", crate = crate)]
pub enum ConnectionDirection {
    /// The control plane: coordination and relay-map streams between server and agent. Not for a user's session.
    ServerToAgent,
    /// The data plane: a user's session on an agent, direct or relayed.
    AgentToClient,
    /// The control plane as a client sees it: its own stream to the server. Not for the session that it opens on an
    /// agent.
    ClientToServer,
}
