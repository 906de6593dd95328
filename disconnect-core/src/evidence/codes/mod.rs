//! What a protocol code means: one table for each protocol.

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

use self::meaning::{Meaning, find};
use crate::code::{Code, Protocol};
use crate::verdict::{Side, Verdict};
use crate::vocabulary::DisconnectReason;

impl Code {
    /// The registered name, or `None` for a code that is not registered, private, or an application's own.
    ///
    /// It is spelled as its standard spells constants: `GOING_AWAY` for WebSocket, gRPC, HTTP/2 and QUIC, `H3_NO_ERROR`
    /// and `QPACK_DECOMPRESSION_FAILED` with the prefix of the RFC, SSH without its `SSH_DISCONNECT_`, alerts
    /// (`close_notify`), the reason codes of MQTT (`server_shutting_down`) and the conditions of PostgreSQL
    /// (`admin_shutdown`) in lower case, the reply codes of AMQP with hyphens (`connection-forced`), signals as `SIGTERM`,
    /// an exit status as in C. A QUIC code that carries a TLS alert has the name of the alert.
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

    /// Whether the protocol lets an endpoint say this code.
    ///
    /// Some numbers only stand for what an endpoint saw (WebSocket 1005, 1006, 1015) or are reserved; WebSocket, TLS,
    /// gRPC, MQTT and SSH restrict numbers that are not registered as well. Ask before a code that came from elsewhere
    /// is put into a close frame.
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

    /// Whether one and the same code is used for ends of different kinds, so that it does not settle the matter: any
    /// further evidence is worth asking for. A number that is not registered is always ambiguous.
    ///
    /// ```
    /// use disconnect_core::Code;
    ///
    /// // `GOAWAY` without an error: a shutdown, or merely the end of an idle connection.
    /// assert!(Code::http2(0).is_ambiguous());
    /// assert!(!Code::websocket(1001).is_ambiguous());
    /// ```
    pub const fn is_ambiguous(self) -> bool {
        match self.meaning() {
            Some(meaning) => meaning.ambiguous,
            None => true,
        }
    }

    /// What it means that the peer gave this code; for a process, that it ran at the peer's end.
    ///
    /// The side is who closed. Two exceptions: a code that accuses the other side of breaking the protocol names the
    /// accused, so a received 1002 names us, and one that reports a lost connection names the network.
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

    /// What it means that this side gave this code; for a process, that it ran at this end.
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

    /// Whether its meaning is left to the application: no table has it, or it is an exit status that says no success.
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
            // The meaning of such a code is the application's own: RFC 9000, section 20.2.
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
