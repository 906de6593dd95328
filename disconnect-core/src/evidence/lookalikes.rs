//! Guesses the library of an unread error from its text, for the hints of `Classifier::explain`. Never used for a
//! verdict.

use std::error::Error;

use crate::category::Line;

/// A built-in adapter, and how the texts of its library's errors begin: `Display` texts, then `Debug` texts.
const LOOKS: &[(&str, &[&str], &[&str])] = &[
    (
        "tungstenite",
        &[
            "WebSocket protocol error: ",
            "Connection closed normally",
            "Trying to work with closed connection",
            "Space limit exceeded: ",
            "HTTP error: ",
        ],
        &[],
    ),
    (
        "h2",
        &[
            "stream error received: ",
            "stream error sent by user: ",
            "stream error detected: ",
            "connection error received: ",
            "connection error sent by user: ",
            "connection error detected: ",
        ],
        &[],
    ),
    ("hyper", &[], &["hyper::Error("]),
    ("tonic", &[], &["Status { code: "]),
    (
        "quinn",
        &["closed by peer: ", "aborted by peer: ", "sending stopped by peer: error ", "stream reset by peer: error "],
        &[],
    ),
    (
        "rustls",
        &[
            "received fatal alert: ",
            "invalid peer certificate: ",
            "received corrupt message",
            "peer misbehaved: ",
            "peer is incompatible: ",
        ],
        &[],
    ),
    ("russh", &[], &["NoCommonAlgo {", "KeepaliveTimeout", "InactivityTimeout", "WrongServerSig"]),
    ("tokio", &[], &["JoinError::"]),
    (
        "tokio_postgres",
        &["db error", "error communicating with the server", "error connecting to server"],
        &["DbError {"],
    ),
    ("sqlx", &["error returned from database: ", "error communicating with database: "], &[]),
    ("redis", &["Password authentication failed - ", "An error was signalled by the server"], &[]),
    ("lapin", &["invalid channel state: ", "invalid connection state: "], &["AMQPError {"]),
    ("rumqttc", &["Mqtt state: ", "Connection refused, return code: ", "Server sent disconnect with reason "], &[]),
    ("h3", &["Remote error: ", "Remote reset: ", "Remote is closing the connection"], &[]),
    ("openssl", &["error:0A", "error:14"], &[]),
];

/// Returns the adapter whose library's texts this error matches.
pub(super) fn adapter(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let display = Line::<64>::new(format_args!("{error}"));
    let debug = Line::<64>::new(format_args!("{error:?}"));
    let begins = |text: &str, beginnings: &[&str]| beginnings.iter().any(|beginning| text.starts_with(beginning));
    LOOKS
        .iter()
        .find(|(_, displays, debugs)| begins(display.text(), displays) || begins(debug.text(), debugs))
        .map(|(adapter, ..)| *adapter)
}
