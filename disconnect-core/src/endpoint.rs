//! `Endpoint`: the roles of the two sides of a connection. It resolves a verdict to a record.

use core::fmt;
use core::marker::PhantomData;
#[cfg(feature = "std")]
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::category::{Category, row, slot};
use crate::code::{Code, Protocol};
use crate::evidence::{AnyCode, AsError, Classifier};
use crate::record::Disconnect;
#[cfg(feature = "std")]
use crate::record::{Detail, Origin};
use crate::verdict::{Ending, Rank, Side, Verdict};
use crate::vocabulary::{
    ConnectionDirection as Direction, DisconnectCause, DisconnectInitiator as Initiator, DisconnectReason,
};

/// The roles of the two sides of a connection: this side, the peer, and the layer between them.
///
/// An endpoint turns what this side observed into a record, a [`Disconnect`], and fills in reason, initiator and
/// direction. It is `Copy`, and its builders are `const fn`, so define one `const` for each kind of connection. Use a
/// constant below for connections between agents, servers and clients, and [`between`](Self::between) for roles of your
/// own.
///
/// The name of a constant gives the local role first: with `AGENT_FACING_SERVER`, this side is the agent and the peer
/// is the server. The role decides the reason of a normal end:
///
/// | who ended it | clean close | going away |
/// |---|---|---|
/// | a client | `client_closed` | `client_closed` |
/// | an agent or a server | `graceful` | `server_shutdown` |
///
/// Call the function for what this side observed or did:
///
/// | observed or done | function |
/// |---|---|
/// | an error | [`failed`](Self::failed) |
/// | a close code, a status, an alert | [`received`](Self::received), [`sent`](Self::sent) |
/// | an end of file without a goodbye | [`eof`](Self::eof) |
/// | the peer's goodbye, without a code | [`closed_by_peer`](Self::closed_by_peer) |
/// | this side closes | [`closed_locally`](Self::closed_locally), [`shutting_down`](Self::shutting_down) |
/// | a timeout | [`idle_timeout`](Self::idle_timeout), [`keepalive_timeout`](Self::keepalive_timeout) |
/// | the exit of a process or shell | [`process_exited`](Self::process_exited), [`shell_exited`](Self::shell_exited), [`remote_shell_exited`](Self::remote_shell_exited) |
/// | anything else | [`ended`](Self::ended), [`resolve`](Self::resolve) |
///
/// None of these functions writes a line. Return the record from [`DisconnectGuard::run`](crate::DisconnectGuard::run),
/// set it on a guard, or log it with [`disconnected!`](crate::disconnected).
///
/// ```
/// # #[cfg(feature = "std")] {
/// use std::io;
/// use disconnect_core::{Category, Endpoint};
///
/// const END: Endpoint = Endpoint::AGENT_FACING_SERVER;
///
/// let end = END.failed(&io::Error::from(io::ErrorKind::ConnectionReset));
/// assert_eq!((end.reason().as_str(), end.initiator().map(Category::as_str)), ("network_error", Some("network")));
/// assert_eq!(end.direction().map(Category::as_str), Some("server_to_agent"));
///
/// assert_eq!(END.shutting_down().initiator().map(Category::as_str), Some("agent"));
/// assert_eq!(END.closed_by_peer().initiator().map(Category::as_str), Some("server"));
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct Endpoint {
    local: &'static dyn InitiatorRow,
    peer: &'static dyn InitiatorRow,
    direction: &'static dyn DirectionRow,
    reasons: &'static dyn Reasons,
    classifier: &'static Classifier,
    client: Client,
    fin_is_goodbye: bool,
    /// Whether a goodbye inside an error counts. By default it does, unless the peer opened the connection.
    error_may_be_goodbye: bool,
    has_error_detail: bool,
}

/// The peer's role in [`Endpoint::between`], and which of the two sides is the client.
///
/// It decides the reason of a normal end. If the client ends the connection, the reason is `client_closed`. If the
/// other side ends it, the reason is `graceful`, or `server_shutdown` if that side goes away.
///
/// It also decides whether a goodbye inside an error counts: see [`Endpoint::error_may_be_goodbye`].
#[derive(Clone, Copy, Debug)]
pub struct Peer<I: 'static> {
    initiator: &'static I,
    client: Client,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Client {
    Peer,
    Local,
    Neither,
}

impl<I> Peer<I> {
    /// The peer is the client, and opened the connection.
    pub const fn client(initiator: &'static I) -> Self {
        Self { initiator, client: Client::Peer }
    }

    /// The peer is the server. This side is the client.
    pub const fn server(initiator: &'static I) -> Self {
        Self { initiator, client: Client::Local }
    }

    /// Neither side is a client, for example in a cluster of equal nodes.
    pub const fn symmetric(initiator: &'static I) -> Self {
        Self { initiator, client: Client::Neither }
    }
}

/// A category of an initiator set as a trait object, so that an endpoint can be a constant.
trait InitiatorRow: Sync {
    fn row(&self) -> &'static Category;
    /// The category of the same set with this logged value.
    fn named(&self, value: &str) -> Option<&'static Category>;
    /// The category for the network.
    fn network(&self) -> Option<&'static Category>;
    /// The category for an unknown initiator.
    fn unknown(&self) -> Option<&'static Category>;
}

