//! [`Code`]: one protocol code, such as a WebSocket close code or an exit status. `evidence/codes` holds the meanings.

mod parse;
mod protocol;

use core::fmt;

pub use self::parse::ParseCodeError;
#[cfg(feature = "std")]
pub(crate) use self::parse::number;
pub use self::protocol::Protocol;
use self::protocol::{LARGEST, LONGEST_NAME, LONGEST_TEXT};

/// The number or short text that a protocol or a process gave for the end of a connection. Logged as `disconnect_code`.
///
/// [`received`](Self::received) and [`sent`](Self::sent) look up the meaning of a code as a
/// [`Verdict`](crate::evidence::Verdict). [`Endpoint::received`](crate::Endpoint::received) and
/// [`Endpoint::sent`](crate::Endpoint::sent) return the whole record. A code that its standard does not register means
/// `unknown`. So does a code that the standard leaves to applications, unless you declare its meaning with
/// [`DisconnectCode`](macro@crate::DisconnectCode).
///
/// A code is logged as `protocol.value`, where the value is the number or the text. [`FromStr`](core::str::FromStr)
/// reads the logged text of every built-in protocol. It returns an error for a protocol of your own.
///
/// ```
/// use disconnect_core::{Code, Protocol};
///
/// assert_eq!(Code::websocket(1001).to_string(), "websocket.1001");
/// assert_eq!("exit.-1".parse(), Ok(Code::exit(-1)));
/// assert_eq!("sqlstate.57P01".parse().ok(), Code::sqlstate("57P01"));
/// assert!("discord.4004".parse::<Code>().is_err());
/// assert_eq!((Code::ssh(11).protocol(), Code::ssh(11).number()), (Protocol::Ssh, Some(11)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Code {
    /// The name of the protocol, for [`Protocol::Own`].
    own: Option<&'static &'static str>,
    value: Value,
}

/// The number or text, with the position of the protocol in the table. The position fits into the padding of the tag.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Value {
    Number(u8, i64),
    /// Up to eight bytes, padded with zeros.
    Short(u8, [u8; SHORT]),
    /// A longer text, from a literal of the program.
    Static(u8, &'static &'static str),
}

/// The maximum length of a text from the wire, in bytes.
const SHORT: usize = 8;

impl Code {
    /// The maximum length of a logged code in bytes: the protocol, the dot, and the number or text.
    pub const MAX_LEN: usize = LONGEST_NAME + 1 + LONGEST_TEXT;

    const fn new(protocol: Protocol, number: i64) -> Self {
        Self::holding(protocol, Value::Number(protocol.place(), number))
    }

    const fn holding(protocol: Protocol, value: Value) -> Self {
        Self { own: protocol.own_name(), value }
    }

    /// A WebSocket close code (RFC 6455, section 7.4).
    pub const fn websocket(code: u16) -> Self {
        Self::new(Protocol::WebSocket, code as i64)
    }

    /// The reason code of an `SSH_MSG_DISCONNECT` (RFC 4253, section 11.1).
    pub const fn ssh(reason: u32) -> Self {
        Self::new(Protocol::Ssh, reason as i64)
    }

    /// An HTTP/2 error code, from `GOAWAY` or `RST_STREAM` (RFC 9113, section 7).
    pub const fn http2(code: u32) -> Self {
        Self::new(Protocol::Http2, code as i64)
    }

    /// An HTTP/3 or QPACK error code (RFC 9114, section 8.1; RFC 9204, section 6).
    ///
    /// Such a code has at most 62 bits (RFC 9000, section 16). A larger number is clamped to the largest one.
    pub const fn http3(code: u64) -> Self {
        Self::new(Protocol::Http3, varint(code))
    }

    /// A QUIC transport error code (RFC 9000, section 20.1). A number of more than 62 bits is clamped.
    pub const fn quic(code: u64) -> Self {
        Self::new(Protocol::Quic, varint(code))
    }

    /// A QUIC application error code (RFC 9000, section 20.2). A number of more than 62 bits is clamped.
    pub const fn quic_application(code: u64) -> Self {
        Self::new(Protocol::QuicApplication, varint(code))
    }

    /// A TLS alert (RFC 8446, section 6).
    pub const fn tls(alert: u8) -> Self {
        Self::new(Protocol::Tls, alert as i64)
    }

    /// A gRPC status code (gRPC, "Status codes and their use in gRPC").
    pub const fn grpc(status: i32) -> Self {
        Self::new(Protocol::Grpc, status as i64)
    }

    /// The reason code of an MQTT 5 `DISCONNECT` (MQTT 5.0, section 3.14.2.1).
    pub const fn mqtt(reason: u8) -> Self {
        Self::new(Protocol::Mqtt, reason as i64)
    }

    /// The reply code of an AMQP 0-9-1 `connection.close` or `channel.close` (AMQP 0-9-1, section 1.2).
    pub const fn amqp(reply: u16) -> Self {
        Self::new(Protocol::Amqp, reply as i64)
    }

    /// The SQLSTATE of an error that a database returned. `None` unless the text has exactly five characters, each a
    /// digit or an upper-case ASCII letter.
    ///
    /// ```
    /// use disconnect_core::Code;
    ///
    /// assert_eq!(Code::sqlstate("57P01").and_then(Code::name), Some("admin_shutdown"));
    /// assert_eq!(Code::sqlstate("57P01\n"), None);
    /// ```
    pub const fn sqlstate(state: &str) -> Option<Self> {
        Self::from_text(Protocol::Sqlstate, state)
    }

