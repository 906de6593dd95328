//! The record of one end.

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

/// The end of one connection, as far as it is known: the record behind one log line.
///
/// It is made of category enums, ours or your own, and forgets which: readers give each axis back as its logged text,
/// or, asked by type, as a category of the type that has this logged value.
///
/// Two records are equal when they log the same attribution.
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
    /// The sums of the connection, where its guard has any.
    #[cfg(feature = "std")]
    traffic: Option<SharedTraffic>,
    /// What another endpoint needs to resolve the same end for itself.
    ending: Ending,
    by: By,
    rank: Rank,
    origin: Origin,
    /// The shutdown that this end is; 0 for none.
    shutdown: u32,
}

/// Who ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Side(Side),
    /// The party in `initiator`, or nobody that was named.
    Named,
    /// The same, where the endpoint's own set lacks that party: it is remembered for other endpoints, and not logged.
    NamedOutside,
}

/// Where a record comes from, as far as a guard has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The site, from what it did or saw.
    Site,
    /// The peer's own statement.
    Peer,
    /// What a guard was told that a bare drop means.
    #[cfg(feature = "std")]
    OnDrop,
}

impl Disconnect {
    /// An end for this reason, with nothing else known yet.
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

    /// Sets who closed or broke the connection. An expected end by the network does not exist: it becomes `unknown`.
    #[inline]
    #[must_use]
    pub fn with_initiator(self, initiator: impl slot::Initiator) -> Self {
        let initiator = initiator.category();
        // The network says no goodbye, so it is behind no expected end.
        let is_nobodys = initiator.value == DisconnectInitiator::Network.as_str() && self.reason.is_expected();
        let reason = if is_nobodys { DisconnectReason::Unknown.category() } else { self.reason };
        Self { initiator: Some(initiator), by: By::Named, reason, ..self }
    }

    /// Sets on which layer the connection ran.
    #[inline]
    #[must_use]
    pub fn with_direction(self, direction: impl slot::Direction) -> Self {
        Self { direction: Some(direction.category()), ..self }
    }

    /// Sets over which path the connection ran.
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

    /// Sets the protocol code, as it was given.
    #[inline]
    #[must_use]
    pub fn with_code(self, code: Code) -> Self {
        Self { code: Some(code), ..self }
    }

    /// Sets free text for the human reader; see [`Detail`] for what becomes of a hostile one. An empty text is none.
    #[must_use]
    pub fn with_detail(self, detail: impl Into<Detail>) -> Self {
        let detail = detail.into();
        Self { detail: (!detail.as_str().is_empty()).then_some(detail), ..self }
    }

    /// What an endpoint made of a verdict.
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

    /// The verdict behind this record, for another endpoint. A party that was named, or that only this endpoint calls the
    /// peer, is named in it.
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

    /// Takes a reason of the user's own, from an endpoint that has them.
    #[inline]
    pub(crate) fn map_reason(&mut self, reason: &'static Category) {
        self.reason = reason;
    }

    /// Which side ended or broke the connection, as seen from the endpoint that made this record. `None` where a party was
    /// named instead, by [`with_initiator`](Self::with_initiator) or [`Verdict::by`].
    #[inline]
    pub fn side(&self) -> Option<Side> {
        match self.by {
            By::Side(side) => Some(side),
            By::Named | By::NamedOutside => None,
        }
    }

    /// How strong the evidence behind this record is. One made by hand is [`Rank::Stated`]: the site knew.
    #[inline]
    pub fn evidence_rank(&self) -> Rank {
        self.rank
    }

    /// Whether this end is part of normal operation; `false` means: look into it.
    #[inline]
    pub fn expected(&self) -> bool {
        self.reason.is_expected()
    }

    /// Whether the line is written at `WARN` unless a level is stated: the end is unexpected, or it is expected and has a
    /// cause that makes it unclean. A shutdown whose goodbye got no answer has the cause `deadline`; one whose goodbye
    /// failed in a way that no reader understands, `internal_error`. `idle_timeout`, `limit`, `replaced`, `kicked`,
    /// `restart`, `migrate` and `fin` go with a clean end.
    #[inline]
    pub fn should_warn(&self) -> bool {
        !self.expected() || self.is_unclean()
    }

    #[inline]
    pub(crate) fn is_unclean(&self) -> bool {
        match self.cause.and_then(|cause| DisconnectCause::parse(cause.value)) {
            // Causes that a normal end may have.
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

    /// The logged reason.
    #[inline]
    pub fn reason(&self) -> &'static Category {
        self.reason
    }

    /// The reason as a category of `T`, if `T` has one with this logged value.
    pub fn reason_as<T: slot::Reason>(&self) -> Option<T> {
        by_value(self.reason)
    }

    /// The logged initiator, if one was set.
    #[inline]
    pub fn initiator(&self) -> Option<&'static Category> {
        self.initiator.filter(|_| self.by != By::NamedOutside)
    }