impl<I: slot::Initiator> InitiatorRow for I {
    #[inline]
    fn row(&self) -> &'static Category {
        self.category()
    }

    fn named(&self, value: &str) -> Option<&'static Category> {
        row::<I>(value)
    }

    #[inline]
    fn network(&self) -> Option<&'static Category> {
        const { row::<I>("network") }
    }

    #[inline]
    fn unknown(&self) -> Option<&'static Category> {
        const {
            match row::<I>("unknown") {
                Some(row) => Some(row),
                None => row::<I>(""),
            }
        }
    }
}

/// A direction as a trait object, so that an endpoint can be a constant.
trait DirectionRow: Sync {
    fn row(&self) -> &'static Category;
}

impl<D: slot::Direction> DirectionRow for D {
    #[inline]
    fn row(&self) -> &'static Category {
        self.category()
    }
}

/// Chooses the logged reason of a record that was resolved with the built-in reasons.
trait Reasons: Sync {
    fn reason(&self, end: &Disconnect, ours: DisconnectReason) -> &'static Category;
}

/// Keeps the built-in reason.
struct BuiltInReasons;

impl Reasons for BuiltInReasons {
    #[inline]
    fn reason(&self, _: &Disconnect, ours: DisconnectReason) -> &'static Category {
        ours.category()
    }
}

/// Maps each built-in reason to a reason of `R`.
struct MappedReasons<R>(PhantomData<fn() -> R>);

impl<R: slot::Reason + From<DisconnectReason>> Reasons for MappedReasons<R> {
    fn reason(&self, _: &Disconnect, ours: DisconnectReason) -> &'static Category {
        R::from(ours).category()
    }
}

/// Chooses a reason from the whole record.
impl<R: slot::Reason, F: Fn(&Disconnect) -> R + Sync> Reasons for F {
    fn reason(&self, end: &Disconnect, _: DisconnectReason) -> &'static Category {
        self(end).category()
    }
}

impl Endpoint {
    /// This side is an agent, the peer its server: the agent's control plane.
    pub const AGENT_FACING_SERVER: Self =
        Self::between(&Initiator::Agent, Peer::symmetric(&Initiator::Server), &Direction::ServerToAgent);
    /// This side is a server, the peer an agent: the agent's control plane.
    pub const SERVER_FACING_AGENT: Self =
        Self::between(&Initiator::Server, Peer::symmetric(&Initiator::Agent), &Direction::ServerToAgent).dialled();
    /// This side is an agent, the peer a client: a client's session on the agent.
    pub const AGENT_FACING_CLIENT: Self =
        Self::between(&Initiator::Agent, Peer::client(&Initiator::Client), &Direction::AgentToClient);
    /// This side is a client, the peer an agent: the client's session on the agent.
    pub const CLIENT_FACING_AGENT: Self =
        Self::between(&Initiator::Client, Peer::server(&Initiator::Agent), &Direction::AgentToClient);
    /// This side is a client, the peer a server: the client's control plane.
    pub const CLIENT_FACING_SERVER: Self =
        Self::between(&Initiator::Client, Peer::server(&Initiator::Server), &Direction::ClientToServer);
    /// This side is a server, the peer a client: the client's control plane.
    pub const SERVER_FACING_CLIENT: Self =
        Self::between(&Initiator::Server, Peer::client(&Initiator::Client), &Direction::ClientToServer);

    /// Creates an endpoint with roles of your own.
    ///
    /// Both roles are categories of one set that derives [`DisconnectField`](derive@crate::DisconnectField). If neither
    /// side ended the connection, the logged initiator is the category of your set with the value `network`. If the
    /// initiator is unknown, it is the category with the value `unknown` or the empty string. If your set has no such
    /// category, the initiator is absent.
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
    /// const END: Endpoint = Endpoint::between(&Party::Broker, Peer::client(&Party::Subscriber), &BrokerLink::Mqtt);
    ///
    /// let left = END.closed_by_peer();
    /// assert_eq!((left.reason().as_str(), left.initiator_as()), ("client_closed", Some(Party::Subscriber)));
    /// assert_eq!(END.eof().initiator_as(), Some(Party::Network));
    /// ```
    pub const fn between<I: slot::Initiator, D: slot::Direction>(
        local: &'static I,
        peer: Peer<I>,
        direction: &'static D,
    ) -> Self {
        static ONLY_IO: Classifier = Classifier::new();
        Self {
            local,
            peer: peer.initiator,
            direction,
            reasons: &BuiltInReasons,
            classifier: &ONLY_IO,
            client: peer.client,
            fin_is_goodbye: false,
            error_may_be_goodbye: !matches!(peer.client, Client::Peer),
            has_error_detail: true,
        }
    }

