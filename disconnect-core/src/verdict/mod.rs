//! [`Verdict`]: what one piece of evidence means, before an endpoint applies the roles.

mod precedence;

use core::any::Any;

pub(crate) use self::precedence::{Effect, Kind};
use crate::category::{Category, slot};
use crate::code::{Code, Protocol};
use crate::vocabulary::{DisconnectCause, DisconnectReason};

/// Which side closed or broke the connection, from the point of view of this side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// This side.
    Local,
    /// The peer.
    Remote,
    /// Neither side: the path between them failed, or a side vanished without a goodbye.
    Network,
    /// The evidence does not show which side.
    Unknown,
}

/// How strong a piece of evidence is, from weakest to strongest.
///
/// In one error, the classifier takes the strongest evidence; among equal ranks, the one deepest in the error. Between
/// two ends of one connection, [`Verdict::or_stronger`] and the guard decide.
///
/// ```
/// use disconnect_core::Rank;
///
/// assert!(Rank::Transport > Rank::BrokenPipe);
/// assert!(Rank::Stated > Rank::Violation);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rank {
    /// An error that no reader understands.
    NotUnderstood,
    /// An error that only follows from an earlier end, such as a use after close or a failed send.
    FollowOn,
    /// A write to a connection that was already closed.
    BrokenPipe,
    /// The transport ended or failed: end of file, reset, no route.
    Transport,
    /// The peer was silent for too long.
    Timeout,
    /// This side saw the peer violate the protocol.
    Violation,
    /// An explicit statement: the peer's code or goodbye, or what this side recorded before it closed.
    Stated,
}

/// The meaning of one piece of evidence: what happened, on which side, and how strong the evidence is.
///
/// Readers of errors and tables of codes return verdicts. [`Endpoint::resolve`](crate::Endpoint::resolve) turns a
/// verdict into a [`Disconnect`](crate::Disconnect).
///
/// ```
/// use disconnect_core::evidence::{Side, Verdict};
/// use disconnect_core::{Category, DisconnectCause, DisconnectReason, Endpoint};
///
/// let heartbeat =
///     Verdict::new(DisconnectReason::NetworkError, Side::Network).with_cause(DisconnectCause::KeepaliveTimeout);
/// let end = Endpoint::AGENT_FACING_SERVER.resolve(heartbeat);
/// assert_eq!((end.reason().as_str(), end.initiator().map(Category::as_str)), ("network_error", Some("network")));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub(crate) ending: Ending,
    /// The reason of [`Ending::Own`].
    pub(crate) own_reason: Option<&'static Category>,
    pub(crate) side: Side,
    /// A party that is named instead of a side.
    pub(crate) by: Option<&'static Category>,
    pub(crate) rank: Rank,
    pub(crate) cause: Option<&'static Category>,
    pub(crate) code: Option<Code>,
    /// The peer stated it. This side may still be to blame: a received code can accuse it.
    pub(crate) is_said_by_peer: bool,
    /// The code ended one stream, not the connection, and the application defines its meaning.
    pub(crate) is_of_stream: bool,
}

/// What happened. The first three become a reason once the roles are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Closed,
    GoingAway,
    Cancelled,
    Is(DisconnectReason),
    /// A reason of a user's own set.
    Own,
}

impl Ending {
    /// Recognizes a reason of this crate by its type; any other reason is the user's own.
    pub(crate) fn of(reason: impl slot::Reason) -> (Self, Option<&'static Category>) {
        match (&reason as &dyn Any).downcast_ref() {
            Some(ours) => (Self::Is(*ours), None),
            None => (Self::Own, Some(reason.category())),
        }
    }
}

impl Verdict {
    const fn ended(ending: Ending, side: Side, rank: Rank) -> Self {
        // An expected end needs a goodbye.
        let is_goodbye = match ending {
            Ending::Closed | Ending::GoingAway | Ending::Cancelled => true,
            Ending::Is(reason) => reason.expected(),
            Ending::Own => false,
        };
        let is_said_by_peer = is_goodbye && matches!(side, Side::Remote);
        Self {
            ending,
            own_reason: None,
            side,
            by: None,
            rank,
            cause: None,
            code: None,
            is_said_by_peer,
            is_of_stream: false,
        }
    }

    /// A verdict with the rank that follows from the ending.
    pub(crate) const fn of(ending: Ending, side: Side) -> Self {
        match ending {
            Ending::Is(reason) => Self::new(reason, side),
            Ending::Closed | Ending::GoingAway | Ending::Cancelled | Ending::Own => {
                Self::ended(ending, side, Rank::Stated)
            }
        }
    }

