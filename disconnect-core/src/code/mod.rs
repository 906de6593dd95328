//! One protocol code, such as a WebSocket close code or an exit status, and what it means: one table a protocol.

mod given;
mod grpc;
mod http2;
mod http3;
mod meaning;
mod mqtt;
mod process;
mod quic;
mod ssh;
mod tls;
mod websocket;

pub use given::GivenCode;

use core::fmt;

use self::meaning::{Meaning, find};
use crate::DisconnectReason;
use crate::evidence::{Side, Verdict};

/// A number that a protocol, or a process, gave as the reason of an end: logged as `disconnect_code`.
///
/// What it means is read from one table a protocol: [`received`](Self::received) and [`sent`](Self::sent) give a
/// [`Verdict`], and [`Endpoint::received`](crate::Endpoint::received) and its like a whole record. A code that its
/// standard does not register, or leaves to applications, is never guessed: it is `unknown`.
///
/// ```
/// use disconnect_core::{Code, Protocol};
///
/// assert_eq!(Code::websocket(1001).to_string(), "websocket.1001");
/// assert_eq!(Code::exit(-1).to_string(), "exit.-1");
/// assert_eq!((Code::ssh(11).protocol(), Code::ssh(11).number()), (Protocol::Ssh, 11));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Code {
    protocol: Protocol,
    number: i64,
}

/// What a [`Code`] is a code of.
///
/// ```
/// assert_eq!(disconnect_core::Protocol::QuicApplication.as_str(), "quic_application");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// A WebSocket close code (RFC 6455, section 7.4).
    WebSocket,
    /// The reason of an `SSH_MSG_DISCONNECT` (RFC 4253, section 11.1).
    Ssh,
    /// An HTTP/2 error code, from `GOAWAY` or `RST_STREAM` (RFC 9113, section 7).
    Http2,
    /// An HTTP/3 or QPACK error code (RFC 9114, section 8.1; RFC 9204, section 6).
    Http3,
    /// A QUIC transport error code (RFC 9000, section 20.1).
    Quic,
    /// A QUIC application error code, whose meaning is the application's own (RFC 9000, section 20.2).
    QuicApplication,
    /// A TLS alert (RFC 8446, section 6).
    Tls,
    /// A gRPC status code.
    Grpc,
    /// The reason code of an MQTT 5 `DISCONNECT` (MQTT 5.0, section 3.14.2.1).
    Mqtt,
    /// The exit status of a process.
    Exit,
    /// The number of the signal that ended a process.
    Signal,
}

impl Protocol {
    /// The name before the dot of a logged code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::Ssh => "ssh",
            Self::Http2 => "http2",
            Self::Http3 => "http3",
            Self::Quic => "quic",
            Self::QuicApplication => "quic_application",
            Self::Tls => "tls",
            Self::Grpc => "grpc",
            Self::Mqtt => "mqtt",
            Self::Exit => "exit",
            Self::Signal => "signal",
        }
    }
}

impl Code {
    const fn new(protocol: Protocol, number: i64) -> Self {
        Self { protocol, number }
    }

    /// A WebSocket close code (RFC 6455, section 7.4).
    pub const fn websocket(code: u16) -> Self {
        Self::new(Protocol::WebSocket, code as i64)
    }

    /// The reason of an `SSH_MSG_DISCONNECT` (RFC 4253, section 11.1).
    pub const fn ssh(reason: u32) -> Self {
        Self::new(Protocol::Ssh, reason as i64)
    }

    /// An HTTP/2 error code, from `GOAWAY` or `RST_STREAM` (RFC 9113, section 7).
    pub const fn http2(code: u32) -> Self {
        Self::new(Protocol::Http2, code as i64)
    }

    /// An HTTP/3 or QPACK error code (RFC 9114, section 8.1; RFC 9204, section 6).
    ///
    /// Such a code has at most 62 bits (RFC 9000, section 16); a larger number is taken as the largest.
    pub const fn http3(code: u64) -> Self {
        Self::new(Protocol::Http3, varint(code))
    }

    /// A QUIC transport error code (RFC 9000, section 20.1); a larger number than 62 bits is taken as the largest.
    pub const fn quic(code: u64) -> Self {
        Self::new(Protocol::Quic, varint(code))
    }

    /// A QUIC application error code (RFC 9000, section 20.2); a larger number than 62 bits is taken as the largest.
    pub const fn quic_application(code: u64) -> Self {
        Self::new(Protocol::QuicApplication, varint(code))
    }

    /// A TLS alert (RFC 8446, section 6).
    pub const fn tls(alert: u8) -> Self {
        Self::new(Protocol::Tls, alert as i64)
    }

    /// A gRPC status code.
    pub const fn grpc(status: i32) -> Self {
        Self::new(Protocol::Grpc, status as i64)
    }