    /// Sets the classifier that reads the errors of this endpoint.
    ///
    /// Without one, an endpoint understands `std::io::Error` only, and [`failed`](Self::failed) with any other error is
    /// `unknown`.
    ///
    /// ```
    /// use std::error::Error;
    /// use disconnect_core::evidence::{Reading, Side, Verdict};
    /// use disconnect_core::{Classifier, DisconnectReason, Endpoint, classifier};
    ///
    /// fn number<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
    ///     let violation = Verdict::new(DisconnectReason::ProtocolError, Side::Remote);
    ///     Reading::from(error.downcast_ref::<std::num::ParseIntError>().map(|_| violation))
    /// }
    /// static CLASSIFIER: Classifier = classifier![reader = number];
    /// const END: Endpoint = Endpoint::AGENT_FACING_SERVER.with_classifier(&CLASSIFIER);
    ///
    /// let error = "x".parse::<u8>().unwrap_err();
    /// assert_eq!(END.failed(&error).reason().as_str(), "protocol_error");
    /// assert_eq!(Endpoint::AGENT_FACING_SERVER.failed(&error).reason().as_str(), "unknown");
    /// ```
    pub const fn with_classifier(self, classifier: &'static Classifier) -> Self {
        Self { classifier, ..self }
    }

    /// Declares that a FIN is a normal end, because the protocol has no other goodbye.
    ///
    /// For HTTP/1.1 between messages, a body that is delimited by close, Redis, and raw forwards. Not for a protocol
    /// with a goodbye, such as WebSocket, SSH, TLS, HTTP/2 or MQTT: there, a FIN without a goodbye is a fault.
    ///
    /// With this declaration [`eof`](Self::eof) is `client_closed` or `graceful`, expected, with the cause `fin`. The
    /// evidence is weak, because a FIN also follows a crash of the peer: a reset, an error or a goodbye replaces it. An
    /// `UnexpectedEof` in the middle of a message stays a fault.
    ///
    /// Do not record `eof` for the `Ok(())` of a library. The future of a hyper HTTP/1 connection, for example, also
    /// returns it after a reset. Record [`eof`](Self::eof) if your code reads the FIN itself, and
    /// [watch](crate::Watched) the stream below a library.
    ///
    /// ```
    /// use disconnect_core::{Category, Endpoint};
    ///
    /// const REDIS: Endpoint = Endpoint::SERVER_FACING_CLIENT.fin_is_goodbye();
    ///
    /// let end = REDIS.eof();
    /// assert_eq!((end.reason().as_str(), end.cause().map(Category::as_str)), ("client_closed", Some("fin")));
    /// assert!(!Endpoint::SERVER_FACING_CLIENT.eof().expected());
    /// ```
    pub const fn fin_is_goodbye(self) -> Self {
        Self { fin_is_goodbye: true, ..self }
    }

    /// Declares that the peer opened the connection.
    const fn dialled(self) -> Self {
        Self { error_may_be_goodbye: false, ..self }
    }

    /// Declares that a goodbye inside an error is the peer's goodbye.
    ///
    /// An example is the `CANCEL` of a client, which arrives as an error of the request's body. Without the
    /// declaration, such an error is `unknown` and unexpected if the peer opened the connection: with
    /// [`AGENT_FACING_CLIENT`], [`SERVER_FACING_CLIENT`], [`SERVER_FACING_AGENT`] and your own [`Peer::client`]. The
    /// reason is that a handler often returns an error of a back end with `?`, and the `GOAWAY` of the back end is no
    /// goodbye of the client. If this side opened the connection, a goodbye inside an error counts without the
    /// declaration.
    ///
    /// Use it only if every error comes from this connection. Not for a gateway or a handler that calls a back end.
    ///
    /// [`AGENT_FACING_CLIENT`]: Self::AGENT_FACING_CLIENT
    /// [`SERVER_FACING_CLIENT`]: Self::SERVER_FACING_CLIENT
    /// [`SERVER_FACING_AGENT`]: Self::SERVER_FACING_AGENT
    ///
    /// ```
    /// use std::{error::Error, fmt};
    /// use disconnect_core::evidence::Reading;
    /// use disconnect_core::{Classifier, Code, Endpoint};
    ///
    /// /// The error of an HTTP/2 library: the client reset the stream with `CANCEL`.
    /// #[derive(Debug)]
    /// struct Cancelled;
    /// # impl fmt::Display for Cancelled {
    /// #     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str("cancelled") }
    /// # }
    /// impl Error for Cancelled {}
    ///
    /// fn http2<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
    ///     error.downcast_ref::<Cancelled>().map_or(Reading::NOTHING, |_| Reading::verdict(Code::http2(8).received()))
    /// }
    /// static CLASSIFIER: Classifier = Classifier::with(&[http2]);
    /// const END: Endpoint = Endpoint::SERVER_FACING_CLIENT.with_classifier(&CLASSIFIER);
    ///
    /// assert_eq!(END.failed(&Cancelled).reason().as_str(), "unknown");
    /// assert_eq!(END.error_may_be_goodbye().failed(&Cancelled).reason().as_str(), "client_closed");
    /// ```
    pub const fn error_may_be_goodbye(self) -> Self {
        Self { error_may_be_goodbye: true, ..self }
    }

    /// Leaves the text of an error out of the detail of the line.
    ///
    /// Use it if the texts of your errors may contain secrets. Without it, `run`,
    /// [`DisconnectGuard::failed`](crate::DisconnectGuard::failed) and the handles put the text, cleaned and cut, into
    /// the detail.
    ///
    /// ```
    /// # #[cfg(feature = "std")] {
    /// use std::io;
    /// use disconnect_core::{DisconnectGuard, Endpoint};
    ///
    /// const END: Endpoint = Endpoint::SERVER_FACING_CLIENT.without_error_detail();
    ///
    /// let guard = DisconnectGuard::new(END, |end| assert_eq!(end.detail(), None));
    /// guard.failed(&io::Error::other("rejected token 1234"));
    /// # }
    /// ```
    pub const fn without_error_detail(self) -> Self {
        Self { has_error_detail: false, ..self }
    }

