//! Over which path a connection ran.

use disconnect_derive::DisconnectField;

/// Over which path the connection ran: logged as `connection_method`.
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
    /// The path is not known here; logged as the empty string. Where a connection has only one path, leave the method
    /// out instead.
    #[default]
    #[value("")]
    Unknown,
    /// Straight from peer to peer, also through a NAT.
    Direct,
    /// Relayed by a DERP server.
    Derp,
}
