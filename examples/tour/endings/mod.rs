//! The ways in which the tour's connections end, and the one line that has to come of each.

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

/// A wait that is not meant to be over.
const LONG: Duration = Duration::from_secs(30);
/// A wait whose end is what is shown.
const SHORT: Duration = Duration::from_millis(250);

/// Every ending, one after the other.
///
/// # Errors
///
/// The tour itself failed: no loopback, no processes.
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
