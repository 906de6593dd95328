//! Which end of which connection each process has, and how its errors are read.

use disconnect_core::evidence::{Side, Verdict};
use disconnect_core::{
    Classifier, ConnectionDirection, Disconnect, DisconnectInitiator as Party, DisconnectReason, Endpoint, Peer,
    classifier,
};

use crate::wire::{Closed, LinkError, OwnCode};

/// Every library whose errors end a connection here, and the errors of our own.
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

// The legs of a relayed data path: the relay is the server's, but the layer is that of agent and client.
const LAYER: ConnectionDirection = ConnectionDirection::AgentToClient;
pub(crate) const AGENT_FACING_RELAY: Endpoint =
    Endpoint::between(&Party::Agent, Peer::symmetric(&Party::Server), &LAYER).with_classifier(&CLASSIFIER);
pub(crate) const CLIENT_FACING_RELAY: Endpoint =
    Endpoint::between(&Party::Client, Peer::symmetric(&Party::Server), &LAYER).with_classifier(&CLASSIFIER);
pub(crate) const RELAY_FACING_AGENT: Endpoint =
    Endpoint::between(&Party::Server, Peer::symmetric(&Party::Agent), &LAYER).with_classifier(&CLASSIFIER);
pub(crate) const RELAY_FACING_CLIENT: Endpoint =
    Endpoint::between(&Party::Server, Peer::client(&Party::Client), &LAYER).with_classifier(&CLASSIFIER);

// A control plane beside a data path, which may live on where the network loses the control plane.
pub(crate) const AGENT_BESIDE_SESSIONS: Endpoint = AGENT_FACING_SERVER.reasons_with(&beside_data_path);
pub(crate) const CLIENT_BESIDE_SESSION: Endpoint = CLIENT_FACING_SERVER.reasons_with(&beside_data_path);

/// What the peer did stays the peer's doing.
fn beside_data_path(end: &Disconnect) -> DisconnectReason {
    match end.reason_as().unwrap_or_default() {
        DisconnectReason::NetworkError => DisconnectReason::ControlPlaneLost,
        reason => reason,
    }
}

/// The server stops or deletes the workspace, so that its sessions end.
pub(crate) fn workspace_stopped() -> Verdict {
    Verdict::new(DisconnectReason::WorkspaceStopped, Side::Unknown).by(Party::Server)
}
