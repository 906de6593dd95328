//! [`Disconnect`]: the record of one connection end.

mod detail;
mod error_type;
#[cfg(feature = "std")]
mod traffic;

use core::fmt;
#[cfg(feature = "std")]
use core::time::Duration;

pub use self::detail::Detail;
#[cfg(feature = "std")]
pub(crate) use self::traffic::{SharedTraffic, Traffic};
#[cfg(feature = "serde")]
use crate::category::keys;
use crate::category::{Category, DisconnectField, slot};
use crate::code::{Code, Protocol};
use crate::verdict::{Ending, Rank, Side, Verdict};
use crate::vocabulary::{DisconnectCause, DisconnectInitiator, DisconnectReason};

/// The record of one connection end: reason, initiator, direction, method, cause, code and detail.
///
/// An [`Endpoint`](crate::Endpoint) or a [`DisconnectGuard`](crate::DisconnectGuard) makes most records.
/// [`Disconnect::new`] and the `with_*` methods make one by hand. Log it with [`disconnected!`](crate::disconnected).
///
/// A record accepts categories of any enum that fits the [slot](crate::slot), and it does not keep their types. A
/// reader such as [`reason`](Self::reason) returns the row of the category. A reader such as
/// [`reason_as`](Self::reason_as) returns the category of a given type with the same logged value.
///
/// Two records are equal if they log the same attribution.
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
    /// The duration and the byte counts of the connection, if its guard measures them.
    #[cfg(feature = "std")]
    traffic: Option<SharedTraffic>,
    /// The verdict behind the record, which the other endpoint of a pair resolves for itself.
    ending: Ending,
    by: By,
    rank: Rank,
    origin: Origin,
    /// The number of the shutdown that this end belongs to; 0 for none.
    shutdown: u32,
}

/// Who ended the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Side(Side),
    /// The party in `initiator`, or none.
    Named,
    /// A party that the endpoint's own set lacks. It is kept for other endpoints and not logged.
    NamedOutside,
}

/// The origin of a record, as far as a guard distinguishes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The call site recorded what it did or saw.
    Site,
    /// The peer stated it.
    Peer,
    /// The guard's end for a drop without a recorded end.
    #[cfg(feature = "std")]
    OnDrop,
}

impl Disconnect {
    /// Creates a record with this reason and no other fields.
    #[inline]
    #[must_use = "a record writes no line: return it from `run`, set it on the guard, or log it with `disconnected!`"]
    pub fn new(reason: impl slot::Reason) -> Self {
        Self {
            reason: reason.category(),
            initiator: None,
            direction: None,
            method: None,
            cause: None,
            code: None,
            detail: None,
            #[cfg(feature = "std")]
            traffic: None,
            ending: Ending::of(reason).0,
            by: By::Named,
            rank: Rank::Stated,
            origin: Origin::Site,
            shutdown: 0,
        }
    }

    /// Sets who closed or broke the connection.
    ///
    /// The network never ends a connection normally: with [`DisconnectInitiator::Network`], an expected reason becomes
    /// `unknown`.
    #[inline]
    #[must_use]
    pub fn with_initiator(self, initiator: impl slot::Initiator) -> Self {
        let initiator = initiator.category();
        // An expected end needs a goodbye, and the network cannot send one.
        let is_nobodys = initiator.value == DisconnectInitiator::Network.as_str() && self.reason.is_expected();
        let reason = if is_nobodys { DisconnectReason::Unknown.category() } else { self.reason };
        Self { initiator: Some(initiator), by: By::Named, reason, ..self }
    }

    /// Sets the layer that the connection ran on, and its parties.
    #[inline]
    #[must_use]
    pub fn with_direction(self, direction: impl slot::Direction) -> Self {
        Self { direction: Some(direction.category()), ..self }
    }

    /// Sets the path that the connection ran over.
    #[inline]
    #[must_use]
    pub fn with_method(self, method: impl slot::Method) -> Self {
        Self { method: Some(method.category()), ..self }
    }

    /// Sets what exactly happened.
    #[inline]
    #[must_use]
    pub fn with_cause(self, cause: impl slot::Cause) -> Self {
        Self { cause: Some(cause.category()), ..self }
    }

    /// Sets the protocol code.
    #[inline]
    #[must_use]
    pub fn with_code(self, code: Code) -> Self {
        Self { code: Some(code), ..self }
    }

    /// Sets the free text. [`Detail`] describes how it is cleaned. An empty text removes the detail.
    #[must_use]
    pub fn with_detail(self, detail: impl Into<Detail>) -> Self {
        let detail = detail.into();
        Self { detail: (!detail.as_str().is_empty()).then_some(detail), ..self }
    }

