//! The protocols between the three processes: JSON messages over WebSocket, and bytes through the relay.
//!
//! | path | who dials | what it carries |
//! |---|---|---|
//! | `/agent/NAME` | agent | its control plane: the streams `coordination` and `derp_map` ([`message`]) |
//! | `/client/NAME` | client | its control plane: where the agent is, and why a workspace stops |
//! | `/manage/NAME/start`, `stop`, `delete` | client | one answer |
//! | `/relay/NAME` | client | the bytes of a data path ([`tunnel`]) |
//! | `/relay-leg/ID` | agent | the other end of them |
//!
//! A client adds `?client_session_id=ID`, which identifies one connection in the logs of all three processes.

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

/// The maximum length of a message. It is enough for pasted text.
const LONGEST: usize = 1024 * 1024;

/// The maximum size of what a peer may send.
pub(crate) fn limits() -> WebSocketConfig {
    WebSocketConfig::default().max_message_size(Some(LONGEST)).max_frame_size(Some(LONGEST))
}

/// The answer to a rejected handshake.
pub(crate) fn refusal(status: StatusCode) -> ErrorResponse {
    let mut refusal = ErrorResponse::new(None);
    *refusal.status_mut() = status;
    refusal
}

/// Names and ids come from outside and appear in every line, so they have to be short words.
pub(crate) fn is_word(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=64).contains(&text.len()) && text.bytes().all(is_plain)
}

/// The SSH variable with the `client_session_id`.
pub(crate) const CLIENT_SESSION_ID: &str = "CLIENT_SESSION_ID";

/// The SSH variable with which a client says goodbye, because russh's server does not pass on the code of a
/// DISCONNECT.
pub(crate) const CLIENT_GOODBYE: &str = "CLIENT_GOODBYE";

/// A new `client_session_id`: random, because it has to be unique. It is not secret, because it is logged.
pub(crate) fn new_id() -> String {
    format!("{:016x}", RandomState::new().hash_one(()))
}
