//! A stream whose reader is slower than its writer.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream whose reader waits, on command, until a write has failed. A busy process may see the two in that order.
pub(super) struct Late<S> {
    stream: S,
    gate: Arc<Gate>,
}

/// Makes a [`Late`] stream wait.
#[derive(Default)]
pub(super) struct Gate {
    waits: AtomicBool,
    failed: AtomicBool,
    reader: AtomicWaker,
}

impl Gate {
    pub(super) fn close(&self) {
        self.waits.store(true, Ordering::SeqCst);
    }
}

impl<S> Late<S> {
    pub(super) fn new(stream: S) -> (Self, Arc<Gate>) {
        let gate = Arc::<Gate>::default();
        (Self { stream, gate: gate.clone() }, gate)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Late<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.gate.reader.register(cx.waker());
        if self.gate.waits.load(Ordering::SeqCst) && !self.gate.failed.load(Ordering::SeqCst) {
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Late<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if matches!(written, Poll::Ready(Err(_))) {
            self.gate.failed.store(true, Ordering::SeqCst);
            self.gate.reader.wake();
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
