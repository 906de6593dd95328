//! A socket that outlives the SSH session on it, so that the agent can read our last words in peace.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, copy, sink};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

/// The socket as russh has it. Dropped, it is not closed: a socket that is closed with unread bytes in it is reset, and
/// the agent finds that instead of the goodbye.
pub(super) struct Lent {
    stream: Option<TcpStream>,
    back: Option<oneshot::Sender<TcpStream>>,
}

/// Gets the socket back.
pub(super) struct Lender(oneshot::Receiver<TcpStream>);

/// Lends a socket.
pub(super) fn lend(stream: TcpStream) -> (Lent, Lender) {
    let (back, lender) = oneshot::channel();
    (Lent { stream: Some(stream), back: Some(back) }, Lender(lender))
}

impl Lender {
    /// Waits for the socket, and then until the agent has closed it.
    pub(super) async fn until_closed(self) {
        if let Ok(mut stream) = self.0.await {
            // Its error is no news: what there was to say is said.
            let _ = copy(&mut stream, &mut sink()).await;
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let (Some(stream), Some(back)) = (self.stream.take(), self.back.take()) {
            let _ = back.send(stream);
        }
    }
}

impl Lent {
    fn stream(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        self.stream.as_mut().map(Pin::new).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl AsyncRead for Lent {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_read(cx, buffer)
    }
}

impl AsyncWrite for Lent {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.stream()?.poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_shutdown(cx)
    }
}