    /// The side closed the connection cleanly: `client_closed` for a client, `graceful` for an agent or a server.
    pub const fn closed(side: Side) -> Self {
        Self::ended(Ending::Closed, side, Rank::Stated)
    }

    /// The side is going away: `client_closed` for a client, `server_shutdown` for an agent or a server.
    ///
    /// ```
    /// use disconnect_core::{DisconnectReason, Endpoint, Side, Verdict};
    ///
    /// let goodbye = Verdict::going_away(Side::Remote);
    /// let reason = |endpoint: Endpoint| endpoint.resolve(goodbye).reason_as();
    /// assert_eq!(reason(Endpoint::CLIENT_FACING_SERVER), Some(DisconnectReason::ServerShutdown));
    /// assert_eq!(reason(Endpoint::SERVER_FACING_CLIENT), Some(DisconnectReason::ClientClosed));
    /// ```
    pub const fn going_away(side: Side) -> Self {
        Self::ended(Ending::GoingAway, side, Rank::Stated)
    }

    /// The side cancelled a single request: `client_closed` for a client. For an agent or a server the reason is
    /// `unknown`.
    pub const fn cancelled(side: Side) -> Self {
        Self::ended(Ending::Cancelled, side, Rank::Stated)
    }

    /// A verdict with this reason, independent of the roles.
    ///
    /// The reason determines the rank: [`Rank::Transport`] for a network error, [`Rank::Violation`] for a protocol
    /// error, [`Rank::Stated`] otherwise.
    pub const fn new(reason: DisconnectReason, side: Side) -> Self {
        let rank = match reason {
            DisconnectReason::NetworkError => Rank::Transport,
            DisconnectReason::ProtocolError => Rank::Violation,
            DisconnectReason::Unknown
            | DisconnectReason::Graceful
            | DisconnectReason::ClientClosed
            | DisconnectReason::ServerShutdown
            | DisconnectReason::WorkspaceStopped
            | DisconnectReason::ControlPlaneLost => Rank::Stated,
        };
        Self::ended(Ending::Is(reason), side, rank)
    }

    /// A verdict with a reason of your own set. [`Endpoint::reasons`](crate::Endpoint::reasons) does not map it.
    ///
    /// Its rank is that of the [`DisconnectReason`] with the same logged value and expected flag. Without one, an
    /// unexpected reason is [`Rank::Transport`] by the network and [`Rank::Violation`] by the peer. Everything else is
    /// [`Rank::Stated`].
    ///
    /// ```
    /// use disconnect_core::{DisconnectField, Endpoint, Rank, Side, Verdict};
    ///
    /// #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
    /// #[field("disconnect_reason")]
    /// enum LeaveReason {
    ///     #[expected]
    ///     Quit,
    ///     Cheated,
    /// }
    ///
    /// assert_eq!(Verdict::own(LeaveReason::Cheated, Side::Remote).rank(), Rank::Violation);
    /// let end = Endpoint::SERVER_FACING_CLIENT.resolve(Verdict::own(LeaveReason::Quit, Side::Remote));
    /// assert_eq!((end.reason().as_str(), end.expected()), ("quit", true));
    /// ```
    pub fn own(reason: impl slot::Reason, side: Side) -> Self {
        let (ending, own_reason) = Ending::of(reason);
        let row = reason.category();
        let rank = match (DisconnectReason::parse(row.value), side) {
            (Some(ours), _) if ours.expected() == row.is_expected() => Self::new(ours, side).rank,
            (_, Side::Network) if !row.is_expected() => Rank::Transport,
            (_, Side::Remote) if !row.is_expected() => Rank::Violation,
            (_, Side::Local | Side::Remote | Side::Network | Side::Unknown) => Rank::Stated,
        };
        let is_said_by_peer = row.is_expected() && side == Side::Remote;
        Self { own_reason, is_said_by_peer, ..Self::ended(ending, side, rank) }
    }

    /// Names the party that ended the connection, where a side does not fit: "disconnected by the client" names the
    /// client on both ends.
    ///
    /// An endpoint whose own initiators lack this party leaves the initiator out.
    ///
    /// ```
    /// use disconnect_core::evidence::{Side, Verdict};
    /// use disconnect_core::{DisconnectInitiator, Endpoint};
    ///
    /// let left = Verdict::closed(Side::Unknown).by(DisconnectInitiator::Client);
    /// for end in [Endpoint::AGENT_FACING_CLIENT, Endpoint::CLIENT_FACING_AGENT].map(|end| end.resolve(left)) {
    ///     assert_eq!((end.reason().as_str(), end.initiator_as()), ("client_closed", Some(DisconnectInitiator::Client)));
    /// }
    /// ```
    pub fn by(self, initiator: impl slot::Initiator) -> Self {
        Self { by: Some(initiator.category()), ..self }
    }

