//! What one piece of evidence means, before roles are applied.

mod precedence;

use core::any::Any;

pub(crate) use self::precedence::{Effect, Kind};
use crate::category::{Category, slot};
use crate::code::{Code, Protocol};
use crate::vocabulary::{DisconnectCause, DisconnectReason};

/// Which side closed or broke the connection, as seen from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// This side.
    Local,
    /// The peer.
    Remote,
    /// Neither: the path between them, or a side that vanished without a word.
    Network,
    /// Nothing tells.
    Unknown,
}

/// How strong a piece of evidence is. In one error the strongest wins; among equals, the one deepest in the error.
///
/// Between two ends of one connection, [`Verdict::or_stronger`] and the guard decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rank {
    /// An error that no reader understands.
    NotUnderstood,
    /// An error that only follows from an earlier end: use after close, a failed send.
    FollowOn,
    /// A write to a connection that was closed already.
    BrokenPipe,
    /// The transport ended or failed: end of file, reset, no route.
    Transport,
    /// The peer was silent for too long.
    Timeout,
    /// We saw the peer break the protocol.
    Violation,
    /// Somebody said so: the peer by a code or a goodbye, or this side before it closed.
    Stated,
}

/// What one piece of evidence means: what happened, on which side, and how strong that is.
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
    /// The row of [`Ending::Own`].
    pub(crate) own_reason: Option<&'static Category>,
    pub(crate) side: Side,
    /// A party that is named instead of a side.
    pub(crate) by: Option<&'static Category>,
    pub(crate) rank: Rank,
    pub(crate) cause: Option<&'static Category>,
    pub(crate) code: Option<Code>,
    /// The peer said so. The blame may still be ours: a received code may accuse us.
    pub(crate) is_said_by_peer: bool,
    /// The code ended one stream and not the connection, and is the application's own.
    pub(crate) is_of_stream: bool,
}

/// What happened. The first three become a reason only once the role of the side is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Closed,
    GoingAway,
    Cancelled,
    Is(DisconnectReason),
    /// A reason of the user's own set.
    Own,
}

impl Ending {
    /// One of our reasons is taken as such by whatever type parameter it comes; another set's is its own.
    pub(crate) fn of(reason: impl slot::Reason) -> (Self, Option<&'static Category>) {
        match (&reason as &dyn Any).downcast_ref() {
            Some(ours) => (Self::Is(*ours), None),
            None => (Self::Own, Some(reason.category())),
        }
    }
}

