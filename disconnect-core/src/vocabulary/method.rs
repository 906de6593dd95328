//! [`ConnectionMethod`]: over which path a connection ran.

use disconnect_derive::DisconnectField;

/// Over which path the connection ran. Logged as `connection_method`.
///
/// ```
/// use disconnect_core::ConnectionMethod;
///
/// assert_eq!(ConnectionMethod::Derp.field(), ("connection_method", "derp"));
/// assert_eq!(ConnectionMethod::default().as_str(), "");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, DisconnectField)]
#[field("connection_method", crate = crate)]
pub enum ConnectionMethod {
    /// This call site does not know the path. Logged as the empty string. If a connection has only one possible path,
    /// omit the method instead.
    #[default]
    #[value("")]
    Unknown,
    /// Directly from peer to peer, also through a NAT.
    Direct,
    /// Relayed by a DERP server (Designated Encrypted Relay for Packets, Tailscale's relay protocol).
    Derp,
}