    /// Maps each built-in reason to a reason of your own.
    ///
    /// Write `From` as an exhaustive `match`, so that the compiler reports a new built-in reason. The mapping also
    /// applies to dropped guards, panics and errors that are not understood, so that only reasons of your set are
    /// logged. If one built-in reason is not enough to choose yours, use [`reasons_with`](Self::reasons_with).
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
    /// const END: Endpoint = Endpoint::SERVER_FACING_CLIENT.reasons::<LeaveReason>();
    /// assert_eq!(END.eof().reason_as(), Some(LeaveReason::Dropped));
    /// ```
    pub const fn reasons<R: slot::Reason + From<DisconnectReason>>(self) -> Self {
        Self { reasons: const { &MappedReasons::<R>(PhantomData) }, ..self }
    }

    /// Maps each record to a reason of your own.
    ///
    /// Use it instead of [`reasons`](Self::reasons) if your reason depends on the cause, the code or the side. The
    /// function gets the record as it would be logged with a built-in reason. It must not call a guard or a handle: the
    /// guard may call it while it holds a lock, so such a call can deadlock.
    ///
    /// ```
    /// use disconnect_core::{Disconnect, DisconnectCause, DisconnectField, DisconnectReason, Endpoint};
    ///
    /// #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
    /// #[field("disconnect_reason")]
    /// enum LeaveReason {
    ///     #[expected]
    ///     Left,
    ///     TimedOut,
    ///     Lost,
    /// }
    ///
    /// fn leave_reason(end: &Disconnect) -> LeaveReason {
    ///     match end.cause_as() {
    ///         Some(DisconnectCause::IdleTimeout | DisconnectCause::KeepaliveTimeout) => LeaveReason::TimedOut,
    ///         _ if end.expected() => LeaveReason::Left,
    ///         _ => LeaveReason::Lost,
    ///     }
    /// }
    /// const END: Endpoint = Endpoint::SERVER_FACING_CLIENT.reasons_with(&leave_reason);
    ///
    /// assert_eq!(END.idle_timeout().reason_as(), Some(LeaveReason::TimedOut));
    /// assert_eq!(END.eof().reason_as(), Some(LeaveReason::Lost));
    /// ```
    pub const fn reasons_with<R: slot::Reason, F: Fn(&Disconnect) -> R + Sync>(self, reasons: &'static F) -> Self {
        Self { reasons, ..self }
    }

    /// This side closes a healthy connection on purpose. Record it before closing.
    ///
    /// If the whole process or service goes away, use [`shutting_down`](Self::shutting_down).
    ///
    /// ```
    /// use disconnect_core::Endpoint;
    ///
    /// assert_eq!(Endpoint::SERVER_FACING_CLIENT.closed_locally().reason().as_str(), "graceful");
    /// assert_eq!(Endpoint::CLIENT_FACING_SERVER.closed_locally().reason().as_str(), "client_closed");
    /// ```
    #[inline]
    #[must_use = "a record writes no line: return it from `run`, set it on the guard, or log it with `disconnected!`"]
    pub fn closed_locally(self) -> Disconnect {
        self.resolve(Verdict::closed(Side::Local))
    }

    /// The peer closed the connection on purpose: it sent a goodbye.
    ///
    /// Use [`received`](Self::received) if the goodbye has a code. An end of file alone is not a goodbye: use
    /// [`eof`](Self::eof).
    ///
    /// ```
    /// use disconnect_core::{Category, Endpoint};
    ///
    /// let end = Endpoint::SERVER_FACING_CLIENT.closed_by_peer();
    /// assert_eq!((end.reason().as_str(), end.initiator().map(Category::as_str)), ("client_closed", Some("client")));
    /// assert!(end.expected());
    /// ```
    #[inline]
    #[must_use = "a record writes no line: return it from `run`, set it on the guard, or log it with `disconnected!`"]
    pub fn closed_by_peer(self) -> Disconnect {
        self.resolve(Verdict::closed(Side::Remote))
    }

    /// This process goes away and closes a healthy connection. Record it before closing.
    ///
    /// If only this connection closes, use [`closed_locally`](Self::closed_locally). To close all connections of a
    /// server, use [`Shutdown`](crate::Shutdown).
    ///
    /// ```
    /// use disconnect_core::{Category, Endpoint};
    ///
    /// let end = Endpoint::SERVER_FACING_CLIENT.shutting_down();
    /// assert_eq!((end.reason().as_str(), end.initiator().map(Category::as_str)), ("server_shutdown", Some("server")));
    /// ```
    #[inline]
    #[must_use = "a record writes no line: return it from `run`, set it on the guard, or log it with `disconnected!`"]
    pub fn shutting_down(self) -> Disconnect {
        self.resolve(Verdict::going_away(Side::Local))
    }

