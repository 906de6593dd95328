//! Where a process listens, and what connects to it.

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
    /// Takes an address.
    ///
    /// # Errors
    ///
    /// It cannot be used: mostly, it is in use. Or others than this machine could connect, and nobody has allowed that.
    pub(crate) async fn listen(self, address: SocketAddr) -> Result<TcpListener, Box<dyn Error>> {
        if !address.ip().is_loopback() && !self.allow_remote {
            return Err(format!("{address} is not loopback: give --allow-remote to listen there").into());
        }
        TcpListener::bind(address).await.map_err(|error| format!("cannot listen on {address}: {error}").into())
    }
}

/// The next connection.
pub(crate) async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                // One connection that never came up, or the lack of files for it, which does not pass at once.
                debug!(%error, "no connection");
                sleep(PAUSE).await;
            }
        }
    }
}

const PAUSE: Duration = Duration::from_millis(50);

/// Counts connections that end before their peer has said who it is. Anybody can make them, so their lines are at DEBUG,
/// and this sums them up.
#[derive(Clone, Default)]
pub(crate) struct Noise(Arc<AtomicU64>);

impl Noise {
    /// One more.
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Tells of those since the last time, if there are some.
    pub(crate) fn sum_up(&self) {
        let count = self.0.swap(0, Ordering::Relaxed);
        if count > 0 {
            warn!(count, "connections ended before the login");
        }
    }

    /// Sums them up now and then.
    pub(crate) async fn keep_summing_up(self) {
        loop {
            sleep(RARELY).await;
            self.sum_up();
        }
    }
}

/// How often at most.
const RARELY: Duration = Duration::from_mins(1);
