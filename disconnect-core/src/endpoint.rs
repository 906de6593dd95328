//! Which end of which connection this is.

use core::error::Error;

use crate::evidence::{Classifier, Ending, Rank, Side, Verdict};
use crate::{ConnectionDirection, Disconnect, DisconnectCause, DisconnectInitiator, DisconnectReason};

/// Which end of which connection a site stands at: it turns what was seen there into a [`Disconnect`], with reason,
/// initiator and direction filled in.
///
/// `AgentToServer` reads "I am the agent, the peer is the server". A clean end by a client is `client_closed`, by an
/// agent or a server `graceful`; a server or agent that is going away is `server_shutdown`.
///
/// ```
/// use std::io;
/// use disconnect_core::{Classifier, Endpoint};
///
/// const END: Endpoint = Endpoint::AgentToServer;
/// static CLASSIFIER: Classifier = Classifier::new();
///
/// let end = END.failed(&CLASSIFIER, &io::Error::from(io::ErrorKind::ConnectionReset));
/// assert_eq!((end.reason_str(), end.initiator_str()), ("network_error", Some("network")));
/// assert_eq!(end.direction_str(), Some("server_to_agent"));
///
/// assert_eq!(END.shutting_down().initiator_str(), Some("agent"));
/// assert_eq!(END.closed_by_peer().initiator_str(), Some("server"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// An agent's end of the control plane.
    AgentToServer,
    /// A server's end of an agent's control plane.
    ServerToAgent,
    /// An agent's end of a client's session.
    AgentToClient,
    /// A client's end of its session on an agent.
    ClientToAgent,
    /// A client's end of its control plane.
    ClientToServer,
    /// A server's end of a client's control plane.
    ServerToClient,
}

impl Endpoint {
    /// Who this side is.
    pub const fn local(self) -> DisconnectInitiator {
        match self {
            Self::AgentToServer | Self::AgentToClient => DisconnectInitiator::Agent,
            Self::ServerToAgent | Self::ServerToClient => DisconnectInitiator::Server,
            Self::ClientToAgent | Self::ClientToServer => DisconnectInitiator::Client,
        }
    }

    /// Who the peer is.
    pub const fn peer(self) -> DisconnectInitiator {
        match self {
            Self::ServerToAgent | Self::ClientToAgent => DisconnectInitiator::Agent,
            Self::AgentToServer | Self::ClientToServer => DisconnectInitiator::Server,
            Self::AgentToClient | Self::ServerToClient => DisconnectInitiator::Client,
        }
    }

    /// The layer that this end is an end of.
    pub const fn direction(self) -> ConnectionDirection {
        match self {
            Self::AgentToServer | Self::ServerToAgent => ConnectionDirection::ServerToAgent,
            Self::AgentToClient | Self::ClientToAgent => ConnectionDirection::AgentToClient,
            Self::ClientToServer | Self::ServerToClient => ConnectionDirection::ClientToServer,
        }
    }

    /// This side ended the connection on purpose and cleanly. Not for a process that is going away: that is
    /// [`shutting_down`](Self::shutting_down).
    pub fn closed(self) -> Disconnect {
        self.resolve(Verdict::closed(Side::Local))
    }

    /// The peer ended the connection on purpose and cleanly: it said goodbye. An end of file alone is no goodbye: that
    /// is [`eof`](Self::eof).
    pub fn closed_by_peer(self) -> Disconnect {
        self.resolve(Verdict::closed(Side::Remote))
    }

    /// This process is going away and closes a healthy connection. Say it before closing, not after.
    pub fn shutting_down(self) -> Disconnect {
        self.resolve(Verdict::going_away(Side::Local))
    }

    /// The bytes stopped without a goodbye. After a goodbye the same end of file is
    /// [`closed_by_peer`](Self::closed_by_peer) or [`closed`](Self::closed).
    pub fn eof(self) -> Disconnect {
        self.resolve(
            Verdict::fault(DisconnectReason::NetworkError, Side::Network, Rank::Transport)
                .cause(DisconnectCause::UncleanEof),
        )
    }

    /// An error ended the connection. `io::Error` is found anywhere inside it, errors of other libraries as far as the
    /// classifier reads them. The error's text is not kept; add it with `.detail(...)` where it helps.
    pub fn failed(self, classifier: &Classifier, error: &(dyn Error + 'static)) -> Disconnect {
        self.resolve(classifier.verdict(error))
    }

    /// The task that served the connection has ended.
    ///
    /// | `cancelled` | `error` | what it means |
    /// |---|---|---|
    /// | yes | any | this process is going away; an error that is a deadline becomes the cause |
    /// | no | none | the peer ended it cleanly |
    /// | no | some | what the error says |
    ///
    /// `cancelled` is about this connection's own token, after a shutdown that was meant. Where a sibling's failure
    /// cancels this task too, the sibling's end is the one to report, not a shutdown.
    ///
    /// ```
    /// use std::io;
    /// use disconnect_core::{Classifier, Endpoint};
    ///
    /// let timeout = io::Error::from(io::ErrorKind::TimedOut);
    /// let end = Endpoint::AgentToServer.exit(true, &Classifier::new(), Some(&timeout));
    /// assert_eq!((end.reason_str(), end.cause_str()), ("server_shutdown", Some("deadline")));
    /// ```
    pub fn exit(self, cancelled: bool, classifier: &Classifier, error: Option<&(dyn Error + 'static)>) -> Disconnect {
        match (cancelled, error) {
            (true, None) => self.shutting_down(),
            (true, Some(error)) => {
                let deadline = DisconnectCause::Deadline;
                let timed_out = self.failed(classifier, error).cause_as() == Some(deadline);
                let end = self.shutting_down();
                if timed_out { end.cause(deadline) } else { end }
            }
            (false, None) => self.closed_by_peer(),
            (false, Some(error)) => self.failed(classifier, error),
        }
    }

    /// A verdict as seen from this end: the sides become who they are.
    pub fn resolve(self, verdict: Verdict) -> Disconnect {
        let initiator = match verdict.side {
            Side::Local => self.local(),
            Side::Remote => self.peer(),
            Side::Network => DisconnectInitiator::Network,
            Side::Unknown => DisconnectInitiator::Unknown,
        };
        Disconnect::new(reason(verdict.ending, initiator))
            .initiator(initiator)
            .direction(self.direction())
            .evidence(&verdict)
    }
}

/// What an ending means when it is this initiator's. Nobody closes cleanly without being somebody.
fn reason(ending: Ending, initiator: DisconnectInitiator) -> DisconnectReason {
    use DisconnectInitiator as By;
    match (ending, initiator) {
        (Ending::Is(reason), _) => reason,
        (Ending::Closed | Ending::GoingAway, By::Client) => DisconnectReason::ClientClosed,
        (Ending::Closed, By::Agent | By::Server) => DisconnectReason::Graceful,
        (Ending::GoingAway, By::Agent | By::Server) => DisconnectReason::ServerShutdown,
        (Ending::Closed | Ending::GoingAway, By::Unknown | By::Network) => DisconnectReason::Unknown,
    }
}
