//! What the derive says of an enum: which slot its key belongs to.
//!
//! Without supertraits, so that a bound that the enum does not meet is told once, at its `DisconnectField`.

/// The key is `disconnect_reason`.
pub trait Reason {}
/// The key is `disconnect_initiator`.
pub trait Initiator {}
/// The key is `connect_type`.
pub trait Direction {}
/// The key is `connection_method`.
pub trait Method {}
/// The key is `disconnect_cause`.
pub trait Cause {}
/// The set is split into expected and not.
pub trait Expectation {}
