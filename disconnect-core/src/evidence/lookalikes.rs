//! Which library an error that nobody read may come from, by how its text begins: a hint for people, never a verdict.

use std::error::Error;

use crate::category::Line;

/// An adapter of ours, and how the texts of its library's errors begin: `Display`, then `Debug`.
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
    ("tokio", &["deadline has elapsed"], &["JoinError::"]),
];

/// The adapter that reads errors with such a text.
pub(super) fn adapter(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let display = Line::<64>::new(format_args!("{error}"));
    let debug = Line::<64>::new(format_args!("{error:?}"));
    let begins = |text: &str, beginnings: &[&str]| beginnings.iter().any(|beginning| text.starts_with(beginning));
    LOOKS
        .iter()
        .find(|(_, displays, debugs)| begins(display.text(), displays) || begins(debug.text(), debugs))
        .map(|(adapter, ..)| *adapter)
}
