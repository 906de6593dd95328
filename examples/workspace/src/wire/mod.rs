//! What the three processes say to each other: JSON messages over WebSocket, and bytes through the relay.
//!
//! | path | who dials | what it carries |
//! |---|---|---|
//! | `/agent/NAME` | agent | its control plane: the streams `coordination` and `derp_map` ([`message`]) |
//! | `/client/NAME` | client | its control plane: where the agent is, and why a workspace stops |
//! | `/manage/NAME/start`, `stop`, `delete` | client | one answer |
//! | `/relay/NAME` | client | the bytes of a data path ([`tunnel`]) |
//! | `/relay-leg/ID` | agent | the other end of them |
//!
//! A client adds `?client_session_id=ID`, by which one connection is found in the logs of all three.

pub(crate) mod dial;
pub(crate) mod link;
pub(crate) mod message;
pub(crate) mod tunnel;

use std::hash::{BuildHasher, RandomState};

use tokio_tungstenite::tungstenite::handshake::server::ErrorResponse;
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

pub(crate) use dial::{DialError, Dialer, Io, Socket};
pub(crate) use link::{Closed, Link, LinkError, OwnCode, PATIENCE};

/// The longest message: more than anybody types, and enough to paste.
const LONGEST: usize = 1024 * 1024;

/// What a peer may send at most.
pub(crate) fn limits() -> WebSocketConfig {
    WebSocketConfig::default().max_message_size(Some(LONGEST)).max_frame_size(Some(LONGEST))
}

/// The answer to a handshake that is not wanted.
pub(crate) fn refusal(status: StatusCode) -> ErrorResponse {
    let mut refusal = ErrorResponse::new(None);
    *refusal.status_mut() = status;
    refusal
}

/// Names and ids come from outside and go into every line: short words, and nothing else.
pub(crate) fn is_word(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=64).contains(&text.len()) && text.bytes().all(is_plain)
}

/// By this variable a client says on SSH by what its connection is found in the logs of all three.
pub(crate) const CLIENT_SESSION_ID: &str = "CLIENT_SESSION_ID";

/// By this one it says on SSH that it leaves: russh's server does not pass on what a DISCONNECT says.
pub(crate) const CLIENT_GOODBYE: &str = "CLIENT_GOODBYE";

/// A new `client_session_id`: random, since it has to be unique; not secret, since it goes into logs.
pub(crate) fn new_id() -> String {
    format!("{:016x}", RandomState::new().hash_one(()))
}
