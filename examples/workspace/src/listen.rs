//! Where a process listens, and what connects to it.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
pub(crate) struct Noise(Arc<Mutex<Sum>>);

#[derive(Default)]
struct Sum {
    count: u64,
    /// Something was told not long ago.
    is_told: bool,
}

/// How often at most.
const RARELY: Duration = Duration::from_mins(1);

impl Noise {
    /// One more. The first is told at once.
    pub(crate) fn add(&self) {
        let mut sum = self.lock();
        sum.count += 1;
        if !sum.is_told {
            sum.is_told = true;
            sum.tell();
            tokio::spawn(self.clone().go_on());
        }
    }

    /// Tells of the others in the end.
    pub(crate) fn finish(&self) {
        self.lock().tell();
    }

    async fn go_on(self) {
        loop {
            sleep(RARELY).await;
            let mut sum = self.lock();
            if sum.count == 0 {
                sum.is_told = false;
                return;
            }
            sum.tell();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Sum> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sum {
    fn tell(&mut self) {
        if self.count > 0 {
            warn!(count = self.count, "connections ended before the login");
            self.count = 0;
        }
    }
}
