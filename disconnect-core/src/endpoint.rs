//! Which end of which connection this is.

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

/// Which end of which connection this is: the local role, the peer's role, and the layer. It turns what was seen there
/// into a [`Disconnect`], with reason, initiator and direction filled in.
///
/// `AGENT_FACING_SERVER` reads "I am the agent, the peer is the server". A clean end by a client is `client_closed`, by an
/// agent or a server `graceful`; a server or agent that is going away is `server_shutdown`.
///
/// ```
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
    /// Where this side made the connection, as far as the roles tell, and where the user says so.
    error_may_be_goodbye: bool,
    has_error_detail: bool,
}

/// The other side of [`Endpoint::between`], and which of the two acts as the client.
///
/// A clean end by the client is `client_closed`, by the other side `graceful`; the other side's going away is
/// `server_shutdown`.
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
    /// The peer acts as the client.
    pub const fn client(initiator: &'static I) -> Self {
        Self { initiator, client: Client::Peer }
    }

    /// The peer acts as the server, so this side is the client.
    pub const fn server(initiator: &'static I) -> Self {
        Self { initiator, client: Client::Local }
    }

    /// Neither is a client: two nodes of one cluster, say.
    pub const fn symmetric(initiator: &'static I) -> Self {
        Self { initiator, client: Client::Neither }
    }
}

/// A category of an initiator's set, behind a reference that a constant can hold.
trait InitiatorRow: Sync {
    fn row(&self) -> &'static Category;
    /// The category of the same set with this logged value.
    fn named(&self, value: &str) -> Option<&'static Category>;
    /// The one that stands for neither side.
    fn network(&self) -> Option<&'static Category>;
    /// The one that stands for nobody knows whom.
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

/// A direction, behind a reference that a constant can hold.
trait DirectionRow: Sync {
    fn row(&self) -> &'static Category;
}

impl<D: slot::Direction> DirectionRow for D {
    #[inline]
    fn row(&self) -> &'static Category {
        self.category()
    }
}

/// Gives a record that was resolved with our reasons one of the user's own.
trait Reasons: Sync {
    fn reason(&self, end: &Disconnect, ours: DisconnectReason) -> &'static Category;
}

/// Our own reasons.
struct Ours;

impl Reasons for Ours {
    #[inline]
    fn reason(&self, _: &Disconnect, ours: DisconnectReason) -> &'static Category {
        ours.category()
    }
}

/// Of each of our reasons one of `R`.
struct Mapped<R>(PhantomData<fn() -> R>);

impl<R: slot::Reason + From<DisconnectReason>> Reasons for Mapped<R> {
    fn reason(&self, _: &Disconnect, ours: DisconnectReason) -> &'static Category {
        R::from(ours).category()
    }
}

/// Of a whole record one of the user's own.
impl<R: slot::Reason, F: Fn(&Disconnect) -> R + Sync> Reasons for F {
    fn reason(&self, end: &Disconnect, _: DisconnectReason) -> &'static Category {
        self(end).category()
    }
}

