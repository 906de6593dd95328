//! Listening sockets and their accepted connections.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clap::Args;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tracing::{debug, warn};

/// Who may connect.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Exposure {
    /// Allows an address that is not loopback. Read in the README what is then open to whom.
    #[arg(long)]
    pub(crate) allow_remote: bool,
}

impl Exposure {
    /// Binds an address.
    ///
    /// # Errors
    ///
    /// The address cannot be bound, usually because it is in use. Or it is not loopback, and `--allow-remote` is
    /// missing.
    pub(crate) async fn listen(self, address: SocketAddr) -> Result<TcpListener, Box<dyn Error>> {
        if !address.ip().is_loopback() && !self.allow_remote {
            return Err(format!("{address} is not loopback: give --allow-remote to listen there").into());
        }
        TcpListener::bind(address).await.map_err(|error| format!("cannot listen on {address}: {error}").into())
    }
}

/// Accepts the next connection.
pub(crate) async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                // A connection that never came up, or a lack of file descriptors, which lasts for some time.
                debug!(%error, "no connection");
                sleep(PAUSE).await;
            }
        }
    }
}

const PAUSE: Duration = Duration::from_millis(50);

/// Counts connections that end before their peer has logged in. Anyone can cause such ends, so their lines are at
/// DEBUG, and a warning reports the sum.
#[derive(Clone, Default)]
pub(crate) struct Noise(Arc<AtomicU64>);

impl Noise {
    /// Counts one more.
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Reports those since the last report, if any.
    pub(crate) fn sum_up(&self) {
        let count = self.0.swap(0, Ordering::Relaxed);
        if count > 0 {
            warn!(count, "connections ended before the login");
        }
    }

    /// Reports them periodically.
    pub(crate) async fn keep_summing_up(self) {
        loop {
            sleep(RARELY).await;
            self.sum_up();
        }
    }
}

/// The minimum time between two reports.
const RARELY: Duration = Duration::from_mins(1);
