//! Compares the vocabulary with the original, byte for byte: keys, values and expected flags. Dashboards, alerts and
//! stored lines depend on them.

use disconnect_core::{
    ConnectionDirection, ConnectionMethod, DisconnectField, DisconnectInitiator, DisconnectReason, Expectation,
    Recorded, assert_categories,
};

const REASONS: [(DisconnectReason, &str, bool); 8] = [
    (DisconnectReason::Unknown, "unknown", false),
    (DisconnectReason::Graceful, "graceful", true),
    (DisconnectReason::ClientClosed, "client_closed", true),
    (DisconnectReason::ServerShutdown, "server_shutdown", true),
    (DisconnectReason::NetworkError, "network_error", false),
    (DisconnectReason::ProtocolError, "protocol_error", false),
    (DisconnectReason::WorkspaceStopped, "workspace_stopped", true),
    (DisconnectReason::ControlPlaneLost, "control_plane_lost", false),
];

const INITIATORS: [(DisconnectInitiator, &str); 5] = [
    (DisconnectInitiator::Unknown, ""),
    (DisconnectInitiator::Client, "client"),
    (DisconnectInitiator::Agent, "agent"),
    (DisconnectInitiator::Server, "server"),
    (DisconnectInitiator::Network, "network"),
];

const DIRECTIONS: [(ConnectionDirection, &str); 3] = [
    (ConnectionDirection::ServerToAgent, "server_to_agent"),
    (ConnectionDirection::AgentToClient, "agent_to_client"),
    (ConnectionDirection::ClientToServer, "client_to_server"),
];

const METHODS: [(ConnectionMethod, &str); 3] =
    [(ConnectionMethod::Unknown, ""), (ConnectionMethod::Direct, "direct"), (ConnectionMethod::Derp, "derp")];

assert_categories!(
    DisconnectReason,
    [
        "unknown",
        "graceful",
        "client_closed",
        "server_shutdown",
        "network_error",
        "protocol_error",
        "workspace_stopped",
        "control_plane_lost"
    ],
    expected: ["graceful", "client_closed", "server_shutdown", "workspace_stopped"]
);

/// Compares key, values and order of one set.
fn same<T: DisconnectField>(key: &str, rows: &[(T, &str)]) {
    assert_eq!(T::FIELD.as_bytes(), key.as_bytes());
    assert_eq!(T::ALL, rows.iter().map(|(category, _)| *category).collect::<Vec<_>>());
    for (category, value) in rows {
        assert_eq!(category.as_str().as_bytes(), value.as_bytes());
    }
}

#[test]
fn the_keys_and_values_are_those_of_the_original() {
    same("disconnect_reason", &REASONS.map(|(reason, value, _)| (reason, value)));
    same("disconnect_initiator", &INITIATORS);
    same("connect_type", &DIRECTIONS);
    same("connection_method", &METHODS);
}

#[test]
fn the_expected_flags_are_those_of_the_original() {
    assert_eq!(<DisconnectReason as Expectation>::EXPECTED_FIELD, "disconnect_expected");
    for (reason, value, expected) in REASONS {
        assert_eq!(reason.expected(), expected, "{value}");
        assert_eq!(Recorded::<DisconnectReason>::from(value).expected(), expected, "{value}");
    }
}

#[test]
fn the_zero_values_are_those_of_the_original() {
    assert_eq!(DisconnectReason::default().as_str(), "unknown");
    assert_eq!(DisconnectInitiator::default().as_str(), "");
    assert_eq!(ConnectionMethod::default().as_str(), "");
    // In the original's type the zero reason is the empty string, which stored values may contain.
    assert_eq!(DisconnectReason::parse(""), Some(DisconnectReason::Unknown));
    assert!(!ConnectionDirection::valid(""));
}

/// The original logs its zero reason as "unknown" and then rejects that text.
#[test]
fn the_only_difference_is_that_every_logged_value_parses() {
    assert_eq!(DisconnectReason::parse("unknown"), Some(DisconnectReason::Unknown));
    let read = Recorded::<DisconnectReason>::from("unknown");
    assert!(read.valid());
    assert!(!read.expected());
}

#[test]
fn a_text_outside_the_set_is_neither_valid_nor_expected() {
    for text in ["EOF", "process exited with error status: 1", "Graceful", " graceful", "graceful "] {
        let read = Recorded::<DisconnectReason>::from(text);
        assert!(!read.valid() && !read.expected(), "{text}");
        assert_eq!(read.as_str(), text);
    }
}
