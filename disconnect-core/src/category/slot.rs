//! The slots of the disconnect event, as traits: which enums fit in which place.
//!
//! `#[derive(DisconnectField)]` implements the trait of a slot for an enum whose key is the key of that slot. Such an
//! enum is accepted wherever an enum of this crate is.
//!
//! ```
//! use disconnect_core::{Category, Disconnect, DisconnectField};
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
//! let end = Disconnect::new(Reason::NewerSession).with_cause(Cause::Superseded);
//! assert_eq!(end.cause().map(Category::as_str), Some("superseded"));
//! ```

use super::field::{DisconnectField, Expectation};
use super::marker;

/// A reason: why the connection ended. Logged as `disconnect_reason`, with the expected flag as `disconnect_expected`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a disconnect reason",
    label = "expected a reason, such as `DisconnectReason::NetworkError`",
    note = "for an enum of your own, add `#[derive(DisconnectField)]` and `#[field(\"disconnect_reason\")]`",
    note = "free text belongs in the detail"
)]
pub trait Reason: DisconnectField + Expectation {}

#[diagnostic::do_not_recommend]
impl<T: DisconnectField + Expectation + marker::ReasonKey> Reason for T {}

/// An initiator: who closed or broke the connection. Logged as `disconnect_initiator`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a disconnect initiator",
    label = "expected an initiator, such as `DisconnectInitiator::Server`",
    note = "for an enum of your own, add `#[derive(DisconnectField)]` and `#[field(\"disconnect_initiator\")]`"
)]
pub trait Initiator: DisconnectField {}

#[diagnostic::do_not_recommend]
impl<T: DisconnectField + marker::InitiatorKey> Initiator for T {}

/// A direction: on which layer the connection ran, and between which parties. Logged as `connect_type`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a connection direction",
    label = "expected a direction, such as `ConnectionDirection::ServerToAgent`",
    note = "for an enum of your own, add `#[derive(DisconnectField)]` and `#[field(\"connect_type\")]`"
)]
pub trait Direction: DisconnectField {}

#[diagnostic::do_not_recommend]
impl<T: DisconnectField + marker::DirectionKey> Direction for T {}

/// A method: over which path the connection ran. Logged as `connection_method`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a connection method",
    label = "expected a method, such as `ConnectionMethod::Direct`",
    note = "for an enum of your own, add `#[derive(DisconnectField)]` and `#[field(\"connection_method\")]`"
)]
pub trait Method: DisconnectField {}

#[diagnostic::do_not_recommend]
impl<T: DisconnectField + marker::MethodKey> Method for T {}

/// A cause: a closed set, finer than the reason. Logged as `disconnect_cause`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a disconnect cause",
    label = "expected a cause, such as `DisconnectCause::Reset`",
    note = "for an enum of your own, add `#[derive(DisconnectField)]` and `#[field(\"disconnect_cause\")]`"
)]
pub trait Cause: DisconnectField {}

#[diagnostic::do_not_recommend]
impl<T: DisconnectField + marker::CauseKey> Cause for T {}
