//! Where a process listens, and what connects to it.

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tracing::debug;

/// Takes an address.
///
/// # Errors
///
/// It cannot be used: mostly, it is in use.
pub(crate) async fn listen(address: SocketAddr) -> Result<TcpListener, Box<dyn Error>> {
    TcpListener::bind(address).await.map_err(|error| format!("cannot listen on {address}: {error}").into())
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
