//! The endpoint of each process for each connection, and the classifier of its errors.

use disconnect_core::evidence::{Side, Verdict};
use disconnect_core::{
    Classifier, ConnectionDirection, Disconnect, DisconnectInitiator as Party, DisconnectReason, Endpoint, Peer,
    classifier,
};

use crate::wire::{Closed, LinkError, OwnCode};

/// All libraries whose errors can end a connection here, and our own error types.
pub(crate) static CLASSIFIER: Classifier = classifier![
    LinkError,
    Closed,
    codes = OwnCode,
    tungstenite = tokio_tungstenite::tungstenite,
    russh = russh,
    rustls = tokio_rustls::rustls,
    tokio = tokio,
];

pub(crate) const AGENT_FACING_SERVER: Endpoint = Endpoint::AGENT_FACING_SERVER.with_classifier(&CLASSIFIER);
pub(crate) const SERVER_FACING_AGENT: Endpoint = Endpoint::SERVER_FACING_AGENT.with_classifier(&CLASSIFIER);
pub(crate) const CLIENT_FACING_SERVER: Endpoint = Endpoint::CLIENT_FACING_SERVER.with_classifier(&CLASSIFIER);
pub(crate) const SERVER_FACING_CLIENT: Endpoint = Endpoint::SERVER_FACING_CLIENT.with_classifier(&CLASSIFIER);
pub(crate) const AGENT_FACING_CLIENT: Endpoint = Endpoint::AGENT_FACING_CLIENT.with_classifier(&CLASSIFIER);
pub(crate) const CLIENT_FACING_AGENT: Endpoint = Endpoint::CLIENT_FACING_AGENT.with_classifier(&CLASSIFIER);

// The legs of a relayed data path. The relay belongs to the server, but the layer is that of agent and client.
const LAYER: ConnectionDirection = ConnectionDirection::AgentToClient;
pub(crate) const AGENT_FACING_RELAY: Endpoint =
    Endpoint::between(&Party::Agent, Peer::symmetric(&Party::Server), &LAYER).with_classifier(&CLASSIFIER);
pub(crate) const CLIENT_FACING_RELAY: Endpoint =
    Endpoint::between(&Party::Client, Peer::symmetric(&Party::Server), &LAYER).with_classifier(&CLASSIFIER);
pub(crate) const RELAY_FACING_AGENT: Endpoint =
    Endpoint::between(&Party::Server, Peer::symmetric(&Party::Agent), &LAYER).with_classifier(&CLASSIFIER);
pub(crate) const RELAY_FACING_CLIENT: Endpoint =
    Endpoint::between(&Party::Server, Peer::client(&Party::Client), &LAYER).with_classifier(&CLASSIFIER);

// A control plane in parallel to a data path, which may continue when the network loses the control plane.
pub(crate) const AGENT_BESIDE_SESSIONS: Endpoint = AGENT_FACING_SERVER.reasons_with(&beside_data_path);
pub(crate) const CLIENT_BESIDE_SESSION: Endpoint = CLIENT_FACING_SERVER.reasons_with(&beside_data_path);

/// An action of the peer keeps the peer as the initiator.
fn beside_data_path(end: &Disconnect) -> DisconnectReason {
    match end.reason_as().unwrap_or_default() {
        DisconnectReason::NetworkError => DisconnectReason::ControlPlaneLost,
        reason => reason,
    }
}

/// The server stops or deletes the workspace, which ends its sessions.
pub(crate) fn workspace_stopped() -> Verdict {
    Verdict::new(DisconnectReason::WorkspaceStopped, Side::Unknown).by(Party::Server)
}
