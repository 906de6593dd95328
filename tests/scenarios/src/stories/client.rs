//! The expected lines of one client's connection, on both sides.

use crate::process::{Failure, Process};

use crate::end::{End, Site};
use crate::sites::{
    AGENT_SESSION, AGENT_SSH, CLIENT_COORDINATION, CLIENT_SESSION, CLIENT_SSH, SERVER_CLIENT, SERVER_LEG, SERVER_RELAY,
};
use crate::world::{Route, World};

/// One of our clients: its id in all logs, and its path.
#[derive(Clone, Copy)]
pub(super) struct Client {
    pub(super) id: &'static str,
    pub(super) route: Route,
}

/// The only client of a scenario, connected directly to the agent.
pub(super) const DIRECT: Client = Client { id: "c1", route: Route::Direct };
/// The only client of a scenario, or the second one, connected through the relay.
pub(super) const RELAYED: Client = Client { id: "c2", route: Route::Relay };

impl Client {
    /// Starts a command in the workspace that runs until its input ends.
    pub(super) async fn cat(self, world: &mut World, options: &[&str]) -> Result<Process, Failure> {
        let client = world.client(self.id, self.route, "ssh", options, &["cat"])?;
        world.says(client.id(), "connected").await?;
        world.agent_says("ssh session started").await?;
        world.says(client.id(), "ssh session started").await?;
        Ok(client)
    }

    /// A line of this client's connection.
    pub(super) fn line(self, end: End) -> End {
        end.by(self.route.method()).client(self.id)
    }

    /// Its session ends, in the lines of both sides.
    pub(super) fn session(self, kind: &str, end: impl Fn(Site) -> End) -> [End; 2] {
        [self.agent_session(kind, &end), self.client_session(kind, &end)]
    }

    pub(super) fn agent_session(self, kind: &str, end: impl Fn(Site) -> End) -> End {
        self.line(end(AGENT_SESSION).session(kind))
    }

    pub(super) fn client_session(self, kind: &str, end: impl Fn(Site) -> End) -> End {
        self.line(end(CLIENT_SESSION).session(kind))
    }

    /// One of its commands exits, in the lines of both sides.
    pub(super) fn exits(self, status: u32) -> [End; 2] {
        self.session("exec", |site| match status {
            0 => site.normal("graceful", "agent").exit(status),
            _ => site.fault("unknown", "agent").cause("exit_status").exit(status),
        })
    }

    /// Its user leaves a shell, whatever the status of the last command is, in the lines of both sides.
    pub(super) fn leaves_shell(self, status: u32) -> [End; 2] {
        self.session("shell", |site| left(site).exit(status))
    }

    /// Its connection to the agent ends, in the lines of both sides.
    pub(super) fn connection(self, end: impl Fn(Site) -> End) -> [End; 2] {
        [self.line(end(AGENT_SSH)), self.line(end(CLIENT_SSH))]
    }

    /// The client closes everything with a goodbye.
    pub(super) fn leaves(self) -> Vec<End> {
        let mut ends = self.connection(left).to_vec();
        ends.extend(self.leaves_relay());
        ends.extend(self.leaves_server());
        ends
    }

    /// The client closes its data path through the relay, if it has one.
    pub(super) fn leaves_relay(self) -> Vec<End> {
        match self.route {
            Route::Direct => Vec::new(),
            Route::Relay => self.relay(|site| left(site).code("websocket.1000")).to_vec(),
        }
    }

    /// The relay's lines: one for each leg.
    pub(super) fn relay(self, end: impl Fn(Site) -> End) -> [End; 2] {
        [SERVER_RELAY, SERVER_LEG].map(|site| self.line(end(site)))
    }

    /// The client closes its connection to the server.
    pub(super) fn leaves_server(self) -> [End; 2] {
        [CLIENT_COORDINATION, SERVER_CLIENT].map(|site| left(site).client(self.id))
    }
}

/// A client leaves on purpose.
pub(super) fn left(site: Site) -> End {
    site.normal("client_closed", "client")
}

/// A client sends DISCONNECT. The agent does not receive its code, which may report a fault. Open sessions end with
/// it.
pub(super) fn disconnects(site: Site) -> End {
    let end = site.fault("unknown", "client");
    // Every OpenSSH sends a DISCONNECT at its end, so the line is only at INFO.
    if site == AGENT_SSH { end.with("level", "INFO") } else { end }
}

/// The other process was killed.
pub(super) fn gone(site: Site) -> End {
    site.fault("network_error", "network").vanished()
}

/// The other process, or the path to it, does not respond any more.
pub(super) fn silent(site: Site) -> End {
    site.fault("network_error", "network").cause("keepalive_timeout")
}

/// A heartbeat that detects silence soon. A loaded machine may answer a ping only after a second or two.
pub(super) const QUICK: &[&str] = &["--heartbeat", "1000"];
