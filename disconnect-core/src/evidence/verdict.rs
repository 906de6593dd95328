//! What one piece of evidence means, before roles are applied.

use crate::category::Category;
use crate::{Code, DisconnectCause, DisconnectReason};

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
/// use disconnect_core::evidence::{Rank, Side, Verdict};
/// use disconnect_core::{DisconnectCause, DisconnectReason, Endpoint};
///
/// let heartbeat = Verdict::fault(DisconnectReason::NetworkError, Side::Network, Rank::Timeout)
///     .cause(DisconnectCause::KeepaliveTimeout);
/// let end = Endpoint::AgentToServer.resolve(heartbeat);
/// assert_eq!((end.reason_str(), end.initiator_str()), ("network_error", Some("network")));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub(crate) ending: Ending,
    pub(crate) side: Side,
    pub(crate) rank: Rank,
    pub(crate) cause: Option<&'static Category>,
    pub(crate) code: Option<Code>,
}

/// What happened. The first two become a reason only once the role of the side is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Closed,
    GoingAway,
    Is(DisconnectReason),
}

impl Verdict {
    const fn new(ending: Ending, side: Side, rank: Rank) -> Self {
        Self { ending, side, rank, cause: None, code: None }
    }

    /// That side ended it on purpose and cleanly: `client_closed` for a client, `graceful` for an agent or a server.
    pub const fn closed(side: Side) -> Self {
        Self::new(Ending::Closed, side, Rank::Stated)
    }

    /// That side is going away: `client_closed` for a client, `server_shutdown` for an agent or a server.
    pub const fn going_away(side: Side) -> Self {
        Self::new(Ending::GoingAway, side, Rank::Stated)
    }

    /// An end for this reason, whatever the roles.
    pub const fn fault(reason: DisconnectReason, side: Side, rank: Rank) -> Self {
        Self::new(Ending::Is(reason), side, rank)
    }

    /// Adds what exactly happened.
    pub const fn cause(self, cause: DisconnectCause) -> Self {
        Self { cause: Some(&DisconnectCause::CATEGORIES[cause.index()]), ..self }
    }

    /// Adds the protocol code.
    pub const fn code(self, code: Code) -> Self {
        Self { code: Some(code), ..self }
    }

    /// How strong this evidence is.
    pub const fn rank(&self) -> Rank {
        self.rank
    }
}
