//! Connections on loopback, and the ways to end them that an application normally does not use.

use std::io;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

/// A connected pair: the client's end and the server's.
pub(crate) async fn pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (client, accepted) = tokio::try_join!(TcpStream::connect(address), listener.accept())?;
    Ok((client, accepted.0))
}

/// Closes with an RST: nothing in flight is delivered.
#[allow(clippy::needless_pass_by_value, reason = "the drop at its end is the close")]
pub(crate) fn reset(stream: TcpStream) -> io::Result<()> {
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO))
}

/// Loses all packets to this end from now on, and with them the acknowledgements: a pulled cable.
pub(crate) fn black_hole(stream: &TcpStream) -> io::Result<()> {
    /// "Return a constant", in the language of packet filters.
    const RETURN: u16 = 0x06;
    socket2::SockRef::from(stream).attach_filter(&[socket2::SockFilter::new(RETURN, 0, 0, 0)])
}

/// The same socket once more: to write what a library would not, or to take the socket away from under it.
pub(crate) fn tap(stream: &TcpStream) -> io::Result<TcpStream> {
    TcpStream::from_std(socket2::SockRef::from(stream).try_clone()?.into())
}