    /// The peer's bytes ended without a goodbye.
    ///
    /// The record is `network_error` with the cause `unclean_eof`. If the endpoint declares
    /// [`fin_is_goodbye`](Self::fin_is_goodbye), the record is the peer's goodbye with the cause `fin`.
    ///
    /// Not for the end of file that follows a goodbye: that is [`closed_by_peer`](Self::closed_by_peer) or
    /// [`closed_locally`](Self::closed_locally).
    ///
    /// ```
    /// use disconnect_core::{Category, Endpoint};
    ///
    /// let end = Endpoint::SERVER_FACING_CLIENT.eof();
    /// assert_eq!((end.reason().as_str(), end.cause().map(Category::as_str)), ("network_error", Some("unclean_eof")));
    /// assert!(!end.expected());
    /// ```
    #[inline]
    #[must_use = "a record writes no line: return it from `run`, set it on the guard, or log it with `disconnected!`"]
    pub fn eof(self) -> Disconnect {
        if self.fin_is_goodbye {
            return self
                .resolve(Verdict::closed(Side::Remote).with_rank(Rank::Transport).with_cause(DisconnectCause::Fin));
        }
        self.unclean_eof()
    }

    /// An end of file that is no goodbye, also with `fin_is_goodbye`.
    pub(crate) fn unclean_eof(self) -> Disconnect {
        self.resolve(
            Verdict::new(DisconnectReason::NetworkError, Side::Network).with_cause(DisconnectCause::UncleanEof),
        )
    }

    /// The connection was idle for longer than it may be: `network_error` with the cause `idle_timeout`.
    ///
    /// If this side closes an idle connection with the protocol's goodbye, use [`closed_locally`](Self::closed_locally)
    /// with the cause `idle_timeout`. If a single operation was not done in time, give its error, such as tokio's
    /// `Elapsed`, to [`failed`](Self::failed).
    ///
    /// ```
    /// use disconnect_core::{Category, DisconnectCause, Endpoint};
    ///
    /// const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;
    ///
    /// let lost = END.idle_timeout();
    /// assert_eq!((lost.reason().as_str(), lost.expected()), ("network_error", false));
    /// let closed = END.closed_locally().with_cause(DisconnectCause::IdleTimeout);
    /// assert_eq!((closed.reason().as_str(), closed.expected()), ("graceful", true));
    /// assert_eq!(lost.cause().map(Category::as_str), closed.cause().map(Category::as_str));
    /// ```
    #[must_use = "a record writes no line: return it from `run`, set it on the guard, or log it with `disconnected!`"]
    pub fn idle_timeout(self) -> Disconnect {
        self.resolve(
            Verdict::new(DisconnectReason::NetworkError, Side::Network).with_cause(DisconnectCause::IdleTimeout),
        )
    }

    /// The peer did not answer a probe in time, such as a ping of the protocol or a heartbeat of your own.
    ///
    /// ```
    /// use disconnect_core::{Category, Endpoint};
    ///
    /// let end = Endpoint::SERVER_FACING_AGENT.keepalive_timeout();
    /// assert_eq!((end.reason().as_str(), end.cause().map(Category::as_str)), ("network_error", Some("keepalive_timeout")));
    /// ```
    #[must_use = "a record writes no line: return it from `run`, set it on the guard, or log it with `disconnected!`"]
    pub fn keepalive_timeout(self) -> Disconnect {
        let silence = Verdict::new(DisconnectReason::NetworkError, Side::Network);
        self.resolve(silence.with_cause(DisconnectCause::KeepaliveTimeout))
    }

    /// An end whose reason only your code knows, such as `workspace_stopped`, `control_plane_lost` or a reason of your
    /// own set.
    ///
    /// `side` is the side that ended the connection.
    ///
    /// ```
    /// use disconnect_core::evidence::Side;
    /// use disconnect_core::{Category, DisconnectReason, Endpoint};
    ///
    /// let end = Endpoint::SERVER_FACING_CLIENT.ended(DisconnectReason::WorkspaceStopped, Side::Local);
    /// assert_eq!((end.initiator().map(Category::as_str), end.direction().map(Category::as_str)), (Some("server"), Some("client_to_server")));
    /// ```
    #[must_use = "a record writes no line: return it from `run`, set it on the guard, or log it with `disconnected!`"]
    pub fn ended(self, reason: impl slot::Reason, side: Side) -> Disconnect {
        self.resolve(Verdict::own(reason, side))
    }

    /// The peer sent this code: a close code, a `GOAWAY`, an alert, a status, or the exit status of a process on its
    /// side.
    ///
    /// [`Code::received`] defines what a code means. A code that no table has is `unknown`.
    ///
    /// ```
    /// use disconnect_core::{Code, Endpoint};
    ///
    /// // 1001 "going away" from a server is a shutdown. From a client, its page was closed.
    /// assert_eq!(Endpoint::CLIENT_FACING_SERVER.received(Code::websocket(1001)).reason().as_str(), "server_shutdown");
    /// assert_eq!(Endpoint::SERVER_FACING_CLIENT.received(Code::websocket(1001)).reason().as_str(), "client_closed");
    ///
    /// let end = Endpoint::SERVER_FACING_CLIENT.received(Code::websocket(4999));
    /// assert_eq!((end.reason().as_str(), end.expected()), ("unknown", false));
    /// ```
    ///
    /// To give codes of your own a meaning, derive [`DisconnectCode`](macro@crate::DisconnectCode). Pass a value of
    /// that enum, or list the enum in the [classifier](Self::with_classifier).
    #[must_use = "a record writes no line: return it from `run`, set it on the guard, or log it with `disconnected!`"]
    pub fn received(self, code: impl AnyCode) -> Disconnect {
        self.resolve(code.when_received())
    }

