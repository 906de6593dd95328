//! What the derive says of an enum: which slot its key belongs to.
//!
//! Without supertraits, so that a bound that the enum does not meet is told once, at its `DisconnectField`.

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
/// The set is split into expected and not.
pub trait ExpectedKey {}
