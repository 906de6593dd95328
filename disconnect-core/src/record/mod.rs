//! The record of one end.

mod detail;

use core::fmt;

pub use self::detail::Detail;
use crate::category::{Category, slot};
use crate::code::{Code, Protocol};
use crate::verdict::{Rank, Verdict};
use crate::vocabulary::DisconnectCause;

/// The end of one connection, as far as it is known: the record behind one log line.
///
/// It is made of category enums, ours or your own, and forgets which: readers give each axis back as its logged text,
/// or, asked by type, as a category of the type that has this logged value.
///
/// Two records are equal when they log the same line.
///
/// ```
/// use disconnect_core::{
///     Code, ConnectionDirection, ConnectionMethod, Disconnect, DisconnectCause, DisconnectInitiator, DisconnectReason,
/// };
///
/// let end = Disconnect::new(DisconnectReason::ServerShutdown)
///     .with_initiator(DisconnectInitiator::Agent)
///     .with_direction(ConnectionDirection::ServerToAgent)
///     .with_method(ConnectionMethod::Derp)
///     .with_cause(DisconnectCause::Restart)
///     .with_code(Code::websocket(1012))
///     .with_detail("agent is restarting");
///
/// assert_eq!(end.reason().as_str(), "server_shutdown");
/// assert!(end.expected());
/// assert_eq!(end.reason_as(), Some(DisconnectReason::ServerShutdown));
/// assert_eq!(end.initiator_as(), Some(DisconnectInitiator::Agent));
/// assert_eq!(end.detail(), Some("agent is restarting"));
/// ```
#[derive(Clone)]
pub struct Disconnect {
    reason: &'static Category,
    initiator: Option<&'static Category>,
    direction: Option<&'static Category>,
    method: Option<&'static Category>,
    cause: Option<&'static Category>,
    code: Option<Code>,
    detail: Option<Detail>,
    rank: Rank,
    #[cfg(feature = "std")]
    origin: Origin,
}

/// Where a record comes from, as far as a guard has to know.
#[cfg(feature = "std")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The site, from what it did or saw.
    Site,
    /// The peer's own statement.
    Peer,
    /// The shutdown cause of the process or the server.
    Shutdown,
    /// What a guard was told that a bare drop means.
    OnDrop,
}

impl Disconnect {
    /// An end for this reason, with nothing else known yet.
    #[inline]
    pub fn new(reason: impl slot::Reason) -> Self {
        Self {
            reason: reason.category(),
            initiator: None,
            direction: None,
            method: None,
            cause: None,
            code: None,
            detail: None,
            rank: Rank::Stated,
            #[cfg(feature = "std")]
            origin: Origin::Site,
        }
    }

    /// Sets who closed or broke the connection.
    #[inline]
    pub fn with_initiator(self, initiator: impl slot::Initiator) -> Self {
        Self { initiator: Some(initiator.category()), ..self }
    }

    /// Sets on which layer the connection ran.
    #[inline]
    pub fn with_direction(self, direction: impl slot::Direction) -> Self {
        Self { direction: Some(direction.category()), ..self }
    }

    /// Sets over which path the connection ran.
    #[inline]
    pub fn with_method(self, method: impl slot::Method) -> Self {
        Self { method: Some(method.category()), ..self }
    }

    /// Sets what exactly happened.
    #[inline]
    pub fn with_cause(self, cause: impl slot::Cause) -> Self {
        Self { cause: Some(cause.category()), ..self }
    }

    /// Sets the protocol code, as it was given.
    #[inline]
    pub fn with_code(self, code: Code) -> Self {
        Self { code: Some(code), ..self }
    }

    /// Sets free text for the human reader; see [`Detail`] for what becomes of a hostile one.
    pub fn with_detail(self, detail: impl Into<Detail>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// What an endpoint made of a verdict.
    #[inline]
    pub(crate) fn from_evidence(
        reason: &'static Category,
        initiator: Option<&'static Category>,
        direction: &'static Category,
        verdict: &Verdict,
    ) -> Self {
        Self {
            reason,
            initiator,
            direction: Some(direction),
            method: None,
            cause: verdict.cause,
            code: verdict.code,
            detail: None,
            rank: verdict.rank,
            #[cfg(feature = "std")]
            origin: if verdict.is_stated_by_peer() { Origin::Peer } else { Origin::Site },
        }
    }

    /// How strong the evidence behind this record is. One made by hand is stated: the site knew.
    #[inline]
    pub fn evidence_rank(&self) -> Rank {
        self.rank
    }

    /// Whether this end is part of normal operation; `false` means: look into it.
    #[inline]
    pub fn expected(&self) -> bool {
        self.reason.is_expected()
    }

    /// Whether the line deserves a look although the reason may be expected: a shutdown whose goodbye timed out is one.
    #[inline]
    pub fn should_warn(&self) -> bool {
        !self.expected() || self.is_deadline()
    }

    /// Whether something was not done in time.
    #[inline]
    pub(crate) fn is_deadline(&self) -> bool {
        self.cause().map(Category::as_str) == Some(DisconnectCause::Deadline.as_str())
    }

    /// The logged reason.
    #[inline]
    pub fn reason(&self) -> &'static Category {
        self.reason
    }

    /// The reason as a category of `T`, if `T` has one with this logged value.
    pub fn reason_as<T: slot::Reason>(&self) -> Option<T> {
        T::parse(self.reason.value)
    }

