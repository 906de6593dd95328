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

/// What an agent says on its coordination stream.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AgentNode {
    /// Where it is: opens the stream.
    At(Node),
    /// It is going away, and waits for the server's goodbye.
    Goodbye,
}

/// What an agent says on its relay-map stream.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Subscription {
    /// Opens the stream, which ends with its connection or with the server's goodbye.
    Subscribe,
}

/// Where an agent takes connections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Node {
    /// Its SSH server, as `host:port`.
    pub(crate) ssh: String,
    /// Its reconnecting terminals, as `host:port`.
    pub(crate) terminal: String,
    /// The key that its SSH server has, as OpenSSH writes it. Whoever has the token may say so.
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

/// What the server says on an agent's coordination stream.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Coordination {
    /// A client waits at the relay for this agent.
    Relay(RelayLeg),
    /// The workspace is stopped or deleted: end all sessions for this reason, then say goodbye.
    Stop(Build),
    /// The end of the stream, said first or in answer.
    Goodbye,
}

/// What the server says on an agent's relay-map stream.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DerpMap {
    /// The relays there are, by name.
    Relays(Vec<String>),
    /// The end of the stream.
    Goodbye,
}

/// One data path through the relay.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RelayLeg {
    /// The leg to dial: `/relay-leg/ID`.
    pub(crate) id: u64,
    /// Whose data path it is.
    pub(crate) client_session_id: String,
}

/// One build of a workspace: what is logged beside `workspace_stopped`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::struct_field_names, reason = "they are named as they are logged")]
pub(crate) struct Build {
    pub(crate) build_id: u64,
    /// Who asked for it, such as `initiator`.
    pub(crate) build_reason: String,
    /// `start`, `stop` or `delete`.
    pub(crate) transition: String,
}

/// From a client to the server.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FromClient {
    /// The reason of the stop is noted: the agent may close the sessions now.
    Noted,
    /// It is leaving, and waits for the server's goodbye.
    Goodbye,
}

/// From the server to a client.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ToClient {
    /// Where the agent is.
    Agent(Node),
    /// The workspace is about to be stopped or deleted.
    Stopping(Build),
    /// The answer to a goodbye.
    Goodbye,
}

/// The server's one answer on a management path.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Managed {
    /// Done, by this build.
    Done(Build),
    /// Not possible, and why.
    Refused(String),
}
