//! `Watched` with `AsyncRead` and `AsyncWrite` of futures-io.

use std::io::{self, IoSlice, IoSliceMut};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};

use super::Watched;
use super::watch::Watch;

fn after_read(watch: &mut Watch, polled: Poll<io::Result<usize>>, had_room: bool) -> Poll<io::Result<usize>> {
    if polled.is_pending() {
        watch.read_waits();
    }
    polled.map(|result| watch.after_read(result, had_room))
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    #[inline]
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let Self { watch, stream, .. } = self.get_mut();
        after_read(watch, Pin::new(stream).poll_read(cx, buf), !buf.is_empty())
    }

    #[inline]
    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let Self { watch, stream, .. } = self.get_mut();
        let had_room = bufs.iter().any(|buf| !buf.is_empty());
        after_read(watch, Pin::new(stream).poll_read_vectored(cx, bufs), had_room)
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

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { watch, stream, .. } = self.get_mut();
        Pin::new(stream).poll_flush(cx).map(|result| watch.after_flush(result))
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { watch, stream, .. } = self.get_mut();
        // Before the call, so that the peer's answer does not count as an end that came first.
        watch.closing();
        Pin::new(stream).poll_close(cx).map(|result| watch.after_shutdown(result))
    }
}