    /// This side sent this code. For a process: it ran on this side.
    ///
    /// [`Code::sent`] defines what a code means.
    ///
    /// ```
    /// use disconnect_core::{Category, Code, Endpoint};
    ///
    /// let end = Endpoint::SERVER_FACING_AGENT.sent(Code::http2(0));
    /// assert_eq!((end.reason().as_str(), end.initiator().map(Category::as_str)), ("server_shutdown", Some("server")));
    /// ```
    #[must_use = "a record writes no line: return it from `run`, set it on the guard, or log it with `disconnected!`"]
    pub fn sent(self, code: impl AnyCode) -> Disconnect {
        self.resolve(code.when_sent())
    }

    /// A process that this side ran for a session has ended.
    ///
    /// For an interactive shell use [`shell_exited`](Self::shell_exited). If only the number of a status arrived, as in
    /// the `exit-status` message of SSH, use `received(Code::exit(n))`.
    ///
    /// | how it ended | the record |
    /// |---|---|
    /// | exit status 0 | `graceful` by this side |
    /// | any other exit status | `unknown`, usually with the cause `exit_status`: the command defines its meaning |
    /// | a crash signal, or 128 plus its number | `unknown`, with the cause `crash` |
    /// | any other signal, or 128 plus its number | `unknown`, usually with the cause `killed`. If your code stops a process on purpose, record that before |
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
    /// let end = END.process_exited(Command::new("sh").args(["-c", "exit 3"]).status()?);
    /// assert_eq!((end.reason().as_str(), end.cause().map(Category::as_str)), ("unknown", Some("exit_status")));
    /// assert_eq!(end.exit_code(), Some(3));
    ///
    /// let end = END.process_exited(Command::new("sh").args(["-c", "kill -9 $$"]).status()?);
    /// assert_eq!((end.reason().as_str(), end.cause().map(Category::as_str)), ("unknown", Some("killed")));
    /// # }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg(feature = "std")]
    #[must_use = "a record writes no line: return it from `run`, set it on the guard, or log it with `disconnected!`"]
    pub fn process_exited(self, status: std::process::ExitStatus) -> Disconnect {
        let Some(code) = Code::of_process(status) else {
            return self.resolve(Verdict::new(DisconnectReason::Unknown, Side::Local));
        };
        let mut said = code.sent();
        self.classifier.explain_code(&mut said);
        // A status without a row or a declared meaning is still a failure of the command.
        let is_unknown = code.protocol() == Protocol::Exit && code.name().is_none() && said == code.sent();
        self.resolve(if is_unknown { said.with_cause(DisconnectCause::ExitStatus) } else { said })
    }

    /// An interactive shell that this side ran for the peer has ended.
    ///
    /// A shell exits with the status of its last command. So an exit status from 0 to 125, or 130 after Ctrl-C, means
    /// that the peer left the shell: `client_closed` or `graceful` by the peer. Any other status, and a signal, is
    /// handled as by [`process_exited`](Self::process_exited).
    ///
    /// Not for a single command: its status shows whether it failed.
    ///
    /// ```
    /// # #[cfg(unix)] {
    /// use std::process::Command;
    /// use disconnect_core::{Category, Endpoint};
    ///
    /// let end = Endpoint::AGENT_FACING_CLIENT.shell_exited(Command::new("sh").args(["-c", "exit 1"]).status()?);
    /// assert_eq!((end.reason().as_str(), end.initiator().map(Category::as_str)), ("client_closed", Some("client")));
    /// assert_eq!(end.exit_code(), Some(1));
    /// # }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg(feature = "std")]
    #[must_use = "a record writes no line: return it from `run`, set it on the guard, or log it with `disconnected!`"]
    pub fn shell_exited(self, status: std::process::ExitStatus) -> Disconnect {
        match Code::of_process(status) {
            Some(code) if is_left_shell(code) => self.resolve(Verdict::closed(Side::Remote).with_code(code)),
            Some(_) | None => self.process_exited(status),
        }
    }

    /// An interactive shell that the peer ran for this side has ended with this status, as in the `exit-status` message
    /// of SSH.
    ///
    /// It is the counterpart of [`shell_exited`](Self::shell_exited) on the peer's side. For a single command use
    /// [`received`](Self::received).
    ///
    /// ```
    /// use disconnect_core::{Category, Code, Endpoint};
    ///
    /// let end = Endpoint::CLIENT_FACING_AGENT.remote_shell_exited(Code::exit(1));
    /// assert_eq!((end.reason().as_str(), end.initiator().map(Category::as_str)), ("client_closed", Some("client")));
    /// ```
    #[must_use = "a record writes no line: return it from `run`, set it on the guard, or log it with `disconnected!`"]
    pub fn remote_shell_exited(self, status: Code) -> Disconnect {
        if is_left_shell(status) {
            self.resolve(Verdict::closed(Side::Local).with_code(status))
        } else {
            self.received(status)
        }
    }

