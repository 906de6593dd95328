//! What one piece of evidence means, before roles are applied.

use crate::category::{Category, slot};
use crate::code::Code;
use crate::vocabulary::{DisconnectCause, DisconnectReason};

/// Which side closed or broke the connection, as seen from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// This side.
    Local,
    /// The peer.
    Remote,
    /// Neither: the path between them, or one that vanished without a word.
    Network,
    /// Nothing tells.
    Unknown,
}

/// How strong a piece of evidence is. The strongest one wins; among equals, the one deepest in the error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rank {
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
    /// Somebody said so: the peer by a code or a goodbye, or we before closing.
    Stated,
}

/// What one piece of evidence means: what happened, on which side, and how strong that is.
///
/// ```
/// use disconnect_core::evidence::{Side, Verdict};
/// use disconnect_core::{Category, DisconnectCause, DisconnectReason, Endpoint};
///
/// let heartbeat = Verdict::new(DisconnectReason::NetworkError, Side::Network).with_cause(DisconnectCause::KeepaliveTimeout);
/// let end = Endpoint::AGENT_FACING_SERVER.resolve(heartbeat);
/// assert_eq!((end.reason().as_str(), end.initiator().map(Category::as_str)), ("network_error", Some("network")));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub(crate) ending: Ending,
    pub(crate) side: Side,
    pub(crate) rank: Rank,
    pub(crate) cause: Option<&'static Category>,
    pub(crate) code: Option<Code>,
    /// The peer said so, although the side may be ours: it may accuse us.
    received: bool,
}

/// What happened. The first three become a reason only once the role of the side is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Closed,
    GoingAway,
    Cancelled,
    Is(DisconnectReason),
    /// A reason of the user's own set.
    Own(&'static Category),
}

impl Verdict {
    const fn ended(ending: Ending, side: Side, rank: Rank) -> Self {
        Self { ending, side, rank, cause: None, code: None, received: false }
    }

    /// An end of this kind, with the rank that follows from it.
    pub(crate) const fn of(ending: Ending, side: Side) -> Self {
        match ending {
            Ending::Is(reason) => Self::new(reason, side),
            Ending::Closed | Ending::GoingAway | Ending::Cancelled | Ending::Own(_) => {
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

    /// An end for a reason of your own set, which no [`Endpoint::reasons`](crate::Endpoint::reasons) translates.
    pub fn own(reason: impl slot::Reason, side: Side) -> Self {
        Self::ended(Ending::Own(reason.category()), side, Rank::Stated)
    }

    /// Adds what exactly happened. A keep-alive or idle timeout and a deadline are [`Rank::Timeout`], a broken pipe is
    /// [`Rank::BrokenPipe`], as far as the rank was that of the transport.
    pub const fn with_cause(self, cause: DisconnectCause) -> Self {
        let rank = match (self.rank, cause) {
            (
                Rank::Transport,
                DisconnectCause::KeepaliveTimeout | DisconnectCause::IdleTimeout | DisconnectCause::Deadline,
            ) => Rank::Timeout,
            (Rank::Transport, DisconnectCause::BrokenPipe) => Rank::BrokenPipe,
            (rank, _) => rank,
        };
        Self { cause: Some(&DisconnectCause::CATEGORIES[cause.index()]), rank, ..self }
    }

    /// Adds a cause of your own set.
    pub fn with_own_cause(self, cause: impl slot::Cause) -> Self {
        Self { cause: Some(cause.category()), ..self }
    }

    /// Adds the protocol code.
    pub const fn with_code(self, code: Code) -> Self {
        Self { code: Some(code), ..self }
    }

    /// Sets how strong this evidence is, where it is not what the reason and the cause imply.
    pub const fn with_rank(self, rank: Rank) -> Self {
        Self { rank, ..self }
    }

    /// The same, as said by the peer.
    pub(crate) const fn received(self) -> Self {
        Self { received: true, ..self }
    }

    /// Whether this is the peer's own statement: what it said, or what it was seen to do on purpose.
    #[cfg(feature = "std")]
    #[inline]
    pub(crate) fn is_stated_by_peer(&self) -> bool {
        self.rank == Rank::Stated && (self.received || self.side == Side::Remote)
    }

    /// Whether a side said goodbye, whatever that makes of the reason.
    pub(crate) const fn is_goodbye(&self) -> bool {
        matches!(self.ending, Ending::Closed | Ending::GoingAway | Ending::Cancelled)
    }

    /// How strong this evidence is.
    pub const fn rank(&self) -> Rank {
        self.rank
    }

    /// The stronger of two verdicts about one end, such as that of a stream and that of the connection under it. Among
    /// equals, `self`.
    ///
    /// ```
    /// use disconnect_core::evidence::{Side, Verdict};
    /// use disconnect_core::{DisconnectCause, DisconnectReason};
    ///
    /// let stream = Verdict::new(DisconnectReason::NetworkError, Side::Network).with_cause(DisconnectCause::BrokenPipe);
    /// let connection = Verdict::going_away(Side::Remote);
    /// assert_eq!(stream.or_stronger(connection), connection);
    /// ```
    pub fn or_stronger(self, other: Self) -> Self {
        if other.rank > self.rank { other } else { self }
    }
}
