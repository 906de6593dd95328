//! The clients under test, one for each version of each library. Each uses its connection until the connection ends.

pub(crate) mod amqp;
pub(crate) mod mqtt;
pub(crate) mod postgres;
pub(crate) mod redis;

use std::error::Error;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::Notify;

/// The errors that a client saw, in order.
pub(crate) type Seen = Vec<Box<dyn Error + Send + Sync>>;

/// One version of one library.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client {
    pub(crate) library: &'static str,
    pub(crate) version: &'static str,
    pub(crate) drive: fn(Task) -> Pin<Box<dyn Future<Output = Seen> + Send>>,
}

/// How the connection is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// A request of the client is waiting for its answer.
    Busy,
    /// The client sends nothing. After the connection has ended, the client uses it again.
    Idle,
    /// Like `Idle`, inside a transaction.
    InTransaction,
}

/// The task of a client.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) address: SocketAddr,
    pub(crate) password: &'static str,
    /// The name of the database or virtual host.
    pub(crate) name: &'static str,
    pub(crate) uses: Use,
    /// Notified by the client when it is connected, and busy or idle.
    pub(crate) ready: Arc<Notify>,
    /// Notifies the client that the connection has ended.
    pub(crate) ended: Arc<Notify>,
}

/// The version text in a table of clients.
macro_rules! client {
    ($library:literal, $version:literal, $drive:path) => {
        $crate::clients::Client { library: $library, version: $version, drive: |task| Box::pin($drive(task)) }
    };
}
pub(crate) use client;
