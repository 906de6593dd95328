//! What a code is a code of.

mod shared {
    disconnect_derive::__shared!(protocols);
}

use self::shared::{Known, PROTOCOLS, is_code_text, is_protocol_name, is_sqlstate};
pub(super) use self::shared::{LARGEST, LONGEST_NAME, LONGEST_TEXT};

/// What a [`Code`](super::Code) is a code of.
///
/// ```
/// use disconnect_core::Protocol;
///
/// assert_eq!(Protocol::QuicApplication.as_str(), "quic_application");
/// assert_eq!(Protocol::Own(&"discord").as_str(), "discord");
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
    /// The reply code of an AMQP 0-9-1 `connection.close` or `channel.close` (AMQP 0-9-1, section 1.2).
    Amqp,
    /// The exit status of a process.
    Exit,
    /// The number of the signal that ended a process.
    Signal,
    /// The SQLSTATE of an error that a database gave.
    Sqlstate,
    /// A protocol of your own, by its name: lower-case words joined by `_`, at most 24 bytes. Its codes are declared by
    /// [`DisconnectCode`](macro@crate::DisconnectCode).
    Own(&'static &'static str),
}

/// Those that the library knows, in the order of the table.
const BUILT_IN: &[Protocol; PROTOCOLS.len()] = &[
    Protocol::WebSocket,
    Protocol::Ssh,
    Protocol::Http2,
    Protocol::Http3,
    Protocol::Quic,
    Protocol::QuicApplication,
    Protocol::Tls,
    Protocol::Grpc,
    Protocol::Mqtt,
    Protocol::Amqp,
    Protocol::Exit,
    Protocol::Signal,
    Protocol::Sqlstate,
];

/// Each stands at its own place.
const _: () = {
    let mut i = 0;
    while i < BUILT_IN.len() {
        assert!(BUILT_IN[i].place() as usize == i, "the order of `Protocol` is that of the table");
        i += 1;
    }
};

/// The place of every protocol of a user's own.
const OWN: u8 = 13;

impl Protocol {
    /// The name before the dot of a logged code.
    pub const fn as_str(self) -> &'static str {
        match (self.own_name(), self.known()) {
            (Some(name), _) => name,
            (None, Some(known)) => known.name,
            (None, None) => "",
        }
    }

    /// The name of one of the user's own.
    pub(super) const fn own_name(self) -> Option<&'static &'static str> {
        if let Self::Own(name) = self { Some(name) } else { None }
    }

    /// Its place in the table.
    pub(super) const fn place(self) -> u8 {
        match self {
            Self::WebSocket => 0,
            Self::Ssh => 1,
            Self::Http2 => 2,
            Self::Http3 => 3,
            Self::Quic => 4,
            Self::QuicApplication => 5,
            Self::Tls => 6,
            Self::Grpc => 7,
            Self::Mqtt => 8,
            Self::Amqp => 9,
            Self::Exit => 10,
            Self::Signal => 11,
            Self::Sqlstate => 12,
            Self::Own(_) => OWN,
        }
    }

    /// The one at this place.
    pub(super) const fn at(place: u8, own: Option<&'static &'static str>) -> Self {
        match own {
            Some(name) => Self::Own(name),
            None => BUILT_IN[place as usize],
        }
    }

    /// The one that the library knows by this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        BUILT_IN.iter().copied().find(|protocol| protocol.as_str() == name)
    }

    const fn known(self) -> Option<&'static Known> {
        const TABLE: &[Known] = &PROTOCOLS;
        let place = self.place() as usize;
        if place < TABLE.len() { Some(&TABLE[place]) } else { None }
    }

    /// Whether one of its codes can be this number.
    pub(super) const fn has_number(self, number: i64) -> bool {
        match (self.own_name(), self.known()) {
            (Some(name), _) => is_own_name(name) && -LARGEST <= number && number <= LARGEST,
            (None, Some(Known { numbers: Some((first, last)), .. })) => *first <= number && number <= *last,
            (None, Some(Known { numbers: None, .. }) | None) => false,
        }
    }

    /// Whether one of its codes can be this text, which has at most `longest` bytes.
    pub(super) const fn has_text(self, text: &str, longest: usize) -> bool {
        match self.own_name() {
            Some(name) => is_own_name(name) && is_code_text(text, longest),
            None => matches!(self, Self::Sqlstate) && is_sqlstate(text),
        }
    }

    /// Whether it leaves this number to applications, as far as the number is not registered.
    pub(crate) const fn leaves_to_applications(self, number: i64) -> bool {
        match self.known() {
            Some(Known { own: Some((first, last)), .. }) => *first <= number && number <= *last,
            Some(Known { own: None, numbers, .. }) => numbers.is_none(),
            None => true,
        }
    }
}

/// A valid name that is none of those that the library knows.
const fn is_own_name(name: &str) -> bool {
    let mut i = 0;
    while i < BUILT_IN.len() {
        if is_same(BUILT_IN[i].as_str(), name) {
            return false;
        }
        i += 1;
    }
    is_protocol_name(name)
}

/// `==` of texts is no `const fn`.
const fn is_same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut i = 0;
    while i < a.len() && i < b.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    a.len() == b.len()
}