    /// The built-in reason behind a mapped one. `None` if the call site named a reason of its own.
    pub(crate) const fn built_in_reason(&self) -> Option<DisconnectReason> {
        match self.ending {
            Ending::Closed => Some(DisconnectReason::Graceful),
            Ending::GoingAway => Some(DisconnectReason::ServerShutdown),
            Ending::Is(reason) => Some(reason),
            Ending::Cancelled | Ending::Own => None,
        }
    }

    /// The record of a verdict that an endpoint resolved.
    #[inline]
    pub(crate) fn from_verdict(
        reason: &'static Category,
        initiator: Option<&'static Category>,
        direction: &'static Category,
        verdict: &Verdict,
        ending: Ending,
    ) -> Self {
        Self {
            reason,
            initiator: initiator.or(verdict.by),
            direction: Some(direction),
            method: None,
            cause: verdict.cause,
            code: verdict.code,
            detail: None,
            #[cfg(feature = "std")]
            traffic: None,
            ending,
            by: match verdict.by {
                None => By::Side(verdict.side),
                Some(_) if initiator.is_some() => By::Named,
                Some(_) => By::NamedOutside,
            },
            rank: verdict.rank,
            origin: if verdict.is_said_by_peer { Origin::Peer } else { Origin::Site },
            shutdown: 0,
        }
    }

    /// The verdict behind this record, for the other endpoint of a pair. It names the initiator if the record names a
    /// party, or if the side is the peer of this endpoint.
    #[cfg(feature = "std")]
    pub(crate) fn verdict(&self) -> Verdict {
        let is_own = self.ending == Ending::Own;
        let names_party = !matches!(self.by, By::Side(Side::Local | Side::Network | Side::Unknown));
        Verdict {
            ending: self.ending,
            own_reason: is_own.then_some(self.reason),
            side: self.side().unwrap_or(Side::Unknown),
            by: if names_party { self.initiator } else { None },
            rank: self.rank,
            cause: self.cause,
            code: self.code,
            is_said_by_peer: self.origin == Origin::Peer,
            is_of_stream: false,
        }
    }

    /// Sets a reason of the user's own set.
    #[inline]
    pub(crate) fn map_reason(&mut self, reason: &'static Category) {
        self.reason = reason;
    }

    /// Returns the side that ended or broke the connection, from the point of view of the endpoint that made this
    /// record.
    ///
    /// `None` if [`with_initiator`](Self::with_initiator) or [`Verdict::by`] named a party instead.
    ///
    /// ```
    /// use disconnect_core::{DisconnectInitiator, Endpoint, Side};
    ///
    /// let end = Endpoint::AGENT_FACING_SERVER.closed_by_peer();
    /// assert_eq!(end.side(), Some(Side::Remote));
    /// assert_eq!(end.with_initiator(DisconnectInitiator::Server).side(), None);
    /// ```
    #[inline]
    pub fn side(&self) -> Option<Side> {
        match self.by {
            By::Side(side) => Some(side),
            By::Named | By::NamedOutside => None,
        }
    }

    /// Returns the strength of the evidence. A record made with [`Disconnect::new`] has [`Rank::Stated`].
    #[inline]
    pub fn evidence_rank(&self) -> Rank {
        self.rank
    }

    /// Whether this end is part of normal operation. `false` marks an end worth investigating.
    #[inline]
    pub fn expected(&self) -> bool {
        self.reason.is_expected()
    }

    /// Whether [`disconnected!`](crate::disconnected) logs this record at `WARN` by default: the end is unexpected, or
    /// its cause shows that a normal end did not complete cleanly.
    ///
    /// For example, a shutdown whose goodbye was not acknowledged keeps its reason and gains the cause `deadline`. If
    /// its goodbye failed with an error that no reader understands, the cause is `internal_error`. The causes `fin`,
    /// `idle_timeout`, `limit`, `replaced`, `kicked`, `restart` and `migrate` occur with clean ends.
    ///
    /// ```
    /// use disconnect_core::{DisconnectCause, Endpoint};
    ///
    /// let shutdown = Endpoint::SERVER_FACING_CLIENT.shutting_down();
    /// assert!(!shutdown.should_warn());
    /// let unanswered = shutdown.with_cause(DisconnectCause::Deadline);
    /// assert!(unanswered.expected() && unanswered.should_warn());
    /// ```
    #[inline]
    pub fn should_warn(&self) -> bool {
        !self.expected() || self.is_unclean()
    }

