//! Which end of which connection this is.

use core::error::Error;

use crate::category::{Category, DisconnectField, slot};
use crate::code::Code;
use crate::evidence::Classifier;
use crate::record::Disconnect;
use crate::verdict::{Ending, Side, Verdict};
use crate::vocabulary::{
    ConnectionDirection as Direction, DisconnectCause, DisconnectInitiator as Initiator, DisconnectReason,
};

/// Which end of which connection a site stands at: it turns what was seen there into a [`Disconnect`], with reason,
/// initiator and direction filled in.
///
/// `AgentToServer` reads "I am the agent, the peer is the server". A clean end by a client is `client_closed`, by an
/// agent or a server `graceful`; a server or agent that is going away is `server_shutdown`.
///
/// ```
/// use std::io;
/// use disconnect_core::{Category, Classifier, Endpoint};
///
/// const END: Endpoint = Endpoint::AGENT_FACING_SERVER;
/// static CLASSIFIER: Classifier = Classifier::new();
///
/// let end = END.failed(&CLASSIFIER, &io::Error::from(io::ErrorKind::ConnectionReset));
/// assert_eq!((end.reason().as_str(), end.initiator().map(Category::as_str)), ("network_error", Some("network")));
/// assert_eq!(end.direction().map(Category::as_str), Some("server_to_agent"));
///
/// assert_eq!(END.shutting_down().initiator().map(Category::as_str), Some("agent"));
/// assert_eq!(END.closed_by_peer().initiator().map(Category::as_str), Some("server"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Endpoint {
    local: Role,
    peer: Role,
    network: Option<&'static Category>,
    unknown: Option<&'static Category>,
    direction: &'static Category,
    reasons: fn(DisconnectReason) -> &'static Category,
    /// The initiator tells the two sides apart.
    #[cfg(feature = "std")]
    sides_differ: bool,
}

/// One of the two sides.
#[derive(Clone, Copy, Debug)]
struct Role {
    initiator: &'static Category,
    is_client: bool,
}

/// The other side of [`Endpoint::between`], and which of the two acts as the client.
///
/// A clean end by the client is `client_closed`, by the other side `graceful`; the other side's going away is
/// `server_shutdown`.
#[derive(Clone, Copy, Debug)]
pub struct Peer<I> {
    initiator: I,
    client: Client,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Client {
    Peer,
    Local,
    Neither,
}

impl<I> Peer<I> {
    /// The peer acts as the client.
    pub const fn client(initiator: I) -> Self {
        Self { initiator, client: Client::Peer }
    }

    /// The peer acts as the server, so this side is the client.
    pub const fn server(initiator: I) -> Self {
        Self { initiator, client: Client::Local }
    }

    /// Neither is a client: two nodes of one cluster, say.
    pub const fn symmetric(initiator: I) -> Self {
        Self { initiator, client: Client::Neither }
    }
}

impl Endpoint {
    /// An agent's end of the control plane.
    pub const AGENT_FACING_SERVER: Self = Self::ours(Initiator::Agent, Initiator::Server, Direction::ServerToAgent);
    /// A server's end of an agent's control plane.
    pub const SERVER_FACING_AGENT: Self = Self::ours(Initiator::Server, Initiator::Agent, Direction::ServerToAgent);
    /// An agent's end of a client's session.
    pub const AGENT_FACING_CLIENT: Self = Self::ours(Initiator::Agent, Initiator::Client, Direction::AgentToClient);
    /// A client's end of its session on an agent.
    pub const CLIENT_FACING_AGENT: Self = Self::ours(Initiator::Client, Initiator::Agent, Direction::AgentToClient);
    /// A client's end of its control plane.
    pub const CLIENT_FACING_SERVER: Self = Self::ours(Initiator::Client, Initiator::Server, Direction::ClientToServer);
    /// A server's end of a client's control plane.
    pub const SERVER_FACING_CLIENT: Self = Self::ours(Initiator::Server, Initiator::Client, Direction::ClientToServer);
}

impl Endpoint {
    const fn ours(local: Initiator, peer: Initiator, direction: Direction) -> Self {
        const fn row(initiator: Initiator) -> &'static Category {
            &Initiator::CATEGORIES[initiator.index()]
        }
        const fn role(initiator: Initiator) -> Role {
            Role { initiator: row(initiator), is_client: matches!(initiator, Initiator::Client) }
        }
        Self {
            local: role(local),
            peer: role(peer),
            network: Some(row(Initiator::Network)),
            unknown: Some(row(Initiator::Unknown)),
            direction: &Direction::CATEGORIES[direction.index()],
            reasons: DisconnectReason::category,
            #[cfg(feature = "std")]
            sides_differ: true,
        }
    }

