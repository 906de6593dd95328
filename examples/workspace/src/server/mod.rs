//! The server: accepts agents and clients, relays between them, stops and starts workspaces.

mod agents;
mod clients;
mod connection_log;
mod manage;
mod relay;
mod route;
mod tls;
mod workspaces;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use disconnect_core::{Shutdown, Watched};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, info};

use crate::cli::{ServerOptions, Timing};
use crate::listen::accept;
use crate::signals;
use crate::token::Token;
use crate::wire::{Io, Socket};

use self::connection_log::ConnectionLog;
use self::route::Route;
use self::workspaces::Workspaces;

/// The state that all connections share.
struct Server {
    workspaces: Workspaces,
    connections: Arc<ConnectionLog>,
    /// The end reason of all connections when the server stops.
    shutdown: Shutdown,
    /// Tells the tasks to close. Cancelled only after the end reason is recorded.
    closing: CancellationToken,
    timing: Timing,
    token: Token,
}

/// Runs the server until it receives a signal to stop.
///
/// # Errors
///
/// The address, the connection log or the certificate cannot be used.
pub(crate) async fn run(options: &ServerOptions) -> Result<ExitCode, Box<dyn Error>> {
    options.log.init()?;
    let stop = signals::stop()?;
    let tls = options.tls.as_deref().map(tls::acceptor).transpose()?;
    let connections = Arc::new(ConnectionLog::open(options.db.as_deref())?);
    let token = options.token.read_or_make()?;
    let listener = options.exposure.listen(options.listen).await?;
    let scheme = if tls.is_some() { "wss" } else { "ws" };
    info!(address = format!("{scheme}://{}", listener.local_addr()?), "server is listening");

    let shutdown = Shutdown::new();
    let server = Arc::new(Server {
        workspaces: Workspaces::new(shutdown.clone(), options.max_workspaces),
        connections,
        shutdown,
        closing: CancellationToken::new(),
        timing: options.timing,
        token,
    });
    let tasks = TaskTracker::new();
    tokio::select! {
        () = accept_all(&server, &listener, tls, &tasks) => {}
        () = stop => {}
    }
    drop(listener);
    server.shut_down(&tasks).await;
    Ok(ExitCode::SUCCESS)
}

async fn accept_all(server: &Arc<Server>, listener: &TcpListener, tls: Option<TlsAcceptor>, tasks: &TaskTracker) {
    loop {
        let (stream, _) = accept(listener).await;
        tasks.spawn(server.clone().serve(stream, tls.clone()));
    }
}

impl Server {
    /// Records the end reason for all connections, and only then closes them.
    async fn shut_down(&self, tasks: &TaskTracker) {
        self.shutdown.begin();
        self.closing.cancel();
        tasks.close();
        let _ = timeout(self.timing.goodbye, tasks.wait()).await;
    }

    /// Serves one connection, from its handshake until its line is written. Before the handshake is complete, there
    /// is no connection.
    async fn serve(self: Arc<Self>, stream: TcpStream, tls: Option<TlsAcceptor>) {
        let (route, socket) = tokio::select! {
            shaken = timeout(self.timing.login, self.shake_hands(stream, tls)) => match shaken {
                Ok(Ok(shaken)) => shaken,
                Ok(Err(error)) => return debug!(%error, "no connection"),
                Err(late) => return debug!(error = %late, "no connection"),
            },
            () = self.closing.cancelled() => return,
        };
        match route {
            Route::Agent { workspace } => agents::serve(&self, socket, workspace).await,
            Route::Client(client) => clients::serve(&self, socket, client).await,
            Route::Manage { workspace, transition, reason } => {
                manage::serve(&self, socket, &workspace, transition, reason).await;
            }
            Route::Relay(client) => relay::serve(&self, socket, client).await,
            Route::RelayLeg { id } => self.workspaces.leg_arrived(id, socket),
        }
    }

    async fn shake_hands(
        &self,
        stream: TcpStream,
        tls: Option<TlsAcceptor>,
    ) -> Result<(Route, Socket), Box<dyn Error + Send + Sync>> {
        stream.set_nodelay(true)?;
        let stream: Box<dyn Io> = match tls {
            Some(tls) => Box::new(tls.accept(stream).await?),
            None => Box::new(stream),
        };
        // A goodbye may still be unread when a write fails.
        let stream = Box::new(Watched::new(stream).hold_write_errors());
        Ok(route::accept(stream, &self.token, |route| self.workspaces.admits(route)).await?)
    }
}