    /// The reason code of an MQTT 5 `DISCONNECT` (MQTT 5.0, section 3.14.2.1).
    pub const fn mqtt(reason: u8) -> Self {
        Self::new(Protocol::Mqtt, reason as i64)
    }

    /// The exit status of a process. A shell reports that signal *n* ended its command as 128 + *n*, and so does this
    /// table read it.
    pub const fn exit(status: i32) -> Self {
        Self::new(Protocol::Exit, status as i64)
    }

    /// The number of the signal that ended a process, as Linux counts them.
    pub const fn signal(signal: i32) -> Self {
        Self::new(Protocol::Signal, signal as i64)
    }

    /// What this is a code of.
    pub const fn protocol(self) -> Protocol {
        self.protocol
    }

    /// The number itself.
    pub const fn number(self) -> i64 {
        self.number
    }

    /// The registered name, or `None` for a number that is not registered, private, or an application's own.
    ///
    /// It is spelled as its standard spells constants: `GOING_AWAY` for WebSocket, gRPC, HTTP/2 and QUIC, `H3_NO_ERROR`
    /// and `QPACK_DECOMPRESSION_FAILED` with the prefix of the RFC, SSH without its `SSH_DISCONNECT_`, alerts
    /// (`close_notify`) and the reason codes of MQTT (`server_shutting_down`) in lower case, signals as `SIGTERM`, an
    /// exit status as in C. A QUIC code that carries a TLS alert has the name of the alert.
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
        match (self.meaning(), self.protocol) {
            (Some(meaning), _) => meaning.sendable,
            // For libraries (registered with IANA) and for applications: RFC 6455, section 7.4.2.
            (None, Protocol::WebSocket) => matches!(self.number, 3000..=4999),
            // For local extensions: RFC 4250, section 4.2.1.
            (None, Protocol::Ssh) => self.number >= 0xfe00_0000,
            // A closed set: RFC 8446, section 6; gRPC's status codes; MQTT 5.0, section 3.14.2.1.
            (None, Protocol::Tls | Protocol::Grpc | Protocol::Mqtt) => false,
            (
                None,
                Protocol::Http2
                | Protocol::Http3
                | Protocol::Quic
                | Protocol::QuicApplication
                | Protocol::Exit
                | Protocol::Signal,
            ) => true,
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
    /// use disconnect_core::{Code, Endpoint};
    ///
    /// let end = Endpoint::AgentToServer.resolve(Code::websocket(1002).received());
    /// assert_eq!((end.reason_str(), end.initiator_str()), ("protocol_error", Some("agent")));
    /// ```
    pub const fn received(self) -> Verdict {
        self.verdict(Side::Remote, Side::Local).received()
    }

    /// What it means that this side gave this code; for a process, that it ran at this end.
    ///
    /// ```
    /// use disconnect_core::{Code, Endpoint};
    ///
    /// let end = Endpoint::AgentToServer.resolve(Code::websocket(1002).sent());
    /// assert_eq!((end.reason_str(), end.initiator_str()), ("protocol_error", Some("server")));
    /// ```
    pub const fn sent(self) -> Verdict {
        self.verdict(Side::Local, Side::Remote)
    }

    const fn verdict(self, sender: Side, receiver: Side) -> Verdict {
        match self.meaning() {
            Some(meaning) => meaning.verdict(sender, receiver),
            None => Verdict::new(DisconnectReason::Unknown, sender),
        }
        .code(self)
    }

    const fn meaning(self) -> Option<&'static Meaning> {
        match self.protocol {
            Protocol::WebSocket => find(websocket::CODES, self.number),
            Protocol::Ssh => find(ssh::REASONS, self.number),
            Protocol::Http2 => find(http2::CODES, self.number),
            Protocol::Http3 => find(http3::CODES, self.number),
            Protocol::Quic => quic::meaning(self.number),
            // The meaning of such a code is the application's own: RFC 9000, section 20.2.
            Protocol::QuicApplication => None,
            Protocol::Tls => find(tls::ALERTS, self.number),
            Protocol::Grpc => find(grpc::STATUSES, self.number),
            Protocol::Mqtt => find(mqtt::REASONS, self.number),
            Protocol::Exit => process::exit(self.number),
            Protocol::Signal => find(process::SIGNALS, self.number),
        }
    }
}

/// The largest number that QUIC can carry is 2^62 - 1.
#[allow(clippy::cast_possible_wrap, reason = "62 bits at most")]
const fn varint(code: u64) -> i64 {
    const MAX: u64 = (1 << 62) - 1;
    if code < MAX { code as i64 } else { MAX as i64 }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.protocol.as_str(), self.number)
    }
}
