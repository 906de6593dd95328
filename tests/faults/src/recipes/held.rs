//! A stream that keeps a write error back until everything is read: behind it, the peer's goodbye may be waiting.
//!
//! For libraries that give up at a failed write, like russh: a client that says goodbye and closes at once lets the next
//! write fail.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pub struct Held<S> {
    stream: S,
    write_failed: Option<io::Error>,
}

impl<S> Held<S> {
    pub fn new(stream: S) -> Self {
        Self { stream, write_failed: None }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Held<S> {
    /// The end of what there is to read is where the write error comes out.
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, buffer));
        let ended = read.is_err() || buffer.filled().len() == before;
        match self.write_failed.take() {
            Some(error) if ended => Poll::Ready(Err(error)),
            write_failed => {
                self.write_failed = write_failed;
                Poll::Ready(read)
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Held<S> {
    /// After a failure, what is written goes nowhere.
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.write_failed.is_some() {
            return Poll::Ready(Ok(bytes.len()));
        }
        match ready!(Pin::new(&mut self.stream).poll_write(cx, bytes)) {
            Ok(length) => Poll::Ready(Ok(length)),
            Err(error) => {
                self.write_failed = Some(error);
                Poll::Ready(Ok(bytes.len()))
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.write_failed.is_some() { Poll::Ready(Ok(())) } else { Pin::new(&mut self.stream).poll_flush(cx) }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.write_failed.is_some() { Poll::Ready(Ok(())) } else { Pin::new(&mut self.stream).poll_shutdown(cx) }
    }
}
