//! The socket of a side that can fail below its SSH, in the side's own process.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;
use tokio::io::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, copy_bidirectional, duplex,
};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::Failure;
use crate::loopback::reset;

/// What happens to the socket.
#[derive(Clone)]
pub(super) enum Fault {
    Reset,
    /// Closed without a word of SSH.
    Vanish,
    /// Bytes that are no SSH, after which it stays open.
    Garbage(Vec<u8>),
    /// The first half of the next packet, and then closed.
    Half,
}

/// Makes the socket fail.
pub(super) struct Trigger(oneshot::Sender<(Fault, oneshot::Sender<()>)>);

impl Trigger {
    /// Afterwards nothing passes any more but what the fault lets through.
    pub(super) async fn pull(self, fault: Fault) -> Result<(), Failure> {
        let (sender, pulled) = oneshot::channel();
        self.0.send((fault, sender)).map_err(|_| "the socket is gone")?;
        Ok(pulled.await?)
    }
}

/// A stream for one side's SSH, and the trigger of the fault.
pub(super) fn faulty(socket: TcpStream) -> (DuplexStream, Trigger) {
    let (inner, outer) = duplex(1 << 16);
    let (sender, fault) = oneshot::channel();
    tokio::spawn(pump(outer, socket, fault));
    (inner, Trigger(sender))
}

async fn pump(
    mut inner: DuplexStream,
    mut socket: TcpStream,
    trigger: oneshot::Receiver<(Fault, oneshot::Sender<()>)>,
) -> io::Result<()> {
    let (fault, pulled) = tokio::select! {
        result = copy_bidirectional(&mut inner, &mut socket) => return result.map(drop),
        Ok(fault) = trigger => fault,
    };
    // Nobody waits where the test is over.
    let _ = pulled.send(());
    match fault {
        Fault::Reset => reset(socket),
        Fault::Vanish => {
            drop(inner);
            socket.shutdown().await?;
            // What arrives is read, or the close would be an RST.
            socket.read_to_end(&mut Vec::new()).await.map(drop)
        }
        Fault::Garbage(bytes) => {
            socket.write_all(&bytes).await?;
            socket.read_to_end(&mut Vec::new()).await.map(drop)
        }
        Fault::Half => {
            let mut packet = [0; 4096];
            let length = inner.read(&mut packet).await?;
            socket.write_all(&packet[..length / 2]).await
        }
    }
}

/// A stream whose reader waits, once told to, until a write has failed. A busy side may see the two in that order.
pub(super) struct Late<S> {
    stream: S,
    gate: Arc<Gate>,
}

/// Tells a [`Late`] stream to wait.
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
