// The codes that each protocol has, and the texts that may be a code. Shared with `disconnect-core` by `__shared!`.

/// One built-in protocol.
pub(crate) struct Known {
    /// The part of a logged code before the dot.
    pub(crate) name: &'static str,
    /// The first and last number of its codes; `None` if its codes are texts.
    pub(crate) numbers: Option<(i64, i64)>,
    /// The first and last number that it leaves to applications, except registered ones; `None` for a closed set.
    pub(crate) own: Option<(i64, i64)>,
}

/// The largest number that QUIC can encode (RFC 9000, section 16), and the largest one of a user's own protocol.
pub(crate) const LARGEST: i64 = (1 << 62) - 1;

const BYTE: (i64, i64) = (0, u8::MAX as i64);
const SHORT: (i64, i64) = (0, u16::MAX as i64);
const WORD: (i64, i64) = (0, u32::MAX as i64);
const SIGNED: (i64, i64) = (i32::MIN as i64, i32::MAX as i64);
const VARINT: (i64, i64) = (0, LARGEST);

/// The built-in protocols, in the order of the core's `Protocol`.
#[rustfmt::skip] // one protocol per line
pub(crate) const PROTOCOLS: [Known; 13] = [
    // 3000 to 3999 for libraries (registered with IANA), 4000 to 4999 for applications: RFC 6455, section 7.4.2.
    Known { name: "websocket", numbers: Some(SHORT), own: Some((3000, 4999)) },
    // For local extensions: RFC 4250, section 4.2.1.
    Known { name: "ssh", numbers: Some(WORD), own: Some((0xfe00_0000, u32::MAX as i64)) },
    Known { name: "http2", numbers: Some(WORD), own: Some(WORD) },
    Known { name: "http3", numbers: Some(VARINT), own: Some(VARINT) },
    Known { name: "quic", numbers: Some(VARINT), own: Some(VARINT) },
    Known { name: "quic_application", numbers: Some(VARINT), own: Some(VARINT) },
    // Closed sets: RFC 8446, section 6; gRPC status codes; MQTT 5.0, section 3.14.2.1.
    Known { name: "tls", numbers: Some(BYTE), own: None },
    Known { name: "grpc", numbers: Some(SIGNED), own: None },
    Known { name: "mqtt", numbers: Some(BYTE), own: None },
    Known { name: "amqp", numbers: Some(SHORT), own: Some(SHORT) },
    Known { name: "exit", numbers: Some(SIGNED), own: Some(SIGNED) },
    Known { name: "signal", numbers: Some(SIGNED), own: Some(SIGNED) },
    Known { name: "sqlstate", numbers: None, own: None },
];

/// The maximum length of the name of a user's own protocol, in bytes.
pub(crate) const LONGEST_NAME: usize = 24;

/// The maximum length of a code that is a literal of the program, in bytes.
pub(crate) const LONGEST_TEXT: usize = 32;

/// Whether a user's own protocol may have this name: lower-case words joined by `_`.
pub(crate) const fn is_protocol_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        let starts_word = i == 0 || bytes[i - 1] == b'_';
        match bytes[i] {
            b'a'..=b'z' => {}
            b'0'..=b'9' if i > 0 => {}
            b'_' if !starts_word && i + 1 < bytes.len() => {}
            _ => return false,
        }
        i += 1;
    }
    !bytes.is_empty() && bytes.len() <= LONGEST_NAME
}

/// Whether a code may be this text: ASCII letters, digits, `-` and `_`, at most `longest` bytes.
pub(crate) const fn is_code_text(text: &str, longest: usize) -> bool {
    let bytes = text.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        if !matches!(bytes[i], b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_') {
            return false;
        }
        i += 1;
    }
    !bytes.is_empty() && bytes.len() <= longest
}

/// Whether a text is an SQLSTATE: five characters, each a digit or an upper-case letter (SQL, "SQLSTATE class and
/// subclass codes").
pub(crate) const fn is_sqlstate(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        if !matches!(bytes[i], b'A'..=b'Z' | b'0'..=b'9') {
            return false;
        }
        i += 1;
    }
    bytes.len() == 5
}
