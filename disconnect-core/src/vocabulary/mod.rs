//! The five category enums of this crate: one file each.

mod cause;
mod direction;
mod initiator;
mod method;
mod reason;

pub use self::cause::DisconnectCause;
pub use self::direction::ConnectionDirection;
pub use self::initiator::DisconnectInitiator;
pub use self::method::ConnectionMethod;
pub use self::reason::DisconnectReason;
