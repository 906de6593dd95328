//! `Watched` with `AsyncRead` and `AsyncWrite` of tokio.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Watched;

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    #[inline]
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Self { watch, stream, .. } = self.get_mut();
        let (before, had_room) = (buf.filled().len(), buf.remaining() != 0);
        match Pin::new(stream).poll_read(cx, buf) {
            Poll::Ready(result) => {
                let read = result.map(|()| buf.filled().len().saturating_sub(before));
                Poll::Ready(watch.after_read(read, had_room).map(|_| ()))
            }
            Poll::Pending => {
                watch.read_waits();
                Poll::Pending
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    #[inline]
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let Self { watch, stream, .. } = self.get_mut();
        if let Some(instead) = watch.instead_of_write(buf.len()) {
            return Poll::Ready(instead);
        }
        Pin::new(stream).poll_write(cx, buf).map(|result| watch.after_write(result, buf.len()))
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let Self { watch, stream, .. } = self.get_mut();
        let length = super::length(bufs);
        if let Some(instead) = watch.instead_of_write(length) {
            return Poll::Ready(instead);
        }
        Pin::new(stream).poll_write_vectored(cx, bufs).map(|result| watch.after_write(result, length))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { watch, stream, .. } = self.get_mut();
        Pin::new(stream).poll_flush(cx).map(|result| watch.after_flush(result))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { watch, stream, .. } = self.get_mut();
        // Before the call, so that the peer's answer does not count as an end that came first.
        watch.closing();
        Pin::new(stream).poll_shutdown(cx).map(|result| watch.after_shutdown(result))
    }
}
