//! Measures reads and writes through a watched stream, beside the bare one.

use std::hint::black_box;
use std::io::{self, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use disconnect_core::{DisconnectGuard, Endpoint, Watched};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{Case, times};

pub(crate) const CASES: &[Case] = &[
    Case { name: "read, bare", run: |n| read(n, Stub) },
    Case { name: "read", run: |n| read(n, watched()) },
    Case { name: "write, bare", run: |n| write(n, Stub) },
    Case { name: "write", run: |n| write(n, watched()) },
    Case { name: "poll_read, bare", run: |n| poll_read(n, Stub) },
    Case { name: "poll_read", run: |n| poll_read(n, watched()) },
    Case { name: "poll_write, bare", run: |n| poll_write(n, Stub) },
    Case { name: "poll_write", run: |n| poll_write(n, watched()) },
    Case { name: "ping and pong", run: |n| ping_and_pong(n, watched()) },
    Case {
        name: "ping and pong, for silence",
        run: |n| ping_and_pong(n, watched().silent_after(Duration::from_secs(90))),
    },
];

/// A stream that is always ready and does nothing.
struct Stub;

fn watched() -> Watched<Stub> {
    let guard = DisconnectGuard::new(Endpoint::SERVER_FACING_CLIENT, |_| ());
    guard.watch(Stub).with_guard(guard)
}

impl Read for Stub {
    #[inline(never)]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(black_box(buf).len())
    }
}

impl Write for Stub {
    #[inline(never)]
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(black_box(buf).len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsyncRead for Stub {
    #[inline(never)]
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        buf.put_slice(black_box(&[1; 8]));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stub {
    #[inline(never)]
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(black_box(buf).len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn read(count: u32, mut stream: impl Read) {
    let mut buf = [0; 8];
    times(count, || drop(black_box(black_box(&mut stream).read(&mut buf))));
}

fn write(count: u32, mut stream: impl Write) {
    times(count, || drop(black_box(black_box(&mut stream).write(&[0; 8]))));
}

fn poll_read(count: u32, mut stream: impl AsyncRead + Unpin) {
    let mut context = Context::from_waker(Waker::noop());
    let mut buf = [0; 8];
    times(count, || {
        let mut buf = ReadBuf::new(&mut buf);
        drop(black_box(Pin::new(black_box(&mut stream)).poll_read(&mut context, &mut buf)));
    });
}

fn poll_write(count: u32, mut stream: impl AsyncWrite + Unpin) {
    let mut context = Context::from_waker(Waker::noop());
    times(count, || drop(black_box(Pin::new(black_box(&mut stream)).poll_write(&mut context, &[0; 8]))));
}

/// A write and the read that answers it.
fn ping_and_pong(count: u32, mut stream: impl Read + Write) {
    let mut buf = [0; 8];
    times(count, || {
        drop(black_box(black_box(&mut stream).write(&[0; 8])));
        drop(black_box(black_box(&mut stream).read(&mut buf)));
    });
}
