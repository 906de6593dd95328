//! The messages of the control plane.

use serde::{Deserialize, Serialize};

/// From an agent to the server, by stream.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FromAgent {
    /// The coordination stream.
    Coordination(AgentNode),
    /// The relay-map stream.
    DerpMap(Subscription),
}

/// The messages of an agent on its coordination stream.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AgentNode {
    /// The agent's address. Opens the stream.
    At(Node),
    /// The agent shuts down, and waits for the server's goodbye.
    Goodbye,
}

/// The messages of an agent on its relay-map stream.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Subscription {
    /// Opens the stream, which ends with its connection or with the server's goodbye.
    Subscribe,
}

/// The addresses on which an agent accepts connections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Node {
    /// Its SSH server, as `host:port`.
    pub(crate) ssh: String,
    /// Its reconnecting terminals, as `host:port`.
    pub(crate) terminal: String,
    /// The host key of its SSH server in OpenSSH's format. Anyone with the token may send it.
    pub(crate) host_key: String,
}

/// From the server to an agent, by stream.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ToAgent {
    /// The coordination stream.
    Coordination(Coordination),
    /// The relay-map stream.
    DerpMap(DerpMap),
}

/// The messages of the server on an agent's coordination stream.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Coordination {
    /// A client waits at the relay for this agent.
    Relay(RelayLeg),
    /// The workspace is stopped or deleted: end all sessions for this reason, then say goodbye.
    Stop(Build),
    /// The end of the stream: either the first goodbye or the answer to one.
    Goodbye,
}

/// The messages of the server on an agent's relay-map stream.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DerpMap {
    /// The relays, by name.
    Relays(Vec<String>),
    /// The end of the stream.
    Goodbye,
}

/// One data path through the relay.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RelayLeg {
    /// The leg to dial: `/relay-leg/ID`.
    pub(crate) id: u64,
    /// The client of the data path.
    pub(crate) client_session_id: String,
}

/// One build of a workspace, which is logged with `workspace_stopped`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::struct_field_names, reason = "they are named as they are logged")]
pub(crate) struct Build {
    pub(crate) build_id: u64,
    /// Who requested it, such as `initiator`.
    pub(crate) build_reason: String,
    /// `start`, `stop` or `delete`.
    pub(crate) transition: String,
}

/// From a client to the server.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FromClient {
    /// The client has recorded the reason of the stop: the agent may close the sessions now.
    Noted,
    /// The client leaves, and waits for the server's goodbye.
    Goodbye,
}

/// From the server to a client.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ToClient {
    /// The agent's address.
    Agent(Node),
    /// The workspace is about to be stopped or deleted.
    Stopping(Build),
    /// The answer to a goodbye.
    Goodbye,
}

/// The only answer of the server on a management path.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Managed {
    /// Done, with this build.
    Done(Build),
    /// Rejected, with the reason.
    Refused(String),
}
