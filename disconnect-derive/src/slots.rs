//! The slots of the disconnect event.

use crate::keys;

/// A slot of the disconnect event.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    Direction,
    Reason,
    Initiator,
    Method,
    Cause,
    Code,
    Detail,
}

impl Slot {
    /// All slots, in the order of the event.
    pub(crate) const ALL: [Self; 7] =
        [Self::Direction, Self::Reason, Self::Initiator, Self::Method, Self::Cause, Self::Code, Self::Detail];

    pub(crate) fn of_key(key: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|slot| slot.key() == key)
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|slot| slot.name() == name)
    }

    /// The log key.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Direction => keys::DIRECTION,
            Self::Reason => keys::REASON,
            Self::Initiator => keys::INITIATOR,
            Self::Method => keys::METHOD,
            Self::Cause => keys::CAUSE,
            Self::Code => keys::CODE,
            Self::Detail => keys::DETAIL,
        }
    }

    /// The name at the call site: `name = value`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Direction => "direction",
            Self::Reason => "reason",
            Self::Initiator => "initiator",
            Self::Method => "method",
            Self::Cause => "cause",
            Self::Code => "code",
            Self::Detail => "detail",
        }
    }

    /// The marker trait of an enum with this key. `None` for the code and the detail, which are not categories.
    pub(crate) fn marker(self) -> Option<&'static str> {
        match self {
            Self::Direction => Some("DirectionKey"),
            Self::Reason => Some("ReasonKey"),
            Self::Initiator => Some("InitiatorKey"),
            Self::Method => Some("MethodKey"),
            Self::Cause => Some("CauseKey"),
            Self::Code | Self::Detail => None,
        }
    }
}