    /// Adds the cause. A cause also refines the rank [`Rank::Transport`]: a keep-alive timeout, an idle timeout and a
    /// deadline become [`Rank::Timeout`], and a broken pipe becomes [`Rank::BrokenPipe`].
    ///
    /// ```
    /// use disconnect_core::{DisconnectCause, DisconnectReason, Rank, Side, Verdict};
    ///
    /// let lost = Verdict::new(DisconnectReason::NetworkError, Side::Network);
    /// assert_eq!(lost.rank(), Rank::Transport);
    /// assert_eq!(lost.with_cause(DisconnectCause::KeepaliveTimeout).rank(), Rank::Timeout);
    /// ```
    pub const fn with_cause(self, cause: DisconnectCause) -> Self {
        let rank = self.rank_with(Some(cause));
        Self { cause: Some(&DisconnectCause::CATEGORIES[cause.index()]), rank, ..self }
    }

    /// Adds a cause of your own set. It affects the rank like the [`DisconnectCause`] with the same logged value.
    pub fn with_own_cause(self, cause: impl slot::Cause) -> Self {
        let row = cause.category();
        Self { cause: Some(row), rank: self.rank_with(DisconnectCause::parse(row.value)), ..self }
    }

    const fn rank_with(&self, cause: Option<DisconnectCause>) -> Rank {
        match (self.rank, cause) {
            (
                Rank::Transport,
                Some(DisconnectCause::KeepaliveTimeout | DisconnectCause::IdleTimeout | DisconnectCause::Deadline),
            ) => Rank::Timeout,
            (Rank::Transport, Some(DisconnectCause::BrokenPipe)) => Rank::BrokenPipe,
            (rank, _) => rank,
        }
    }

    /// Adds the protocol code.
    pub const fn with_code(self, code: Code) -> Self {
        Self { code: Some(code), ..self }
    }

    /// Marks the code as the end of one stream, not of the connection: an HTTP/2 `RST_STREAM` or an HTTP/3 stream
    /// reset.
    ///
    /// On a stream, "no error" is not a goodbye. It only says that the sender does not need the rest of the request
    /// (RFC 9113, section 8.1). The verdict becomes `unknown` by the sender, with [`Rank::FollowOn`], so that any
    /// evidence about the connection outranks it. Other codes keep their meaning, except that a code of a QUIC
    /// application or of [`Protocol::Own`] is no goodbye either: QUIC libraries often reset a dropped stream with code
    /// 0.
    ///
    /// The adapters `h2` and `quinn` call this for a stream reset. Call it yourself for a code from h2's
    /// `poll_reset()`.
    ///
    /// ```
    /// use disconnect_core::{Code, Endpoint};
    ///
    /// const END: Endpoint = Endpoint::CLIENT_FACING_SERVER;
    ///
    /// let (reset, goaway) = (Code::http2(0).received().of_stream(), Code::http2(0).received());
    /// assert_eq!(END.resolve(reset).reason().as_str(), "unknown");
    /// assert_eq!(END.resolve(goaway).reason().as_str(), "server_shutdown");
    /// assert_eq!(reset.or_stronger(goaway), goaway);
    /// ```
    pub const fn of_stream(self) -> Self {
        const H3_NO_ERROR: i64 = 0x0100;
        let Some(code) = self.code else { return self };
        let is_own = matches!(code.protocol(), Protocol::QuicApplication | Protocol::Own(_));
        let unknown = Self { code: self.code, ..Self::new(DisconnectReason::Unknown, self.side) };
        if matches!((code.protocol(), code.number()), (Protocol::Http2, Some(0)) | (Protocol::Http3, Some(H3_NO_ERROR)))
        {
            return unknown.with_rank(Rank::FollowOn);
        }
        let is_said_by_peer = self.is_said_by_peer;
        let own = if is_own && self.may_be_expected() { Self { is_said_by_peer, ..unknown } } else { self };
        Self { is_of_stream: is_own, ..own }
    }

    /// Sets the rank, where it differs from the rank that follows from reason and cause.
    pub const fn with_rank(self, rank: Rank) -> Self {
        Self { rank, ..self }
    }