    /// An end of a connection between roles of your own.
    ///
    /// Where neither side ended it, or nobody knows who did, the initiator is the category of your set that is logged as
    /// `network`, or as `unknown` or the empty string; a set without one leaves the initiator out.
    ///
    /// ```
    /// use disconnect_core::{DisconnectField, Endpoint, Peer};
    ///
    /// #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
    /// #[field("disconnect_initiator")]
    /// enum Party {
    ///     Broker,
    ///     Subscriber,
    ///     Network,
    /// }
    ///
    /// #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
    /// #[field("connect_type")]
    /// enum BrokerLink {
    ///     Mqtt,
    /// }
    ///
    /// let end = Endpoint::between(Party::Broker, Peer::client(Party::Subscriber), BrokerLink::Mqtt);
    /// let left = end.closed_by_peer();
    /// assert_eq!((left.reason().as_str(), left.initiator_as()), ("client_closed", Some(Party::Subscriber)));
    /// assert_eq!(end.eof().initiator_as(), Some(Party::Network));
    /// ```
    pub fn between<I: slot::Initiator>(local: I, peer: Peer<I>, direction: impl slot::Direction) -> Self {
        Self {
            local: Role { initiator: local.category(), is_client: peer.client == Client::Local },
            peer: Role { initiator: peer.initiator.category(), is_client: peer.client == Client::Peer },
            network: I::parse("network").map(I::category),
            unknown: I::parse("unknown").or_else(|| I::parse("")).map(I::category),
            direction: direction.category(),
            reasons: DisconnectReason::category,
            #[cfg(feature = "std")]
            sides_differ: local != peer.initiator,
        }
    }

    /// The same end with reasons of your own. `From` is best an exhaustive `match`, so that the compiler guards it.
    ///
    /// ```
    /// use disconnect_core::{DisconnectField, DisconnectReason, Endpoint};
    ///
    /// #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
    /// #[field("disconnect_reason")]
    /// enum LeaveReason {
    ///     #[expected]
    ///     Left,
    ///     Dropped,
    /// }
    ///
    /// impl From<DisconnectReason> for LeaveReason {
    ///     fn from(reason: DisconnectReason) -> Self {
    ///         match reason {
    ///             DisconnectReason::Graceful
    ///             | DisconnectReason::ClientClosed
    ///             | DisconnectReason::ServerShutdown
    ///             | DisconnectReason::WorkspaceStopped => Self::Left,
    ///             DisconnectReason::Unknown
    ///             | DisconnectReason::NetworkError
    ///             | DisconnectReason::ProtocolError
    ///             | DisconnectReason::ControlPlaneLost => Self::Dropped,
    ///         }
    ///     }
    /// }
    ///
    /// let end = Endpoint::SERVER_FACING_CLIENT.reasons::<LeaveReason>();
    /// assert_eq!(end.eof().reason_as(), Some(LeaveReason::Dropped));
    /// ```
    pub fn reasons<R: slot::Reason + From<DisconnectReason>>(self) -> Self {
        Self { reasons: |reason| R::from(reason).category(), ..self }
    }

    /// This side ended the connection on purpose and cleanly. Not for a process that is going away: that is
    /// [`shutting_down`](Self::shutting_down).
    #[inline]
    pub fn closed_locally(self) -> Disconnect {
        self.resolve(Verdict::closed(Side::Local))
    }

    /// The peer ended the connection on purpose and cleanly: it said goodbye. An end of file alone is no goodbye: that
    /// is [`eof`](Self::eof).
    #[inline]
    pub fn closed_by_peer(self) -> Disconnect {
        self.resolve(Verdict::closed(Side::Remote))
    }