    /// The logged initiator, if one was set.
    #[inline]
    pub fn initiator(&self) -> Option<&'static Category> {
        self.initiator
    }

    /// The initiator as a category of `T`, if `T` has one with this logged value.
    pub fn initiator_as<T: slot::Initiator>(&self) -> Option<T> {
        T::parse(self.initiator?.value)
    }

    /// The logged direction, if one was set.
    #[inline]
    pub fn direction(&self) -> Option<&'static Category> {
        self.direction
    }

    /// The direction as a category of `T`, if `T` has one with this logged value.
    pub fn direction_as<T: slot::Direction>(&self) -> Option<T> {
        T::parse(self.direction?.value)
    }

    /// The logged method, if one was set.
    #[inline]
    pub fn method(&self) -> Option<&'static Category> {
        self.method
    }

    /// The method as a category of `T`, if `T` has one with this logged value.
    pub fn method_as<T: slot::Method>(&self) -> Option<T> {
        T::parse(self.method?.value)
    }

    /// The logged cause, if one was set.
    #[inline]
    pub fn cause(&self) -> Option<&'static Category> {
        self.cause
    }

    /// The cause as a category of `T`, if `T` has one with this logged value.
    pub fn cause_as<T: slot::Cause>(&self) -> Option<T> {
        T::parse(self.cause?.value)
    }

    /// The protocol code, if one was set.
    #[inline]
    pub fn code(&self) -> Option<Code> {
        self.code
    }

    /// The exit status of the process behind the connection, where that is its protocol code; a process that a signal
    /// ended has none.
    ///
    /// ```
    /// use disconnect_core::{Code, Endpoint};
    ///
    /// const END: Endpoint = Endpoint::AGENT_FACING_CLIENT;
    ///
    /// assert_eq!(END.sent(Code::exit(3)).exit_code(), Some(3));
    /// assert_eq!(END.sent(Code::signal(9)).exit_code(), None);
    /// assert_eq!(END.closed_locally().exit_code(), None);
    /// ```
    pub fn exit_code(&self) -> Option<i32> {
        self.code.filter(|code| code.protocol() == Protocol::Exit).and_then(|code| i32::try_from(code.number()).ok())
    }

    /// The free text, if one was set: one clean line.
    #[inline]
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_ref().map(Detail::as_str)
    }
}

/// What a guard reads and fills in.
#[cfg(feature = "std")]
impl Disconnect {
    #[inline]
    pub(crate) fn origin(&self) -> Origin {
        self.origin
    }

    pub(crate) fn with_origin(self, origin: Origin) -> Self {
        Self { origin, ..self }
    }

    pub(crate) fn without_direction(self) -> Self {
        Self { direction: None, ..self }
    }

    /// Takes over that this end was not reached in time; `false` where that was known.
    pub(crate) fn was_not_in_time(&mut self, late: Self) -> bool {
        if self.is_deadline() {
            return false;
        }
        self.cause = late.cause;
        self.detail = self.detail.take().or(late.detail);
        true
    }

    /// Fills in what the record leaves open.
    #[inline]
    pub(crate) fn or_direction(&mut self, direction: Option<&'static Category>) {
        if self.direction.is_none() {
            self.direction = direction;
        }
    }

    /// Fills in what the record leaves open.
    #[inline]
    pub(crate) fn or_method(&mut self, method: Option<&'static Category>) {
        // Mostly there is none to fill in.
        if method.is_some() && self.method.is_none() {
            self.method = method;
        }
    }
}

/// A record taken apart. Passed on as a whole it would have to lie in memory first, also where it is stored at once.
#[cfg(feature = "std")]
pub(crate) struct Parts {
    axes: (&'static Category, [Option<&'static Category>; 4], Option<Code>, Rank, Origin),
    detail: Option<Detail>,
}

#[cfg(feature = "std")]
impl From<Disconnect> for Parts {
    #[inline]
    fn from(end: Disconnect) -> Self {
        let Disconnect { reason, initiator, direction, method, cause, code, detail, rank, origin } = end;
        Self { axes: (reason, [initiator, direction, method, cause], code, rank, origin), detail }
    }
}

#[cfg(feature = "std")]
impl From<Parts> for Disconnect {
    fn from(Parts { axes, detail }: Parts) -> Self {
        let (reason, [initiator, direction, method, cause], code, rank, origin) = axes;
        Self { reason, initiator, direction, method, cause, code, detail, rank, origin }
    }
}

/// Everything that is logged; how strong the evidence was is not.
impl PartialEq for Disconnect {
    fn eq(&self, other: &Self) -> bool {
        self.expected() == other.expected()
            && self.reason().as_str() == other.reason().as_str()
            && self.initiator().map(Category::as_str) == other.initiator().map(Category::as_str)
            && self.direction().map(Category::as_str) == other.direction().map(Category::as_str)
            && self.method().map(Category::as_str) == other.method().map(Category::as_str)
            && self.cause().map(Category::as_str) == other.cause().map(Category::as_str)
            && self.code == other.code
            && self.detail == other.detail
    }
}

impl Eq for Disconnect {}

/// The fields that were set, by their logged values.
#[allow(clippy::missing_fields_in_debug, reason = "written through the readers; the rank is not part of the line")]
impl fmt::Debug for Disconnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut record = f.debug_struct("Disconnect");
        record.field("reason", &self.reason().as_str()).field("expected", &self.expected());
        for (axis, value) in [
            ("initiator", self.initiator().map(Category::as_str)),
            ("direction", self.direction().map(Category::as_str)),
            ("method", self.method().map(Category::as_str)),
            ("cause", self.cause().map(Category::as_str)),
            ("detail", self.detail()),
        ] {
            if let Some(value) = value {
                record.field(axis, &value);
            }
        }
        if let Some(code) = self.code {
            record.field("code", &format_args!("{code}"));
        }
        record.finish()
    }
}
