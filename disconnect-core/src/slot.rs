//! The places on a disconnect event, as traits: which enums fit where.
//!
//! `#[derive(DisconnectField)]` implements one of them for an enum whose key is well known, so that categories of your
//! own go everywhere that ours go.
//!
//! ```
//! use disconnect_core::{Disconnect, DisconnectField};
//!
//! #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
//! #[field("disconnect_cause")] // fits slot::Cause
//! enum Cause {
//!     Superseded,
//! }
//!
//! #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
//! #[field("disconnect_reason")] // fits slot::Reason
//! enum Reason {
//!     #[expected]
//!     NewerSession,
//! }
//!
//! let end = Disconnect::new(Reason::NewerSession).cause(Cause::Superseded);
//! assert_eq!(end.cause_str(), Some("superseded"));
//! ```

use crate::{DisconnectField, Expectation};

/// Why the connection ended: `disconnect_reason`, with `disconnect_expected` beside it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a disconnect reason",
    label = "expected a reason, such as `DisconnectReason::NetworkError`",
    note = "an enum of your own is one with `#[derive(DisconnectField)]` and `#[field(\"disconnect_reason\")]`",
    note = "free text belongs into the detail"
)]
pub trait Reason: DisconnectField + Expectation {}

#[diagnostic::do_not_recommend]
impl<T: DisconnectField + Expectation + fits::Reason> Reason for T {}

/// Who closed or broke the connection: `disconnect_initiator`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a disconnect initiator",
    label = "expected an initiator, such as `DisconnectInitiator::Server`",
    note = "an enum of your own is one with `#[derive(DisconnectField)]` and `#[field(\"disconnect_initiator\")]`"
)]
pub trait Initiator: DisconnectField {}

#[diagnostic::do_not_recommend]
impl<T: DisconnectField + fits::Initiator> Initiator for T {}

/// On which layer, and from whom to whom: `connect_type`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a connection direction",
    label = "expected a direction, such as `ConnectionDirection::ServerToAgent`",
    note = "an enum of your own is one with `#[derive(DisconnectField)]` and `#[field(\"connect_type\")]`"
)]
pub trait Direction: DisconnectField {}

#[diagnostic::do_not_recommend]
impl<T: DisconnectField + fits::Direction> Direction for T {}

/// Over which path: `connection_method`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a connection method",
    label = "expected a method, such as `ConnectionMethod::Direct`",
    note = "an enum of your own is one with `#[derive(DisconnectField)]` and `#[field(\"connection_method\")]`"
)]
pub trait Method: DisconnectField {}

#[diagnostic::do_not_recommend]
impl<T: DisconnectField + fits::Method> Method for T {}

/// Finer than the reason, and still closed: `disconnect_cause`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a disconnect cause",
    label = "expected a cause, such as `DisconnectCause::Reset`",
    note = "an enum of your own is one with `#[derive(DisconnectField)]` and `#[field(\"disconnect_cause\")]`"
)]
pub trait Cause: DisconnectField {}

#[diagnostic::do_not_recommend]
impl<T: DisconnectField + fits::Cause> Cause for T {}

/// What the derive says of an enum: which slot its key belongs to.
///
/// Without supertraits, so that a bound that the enum does not meet is told once, at its `DisconnectField`.
#[doc(hidden)]
pub mod fits {
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
}