    /// The initiator as a category of `T`, if `T` has one with this logged value.
    pub fn initiator_as<T: slot::Initiator>(&self) -> Option<T> {
        by_value(self.initiator()?)
    }

    /// The logged direction, if one was set.
    #[inline]
    pub fn direction(&self) -> Option<&'static Category> {
        self.direction
    }

    /// The direction as a category of `T`, if `T` has one with this logged value.
    pub fn direction_as<T: slot::Direction>(&self) -> Option<T> {
        by_value(self.direction?)
    }

    /// The logged method, if one was set.
    #[inline]
    pub fn method(&self) -> Option<&'static Category> {
        self.method
    }

    /// The method as a category of `T`, if `T` has one with this logged value.
    pub fn method_as<T: slot::Method>(&self) -> Option<T> {
        by_value(self.method?)
    }

    /// The logged cause, if one was set.
    #[inline]
    pub fn cause(&self) -> Option<&'static Category> {
        self.cause
    }

    /// The cause as a category of `T`, if `T` has one with this logged value.
    pub fn cause_as<T: slot::Cause>(&self) -> Option<T> {
        by_value(self.cause?)
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
        let status = self.code.filter(|code| code.protocol() == Protocol::Exit)?;
        status.number().and_then(|number| i32::try_from(number).ok())
    }

    /// The free text, if one was set: one clean line.
    #[inline]
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_ref().map(Detail::as_str)
    }
}

/// What a guard measured, for the line and for metrics. Absent from a line unless it names them:
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
    /// How long the connection lasted, where its guard is [`timed`](crate::DisconnectGuard::timed).
    pub fn duration(&self) -> Option<Duration> {
        self.traffic.as_ref()?.duration()
    }

    /// The same in seconds, as the durations of OpenTelemetry are: for the field `duration` of a line, and for a histogram.
    pub fn duration_secs(&self) -> Option<f64> {
        self.duration().map(|duration| duration.as_secs_f64())
    }

    /// How many bytes were read, where the guard [watches](crate::DisconnectGuard::watch) a stream.
    pub fn bytes_in(&self) -> Option<u64> {
        self.traffic.as_ref()?.sum_in()
    }

    /// How many bytes were written, where the guard [watches](crate::DisconnectGuard::watch) a stream.
    pub fn bytes_out(&self) -> Option<u64> {
        self.traffic.as_ref()?.sum_out()
    }
}

/// What a guard reads and fills in.
#[cfg(feature = "std")]
impl Disconnect {
    #[inline]
    pub(crate) fn origin(&self) -> Origin {
        self.origin
    }

    /// Whether nothing says who it was, not even that nobody knows.
    pub(crate) fn names_nobody(&self) -> bool {
        self.by == By::Named && self.initiator.is_none()
    }

    pub(crate) fn without_initiator(self) -> Self {
        Self { initiator: None, by: By::Named, ..self }
    }

    pub(crate) fn with_method_of(self, other: &Self) -> Self {
        Self { method: other.method, ..self }
    }

    /// The record of a line whose guard was dropped bare, as an end of its own.
    pub(crate) fn once_dropped(self) -> Self {
        if self.origin == Origin::OnDrop { self.with_origin(Origin::Site) } else { self }
    }

    pub(crate) fn with_origin(self, origin: Origin) -> Self {
        Self { origin, ..self }
    }

    /// The shutdown that this end is; 0 for none.
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

    /// With the text of another end where that has one, and its code where this one has none.
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

    /// Whether an operation was not done in time.
    pub(crate) fn is_deadline(&self) -> bool {
        self.cause.is_some_and(|cause| cause.value == DisconnectCause::Deadline.as_str())
    }

    /// Takes over from a later end what this one leaves open: a code, a detail, and a cause that makes it unclean. Says
    /// whether there was anything.
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

    /// Fills in what the record leaves open.
    #[inline]
    pub(crate) fn or_direction(&mut self, direction: &'static Category) {
        self.direction.get_or_insert(direction);
    }

    /// Fills in what the record leaves open.
    #[inline]
    pub(crate) fn or_method(&mut self, method: Option<&'static Category>) {
        self.method = self.method.or(method);
    }
}

/// The category with this logged value. An alias is only read back from outside.
fn by_value<T: DisconnectField>(row: &'static Category) -> Option<T> {
    T::parse(row.value).filter(|category| category.as_str() == row.value)
}

/// The attribution. How strong the evidence was is no part of it, nor are times and counts.
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

/// A map with the fields that were set, under their log keys and in the order of the line.
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
