//! The expected texts of the detail, by reason, cause and code.

/// Reason, cause and code, and the texts that belong to them. `*` matches the rest of a text. Without a matching row,
/// the detail has to be absent.
#[rustfmt::skip] // one row an end
const DETAILS: &[(&str, &[&str])] = &[
    ("client_closed/deadline/", &["deadline has elapsed"]),
    ("client_closed//websocket.1000", CLOSED),
    ("client_closed//websocket.1001", CLOSED),
    ("control_plane_lost/deadline/websocket.3008", CLOSED),
    ("control_plane_lost/keepalive_timeout/", &["no answer to 3 pings"]),
    ("control_plane_lost/reset/", RESET),
    ("control_plane_lost/unclean_eof/", EOF),
    ("control_plane_lost/broken_pipe/", PIPE),
    ("graceful//ssh.11", &["the agent is shutting down; try again when it is back"]),
    ("graceful//websocket.1000", CLOSED),
    ("network_error/keepalive_timeout/", &["no answer to 3 pings", "Keepalive timeout", "Connection timed out (os error 110)"]),
    ("network_error/deadline/", &["IO error: timed out"]),
    ("network_error/reset/", RESET),
    ("network_error/broken_pipe/", PIPE),
    ("network_error/unclean_eof/", EOF),
    ("network_error/unclean_eof/websocket.4001", CLOSED),
    ("protocol_error/malformed/", &[
        "WebSocket protocol error: httparse error: *", "WebSocket protocol error: Encountered invalid opcode: 15",
        "not a message of this connection: *", "Bad packet size: *", "Failed to decrypt a packet",
    ]),
    ("protocol_error/malformed/websocket.1007", CLOSED),
    ("protocol_error/negotiation/websocket.1003", CLOSED),
    ("protocol_error/too_large/", &["Space limit exceeded: Message too long: *"]),
    ("protocol_error/too_large/websocket.1009", CLOSED),
    ("protocol_error//websocket.1002", CLOSED),
    ("server_shutdown/deadline/", &["deadline has elapsed"]),
    ("server_shutdown//websocket.1001", CLOSED),
    ("unknown/deadline/", &["no login in time"]),
    ("unknown/internal_error/websocket.1011", CLOSED),
    ("unknown/limit/", &["nothing reads what this side sends"]),
    ("unknown/policy/websocket.1008", CLOSED),
    ("unknown/replaced/websocket.4002", &["", "the peer closed with {code}: a newer connection took the place of this one"]),
    ("unknown//websocket.4000", CLOSED),
    ("unknown//", &["", "a DISCONNECT with a code that is not known"]),
];

const RESET: &[&str] = &[
    // Observations of the stream, without an end that the protocol reported.
    "",
    "Connection reset by peer (os error 104)",
    "IO error: Connection reset by peer (os error 104)",
    "connection reset",
];
const PIPE: &[&str] = &["Broken pipe (os error 32)", "IO error: Broken pipe (os error 32)", "broken pipe"];
const EOF: &[&str] = &[
    "",
    "WebSocket protocol error: Connection reset without closing handshake",
    "early eof",
    "IO error: peer closed connection without sending TLS close_notify: *",
    // A goodbye that was not answered.
    "the bytes stopped without a close frame",
];
/// After the code: the reason text of the peer.
const CLOSED: &[&str] = &[
    "the peer closed with {code}",
    "the peer closed with {code}: connection lost: no answer in time; try again",
    "the peer closed with {code}: connection lost (*",
    "the peer closed with {code}: this side broke the protocol (malformed); it may do so again",
    "the peer closed with {code}: the server closed the connection",
    "the peer closed with {code}: the server is shutting down; try again when it is back",
];

/// Whether a line with this reason, cause and code may have this detail.
pub(crate) fn is_known(reason: &str, cause: &str, code: &str, detail: &str) -> bool {
    let key = format!("{reason}/{cause}/{code}");
    let Some((_, texts)) = DETAILS.iter().find(|(row, _)| *row == key) else { return detail.is_empty() };
    texts.iter().any(|text| {
        let text = text.replace("{code}", code);
        match text.strip_suffix('*') {
            Some(begin) => detail.starts_with(begin),
            None => detail == text,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::is_known;

    #[test]
    fn only_what_explains_an_end_may_be_its_detail() {
        assert!(is_known("network_error", "reset", "", "connection reset"));
        assert!(is_known("graceful", "", "", ""));
        assert!(!is_known("network_error", "deadline", "", ""), "there is always one");
        assert!(!is_known("graceful", "", "", "all is well"));
        assert!(!is_known("client_closed", "", "websocket.1000", "the peer closed with websocket.1001"));
    }
}
