//! The slots of the disconnect event.

use crate::keys;

/// A place on the disconnect event.
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
    /// In the order in which the event writes them.
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

    /// What a site writes: `name = value`.
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

    /// The marker trait that an enum with this key implements; a code and a detail are no categories.
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
