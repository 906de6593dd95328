//! Reconnecting terminals over WebSocket: the shell continues while no client is attached.
//!
//! There are two kinds of ends: the end of a connection, after which the client may reconnect, and the end of the
//! terminal.

mod connection;
mod page;
mod shell;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use disconnect_core::DisconnectHandle;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::cli::Timing;
use crate::listen::{Noise, accept};
use crate::token::Token;

use super::run::{Run, Runs};

/// Serves terminals. While the workspace is stopped there are none.
pub(crate) async fn accept_all(listener: TcpListener, token: Token, noise: Noise, runs: Arc<Runs>, timing: Timing) {
    let terminals = Arc::new(Terminals::new(token, noise));
    loop {
        let (stream, _) = accept(&listener).await;
        let Some(run) = runs.current() else { continue };
        let tasks = run.tasks.clone();
        tasks.spawn(connection::serve(stream, terminals.clone(), run, timing));
    }
}

/// The existing terminals.
struct Terminals {
    /// The token that a page has to show.
    token: Token,
    by_id: Mutex<HashMap<String, mpsc::UnboundedSender<Attached>>>,
    noise: Noise,
}

/// The maximum number of terminals.
const MOST: usize = 100;

impl Terminals {
    fn new(token: Token, noise: Noise) -> Self {
        Self { token, by_id: Mutex::default(), noise }
    }

    /// Attaches a connection to the terminal with this id. Starts the terminal if it does not exist, unless there are
    /// too many.
    fn attach(&self, id: &str, ended: DisconnectHandle, run: &Arc<Run>) -> Option<Screen> {
        let ((to_client, output), (keys, input)) = (mpsc::channel(CHUNKS), mpsc::channel(CHUNKS));
        let replaced = CancellationToken::new();
        let attached = Attached { output: to_client, input, ended, replaced: replaced.clone() };

        let mut terminals = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
        terminals.retain(|_, terminal| !terminal.is_closed());
        let attached = match terminals.get(id) {
            Some(terminal) => terminal.send(attached).err().map(|attached| attached.0),
            None => Some(attached),
        };
        if let Some(attached) = attached {
            if terminals.len() >= MOST {
                return None;
            }
            let (terminal, arrivals) = mpsc::unbounded_channel();
            run.tasks.spawn(shell::serve(id.to_owned(), attached, arrivals, run.clone()));
            terminals.insert(id.to_owned(), terminal);
        }
        Some(Screen { output, keys, replaced })
    }
}

/// The maximum number of queued pieces of input or output.
const CHUNKS: usize = 16;

/// A connection from the terminal's point of view.
struct Attached {
    output: mpsc::Sender<Vec<u8>>,
    input: mpsc::Receiver<Vec<u8>>,
    /// With this handle the terminal records the end of the connection, if the terminal ends it.
    ended: DisconnectHandle,
    /// Cancelled when a newer connection replaces this one.
    replaced: CancellationToken,
}

/// A terminal from the point of view of one of its connections.
struct Screen {
    /// Ends when the terminal ends.
    output: mpsc::Receiver<Vec<u8>>,
    keys: mpsc::Sender<Vec<u8>>,
    replaced: CancellationToken,
}