    #[inline]
    pub(crate) fn is_unclean(&self) -> bool {
        match self.cause.and_then(|cause| DisconnectCause::parse(cause.value)) {
            // Causes that a clean end may have.
            None
            | Some(
                DisconnectCause::Fin
                | DisconnectCause::IdleTimeout
                | DisconnectCause::Limit
                | DisconnectCause::Replaced
                | DisconnectCause::Kicked
                | DisconnectCause::Restart
                | DisconnectCause::Migrate,
            ) => false,
            Some(
                DisconnectCause::Reset
                | DisconnectCause::UncleanEof
                | DisconnectCause::BrokenPipe
                | DisconnectCause::KeepaliveTimeout
                | DisconnectCause::Deadline
                | DisconnectCause::Unreachable
                | DisconnectCause::Malformed
                | DisconnectCause::TooLarge
                | DisconnectCause::Negotiation
                | DisconnectCause::Auth
                | DisconnectCause::Policy
                | DisconnectCause::Overload
                | DisconnectCause::Crash
                | DisconnectCause::Killed
                | DisconnectCause::ExitStatus
                | DisconnectCause::OutOfResources
                | DisconnectCause::InternalError
                | DisconnectCause::Panicked
                | DisconnectCause::Dropped,
            ) => true,
        }
    }

    /// Returns the reason.
    #[inline]
    pub fn reason(&self) -> &'static Category {
        self.reason
    }

    /// Returns the reason as a category of `T`, if `T` has one with this logged value.
    pub fn reason_as<T: slot::Reason>(&self) -> Option<T> {
        by_value(self.reason)
    }

    /// Returns the initiator, if one is set.
    #[inline]
    pub fn initiator(&self) -> Option<&'static Category> {
        self.initiator.filter(|_| self.by != By::NamedOutside)
    }

    /// Returns the initiator as a category of `T`, if `T` has one with this logged value.
    pub fn initiator_as<T: slot::Initiator>(&self) -> Option<T> {
        by_value(self.initiator()?)
    }

    /// Returns the direction, if one is set.
    #[inline]
    pub fn direction(&self) -> Option<&'static Category> {
        self.direction
    }

    /// Returns the direction as a category of `T`, if `T` has one with this logged value.
    pub fn direction_as<T: slot::Direction>(&self) -> Option<T> {
        by_value(self.direction?)
    }

    /// Returns the method, if one is set.
    #[inline]
    pub fn method(&self) -> Option<&'static Category> {
        self.method
    }

    /// Returns the method as a category of `T`, if `T` has one with this logged value.
    pub fn method_as<T: slot::Method>(&self) -> Option<T> {
        by_value(self.method?)
    }

    /// Returns the cause, if one is set.
    #[inline]
    pub fn cause(&self) -> Option<&'static Category> {
        self.cause
    }

    /// Returns the cause as a category of `T`, if `T` has one with this logged value.
    pub fn cause_as<T: slot::Cause>(&self) -> Option<T> {
        by_value(self.cause?)
    }

    /// Returns the protocol code, if one is set.
    #[inline]
    pub fn code(&self) -> Option<Code> {
        self.code
    }

    /// Returns the exit status of the process behind the connection, if the protocol code is one. `None` for a process
    /// that a signal ended.
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
        let status = self.code.filter(|code| code.protocol() == Protocol::Exit)?;
        status.number().and_then(|number| i32::try_from(number).ok())
    }

    /// Returns the free text, if one is set: one clean line.
    #[inline]
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_ref().map(Detail::as_str)
    }
}

/// Measurements of a guard, for fields and metrics. A line contains only those that the call site names:
///
/// ```
/// use disconnect_core::{DisconnectGuard, Endpoint};
///
/// const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;
///
/// let guard = DisconnectGuard::new(END, |end| {
///     assert!(end.duration_secs().is_some() && end.bytes_in() == Some(2) && end.bytes_out() == Some(0));
///     # #[cfg(feature = "tracing")]
///     disconnect_core::disconnected!(
///         end,
///         duration = end.duration_secs(),
///         bytes_in = end.bytes_in(),
///         bytes_out = end.bytes_out(),
///         "session closed"
///     );
/// })
/// .timed();
/// let mut stream = guard.watch(&b"hi"[..]);
/// std::io::copy(&mut stream, &mut std::io::sink())?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[cfg(feature = "std")]
impl Disconnect {
    /// Returns how long the connection lasted, if its guard is [`timed`](crate::DisconnectGuard::timed).
    pub fn duration(&self) -> Option<Duration> {
        self.traffic.as_ref()?.duration()
    }

    /// Returns the duration in seconds, the unit of OpenTelemetry's durations. For a field `duration` or a histogram.
    pub fn duration_secs(&self) -> Option<f64> {
        self.duration().map(|duration| duration.as_secs_f64())
    }

    /// Returns the number of bytes read, if the guard [watches](crate::DisconnectGuard::watch) a stream.
    pub fn bytes_in(&self) -> Option<u64> {
        self.traffic.as_ref()?.sum_in()
    }

