//! The places on a disconnect event, as traits: which enums fit where.
//!
//! `#[derive(DisconnectField)]` implements one of them for an enum whose key is well known, so that categories of your
//! own go everywhere that ours go.
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

/// Why the connection ended: `disconnect_reason`, with `disconnect_expected` beside it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a disconnect reason",
    label = "expected a reason, such as `DisconnectReason::NetworkError`",
    note = "an enum of your own is one with `#[derive(DisconnectField)]` and `#[field(\"disconnect_reason\")]`",
    note = "free text belongs into the detail"
)]
pub trait Reason: DisconnectField + Expectation {}

#[diagnostic::do_not_recommend]
impl<T: DisconnectField + Expectation + marker::ReasonKey> Reason for T {}

/// Who closed or broke the connection: `disconnect_initiator`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a disconnect initiator",
    label = "expected an initiator, such as `DisconnectInitiator::Server`",
    note = "an enum of your own is one with `#[derive(DisconnectField)]` and `#[field(\"disconnect_initiator\")]`"
)]
pub trait Initiator: DisconnectField {}

#[diagnostic::do_not_recommend]
impl<T: DisconnectField + marker::InitiatorKey> Initiator for T {}

/// On which layer, and from whom to whom: `connect_type`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a connection direction",
    label = "expected a direction, such as `ConnectionDirection::ServerToAgent`",
    note = "an enum of your own is one with `#[derive(DisconnectField)]` and `#[field(\"connect_type\")]`"
)]
pub trait Direction: DisconnectField {}

#[diagnostic::do_not_recommend]
impl<T: DisconnectField + marker::DirectionKey> Direction for T {}

/// Over which path: `connection_method`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a connection method",
    label = "expected a method, such as `ConnectionMethod::Direct`",
    note = "an enum of your own is one with `#[derive(DisconnectField)]` and `#[field(\"connection_method\")]`"
)]
pub trait Method: DisconnectField {}

#[diagnostic::do_not_recommend]
impl<T: DisconnectField + marker::MethodKey> Method for T {}

/// Finer than the reason, and still closed: `disconnect_cause`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a disconnect cause",
    label = "expected a cause, such as `DisconnectCause::Reset`",
    note = "an enum of your own is one with `#[derive(DisconnectField)]` and `#[field(\"disconnect_cause\")]`"
)]
pub trait Cause: DisconnectField {}

#[diagnostic::do_not_recommend]
impl<T: DisconnectField + marker::CauseKey> Cause for T {}
