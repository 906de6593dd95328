//! The bytes below SSH: whether any came, whether the last of them were a goodbye, and a way to end them from outside.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::connection::Client;

/// A stream that ends once it is cut: russh has no other way to end a session whose client neither reads nor closes.
///
/// What the client said before it left is read even where writing has failed already: only then does the failure show.
pub(super) struct Transport<S> {
    stream: S,
    broken: Option<io::Error>,
    client: Arc<Client>,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl<S> Transport<S> {
    pub(super) fn new(stream: S, client: Arc<Client>, cut: CancellationToken) -> Self {
        Self { stream, broken: None, client, cut: Box::pin(cut.cancelled_owned()) }
    }

    fn is_cut(&mut self, cx: &mut Context<'_>) -> bool {
        self.cut.as_mut().poll(cx).is_ready()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Transport<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.is_cut(cx) {
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        if buffer.filled().len() > before {
            self.client.hear();
        } else if let Some(error) = self.broken.take() {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Transport<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.is_cut(cx) {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        match ready!(Pin::new(&mut self.stream).poll_write(cx, bytes)) {
            Err(error) if matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset) => {
                self.broken.get_or_insert(error);
                Poll::Ready(Ok(bytes.len()))
            }
            written => Poll::Ready(written),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_cut(cx) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// russh closes its side once one of the two has said DISCONNECT, and otherwise never. What fails from here on is the
    /// closing.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.client.leave();
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
