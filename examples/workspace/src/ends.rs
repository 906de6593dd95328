//! Which end of which connection each process stands at, and how its errors are read.

use disconnect_core::{
    Classifier, ConnectionDirection, Disconnect, DisconnectCause, DisconnectInitiator, DisconnectReason, Endpoint,
    Peer, classifier,
};

use crate::wire::{Closed, LinkError};

/// Every library whose errors end a connection here, and the errors of our own.
pub(crate) static CLASSIFIER: Classifier = classifier![
    LinkError,
    Closed,
    tungstenite = tokio_tungstenite::tungstenite,
    russh = russh,
    rustls = tokio_rustls::rustls,
    tokio = tokio,
];

/// A leg of a relayed data path: the relay is the server's, but the layer is that of agent and client.
///
/// The agent's or the client's own end of its leg.
pub(crate) fn to_relay(own: DisconnectInitiator) -> Endpoint {
    Endpoint::between(own, Peer::symmetric(DisconnectInitiator::Server), ConnectionDirection::AgentToClient)
}

/// The relay's end of the agent's leg.
pub(crate) fn relay_to_agent() -> Endpoint {
    let agent = Peer::symmetric(DisconnectInitiator::Agent);
    Endpoint::between(DisconnectInitiator::Server, agent, ConnectionDirection::AgentToClient)
}

/// The relay's end of the client's leg.
pub(crate) fn relay_to_client() -> Endpoint {
    let client = Peer::client(DisconnectInitiator::Client);
    Endpoint::between(DisconnectInitiator::Server, client, ConnectionDirection::AgentToClient)
}

/// The server stops or deletes the workspace, so that its sessions end.
pub(crate) fn workspace_stopped() -> Disconnect {
    Disconnect::new(DisconnectReason::WorkspaceStopped).with_initiator(DisconnectInitiator::Server)
}

/// How a control plane ended beside a data path: where the network lost it, the data path may live on, and that only this
/// end knows. What the peer did stays the peer's doing.
pub(crate) fn beside_data_path(end: Disconnect) -> Disconnect {
    if end.reason_as() != Some(DisconnectReason::NetworkError) {
        return end;
    }
    let lost = Disconnect::new(DisconnectReason::ControlPlaneLost).with_initiator(DisconnectInitiator::Network);
    match end.cause_as::<DisconnectCause>() {
        Some(cause) => lost.with_cause(cause),
        None => lost,
    }
}
