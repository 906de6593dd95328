//! [`ConnectionDirection`]: on which layer a connection ran.

use disconnect_derive::DisconnectField;

/// On which layer the connection ran, and between which parties. Logged as `connect_type`.
///
/// There is no unknown direction: a call site knows which connection it holds. The terms come from
/// [coder](https://github.com/coder/coder): an *agent* runs in a *workspace* (a remote development environment) and
/// serves its sessions, a *client* is the user's program, and the *server* is the control plane that both are connected
/// to.
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
    /// Control plane, between server and agent: the coordination stream and the stream of relay maps. Not for a user's
    /// session.
    ServerToAgent,
    /// Data plane, between agent and client: a user's session, direct or relayed.
    AgentToClient,
    /// Control plane, between client and server: the client's own stream to the server. Not for the session that it
    /// opens on an agent.
    ClientToServer,
}
