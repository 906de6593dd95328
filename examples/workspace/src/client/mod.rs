//! The client: shell, command, copy, forward, and what the user is told of their ends.

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
/// The file cannot be copied, although the connection is well.
pub(crate) async fn cp(options: ClientOptions, from: &str, to: &str) -> Outcome {
    let copy = copy::Copy::of(from, to).await?;
    let client = Client::new(options)?;
    connected(&client, async |connection| copy.run(connection).await).await
}

/// Forwards a local port, until it is asked to stop or the connection ends.
///
/// # Errors
///
/// The port is in use.
pub(crate) async fn forward(options: ClientOptions, local: u16, remote: u16) -> Outcome {
    let listener = Exposure { allow_remote: false }.listen(([127, 0, 0, 1], local).into()).await?;
    let client = Client::new(options)?;
    connected(&client, async |connection| Ok(forward::run(connection, &listener, remote).await)).await
}

/// Joins standard input and output to the workspace, through the relay.
///
/// # Errors
///
/// The log or the server's address cannot be used.
pub(crate) async fn proxy(options: ClientOptions) -> Outcome {
    let client = Client::new(options)?;
    controlled(&client, async |_| Ok(proxy::run(&client).await)).await
}

pub(crate) use self::manage::run as manage;

/// Does some work beside a control plane, which comes up first and goes last.
async fn controlled(client: &Arc<Client>, work: impl AsyncFnOnce(&Control) -> Outcome) -> Outcome {
    let control = match Control::connect(client).await {
        Ok(control) => control,
        Err(error) => return Ok(told::unconnected(&error)),
    };
    let outcome = work(&control).await;
    control.goodbye().await;
    outcome
}

/// Does some work over one SSH connection.
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

/// What all connections of this process share.
struct Client {
    options: ClientOptions,
    dialer: Dialer,
    /// By what its connections are found in the logs of all three.
    id: String,
    /// Why the data path ends, once the workspace is stopped.
    stopped: Shutdown<Build>,
    /// There is a data path, or there was one.
    has_path: AtomicBool,
    /// The user has had enough.
    interrupted: CancellationToken,
    interrupted_at: OnceLock<Instant>,
}

/// Once the user has had enough, the agent has this long to take the goodbye, and then the server: all is over within a
/// second.
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
    /// It was on its way up.
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

    /// Connects to one of the client's paths of the server.
    async fn dial(&self, kind: &str) -> Result<Socket, Unconnected> {
        let path = format!("/{kind}/{}?client_session_id={}", self.options.target.workspace, self.id);
        Ok(self.patiently(self.dialer.dial(&path)).await??)
    }

    /// Waits for what has to come up, but not for ever, and not longer than the user does.
    async fn patiently<T>(&self, coming: impl Future<Output = T>) -> Result<T, Unconnected> {
        tokio::select! {
            come = timeout(PATIENCE, coming) => come.map_err(|_| Unconnected::Silent(PATIENCE)),
            () = self.interrupted.cancelled() => Err(Unconnected::Interrupted),
        }
    }

    /// Says a goodbye, and waits for what it takes, but not for long: and not longer than this from when the user has had
    /// enough.
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

/// Cancelled when the user has had enough.
fn interrupted() -> io::Result<CancellationToken> {
    let (stop, interrupted) = (signals::stop()?, CancellationToken::new());
    let interrupt = interrupted.clone();
    tokio::spawn(async move {
        stop.await;
        interrupt.cancel();
    });
    Ok(interrupted)
}