impl Verdict {
    const fn ended(ending: Ending, side: Side, rank: Rank) -> Self {
        // What is expected needs somebody who said goodbye.
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

    /// An end of this kind, with the rank that follows from it.
    pub(crate) const fn of(ending: Ending, side: Side) -> Self {
        match ending {
            Ending::Is(reason) => Self::new(reason, side),
            Ending::Closed | Ending::GoingAway | Ending::Cancelled | Ending::Own => {
                Self::ended(ending, side, Rank::Stated)
            }
        }
    }

    /// That side ended it on purpose and cleanly: `client_closed` for a client, `graceful` for an agent or a server.
    pub const fn closed(side: Side) -> Self {
        Self::ended(Ending::Closed, side, Rank::Stated)
    }

    /// That side is going away: `client_closed` for a client, `server_shutdown` for an agent or a server.
    pub const fn going_away(side: Side) -> Self {
        Self::ended(Ending::GoingAway, side, Rank::Stated)
    }

    /// That side cancelled the one request that this was: `client_closed` for a client. Why an agent or a server would
    /// is `unknown`.
    pub const fn cancelled(side: Side) -> Self {
        Self::ended(Ending::Cancelled, side, Rank::Stated)
    }

    /// An end for this reason, whatever the roles. The rank follows from the reason: a network error is
    /// [`Rank::Transport`], a protocol error [`Rank::Violation`], anything else [`Rank::Stated`].
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

    /// An end for a reason of your own set, which [`Endpoint::reasons`](crate::Endpoint::reasons) leaves as it is.
    ///
    /// It has the rank that one of ours would have: the rank of our reason with the same logged value; else, for an
    /// unexpected one, [`Rank::Transport`] by the network and [`Rank::Violation`] by the peer; else [`Rank::Stated`].
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

    /// Names the party that ended it, where sides do not fit: "disconnected by the client" is the client on both ends.
    ///
    /// An endpoint whose own set lacks that party leaves the initiator out.
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

    /// Adds what exactly happened. A keep-alive or idle timeout and a deadline are [`Rank::Timeout`], a broken pipe is
    /// [`Rank::BrokenPipe`], as far as the rank was that of the transport.
    pub const fn with_cause(self, cause: DisconnectCause) -> Self {
        let rank = self.rank_with(Some(cause));
        Self { cause: Some(&DisconnectCause::CATEGORIES[cause.index()]), rank, ..self }
    }

    /// Adds a cause of your own set. One that is logged like one of ours has the same rank.
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

    /// The code ended one stream of a connection, and not the connection: an `RST_STREAM` of HTTP/2, a reset of HTTP/3.
    ///
    /// There, "no error" is no goodbye. It says that the rest of a request is not wanted (RFC 9113, section 8.1), so it is
    /// `unknown` by its sender, and anything that is known of the connection outranks it. Other codes stay as they are.
    /// The adapters `h2` and `quinn` know a reset by itself; a site that asks `poll_reset()` has to say so.
    ///
    /// A code of a QUIC application, or of a protocol of your own, is no goodbye there, either: a stream that is dropped
    /// unfinished is often reset with code 0. What else [your set](macro@crate::DisconnectCode) says of it counts.
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

    /// Sets how strong this evidence is, where it is not what the reason and the cause imply.
    pub const fn with_rank(self, rank: Rank) -> Self {
        Self { rank, ..self }
    }

    /// Marks it as the peer's own statement, no matter which side is to blame. Its rank is [`Rank::Stated`], so it explains
    /// the end of file or the reset that it arrived with.
    ///
    /// A goodbye of the peer and a [received code](Code::received) are marked already.
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

    /// What this side did, as its peer sees it.
    pub(crate) const fn as_received(self) -> Self {
        let side = match self.side {
            Side::Local => Side::Remote,
            Side::Remote => Side::Local,
            Side::Network | Side::Unknown => self.side,
        };
        Self { side, ..self }.marked_as_said()
    }

    /// The mark alone: a received code may still only report what the peer saw.
    pub(crate) const fn marked_as_said(self) -> Self {
        Self { is_said_by_peer: true, ..self }
    }

    /// The reason, as far as it is known without the roles: a goodbye becomes one only at an endpoint.
    pub fn reason(&self) -> Option<&'static Category> {
        match self.ending {
            Ending::Closed | Ending::GoingAway | Ending::Cancelled => None,
            Ending::Is(reason) => Some(&DisconnectReason::CATEGORIES[reason.index()]),
            Ending::Own => self.own_reason,
        }
    }

    /// Who ended or broke it, as seen from here.
    pub const fn side(&self) -> Side {
        self.side
    }

    /// The party that is named instead of a side, if there is one.
    pub const fn initiator(&self) -> Option<&'static Category> {
        self.by
    }

    /// What exactly happened, if that is known.
    pub const fn cause(&self) -> Option<&'static Category> {
        self.cause
    }

    /// The protocol code, if there is one.
    pub const fn code(&self) -> Option<Code> {
        self.code
    }

    /// How strong this evidence is.
    pub const fn rank(&self) -> Rank {
        self.rank
    }

    /// Whether the peer said so itself.
    pub const fn is_said_by_peer(&self) -> bool {
        self.is_said_by_peer
    }

    /// Whether some role makes this a normal end: a goodbye, or a reason that is expected.
    pub(crate) const fn may_be_expected(&self) -> bool {
        match (self.ending, self.own_reason) {
            (Ending::Closed | Ending::GoingAway | Ending::Cancelled, _) | (Ending::Own, None) => true,
            (Ending::Is(reason), _) => reason.expected(),
            (Ending::Own, Some(own)) => own.is_expected(),
        }
    }

    fn kind(&self) -> Kind {
        // Nobody's goodbye is none.
        let is_nobodys = self.by.is_none() && matches!(self.side, Side::Network | Side::Unknown);
        let is_expected = self.may_be_expected() && !(self.reason().is_none() && is_nobodys);
        Kind::of(self.rank, self.is_said_by_peer, is_expected, self.cause)
    }

    /// The one of two verdicts about one end that explains it, such as that of a stream and that of the connection under
    /// it: `self` was found first. The guard decides between two ends by the same rule.
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
