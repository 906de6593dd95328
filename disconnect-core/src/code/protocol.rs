//! [`Protocol`]: the protocol that a code belongs to.

mod shared {
    disconnect_derive::__shared!(protocols);
}

use self::shared::{Known, PROTOCOLS, is_code_text, is_protocol_name, is_sqlstate};
pub(super) use self::shared::{LARGEST, LONGEST_NAME, LONGEST_TEXT};

/// The protocol that a [`Code`](super::Code) belongs to.
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
    /// The reason code of an `SSH_MSG_DISCONNECT` (RFC 4253, section 11.1).
    Ssh,
    /// An HTTP/2 error code, from `GOAWAY` or `RST_STREAM` (RFC 9113, section 7).
    Http2,
    /// An HTTP/3 or QPACK error code (RFC 9114, section 8.1; RFC 9204, section 6).
    Http3,
    /// A QUIC transport error code (RFC 9000, section 20.1).
    Quic,
    /// A QUIC application error code, whose meaning the application defines (RFC 9000, section 20.2).
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
    /// The SQLSTATE of an error that a database returned.
    Sqlstate,
    /// A protocol of your own, by its name: lower-case words joined by `_`, at most 24 bytes.
    ///
    /// Declare the meaning of its codes with [`DisconnectCode`](macro@crate::DisconnectCode).
    Own(&'static &'static str),
}

/// The built-in protocols, in the order of the shared table.
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

/// Checks that every protocol is at its position in the table.
const _: () = {
    let mut i = 0;
    while i < BUILT_IN.len() {
        assert!(BUILT_IN[i].place() as usize == i, "the order of `Protocol` is that of the table");
        i += 1;
    }
};

/// The position of every [`Protocol::Own`].
const OWN: u8 = 13;

impl Protocol {
    /// Returns the name: the part of a logged code before the dot.
    pub const fn as_str(self) -> &'static str {
        match (self.own_name(), self.known()) {
            (Some(name), _) => name,
            (None, Some(known)) => known.name,
            (None, None) => "",
        }
    }

    /// The name of a [`Protocol::Own`].
    pub(super) const fn own_name(self) -> Option<&'static &'static str> {
        if let Self::Own(name) = self { Some(name) } else { None }
    }

    /// The position in the shared table.
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

    /// The protocol at this position.
    pub(super) const fn at(place: u8, own: Option<&'static &'static str>) -> Self {
        match own {
            Some(name) => Self::Own(name),
            None => BUILT_IN[place as usize],
        }
    }

    /// The built-in protocol with this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        BUILT_IN.iter().copied().find(|protocol| protocol.as_str() == name)
    }

    const fn known(self) -> Option<&'static Known> {
        const TABLE: &[Known] = &PROTOCOLS;
        let place = self.place() as usize;
        if place < TABLE.len() { Some(&TABLE[place]) } else { None }
    }

    /// Whether a code of this protocol can have this number.
    pub(super) const fn has_number(self, number: i64) -> bool {
        match (self.own_name(), self.known()) {
            (Some(name), _) => is_own_name(name) && -LARGEST <= number && number <= LARGEST,
            (None, Some(Known { numbers: Some((first, last)), .. })) => *first <= number && number <= *last,
            (None, Some(Known { numbers: None, .. }) | None) => false,
        }
    }

    /// Whether a code of this protocol can be this text, of at most `longest` bytes.
    pub(super) const fn has_text(self, text: &str, longest: usize) -> bool {
        match self.own_name() {
            Some(name) => is_own_name(name) && is_code_text(text, longest),
            None => matches!(self, Self::Sqlstate) && is_sqlstate(text),
        }
    }

    /// Whether the number is in the range that the protocol leaves to applications. Registered numbers inside that
    /// range are checked elsewhere.
    pub(crate) const fn leaves_to_applications(self, number: i64) -> bool {
        match self.known() {
            Some(Known { own: Some((first, last)), .. }) => *first <= number && number <= *last,
            Some(Known { own: None, numbers, .. }) => numbers.is_none(),
            None => true,
        }
    }
}

/// Whether the name is valid and not the name of a built-in protocol.
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

/// Compares two strings. `==` on strings is not `const` yet.
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