    /// Returns the number of bytes written, if the guard [watches](crate::DisconnectGuard::watch) a stream.
    pub fn bytes_out(&self) -> Option<u64> {
        self.traffic.as_ref()?.sum_out()
    }
}

/// For the guard.
#[cfg(feature = "std")]
impl Disconnect {
    #[inline]
    pub(crate) fn origin(&self) -> Origin {
        self.origin
    }

    /// Whether the record has neither an initiator nor a side.
    pub(crate) fn names_nobody(&self) -> bool {
        self.by == By::Named && self.initiator.is_none()
    }

    pub(crate) fn without_initiator(self) -> Self {
        Self { initiator: None, by: By::Named, ..self }
    }

    pub(crate) fn with_method_of(self, other: &Self) -> Self {
        Self { method: other.method, ..self }
    }

    /// Turns a record into the end of a guard that was dropped without a recorded end.
    pub(crate) fn once_dropped(self) -> Self {
        if self.origin == Origin::OnDrop { self.with_origin(Origin::Site) } else { self }
    }

    pub(crate) fn with_origin(self, origin: Origin) -> Self {
        Self { origin, ..self }
    }

    /// The number of the shutdown that this end belongs to; 0 for none.
    pub(crate) fn shutdown(&self) -> u32 {
        self.shutdown
    }

    pub(crate) fn of_shutdown(self, shutdown: u32) -> Self {
        Self { shutdown, ..self }
    }

    pub(crate) fn detail_value(&self) -> Option<&Detail> {
        self.detail.as_ref()
    }

    pub(crate) fn with_detail_or_none(self, detail: Option<Detail>) -> Self {
        Self { detail, ..self }
    }

    /// Takes the detail of another end, if it has one, and its code, if this record has none.
    pub(crate) fn with_words_of(mut self, said: &Self) -> Self {
        if said.origin != Origin::OnDrop {
            self.detail = said.detail.clone().or(self.detail);
            self.code = self.code.or(said.code);
        }
        self
    }

    #[inline]
    pub(crate) fn set_traffic(&mut self, traffic: Option<SharedTraffic>) {
        self.traffic = traffic;
    }

    /// Whether the cause is a missed deadline.
    pub(crate) fn is_deadline(&self) -> bool {
        self.cause.is_some_and(|cause| cause.value == DisconnectCause::Deadline.as_str())
    }

    /// Takes missing facts from a later end: a code, a detail, and an unclean cause. Returns whether anything changed.
    pub(crate) fn refine(&mut self, later: &Self, unclean: Option<&'static Category>) -> bool {
        let unclean = unclean.filter(|_| !self.is_unclean());
        let code = later.code.filter(|_| self.code.is_none());
        let detail = later.detail.as_ref().filter(|_| self.detail.is_none());
        let is_refined = unclean.is_some() || code.is_some() || detail.is_some();
        self.cause = unclean.or(self.cause);
        self.code = self.code.or(code);
        if let Some(detail) = detail {
            self.detail = Some(detail.clone());
        }
        is_refined
    }

    /// Sets the direction, if none is set.
    #[inline]
    pub(crate) fn or_direction(&mut self, direction: &'static Category) {
        self.direction.get_or_insert(direction);
    }

    /// Sets the method, if none is set.
    #[inline]
    pub(crate) fn or_method(&mut self, method: Option<&'static Category>) {
        self.method = self.method.or(method);
    }
}

/// The category with this logged value. Aliases do not count: a record holds only logged values.
fn by_value<T: DisconnectField>(row: &'static Category) -> Option<T> {
    T::parse(row.value).filter(|category| category.as_str() == row.value)
}

/// Compares the logged attribution, without rank, duration and byte counts.
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

/// Writes the fields that are set, with their logged values.
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

/// Serializes a map of the fields that are set, by log key, in the order of the log line.
#[cfg(feature = "serde")]
impl serde_core::Serialize for Disconnect {
    fn serialize<S: serde_core::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde_core::ser::SerializeMap;

        let mut map = serializer.serialize_map(None)?;
        if let Some(direction) = self.direction {
            map.serialize_entry(keys::DIRECTION, direction.value)?;
        }
        map.serialize_entry(keys::REASON, self.reason.value)?;
        map.serialize_entry(keys::EXPECTED, &self.expected())?;
        for (key, row) in [(keys::INITIATOR, self.initiator()), (keys::METHOD, self.method), (keys::CAUSE, self.cause)]
        {
            if let Some(row) = row {
                map.serialize_entry(key, row.value)?;
            }
        }
        if let Some(code) = self.code {
            map.serialize_entry(keys::CODE, &format_args!("{code}"))?;
        }
        if let Some(detail) = &self.detail {
            map.serialize_entry(keys::DETAIL, detail.as_str())?;
        }
        map.end()
    }
}