    /// An error ended the connection.
    ///
    /// The [classifier](Self::with_classifier) of this endpoint reads the error. It finds an `io::Error` at every
    /// depth, and the errors of the libraries it knows. An error in which it understands nothing is `unknown`.
    /// [`Classifier::explain`] shows what it found.
    ///
    /// Takes any error type, `anyhow::Error`, `eyre::Report`, a boxed error or a `dyn Error`. The record does not
    /// contain the error's text. `run`, the guard and its handles add it as the detail.
    ///
    /// # Errors of other connections
    ///
    /// **Wrap an error of another connection**, such as that of a back end, in a type of your own with
    /// [`DisconnectEvidence`](derive@crate::DisconnectEvidence). Otherwise a reset of the back end is logged as a reset
    /// of this connection. The same happens if `?` passes the error on.
    ///
    /// Such errors often arrive without a wrapper. So if the peer opened the connection, a goodbye inside an error is
    /// `unknown`. [`error_may_be_goodbye`](Self::error_may_be_goodbye) changes that. A gRPC status inside an error then
    /// counts as this side's own, because only the server of a call sends one.
    ///
    /// ```
    /// # #[cfg(feature = "std")] {
    /// use std::io;
    /// use disconnect_core::{Category, Endpoint};
    ///
    /// const END: Endpoint = Endpoint::AGENT_FACING_SERVER;
    ///
    /// let error: Box<dyn std::error::Error + Send + Sync> = Box::new(io::Error::from(io::ErrorKind::UnexpectedEof));
    /// assert_eq!(END.failed(&error).cause().map(Category::as_str), Some("unclean_eof"));
    /// # }
    /// ```
    #[inline]
    #[must_use = "a record writes no line: return it from `run`, set it on the guard, or log it with `disconnected!`"]
    pub fn failed<M, E: AsError<M> + ?Sized>(self, error: &E) -> Disconnect {
        // The classifier has already explained the codes in the error.
        self.resolve_by_reference(&self.of_error(self.classifier.classify(error)))
    }

    /// Judges an error that carries nothing but a received code. It may come from another connection, which a handler
    /// opened to serve this one.
    #[inline]
    fn of_error(&self, verdict: Verdict) -> Verdict {
        match verdict.code {
            Some(code) if verdict == code.received() => self.of_code_in_error(code),
            Some(_) | None => verdict,
        }
    }

    fn of_code_in_error(&self, code: Code) -> Verdict {
        let verdict = match code.protocol() {
            // Only the server of a call ends it with a status.
            Protocol::Grpc if self.client == Client::Peer => code.sent(),
            _ => code.received(),
        };
        let may_be_goodbye = match code.protocol() {
            // A back end's goodbye of these protocols also arrives as an error, from the client library.
            Protocol::Http2 | Protocol::Http3 | Protocol::Quic | Protocol::Tls => self.error_may_be_goodbye,
            // An error with the status "no error".
            Protocol::Grpc => false,
            _ => true,
        };
        if verdict.may_be_expected() && !may_be_goodbye {
            let side = if code.protocol() == Protocol::Grpc { verdict.side } else { Side::Unknown };
            return Verdict::new(DisconnectReason::Unknown, side).with_code(code);
        }
        verdict
    }

    /// Like `failed`, with the error's text as the detail unless the endpoint leaves it out.
    #[cfg(feature = "std")]
    pub(crate) fn failed_with_detail<M, E: AsError<M> + ?Sized>(self, error: &E) -> Disconnect {
        let end = self.failed(error);
        if !self.has_error_detail {
            return end;
        }
        // If `Display` panics, only the text is lost.
        let text = catch_unwind(AssertUnwindSafe(|| Detail::of_error(error.as_error())));
        end.with_detail_or_none(text.ok().filter(|text| !text.as_str().is_empty()))
    }

    /// Resolves a verdict: replaces its sides with the roles of this endpoint.
    ///
    /// Use it for a [`Verdict`] from a [`Classifier`], from [`DisconnectEvidence`](crate::DisconnectEvidence) or of
    /// your own. The other functions of this type call it.
    ///
    /// A verdict that is expected and names the network is resolved to `unknown`, because the network cannot say goodbye. A
    /// verdict with nothing but an application code gets the meaning that the [classifier](Self::with_classifier) has
    /// for that code.
    #[must_use = "a record writes no line: return it from `run`, set it on the guard, or log it with `disconnected!`"]
    #[inline]
    pub fn resolve(self, mut verdict: Verdict) -> Disconnect {
        if verdict.code.is_some() {
            self.classifier.explain_code(&mut verdict);
        }
        self.resolve_by_reference(&verdict)
    }

