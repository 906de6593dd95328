//! Reconnecting terminals over WebSocket: the shell goes on while nobody is attached.
//!
//! Two kinds of ends: that of a connection, after which the client may come back, and that of the terminal itself.

mod connection;
mod shell;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use disconnect_core::DisconnectHandle;
use portable_pty::PtySize;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::cli::Timing;
use crate::listen::accept;

use super::run::{Run, Runs};

/// Serves terminals. While the workspace is stopped there are none.
pub(crate) async fn accept_all(listener: TcpListener, runs: Arc<Runs>, timing: Timing) {
    let terminals = Arc::new(Terminals::default());
    loop {
        let (stream, _) = accept(&listener).await;
        let Some(run) = runs.current() else { continue };
        let tasks = run.tasks.clone();
        tasks.spawn(connection::serve(stream, terminals.clone(), run, timing.heartbeat()));
    }
}

/// The terminals that there are, by their ids.
#[derive(Default)]
struct Terminals(Mutex<HashMap<String, mpsc::UnboundedSender<Attached>>>);

impl Terminals {
    /// Attaches a connection to the terminal with this id, and starts that where there is none.
    fn attach(&self, id: &str, size: PtySize, ended: DisconnectHandle, run: &Arc<Run>) -> Screen {
        let ((to_client, output), (keys, input)) = (mpsc::channel(CHUNKS), mpsc::channel(CHUNKS));
        let replaced = CancellationToken::new();
        let attached = Attached { size, output: to_client, input, ended, replaced: replaced.clone() };

        let mut terminals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        terminals.retain(|_, terminal| !terminal.is_closed());
        let attached = match terminals.get(id) {
            Some(terminal) => terminal.send(attached).err().map(|attached| attached.0),
            None => Some(attached),
        };
        if let Some(attached) = attached {
            let (terminal, arrivals) = mpsc::unbounded_channel();
            run.tasks.spawn(shell::serve(id.to_owned(), attached, arrivals, run.clone()));
            terminals.insert(id.to_owned(), terminal);
        }
        Screen { output, keys, replaced }
    }
}

/// How many pieces of input or output may be on their way.
const CHUNKS: usize = 16;

/// A connection, as its terminal has it.
struct Attached {
    size: PtySize,
    output: mpsc::Sender<Vec<u8>>,
    input: mpsc::Receiver<Input>,
    /// The terminal says here why the connection ends, where it is the terminal that ends it.
    ended: DisconnectHandle,
    /// A newer connection has taken its place.
    replaced: CancellationToken,
}

/// A terminal, as one of its connections has it.
struct Screen {
    /// Ends where the terminal does.
    output: mpsc::Receiver<Vec<u8>>,
    keys: mpsc::Sender<Input>,
    replaced: CancellationToken,
}

/// What comes from a client.
enum Input {
    Keys(Vec<u8>),
    Size(PtySize),
}
