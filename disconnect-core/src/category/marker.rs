//! Marker traits that the derive implements: which slot the key of an enum belongs to.
//!
//! They have no supertraits, so that the compiler reports a missing bound once, at `DisconnectField`.

/// The key is `disconnect_reason`.
pub trait ReasonKey {}
/// The key is `disconnect_initiator`.
pub trait InitiatorKey {}
/// The key is `connect_type`.
pub trait DirectionKey {}
/// The key is `connection_method`.
pub trait MethodKey {}
/// The key is `disconnect_cause`.
pub trait CauseKey {}
/// The categories have an expected flag.
pub trait ExpectedKey {}