    /// This process is going away and closes a healthy connection. Say it before closing, not after.
    #[inline]
    pub fn shutting_down(self) -> Disconnect {
        self.resolve(Verdict::going_away(Side::Local))
    }

    /// The bytes stopped without a goodbye. After a goodbye the same end of file is
    /// [`closed_by_peer`](Self::closed_by_peer) or [`closed_locally`](Self::closed_locally).
    #[inline]
    pub fn eof(self) -> Disconnect {
        self.resolve(
            Verdict::new(DisconnectReason::NetworkError, Side::Network).with_cause(DisconnectCause::UncleanEof),
        )
    }

    /// The peer was silent for longer than this connection may be idle. A single operation that was not done in time is
    /// an error, such as tokio's `Elapsed`, for [`failed`](Self::failed).
    pub fn idle_timeout(self) -> Disconnect {
        self.resolve(
            Verdict::new(DisconnectReason::NetworkError, Side::Network).with_cause(DisconnectCause::IdleTimeout),
        )
    }

    /// An end for a reason that only the site knows, such as `workspace_stopped` or `control_plane_lost`, or one of your
    /// own set, and whose doing it was.
    ///
    /// ```
    /// use disconnect_core::evidence::Side;
    /// use disconnect_core::{Category, DisconnectReason, Endpoint};
    ///
    /// let end = Endpoint::SERVER_FACING_CLIENT.ended(DisconnectReason::WorkspaceStopped, Side::Local);
    /// assert_eq!((end.initiator().map(Category::as_str), end.direction().map(Category::as_str)), (Some("server"), Some("client_to_server")));
    /// ```
    pub fn ended(self, reason: impl slot::Reason, side: Side) -> Disconnect {
        self.resolve(Verdict::own(reason, side))
    }

    /// The peer gave this code: a WebSocket or QUIC close, an SSH disconnect, a `GOAWAY`, an alert, a status, or the exit
    /// status of a process that ran at its end. What the code means is [`Code::received`].
    ///
    /// ```
    /// use disconnect_core::{Code, Endpoint};
    ///
    /// // "Going away" is a shutdown when a server says it, and a closed page when a client does.
    /// assert_eq!(Endpoint::CLIENT_FACING_SERVER.received(Code::websocket(1001)).reason().as_str(), "server_shutdown");
    /// assert_eq!(Endpoint::SERVER_FACING_CLIENT.received(Code::websocket(1001)).reason().as_str(), "client_closed");
    ///
    /// let end = Endpoint::SERVER_FACING_CLIENT.received(Code::websocket(4999));
    /// assert_eq!((end.reason().as_str(), end.expected()), ("unknown", false));
    /// ```
    pub fn received(self, code: Code) -> Disconnect {
        self.resolve(code.received())
    }

    /// This side gave this code; for a process, it ran here. What the code means is [`Code::sent`].
    ///
    /// ```
    /// use disconnect_core::{Category, Code, Endpoint};
    ///
    /// let end = Endpoint::SERVER_FACING_AGENT.sent(Code::http2(0));
    /// assert_eq!((end.reason().as_str(), end.initiator().map(Category::as_str)), ("server_shutdown", Some("server")));
    /// ```
    pub fn sent(self, code: Code) -> Disconnect {
        self.resolve(code.sent())
    }

