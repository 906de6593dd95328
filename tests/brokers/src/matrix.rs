//! One client under one fault: the expected and the actual attribution.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use disconnect_brokers::EVERY_VERSION;
use disconnect_core::evidence::Verdict;
use disconnect_core::{Category, Classifier, Endpoint};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::clients::{Client, Seen, Task, Use};

const END: Endpoint = Endpoint::CLIENT_FACING_SERVER.with_classifier(&EVERY_VERSION);

/// The maximum time for a client to notice the end. Only a client that notices nothing takes that long.
const PATIENCE: Duration = Duration::from_mins(1);

/// Reason and initiator.
pub(crate) type Answer = (&'static str, &'static str);

pub(crate) const LOST: Answer = ("network_error", "network");
pub(crate) const BY_SERVER: Answer = ("unknown", "server");
pub(crate) const VIOLATION: Answer = ("protocol_error", "server");
pub(crate) const SHUTDOWN: Answer = ("server_shutdown", "server");

/// A fault, and the expected answer of an endpoint.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    pub(crate) truth: Answer,
    /// Whether the library or the wire distinguishes this fault from every other one.
    pub(crate) is_decidable: bool,
}

pub(crate) const fn fault(name: &'static str, truth: Answer) -> Fault {
    Fault { name, truth, is_decidable: true }
}

impl Fault {
    /// The client receives the same for another fault.
    pub(crate) const fn undecidable(self) -> Self {
        Self { is_decidable: false, ..self }
    }
}

/// One line of the result.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) client: Client,
    pub(crate) fault: Fault,
    pub(crate) said: String,
    pub(crate) is_right: bool,
    /// Whether a fault was reported as a normal end.
    pub(crate) is_masked: bool,
}

/// One client connected to one server.
#[derive(Debug)]
pub(crate) struct Bench<'a> {
    pub(crate) client: Client,
    pub(crate) rows: &'a mut Vec<Row>,
}

/// The way a client connects.
#[derive(Clone, Copy, Debug)]
pub(crate) struct As {
    pub(crate) password: &'static str,
    pub(crate) name: &'static str,
    pub(crate) uses: Use,
}

impl Bench<'_> {
    /// Lets the client use its connection, breaks the connection, and records the attribution. If the client uses an
    /// idle connection, `inject` returns once it has ended.
    pub(crate) async fn tries(&mut self, fault: Fault, address: SocketAddr, how: As, inject: impl AsyncFnOnce()) {
        let (ready, ended) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let As { password, name, uses } = how;
        let task = Task { address, password, name, uses, ready: ready.clone(), ended: ended.clone() };
        let mut driving = tokio::spawn((self.client.drive)(task));
        let seen = tokio::select! {
            () = ready.notified() => {
                inject().await;
                ended.notify_one();
                timeout(PATIENCE, &mut driving).await
            }
            seen = &mut driving => Ok(seen),
        };
        driving.abort();
        let row = self.judge(fault, &seen.map_or_else(|_| Vec::new(), |seen| seen.expect("no panic")));
        let Row { client, said, .. } = &row;
        let mark = if row.is_right || !fault.is_decidable { "" } else { "WRONG" };
        println!("{mark:5} {:22} {:5} {:42} {said}", client.library, client.version, fault.name);
        self.rows.push(row);
    }

    fn judge(&self, fault: Fault, seen: &Seen) -> Row {
        let classifier: &Classifier = &EVERY_VERSION;
        let verdicts = seen.iter().map(|error| classifier.classify(error));
        let Some(verdict) = verdicts.reduce(Verdict::or_stronger) else {
            let said = "nothing: the client did not notice".to_owned();
            return Row { client: self.client, fault, said, is_right: false, is_masked: false };
        };
        let end = END.resolve(verdict);
        let answer = (end.reason().as_str(), end.initiator().map_or("", Category::as_str));
        let mut said = format!("{} by {}", answer.0, if answer.1.is_empty() { "nobody known" } else { answer.1 });
        said.extend(end.cause().map(|cause| format!(", {}", cause.as_str())));
        said.extend(end.code().map(|code| format!(", {code}")));
        if std::env::args().any(|argument| argument == "--explain") {
            for error in seen {
                println!("{}", classifier.explain(error));
            }
        }
        Row {
            client: self.client,
            fault,
            said,
            is_right: answer == fault.truth,
            is_masked: end.expected() && fault.truth != SHUTDOWN,
        }
    }
}
