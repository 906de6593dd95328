//! The client: shell, command, copy, forward, and the messages for the user.

mod connection;
mod control;
mod copy;
mod forward;
mod manage;
mod proxy;
mod session;
mod terminal;

use std::error::Error;
use std::future::pending;
use std::io;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use disconnect_core::{Disconnect, Shutdown};
use thiserror::Error;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::cli::ClientOptions;
use crate::listen::Exposure;
use crate::wire::message::Build;
use crate::wire::{DialError, Dialer, Socket, new_id};
use crate::{signals, told};

use self::connection::Connection;
use self::control::Control;

type Outcome = Result<ExitCode, Box<dyn Error>>;

/// Opens a shell, or runs a command.
///
/// # Errors
///
/// The log or the server's address cannot be used.
pub(crate) async fn ssh(options: ClientOptions, command: &str) -> Outcome {
    let client = Client::new(options)?;
    connected(&client, async |connection| Ok(session::ssh(connection, command).await)).await
}

/// Copies a file to or from the workspace.
///
/// # Errors
///
/// The copy failed, although the connection is intact.
pub(crate) async fn cp(options: ClientOptions, from: &str, to: &str) -> Outcome {
    let copy = copy::Copy::of(from, to).await?;
    let client = Client::new(options)?;
    connected(&client, async |connection| copy.run(connection).await).await
}

/// Forwards a local port until the user stops it or the connection ends.
///
/// # Errors
///
/// The port is in use.
pub(crate) async fn forward(options: ClientOptions, local: u16, remote: u16) -> Outcome {
    let listener = Exposure { allow_remote: false }.listen(([127, 0, 0, 1], local).into()).await?;
    let client = Client::new(options)?;
    connected(&client, async |connection| Ok(forward::run(connection, &listener, remote).await)).await
}

/// Joins standard input and output to the workspace through the relay.
///
/// # Errors
///
/// The log or the server's address cannot be used.
pub(crate) async fn proxy(options: ClientOptions) -> Outcome {
    let client = Client::new(options)?;
    controlled(&client, async |_| Ok(proxy::run(&client).await)).await
}

pub(crate) use self::manage::run as manage;

/// Runs `work` with a control plane, which starts first and ends last.
async fn controlled(client: &Arc<Client>, work: impl AsyncFnOnce(&Control) -> Outcome) -> Outcome {
    let control = match Control::connect(client).await {
        Ok(control) => control,
        Err(error) => return Ok(told::unconnected(&error)),
    };
    let outcome = work(&control).await;
    control.goodbye().await;
    outcome
}

/// Runs `work` over one SSH connection.
async fn connected(client: &Arc<Client>, work: impl AsyncFnOnce(&Connection) -> Outcome) -> Outcome {
    controlled(client, async |control| match Connection::open(client, &control.node).await {
        Ok(connection) => {
            let outcome = work(&connection).await;
            connection.close().await;
            outcome
        }
        Err(error) => Ok(told::unconnected(&error)),
    })
    .await
}

/// The state that all connections of this process share.
struct Client {
    options: ClientOptions,
    dialer: Dialer,
    /// The `client_session_id` of its connections, in the logs of all three processes.
    id: String,
    /// The end reason of the data path after the workspace is stopped.
    stopped: Shutdown<Build>,
    /// Whether a data path has come up.
    has_path: AtomicBool,
    /// Cancelled when the user leaves.
    interrupted: CancellationToken,
    interrupted_at: OnceLock<Instant>,
}

/// The deadlines after the user has left: for the agent's answer to the goodbye, and then for the server's. So the
/// client ends within a second.
const BY_AGENT: Duration = Duration::from_millis(400);
const BY_SERVER: Duration = Duration::from_millis(850);

/// Why a connection did not come up.
#[derive(Debug, Error)]
enum Unconnected {
    #[error(transparent)]
    Dial(#[from] DialError),
    #[error("cannot reach the agent at {address}: {source}")]
    Agent { address: String, source: io::Error },
    #[error("no answer for {0:?}")]
    Silent(Duration),
    #[error("interrupted")]
    Interrupted,
    /// The data path was not up yet.
    #[error("{0}")]
    Ended(String),
}

/// How long a connection may take to come up.
const PATIENCE: Duration = Duration::from_secs(10);

impl Client {
    fn new(mut options: ClientOptions) -> Result<Arc<Self>, Box<dyn Error>> {
        options.log.init_for_user()?;
        Ok(Arc::new(Self {
            dialer: options.target.dialer()?,
            id: options.client_session_id.take().unwrap_or_else(new_id),
            options,
            stopped: Shutdown::default(),
            has_path: AtomicBool::new(false),
            interrupted: interrupted()?,
            interrupted_at: OnceLock::new(),
        }))
    }

    /// Connects to a path of the server for clients.
    async fn dial(&self, kind: &str) -> Result<Socket, Unconnected> {
        let path = format!("/{kind}/{}?client_session_id={}", self.options.target.workspace, self.id);
        Ok(self.patiently(self.dialer.dial(&path)).await??)
    }

    /// Waits for a connection to come up, for a limited time, and not after the user has left.
    async fn patiently<T>(&self, coming: impl Future<Output = T>) -> Result<T, Unconnected> {
        tokio::select! {
            come = timeout(PATIENCE, coming) => come.map_err(|_| Unconnected::Silent(PATIENCE)),
            () = self.interrupted.cancelled() => Err(Unconnected::Interrupted),
        }
    }

    /// Sends a goodbye and waits for the answer, for a limited time that also ends soon after the user has left.
    async fn bounded<T>(&self, after: Duration, goodbye: impl Future<Output = T>) -> Result<T, Elapsed> {
        let hurried = async {
            self.interrupted.cancelled().await;
            sleep_until(*self.interrupted_at.get_or_init(Instant::now) + after).await;
        };
        tokio::select! {
            said = timeout(self.options.timing.goodbye, goodbye) => said,
            () = hurried => timeout(Duration::ZERO, pending()).await,
        }
    }

    /// The build that ended this connection, if one did.
    fn build(&self, end: &Disconnect) -> Option<&Build> {
        self.stopped.context(end)
    }
}

/// Cancelled when the user leaves.
fn interrupted() -> io::Result<CancellationToken> {
    let (stop, interrupted) = (signals::stop()?, CancellationToken::new());
    let interrupt = interrupted.clone();
    tokio::spawn(async move {
        stop.await;
        interrupt.cancel();
    });
    Ok(interrupted)
}
