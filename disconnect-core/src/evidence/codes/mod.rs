//! The meaning of protocol codes, with one table for each protocol.

mod amqp;
mod close;
mod grpc;
mod http2;
mod http3;
mod meaning;
mod mqtt;
mod process;
mod quic;
mod sqlstate;
mod ssh;
mod tls;
mod websocket;

pub use self::grpc::grpc_timeout;
use self::meaning::{Meaning, find};
use crate::code::{Code, Protocol};
use crate::verdict::{Side, Verdict};
use crate::vocabulary::DisconnectReason;

impl Code {
    /// The registered name of the code. `None` if the code is not registered, is private, or belongs to an application.
    ///
    /// The spelling follows the standard of the protocol:
    ///
    /// | protocol | example |
    /// |---|---|
    /// | WebSocket, gRPC, HTTP/2, QUIC | `GOING_AWAY` |
    /// | HTTP/3, with the prefix of the RFC | `H3_NO_ERROR`, `QPACK_DECOMPRESSION_FAILED` |
    /// | SSH, without `SSH_DISCONNECT_` | `BY_APPLICATION` |
    /// | TLS alerts | `close_notify` |
    /// | MQTT | `server_shutting_down` |
    /// | SQLSTATE, the condition names of PostgreSQL | `admin_shutdown` |
    /// | AMQP | `connection-forced` |
    /// | signals | `SIGTERM` |
    /// | exit statuses, as in C | `EXIT_SUCCESS` |
    ///
    /// A QUIC code that carries a TLS alert has the name of the alert. An exit status that reports a signal has the
    /// name of the signal.
    ///
    /// ```
    /// use disconnect_core::Code;
    ///
    /// assert_eq!(Code::websocket(1001).name(), Some("GOING_AWAY"));
    /// assert_eq!(Code::quic(0x0100 + 48).name(), Some("unknown_ca"));
    /// assert_eq!(Code::exit(143).name(), Some("SIGTERM"));
    /// assert_eq!(Code::websocket(4999).name(), None);
    /// ```
    pub const fn name(self) -> Option<&'static str> {
        match self.meaning() {
            Some(meaning) => Some(meaning.name),
            None => None,
        }
    }

    /// Whether the protocol allows an endpoint to send this code.
    ///
    /// Check it before you put a code from elsewhere into a close frame. Some WebSocket codes only describe what an
    /// endpoint observed (1005, 1006, 1015) or are reserved. WebSocket, TLS, gRPC, MQTT and SSH also forbid most codes
    /// that are not registered.
    ///
    /// ```
    /// use disconnect_core::Code;
    ///
    /// assert!(Code::websocket(1000).may_be_sent() && Code::websocket(4999).may_be_sent());
    /// assert!(!Code::websocket(1006).may_be_sent() && !Code::websocket(2999).may_be_sent());
    /// ```
    pub const fn may_be_sent(self) -> bool {
        match (self.meaning(), self.number()) {
            (Some(meaning), _) => meaning.sendable,
            (None, Some(number)) => self.protocol().leaves_to_applications(number),
            (None, None) => true,
        }
    }

    /// Whether the protocol uses this code for ends of different kinds, so that the code alone does not give the end
    /// reason.
    ///
    /// If it is ambiguous, look for further evidence. A code that is not registered is always ambiguous.
    ///
    /// ```
    /// use disconnect_core::Code;
    ///
    /// // `GOAWAY` without an error: a shutdown, or the end of an idle connection.
    /// assert!(Code::http2(0).is_ambiguous());
    /// assert!(!Code::websocket(1001).is_ambiguous());
    /// ```
    pub const fn is_ambiguous(self) -> bool {
        match self.meaning() {
            Some(meaning) => meaning.ambiguous,
            None => true,
        }
    }

    /// Returns the verdict if the peer sent this code. For a process: if it ran on the peer's side.
    ///
    /// The [`Side`] is the sender, with two exceptions. A code that accuses its receiver of a protocol violation names
    /// the receiver, so a received 1002 names this side. A code that reports a lost connection names the network.
    ///
    /// ```
    /// use disconnect_core::{Category, Code, Endpoint};
    ///
    /// let end = Endpoint::AGENT_FACING_SERVER.resolve(Code::websocket(1002).received());
    /// assert_eq!((end.reason().as_str(), end.initiator().map(Category::as_str)), ("protocol_error", Some("agent")));
    /// ```
    pub const fn received(self) -> Verdict {
        self.verdict(Side::Remote, Side::Local).marked_as_said()
    }

    /// Returns the verdict if this side sent this code. For a process: if it ran on this side.
    ///
    /// The [`Side`] is the sender, with the exceptions of [`received`](Self::received): a sent 1002 names the peer.
    ///
    /// ```
    /// use disconnect_core::{Category, Code, Endpoint};
    ///
    /// let end = Endpoint::AGENT_FACING_SERVER.resolve(Code::websocket(1002).sent());
    /// assert_eq!((end.reason().as_str(), end.initiator().map(Category::as_str)), ("protocol_error", Some("server")));
    /// ```
    pub const fn sent(self) -> Verdict {
        self.verdict(Side::Local, Side::Remote)
    }

    const fn verdict(self, sender: Side, receiver: Side) -> Verdict {
        match self.meaning() {
            Some(meaning) => meaning.verdict(sender, receiver),
            None => Verdict::new(DisconnectReason::Unknown, sender),
        }
        .with_code(self)
    }

    /// Whether the application defines the meaning: no table has the code, or it is an exit status from 1 to 125.
    pub(crate) const fn is_open(self) -> bool {
        let is_own_status = matches!((self.protocol(), self.number()), (Protocol::Exit, Some(1..=125)));
        is_own_status || self.meaning().is_none()
    }

    const fn meaning(self) -> Option<&'static Meaning> {
        let Some(key) = self.key() else { return None };
        match self.protocol() {
            Protocol::WebSocket => find(websocket::CODES, key),
            Protocol::Ssh => find(ssh::REASONS, key),
            Protocol::Http2 => find(http2::CODES, key),
            Protocol::Http3 => find(http3::CODES, key),
            Protocol::Quic => quic::meaning(key),
            // The application defines the meaning: RFC 9000, section 20.2.
            Protocol::QuicApplication | Protocol::Own(_) => None,
            Protocol::Tls => find(tls::ALERTS, key),
            Protocol::Grpc => find(grpc::STATUSES, key),
            Protocol::Mqtt => find(mqtt::REASONS, key),
            Protocol::Amqp => find(amqp::REPLIES, key),
            Protocol::Exit => process::exit(key),
            Protocol::Signal => find(process::SIGNALS, key),
            Protocol::Sqlstate => find(sqlstate::STATES, key),
        }
    }
}