impl Endpoint {
    /// An agent's end of the control plane.
    pub const AGENT_FACING_SERVER: Self =
        Self::between(&Initiator::Agent, Peer::symmetric(&Initiator::Server), &Direction::ServerToAgent);
    /// A server's end of an agent's control plane.
    pub const SERVER_FACING_AGENT: Self =
        Self::between(&Initiator::Server, Peer::symmetric(&Initiator::Agent), &Direction::ServerToAgent).dialled();
    /// An agent's end of a client's session.
    pub const AGENT_FACING_CLIENT: Self =
        Self::between(&Initiator::Agent, Peer::client(&Initiator::Client), &Direction::AgentToClient);
    /// A client's end of its session on an agent.
    pub const CLIENT_FACING_AGENT: Self =
        Self::between(&Initiator::Client, Peer::server(&Initiator::Agent), &Direction::AgentToClient);
    /// A client's end of its control plane.
    pub const CLIENT_FACING_SERVER: Self =
        Self::between(&Initiator::Client, Peer::server(&Initiator::Server), &Direction::ClientToServer);
    /// A server's end of a client's control plane.
    pub const SERVER_FACING_CLIENT: Self =
        Self::between(&Initiator::Server, Peer::client(&Initiator::Client), &Direction::ClientToServer);

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
            reasons: &Ours,
            classifier: &ONLY_IO,
            client: peer.client,
            fin_is_goodbye: false,
            error_may_be_goodbye: !matches!(peer.client, Client::Peer),
            has_error_detail: true,
        }
    }

    /// The same end, whose errors this classifier reads. Without one, `std::io::Error` is understood and nothing else.
    ///
    /// ```
    /// use disconnect_core::{Classifier, Endpoint, classifier};
    ///
    /// static CLASSIFIER: Classifier = classifier![];
    /// const END: Endpoint = Endpoint::AGENT_FACING_SERVER.with_classifier(&CLASSIFIER);
    /// ```
    pub const fn with_classifier(self, classifier: &'static Classifier) -> Self {
        Self { classifier, ..self }
    }

    /// The same end of a protocol whose only goodbye is a FIN: HTTP/1.1 between messages, a body that is delimited by
    /// close, Redis, a raw forward.
    ///
    /// Then [`eof`](Self::eof) is `client_closed` or `graceful`, expected, with the cause `fin`. The claim is weak, since a
    /// killed peer looks the same: a reset, an error or a goodbye replaces it. An `UnexpectedEof` in the middle of a
    /// message stays a fault.
    ///
    /// Not for a protocol with a goodbye of its own, such as WebSocket, SSH, TLS, HTTP/2 or MQTT.
    ///
    /// The `Ok(())` of a library is no such FIN by itself: the future of a hyper HTTP/1 connection gives it after a reset, too.
    /// Say [`eof`](Self::eof) where you read the FIN, and [watch](crate::Watched) the stream below a library.
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

    /// The same end, which the peer dialled.
    const fn dialled(self) -> Self {
        Self { error_may_be_goodbye: false, ..self }
    }

    /// The same end, where only errors of this very connection arrive, so that a goodbye inside one is the peer's: a client's
    /// `CANCEL` in the error of a request's body, say.
    ///
    /// Without it, such an error is `unknown` and unexpected at an end that the peer dialled: [`AGENT_FACING_CLIENT`],
    /// [`SERVER_FACING_CLIENT`], [`SERVER_FACING_AGENT`], and one of your own with [`Peer::client`]. There, a handler that calls
    /// a back end hands on errors of that connection by `?`, and the back end's `GOAWAY` is no goodbye of the client. An end
    /// that this side dialled takes such an error for its peer's.
    ///
    /// Not for a gateway, and nowhere that errors of two connections meet.
    ///
    /// [`AGENT_FACING_CLIENT`]: Self::AGENT_FACING_CLIENT
    /// [`SERVER_FACING_CLIENT`]: Self::SERVER_FACING_CLIENT
    /// [`SERVER_FACING_AGENT`]: Self::SERVER_FACING_AGENT
    ///
    /// ```
    /// use disconnect_core::Endpoint;
    ///
    /// const END: Endpoint = Endpoint::SERVER_FACING_CLIENT.error_may_be_goodbye();
    /// # let _ = END;
    /// ```
    pub const fn error_may_be_goodbye(self) -> Self {
        Self { error_may_be_goodbye: true, ..self }
    }

    /// The same end, without the text of an error in the detail of its line. For errors whose text may hold secrets.
    pub const fn without_error_detail(self) -> Self {
        Self { has_error_detail: false, ..self }
    }

    /// The same end with reasons of your own. `From` is best an exhaustive `match`, so that the compiler guards it.
    ///
    /// Bare drops, panics and errors that nobody understands go the same way, so that your set stays closed.
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
        Self { reasons: const { &Mapped::<R>(PhantomData) }, ..self }
    }

    /// The same end with reasons of your own, where one of ours is not enough to choose: the function sees the record as it
    /// would be logged, with reason, side, cause and code. It asks no guard and no handle, since a guard may be calling it.
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

    /// This side ended the connection on purpose and cleanly. Not for a process that is going away: that is
    /// [`shutting_down`](Self::shutting_down).
    #[inline]
    #[must_use = "a record writes no line: return it from `run`, set it on the guard, or log it with `disconnected!`"]
    pub fn closed_locally(self) -> Disconnect {
        self.resolve(Verdict::closed(Side::Local))
    }

    /// The peer ended the connection on purpose and cleanly: it said goodbye. An end of file alone is no goodbye: that
    /// is [`eof`](Self::eof).
    #[inline]
    #[must_use = "a record writes no line: return it from `run`, set it on the guard, or log it with `disconnected!`"]
    pub fn closed_by_peer(self) -> Disconnect {
        self.resolve(Verdict::closed(Side::Remote))
    }

    /// This process is going away and closes a healthy connection. Say it before closing, not after.
    #[inline]
    #[must_use = "a record writes no line: return it from `run`, set it on the guard, or log it with `disconnected!`"]
    pub fn shutting_down(self) -> Disconnect {
        self.resolve(Verdict::going_away(Side::Local))
    }

    /// The bytes stopped, and no goodbye came: `network_error`, with the cause `unclean_eof`. Where the endpoint declares
    /// [`fin_is_goodbye`](Self::fin_is_goodbye), the peer's goodbye, with the cause `fin`.
    ///
    /// After a goodbye the same end of file is [`closed_by_peer`](Self::closed_by_peer) or
    /// [`closed_locally`](Self::closed_locally).
    #[inline]
    #[must_use = "a record writes no line: return it from `run`, set it on the guard, or log it with `disconnected!`"]
    pub fn eof(self) -> Disconnect {
        if self.fin_is_goodbye {
            return self
                .resolve(Verdict::closed(Side::Remote).with_rank(Rank::Transport).with_cause(DisconnectCause::Fin));
        }
        self.unclean_eof()
    }

    /// An end of file that is no goodbye, whatever is declared.
    pub(crate) fn unclean_eof(self) -> Disconnect {
        self.resolve(
            Verdict::new(DisconnectReason::NetworkError, Side::Network).with_cause(DisconnectCause::UncleanEof),
        )
    }

    /// Nothing was sent for longer than this connection may be idle.
    ///
    /// Not where this side closes an idle connection by its protocol's goodbye: that is
    /// [`closed_locally`](Self::closed_locally) with the cause `idle_timeout`. A single operation that was not done in time
    /// is an error, such as tokio's `Elapsed`, for [`failed`](Self::failed).
    #[must_use = "a record writes no line: return it from `run`, set it on the guard, or log it with `disconnected!`"]
    pub fn idle_timeout(self) -> Disconnect {
        self.resolve(
            Verdict::new(DisconnectReason::NetworkError, Side::Network).with_cause(DisconnectCause::IdleTimeout),
        )
    }

    /// The peer did not answer a probe in time: a ping of the protocol, or a heartbeat of your own.
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
    #[must_use = "a record writes no line: return it from `run`, set it on the guard, or log it with `disconnected!`"]
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
    ///
    /// Codes of your own have a meaning by [`DisconnectCode`](macro@crate::DisconnectCode): give the value, or teach the
    /// classifier the set.
    #[must_use = "a record writes no line: return it from `run`, set it on the guard, or log it with `disconnected!`"]
    pub fn received(self, code: impl AnyCode) -> Disconnect {
        self.resolve(code.when_received())
    }

    /// This side gave this code; for a process, it ran here. What the code means is [`Code::sent`].
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

    /// A process that this side ran behind a session has ended. Where only its number arrived, as in the `exit-status`
    /// of SSH, that is `received(Code::exit(n))`. For an interactive shell, see [`shell_exited`](Self::shell_exited).
    ///
    /// | how it ended | what it means |
    /// |---|---|
    /// | exit status 0 | `graceful`: this side ended the session |
    /// | any other exit status | `unknown`, mostly with the cause `exit_status`: what it says is the command's own |
    /// | a crash, or 128 + its signal | `unknown`, with the cause `crash` |
    /// | another signal, or 128 + that | `unknown`, mostly with the cause `killed`; a site that stops a process on purpose says so before |
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
        // What nobody knows is still a status that says no success.
        let is_unknown = code.protocol() == Protocol::Exit && code.name().is_none() && said == code.sent();
        self.resolve(if is_unknown { said.with_cause(DisconnectCause::ExitStatus) } else { said })
    }

    /// An interactive shell that this side ran for the peer has ended. A shell passes on the status of its last command, so
    /// an exit status of 0 to 125, or 130 after Ctrl-C, says that the peer left the shell. Any other status, and a signal,
    /// is what [`process_exited`](Self::process_exited) makes of it.
    ///
    /// Not for a single command: its status says whether it failed.
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

    /// An interactive shell that the peer ran for this side has ended, and passed on this status, as in the `exit-status` of
    /// SSH: the other end of [`shell_exited`](Self::shell_exited). For a single command, see [`received`](Self::received).
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

    /// An error ended the connection. The [classifier](Self::with_classifier) of this endpoint reads it: `io::Error` is
    /// found anywhere inside it, errors of other libraries as far as the classifier knows them.
    ///
    /// Takes any error type, `anyhow::Error`, `eyre::Report`, boxed and `dyn` errors. The error's text is not kept here;
    /// `run`, the guard and its handles put it into the detail.
    ///
    /// # Errors of other connections
    ///
    /// **Wrap an error of another connection**, such as that of a back end, in a type of your own with
    /// [`DisconnectEvidence`](derive@crate::DisconnectEvidence). Unwrapped, its reset reads as a reset of this connection, by
    /// `?` as well.
    ///
    /// Such errors often come unwrapped. So a goodbye inside an error is `unknown` where the peer dialled, that is where it is
    /// the client, or an agent that faces this server. [`error_may_be_goodbye`](Self::error_may_be_goodbye) lifts that. A gRPC
    /// status is this side's own there, since only the server of a call gives one.
    ///
    /// ```
    /// use std::io;
    /// use disconnect_core::{Category, Endpoint};
    ///
    /// const END: Endpoint = Endpoint::AGENT_FACING_SERVER;
    ///
    /// let error: Box<dyn std::error::Error + Send + Sync> = Box::new(io::Error::from(io::ErrorKind::UnexpectedEof));
    /// assert_eq!(END.failed(&error).cause().map(Category::as_str), Some("unclean_eof"));
    /// ```
    #[inline]
    #[must_use = "a record writes no line: return it from `run`, set it on the guard, or log it with `disconnected!`"]
    pub fn failed<M, E: AsError<M> + ?Sized>(self, error: &E) -> Disconnect {
        // The classifier has explained every code that it met.
        self.resolve_by_reference(&self.of_error(self.classifier.classify(error)))
    }

    /// What an error means here, where it has only a code to go by. Such an error may be of another connection, which a
    /// handler made on behalf of this one.
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
            // Such a goodbye comes out of a library as an error, also out of its client.
            Protocol::Http2 | Protocol::Http3 | Protocol::Quic | Protocol::Tls => self.error_may_be_goodbye,
            // An error that says "no error".
            Protocol::Grpc => false,
            _ => true,
        };
        if verdict.may_be_expected() && !may_be_goodbye {
            let side = if code.protocol() == Protocol::Grpc { verdict.side } else { Side::Unknown };
            return Verdict::new(DisconnectReason::Unknown, side).with_code(code);
        }
        verdict
    }

    /// The same with the error's text in the detail, unless the endpoint leaves it out.
    #[cfg(feature = "std")]
    pub(crate) fn failed_with_detail<M, E: AsError<M> + ?Sized>(self, error: &E) -> Disconnect {
        let end = self.failed(error);
        if !self.has_error_detail {
            return end;
        }
        // A text that panics costs the text, and not the evidence.
        let text = catch_unwind(AssertUnwindSafe(|| Detail::of_error(error.as_error())));
        end.with_detail_or_none(text.ok().filter(|text| !text.as_str().is_empty()))
    }

    /// A verdict as seen from this end: the sides become who they are.
    ///
    /// An end that is expected and by the network at once does not exist: nobody said goodbye. Such a verdict is `unknown`.
    ///
    /// A verdict that says nothing but that somebody gave a code of your own has the meaning that the
    /// [classifier](Self::with_classifier) knows for it.
    #[must_use = "a record writes no line: return it from `run`, set it on the guard, or log it with `disconnected!`"]
    #[inline]
    pub fn resolve(self, mut verdict: Verdict) -> Disconnect {
        if verdict.code.is_some() {
            self.classifier.explain_code(&mut verdict);
        }
        self.resolve_by_reference(&verdict)
    }

    /// Endpoint and verdict are large: each is handed on once.
    fn resolve_by_reference(&self, verdict: &Verdict) -> Disconnect {
        let (by_client, initiator) = match verdict.by {
            Some(party) => (self.is_client(party), self.local.named(party.value)),
            None => (self.is_client_side(verdict.side), self.initiator(verdict.side)),
        };
        let ours = match verdict.ending {
            Ending::Is(reason) => reason,
            Ending::Closed => on_purpose(by_client, DisconnectReason::Graceful),
            Ending::GoingAway => on_purpose(by_client, DisconnectReason::ServerShutdown),
            Ending::Cancelled => on_purpose(by_client, DisconnectReason::Unknown),
            Ending::Own => DisconnectReason::Unknown,
        };
        let is_nobodys = match verdict.by {
            Some(party) => party.value == "network",
            None => verdict.side == Side::Network,
        };
        let ours = if is_nobodys && ours.expected() { DisconnectReason::Unknown } else { ours };
        let own = verdict.own_reason.filter(|own| !(is_nobodys && own.is_expected()));
        let reason = own.unwrap_or_else(|| ours.category());
        // What this side did, each endpoint resolves anew. What the peer or a named party did is said by now, and another
        // endpoint may have no role for that party.
        let is_said = verdict.by.is_some() || verdict.side == Side::Remote;
        let ending = match verdict.ending {
            Ending::Own if own.is_some() => Ending::Own,
            // Left out: nobody's end is no expected one.
            Ending::Own => Ending::Is(DisconnectReason::Unknown),
            _ if is_said => Ending::Is(ours),
            ending @ (Ending::Closed | Ending::GoingAway | Ending::Cancelled | Ending::Is(_)) => ending,
        };
        let mut end = Disconnect::from_verdict(reason, initiator, self.direction.row(), verdict, ending);
        if own.is_none() {
            let mapped = self.reasons.reason(&end, ours);
            end.map_reason(if is_nobodys && mapped.is_expected() { self.unknown_reason(&end) } else { mapped });
        }
        end
    }

    /// The reason for an end that the network caused, where the user's own for that is an expected one.
    #[cold]
    fn unknown_reason(&self, end: &Disconnect) -> &'static Category {
        let mapped = self.reasons.reason(end, DisconnectReason::Unknown);
        if mapped.is_expected() { DisconnectReason::Unknown.category() } else { mapped }
    }

    /// Whether this side is the client; `None` where nobody is meant.
    fn is_client_side(&self, side: Side) -> Option<bool> {
        match side {
            Side::Local => Some(self.client == Client::Local),
            Side::Remote => Some(self.client == Client::Peer),
            Side::Network | Side::Unknown => None,
        }
    }

    /// The same for a party that is named, which may be neither of the two.
    fn is_client(&self, party: &Category) -> Option<bool> {
        match party.value {
            value if value == self.local.row().value => self.is_client_side(Side::Local),
            value if value == self.peer.row().value => self.is_client_side(Side::Remote),
            "network" | "unknown" | "" => None,
            value => Some(value == Initiator::Client.as_str()),
        }
    }

    /// A record of another endpoint as seen from this one. What this side did is its own deed at both; what the other
    /// endpoint's peer did is told of that party by its name.
    #[cfg(feature = "std")]
    pub(crate) fn translate(self, end: &Disconnect) -> Disconnect {
        // A code of the other connection has its meaning there.
        let resolved = self.resolve_by_reference(&end.verdict());
        let resolved = if end.names_nobody() { resolved.without_initiator() } else { resolved };
        resolved.with_detail_or_none(end.detail_value().cloned()).with_origin(end.origin()).of_shutdown(end.shutdown())
    }

    /// A record that another endpoint resolved, as this one sees it. One of its own, or made by hand, stays as it is.
    #[cfg(feature = "std")]
    pub(crate) fn adopt(self, end: Disconnect) -> Disconnect {
        let is_of_another = end.side().is_some() && end.direction().is_some_and(|layer| layer != self.direction());
        if is_of_another { self.translate(&end).with_method_of(&end) } else { end }
    }

    /// Whether a record says that the peer ended the connection on purpose.
    #[cfg(feature = "std")]
    pub(crate) fn is_said_by_peer(self, end: &Disconnect) -> bool {
        let (local, peer) = (self.local.row(), self.peer.row());
        // A site that made the record by hand names the peer.
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

    /// On which layer this connection runs.
    #[cfg(feature = "std")]
    pub(crate) fn direction(self) -> &'static Category {
        self.direction.row()
    }
}

/// By the logged values of its roles.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("local", &self.local.row().value)
            .field("peer", &self.peer.row().value)
            .field("direction", &self.direction.row().value)
            .finish_non_exhaustive()
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

/// Whether a shell passes on this status when its user leaves it: that of the last command, also one that Ctrl-C ended.
const fn is_left_shell(status: Code) -> bool {
    matches!((status.protocol(), status.number()), (Protocol::Exit, Some(0..=125 | 130)))
}
