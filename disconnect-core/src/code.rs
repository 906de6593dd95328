//! One protocol code, such as a WebSocket close code or an exit status. What it means is in `evidence/codes`.

use core::fmt;

/// A number that a protocol, or a process, gave as the reason of an end: logged as `disconnect_code`.
///
/// What it means is read from one table a protocol: [`received`](Self::received) and [`sent`](Self::sent) give a
/// [`Verdict`](crate::evidence::Verdict), and [`Endpoint::received`](crate::Endpoint::received) and its like a whole record. A code that its
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

/// What `code = ...` takes, in `disconnected!` and in `#[reason(...)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a protocol code",
    label = "expected a code, such as `Code::websocket(1001)`, or an option of one"
)]
pub trait OptionalCode {
    /// The code, if there is one.
    fn code(self) -> Option<Code>;
}

#[diagnostic::do_not_recommend]
impl OptionalCode for Code {
    fn code(self) -> Option<Code> {
        Some(self)
    }
}

#[diagnostic::do_not_recommend]
impl OptionalCode for Option<Code> {
    fn code(self) -> Option<Code> {
        self
    }
}

/// A field of an error is borrowed.
#[diagnostic::do_not_recommend]
impl<T: OptionalCode + Copy> OptionalCode for &T {
    fn code(self) -> Option<Code> {
        (*self).code()
    }
}