    /// Endpoint and verdict are large, so they are passed by reference.
    fn resolve_by_reference(&self, verdict: &Verdict) -> Disconnect {
        let (by_client, initiator) = match verdict.by {
            Some(party) => (self.is_client(party), self.local.named(party.value)),
            None => (self.is_client_side(verdict.side), self.initiator(verdict.side)),
        };
        let ours = match verdict.ending {
            Ending::Is(reason) => reason,
            Ending::Closed => deliberate_reason(by_client, DisconnectReason::Graceful),
            Ending::GoingAway => deliberate_reason(by_client, DisconnectReason::ServerShutdown),
            Ending::Cancelled => deliberate_reason(by_client, DisconnectReason::Unknown),
            Ending::Own => DisconnectReason::Unknown,
        };
        let is_by_network = match verdict.by {
            Some(party) => party.value == "network",
            None => verdict.side == Side::Network,
        };
        let ours = if is_by_network && ours.expected() { DisconnectReason::Unknown } else { ours };
        let own = verdict.own_reason.filter(|own| !(is_by_network && own.is_expected()));
        let reason = own.unwrap_or_else(|| ours.category());
        // Each endpoint resolves anew what this side did. What the peer or a named party did is fixed here, because
        // another endpoint may not have a role for that party.
        let is_said = verdict.by.is_some() || verdict.side == Side::Remote;
        let ending = match verdict.ending {
            Ending::Own if own.is_some() => Ending::Own,
            // The user's reason was left out above: an expected end needs a side that said goodbye.
            Ending::Own => Ending::Is(DisconnectReason::Unknown),
            _ if is_said => Ending::Is(ours),
            ending @ (Ending::Closed | Ending::GoingAway | Ending::Cancelled | Ending::Is(_)) => ending,
        };
        let mut end = Disconnect::from_verdict(reason, initiator, self.direction.row(), verdict, ending);
        if own.is_none() {
            let mapped = self.reasons.reason(&end, ours);
            end.map_reason(if is_by_network && mapped.is_expected() { self.unknown_reason(&end) } else { mapped });
        }
        end
    }

    /// The reason for an end by the network, if the user's mapping gives an expected one.
    #[cold]
    fn unknown_reason(&self, end: &Disconnect) -> &'static Category {
        let mapped = self.reasons.reason(end, DisconnectReason::Unknown);
        if mapped.is_expected() { DisconnectReason::Unknown.category() } else { mapped }
    }

    /// Whether this side is the client. `None` if the side is neither this one nor the peer.
    fn is_client_side(&self, side: Side) -> Option<bool> {
        match side {
            Side::Local => Some(self.client == Client::Local),
            Side::Remote => Some(self.client == Client::Peer),
            Side::Network | Side::Unknown => None,
        }
    }

    /// Whether this party is the client. It may be neither of the two sides.
    fn is_client(&self, party: &Category) -> Option<bool> {
        match party.value {
            value if value == self.local.row().value => self.is_client_side(Side::Local),
            value if value == self.peer.row().value => self.is_client_side(Side::Remote),
            "network" | "unknown" | "" => None,
            value => Some(value == Initiator::Client.as_str()),
        }
    }

    /// Resolves a record of another endpoint for this one. If this side ended the other connection, it also
    /// ended this one. If the peer of the other endpoint did, the record names that party.
    #[cfg(feature = "std")]
    pub(crate) fn translate(self, end: &Disconnect) -> Disconnect {
        // A code of the other connection keeps the meaning that it has there.
        let resolved = self.resolve_by_reference(&end.verdict());
        let resolved = if end.names_nobody() { resolved.without_initiator() } else { resolved };
        resolved.with_detail_or_none(end.detail_value().cloned()).with_origin(end.origin()).of_shutdown(end.shutdown())
    }

    /// Resolves a record of another endpoint for this one. Records of this endpoint and records made by hand do not
    /// change.
    #[cfg(feature = "std")]
    pub(crate) fn adopt(self, end: Disconnect) -> Disconnect {
        let is_of_another = end.side().is_some() && end.direction().is_some_and(|layer| layer != self.direction());
        if is_of_another { self.translate(&end).with_method_of(&end) } else { end }
    }

    /// Whether the record means that the peer ended the connection on purpose.
    #[cfg(feature = "std")]
    pub(crate) fn is_said_by_peer(self, end: &Disconnect) -> bool {
        let (local, peer) = (self.local.row(), self.peer.row());
        // A record made by hand names the peer as the initiator.
        let names_peer = || local != peer && end.side().is_none() && end.initiator() == Some(peer);
        match end.origin() {
            Origin::Peer => true,
            Origin::Site => end.expected() && end.shutdown() == 0 && names_peer(),
            Origin::OnDrop => false,
        }
    }

    #[inline]
    fn initiator(&self, side: Side) -> Option<&'static Category> {
        match side {
            Side::Local => Some(self.local.row()),
            Side::Remote => Some(self.peer.row()),
            Side::Network => self.local.network(),
            Side::Unknown => self.local.unknown(),
        }
    }

    #[cfg(feature = "std")]
    pub(crate) fn direction(self) -> &'static Category {
        self.direction.row()
    }
}

/// Prints the logged values of the roles.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("local", &self.local.row().value)
            .field("peer", &self.peer.row().value)
            .field("direction", &self.direction.row().value)
            .finish_non_exhaustive()
    }
}

/// The reason of a deliberate end: `client_closed` by a client, `unknown` by an unknown party.
#[inline]
fn deliberate_reason(by_client: Option<bool>, otherwise: DisconnectReason) -> DisconnectReason {
    match by_client {
        Some(true) => DisconnectReason::ClientClosed,
        Some(false) => otherwise,
        None => DisconnectReason::Unknown,
    }
}

/// Whether a user left the shell: the status of the last command, also of one that Ctrl-C ended.
const fn is_left_shell(status: Code) -> bool {
    matches!((status.protocol(), status.number()), (Protocol::Exit, Some(0..=125 | 130)))
}