    /// The exit status of a process.
    ///
    /// A shell reports a command that was ended by signal *n* as 128 + *n*. The table of meanings follows that
    /// convention.
    pub const fn exit(status: i32) -> Self {
        Self::new(Protocol::Exit, status as i64)
    }

    /// The number of the signal that ended a process, in Linux numbering.
    pub const fn signal(signal: i32) -> Self {
        Self::new(Protocol::Signal, signal as i64)
    }

    /// A code of any protocol with numeric codes, including your own. `None` if the number is out of the protocol's
    /// range.
    ///
    /// ```
    /// use disconnect_core::{Code, Protocol};
    ///
    /// assert_eq!(Code::from_number(Protocol::WebSocket, 4004), Some(Code::websocket(4004)));
    /// assert_eq!(Code::from_number(Protocol::WebSocket, 70_000), None);
    ///
    /// let timeout = Code::from_number(Protocol::Own(&"radius"), 5).map(|code| code.to_string());
    /// assert_eq!(timeout.as_deref(), Some("radius.5"));
    /// ```
    pub const fn from_number(protocol: Protocol, number: i64) -> Option<Self> {
        if protocol.has_number(number) { Some(Self::new(protocol, number)) } else { None }
    }

    /// A code of any protocol with text codes, including your own. The text may come from the wire.
    ///
    /// Returns `None` for a text of more than eight bytes, and for any character other than ASCII letters, digits, `-`
    /// and `_`. For [`Protocol::Sqlstate`], see [`sqlstate`](Self::sqlstate).
    ///
    /// ```
    /// use disconnect_core::{Code, Protocol};
    ///
    /// const NATS: Protocol = Protocol::Own(&"nats");
    ///
    /// assert_eq!(Code::from_text(NATS, "stale").map(|code| code.to_string()).as_deref(), Some("nats.stale"));
    /// assert_eq!(Code::from_text(NATS, "\x1b[31m"), None);
    /// ```
    pub const fn from_text(protocol: Protocol, text: &str) -> Option<Self> {
        if !protocol.has_text(text, SHORT) {
            return None;
        }
        let (mut short, bytes) = ([0; SHORT], text.as_bytes());
        let mut i = 0;
        while i < bytes.len() {
            short[i] = bytes[i];
            i += 1;
        }
        Some(Self::holding(protocol, Value::Short(protocol.place(), short)))
    }

    /// A code with a text from a literal of the program, which may have more than eight bytes.
    pub(crate) const fn from_static(protocol: Protocol, text: &'static &'static str) -> Option<Self> {
        match Self::from_text(protocol, text) {
            None if protocol.has_text(text, LONGEST_TEXT) => {
                Some(Self::holding(protocol, Value::Static(protocol.place(), text)))
            }
            short => short,
        }
    }

    /// Returns the protocol of this code.
    pub const fn protocol(self) -> Protocol {
        let (Value::Number(place, _) | Value::Short(place, _) | Value::Static(place, _)) = self.value;
        Protocol::at(place, self.own)
    }

    /// Returns the number, or `None` for a text.
    pub const fn number(self) -> Option<i64> {
        match self.value {
            Value::Number(_, number) => Some(number),
            Value::Short(..) | Value::Static(..) => None,
        }
    }

    /// Returns the text, or `None` for a number.
    ///
    /// ```
    /// use disconnect_core::Code;
    ///
    /// assert_eq!(Code::sqlstate("57P01").as_ref().and_then(Code::text), Some("57P01"));
    /// assert_eq!(Code::websocket(1001).text(), None);
    /// ```
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Number(..) => None,
            Value::Short(_, bytes) => {
                let len = bytes.iter().position(|byte| *byte == 0).unwrap_or(SHORT);
                core::str::from_utf8(&bytes[..len]).ok()
            }
            Value::Static(_, text) => Some(text),
        }
    }

    /// The sort key of a protocol's table: the number, or the bytes of a short text as a number.
    pub(crate) const fn key(self) -> Option<i64> {
        match self.value {
            Value::Number(_, number) => Some(number),
            Value::Short(_, bytes) => Some(i64::from_be_bytes(bytes)),
            Value::Static(..) => None,
        }
    }
}

/// Clamps a number to the largest one that QUIC can encode (RFC 9000, section 16).
#[allow(clippy::cast_possible_wrap, clippy::cast_sign_loss, reason = "62 bits at most")]
const fn varint(code: u64) -> i64 {
    if code < LARGEST as u64 { code as i64 } else { LARGEST }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = self.protocol().as_str();
        match (self.number(), self.text()) {
            (Some(number), _) => write!(f, "{protocol}.{number}"),
            (None, text) => write!(f, "{protocol}.{}", text.unwrap_or_default()),
        }
    }
}

/// Writes the logged text, as in `Code(websocket.1001)`.
impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Code({self})")
    }
}

/// A code or an option of one: what `code = ...` accepts in [`disconnected!`](crate::disconnected) and in
/// `#[reason(...)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a protocol code",
    label = "expected a code, such as `Code::websocket(1001)`, or an option of one"
)]
pub trait OptionalCode {
    /// Returns the code, if there is one.
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

/// For a borrowed field of an error.
#[diagnostic::do_not_recommend]
impl<T: OptionalCode + Copy> OptionalCode for &T {
    fn code(self) -> Option<Code> {
        (*self).code()
    }
}
