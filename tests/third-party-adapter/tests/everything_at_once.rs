//! One `classifier!` with every kind of item: two versions of a library, an adapter behind a feature, an adapter of
//! another crate, a reader, an error type and close codes.
#![cfg(feature = "tungstenite")]

use std::error::Error;
use std::fmt;
use std::io;

use disconnect_core::evidence::{Reading, Side, Verdict};
use disconnect_core::{
    Category, Classifier, Code, DisconnectCause, DisconnectCode, DisconnectEvidence, DisconnectReason, Endpoint,
    adapter, classifier,
};
use fastwebsockets::WebSocketError;

#[derive(Debug, DisconnectEvidence)]
#[reason(NetworkError, cause = KeepaliveTimeout)]
struct NoHeartbeat;

impl fmt::Display for NoHeartbeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no heartbeat")
    }
}

impl Error for NoHeartbeat {}

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectCode)]
#[codes(websocket)]
enum Chat {
    #[code(4000)]
    #[goodbye(GoingAway)]
    Restarting,
    #[code(4001)]
    #[reason(Unknown, cause = Auth)]
    TokenExpired,
}

/// A reader for a message that does not parse.
fn number<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
    let violation = Verdict::new(DisconnectReason::ProtocolError, Side::Remote).with_cause(DisconnectCause::Malformed);
    Reading::from(error.downcast_ref::<std::num::ParseIntError>().map(|_| violation))
}

static CLASSIFIER: Classifier = classifier![
    NoHeartbeat,
    tungstenite = tungstenite_30,
    #[cfg(feature = "tungstenite")]
    tungstenite = tungstenite_28,
    disconnect_third_party_adapter::adapter! = fastwebsockets,
    reader = number,
    codes = Chat,
];
const END: Endpoint = Endpoint::CLIENT_FACING_SERVER.with_classifier(&CLASSIFIER);

#[track_caller]
fn assert_said(error: &(dyn Error + 'static), expected: [&str; 2]) {
    let end = END.failed(error);
    assert_eq!([end.reason().as_str(), end.cause().map_or("", Category::as_str)], expected, "{error:?}");
}

#[test]
fn each_item_reads_its_errors() {
    assert_said(&NoHeartbeat, ["network_error", "keepalive_timeout"]);
    assert_said(&tungstenite_30::Error::AttackAttempt, ["protocol_error", "malformed"]);
    assert_said(&tungstenite_28::Error::AttackAttempt, ["protocol_error", "malformed"]);
    assert_said(&WebSocketError::FrameTooLarge, ["protocol_error", "too_large"]);
    assert_said(&"x".parse::<u8>().unwrap_err(), ["protocol_error", "malformed"]);
    let wrapped = io::Error::other(WebSocketError::IoError(io::ErrorKind::ConnectionReset.into()));
    assert_said(&wrapped, ["network_error", "reset"]);
}

#[test]
fn declared_codes_have_their_declared_meaning() {
    let read = |number| {
        let end = END.received(Code::websocket(number));
        (end.reason().as_str(), end.cause().map(Category::as_str), end.expected())
    };
    assert_eq!(read(4000), ("server_shutdown", None, true));
    assert_eq!(read(4001), ("unknown", Some("auth"), false));
    assert_eq!(read(4002), ("unknown", None, false));
}

#[test]
fn explanation_names_the_item() {
    let explanation = CLASSIFIER.explain(&WebSocketError::UnexpectedEOF).to_string();
    assert!(explanation.contains("[disconnect_third_party_adapter::adapter! = fastwebsockets, "), "{explanation}");
}

#[test]
fn each_adapter_is_a_reader() {
    static BY_HAND: Classifier = Classifier::with(&[
        number,
        adapter!(tungstenite = tungstenite_28),
        disconnect_third_party_adapter::adapter!(fastwebsockets),
    ]);
    for error in [&tungstenite_28::Error::AttackAttempt as &(dyn Error + 'static), &WebSocketError::InvalidUTF8] {
        assert_eq!(BY_HAND.verdict(error), CLASSIFIER.verdict(error));
    }
    // The type of the other version is a different type.
    let unknown = Classifier::new().verdict(&fmt::Error);
    assert_eq!(BY_HAND.verdict(&tungstenite_30::Error::AttackAttempt), unknown);
}
