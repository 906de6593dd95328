//! The ends of the tour's connections, each with its expected line.

mod control;
mod http2;
mod session;
mod tls;
mod websocket;

use std::io;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::TcpStream;

use crate::report::Tour;

pub(crate) use session::killed_peer;

/// A timeout that does not expire.
const LONG: Duration = Duration::from_secs(30);
/// A timeout that expires, as part of the case.
const SHORT: Duration = Duration::from_millis(250);

/// Runs every case, one after the other.
///
/// # Errors
///
/// Fails if the tour itself fails: no loopback, no processes.
pub(crate) async fn run(tour: &mut Tour) -> io::Result<()> {
    session::endings(tour).await?;
    control::endings(tour).await?;
    websocket::endings(tour).await?;
    tls::endings(tour).await?;
    http2::endings(tour).await
}

/// Closes with a reset instead of an end of file.
fn reset(stream: TcpStream) -> io::Result<()> {
    SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
    drop(stream);
    Ok(())
}