    /// Marks the verdict as a statement of the peer, whichever side is to blame, and sets [`Rank::Stated`]. A statement
    /// of the peer explains the end of file or the reset that it arrived with.
    ///
    /// A goodbye of the peer and a [received code](Code::received) are already marked.
    ///
    /// ```
    /// use disconnect_core::evidence::{Side, Verdict};
    /// use disconnect_core::{DisconnectCause, DisconnectReason};
    ///
    /// let eof = Verdict::new(DisconnectReason::NetworkError, Side::Network).with_cause(DisconnectCause::UncleanEof);
    /// let kicked = Verdict::new(DisconnectReason::Unknown, Side::Remote).with_cause(DisconnectCause::Kicked);
    /// assert_eq!(eof.or_stronger(kicked), eof);
    /// assert_eq!(eof.or_stronger(kicked.said_by_peer()), kicked.said_by_peer());
    /// ```
    pub const fn said_by_peer(self) -> Self {
        Self { rank: Rank::Stated, ..self.marked_as_said() }
    }

    /// Turns the sender's view of a code into the receiver's view.
    pub(crate) const fn as_received(self) -> Self {
        let side = match self.side {
            Side::Local => Side::Remote,
            Side::Remote => Side::Local,
            Side::Network | Side::Unknown => self.side,
        };
        Self { side, ..self }.marked_as_said()
    }

    /// Sets only the mark. A received code may report what the peer saw, so its rank stays.
    pub(crate) const fn marked_as_said(self) -> Self {
        Self { is_said_by_peer: true, ..self }
    }

    /// Returns the reason, if it does not depend on the roles. `None` for a goodbye, which becomes a reason at an
    /// endpoint.
    pub fn reason(&self) -> Option<&'static Category> {
        match self.ending {
            Ending::Closed | Ending::GoingAway | Ending::Cancelled => None,
            Ending::Is(reason) => Some(&DisconnectReason::CATEGORIES[reason.index()]),
            Ending::Own => self.own_reason,
        }
    }

    /// Returns the side that ended or broke the connection.
    pub const fn side(&self) -> Side {
        self.side
    }

    /// Returns the party that is named instead of a side, if there is one.
    pub const fn initiator(&self) -> Option<&'static Category> {
        self.by
    }

    /// Returns the cause, if it is known.
    pub const fn cause(&self) -> Option<&'static Category> {
        self.cause
    }

    /// Returns the protocol code, if there is one.
    pub const fn code(&self) -> Option<Code> {
        self.code
    }

    /// Returns the strength of this evidence.
    pub const fn rank(&self) -> Rank {
        self.rank
    }

    /// Whether the peer stated this verdict.
    pub const fn is_said_by_peer(&self) -> bool {
        self.is_said_by_peer
    }

    /// Whether an endpoint can make this a normal end: a goodbye, or an expected reason.
    pub(crate) const fn may_be_expected(&self) -> bool {
        match (self.ending, self.own_reason) {
            (Ending::Closed | Ending::GoingAway | Ending::Cancelled, _) | (Ending::Own, None) => true,
            (Ending::Is(reason), _) => reason.expected(),
            (Ending::Own, Some(own)) => own.is_expected(),
        }
    }

    fn kind(&self) -> Kind {
        // A goodbye of neither side is not a normal end.
        let is_nobodys = self.by.is_none() && matches!(self.side, Side::Network | Side::Unknown);
        let is_expected = self.may_be_expected() && !(self.reason().is_none() && is_nobodys);
        Kind::of(self.rank, self.is_said_by_peer, is_expected, self.cause)
    }

    /// Returns the verdict that explains the end: `self`, which was found first, or `other`. The guard decides between
    /// two ends by the same table.
    ///
    /// Use it to combine the end of a stream with the end of its connection.
    ///
    /// ```
    /// use disconnect_core::evidence::{Side, Verdict};
    /// use disconnect_core::{DisconnectCause, DisconnectReason};
    ///
    /// let stream = Verdict::new(DisconnectReason::NetworkError, Side::Network).with_cause(DisconnectCause::BrokenPipe);
    /// let connection = Verdict::going_away(Side::Remote);
    /// assert_eq!(stream.or_stronger(connection), connection);
    /// assert_eq!(connection.or_stronger(stream), connection);
    /// ```
    pub fn or_stronger(self, other: Self) -> Self {
        match other.kind().after(self.kind()) {
            Effect::Replaces => other,
            Effect::IsIgnored | Effect::Refines => self,
        }
    }
}