    /// A process that this side ran behind a session has ended. Where only its number arrived, as in the `exit-status`
    /// of SSH, that is `received(Code::exit(n))`.
    ///
    /// | how it ended | what it means |
    /// |---|---|
    /// | exit status 0 | this side ended the session in good order |
    /// | 1 to 125 | a client whose session it was left its shell, which passes on the status of the last command; `unknown` where the peer is no client |
    /// | 130 | the same: the last command of the shell was ended by Ctrl-C |
    /// | a crash, or 128 + its signal | `unknown`, with the cause `crash` |
    /// | another signal, or 128 + that | `unknown`, mostly with the cause `killed`: who stops a process on purpose, or passes on a Ctrl-C, says so before |
    /// | any other status | `unknown` |
    ///
    /// ```
    /// # #[cfg(unix)] {
    /// use std::process::Command;
    /// use disconnect_core::{Category, Endpoint};
    ///
    /// const END: Endpoint = Endpoint::AGENT_FACING_CLIENT;
    ///
    /// let end = END.process_exited(Command::new("sh").args(["-c", "exit 0"]).status()?);
    /// assert_eq!((end.reason().as_str(), end.initiator().map(Category::as_str)), ("graceful", Some("agent")));
    ///
    /// let end = END.process_exited(Command::new("sh").args(["-c", "kill -9 $$"]).status()?);
    /// assert_eq!((end.reason().as_str(), end.cause().map(Category::as_str)), ("unknown", Some("killed")));
    /// # }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg(feature = "std")]
    pub fn process_exited(self, status: std::process::ExitStatus) -> Disconnect {
        match Code::of_process(status) {
            Some(code) => self.sent(code),
            None => self.resolve(Verdict::new(DisconnectReason::Unknown, Side::Local)),
        }
    }

    /// An error ended the connection. `io::Error` is found anywhere inside it, errors of other libraries as far as the
    /// classifier reads them. The error's text is not kept; add it with `.with_detail(...)` where it helps.
    #[inline]
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
    /// use disconnect_core::{Category, Classifier, Endpoint};
    ///
    /// let timeout = io::Error::from(io::ErrorKind::TimedOut);
    /// let end = Endpoint::AGENT_FACING_SERVER.exit(true, &Classifier::new(), Some(&timeout));
    /// assert_eq!((end.reason().as_str(), end.cause().map(Category::as_str)), ("server_shutdown", Some("deadline")));
    /// ```
    pub fn exit(self, cancelled: bool, classifier: &Classifier, error: Option<&(dyn Error + 'static)>) -> Disconnect {
        match (cancelled, error) {
            (true, None) => self.shutting_down(),
            (true, Some(error)) => {
                let deadline = DisconnectCause::Deadline;
                let timed_out = self.failed(classifier, error).cause_as() == Some(deadline);
                let end = self.shutting_down();
                if timed_out { end.with_cause(deadline) } else { end }
            }
            (false, None) => self.closed_by_peer(),
            (false, Some(error)) => self.failed(classifier, error),
        }
    }

    /// A verdict as seen from this end: the sides become who they are.
    #[inline]
    pub fn resolve(self, verdict: Verdict) -> Disconnect {
        let by_client = match verdict.side {
            Side::Local => Some(self.local.is_client),
            Side::Remote => Some(self.peer.is_client),
            Side::Network | Side::Unknown => None,
        };
        let reason = match verdict.ending {
            Ending::Own(reason) => reason,
            Ending::Is(reason) => (self.reasons)(reason),
            Ending::Closed => (self.reasons)(on_purpose(by_client, DisconnectReason::Graceful)),
            Ending::GoingAway => (self.reasons)(on_purpose(by_client, DisconnectReason::ServerShutdown)),
            Ending::Cancelled => (self.reasons)(on_purpose(by_client, DisconnectReason::Unknown)),
        };
        Disconnect::from_evidence(reason, self.initiator(verdict.side), self.direction, &verdict)
    }

    /// On which layer this connection runs.
    #[cfg(feature = "std")]
    #[inline]
    pub(crate) fn direction(self) -> &'static Category {
        self.direction
    }

    /// The initiator that stands for the peer, where the two sides differ.
    #[cfg(feature = "std")]
    #[inline]
    pub(crate) fn peer_initiator(self) -> Option<&'static Category> {
        self.sides_differ.then_some(self.peer.initiator)
    }

    #[inline]
    fn initiator(self, side: Side) -> Option<&'static Category> {
        match side {
            Side::Local => Some(self.local.initiator),
            Side::Remote => Some(self.peer.initiator),
            Side::Network => self.network,
            Side::Unknown => self.unknown,
        }
    }
}

/// What a deliberate end means: a client's is `client_closed`, and nobody's is not known.
#[inline]
fn on_purpose(by_client: Option<bool>, otherwise: DisconnectReason) -> DisconnectReason {
    match by_client {
        Some(true) => DisconnectReason::ClientClosed,
        Some(false) => otherwise,
        None => DisconnectReason::Unknown,
    }
}
