//! A transport that does what it is told, for std and for tokio.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What the transport does next.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// This many bytes at most: to be read, or taken.
    Bytes(usize),
    Fin,
    Fails(ErrorKind),
    Waits,
}

/// A transport that does what its script says, and then waits.
#[derive(Default)]
pub(super) struct Script {
    pub(super) reads: VecDeque<Step>,
    pub(super) writes: VecDeque<Step>,
    /// Each byte is the next number.
    sent_to_us: u8,
    pub(super) taken: u64,
}

impl Script {
    fn next_read(&mut self, room: usize) -> io::Result<usize> {
        if room == 0 {
            return Ok(0);
        }
        match self.reads.pop_front() {
            Some(Step::Bytes(count)) => Ok(count.min(room)),
            Some(Step::Fin) => Ok(0),
            Some(Step::Fails(kind)) => Err(kind.into()),
            Some(Step::Waits) | None => Err(ErrorKind::WouldBlock.into()),
        }
    }

    fn next_write(&mut self, length: usize) -> io::Result<usize> {
        let taken = match self.writes.pop_front() {
            Some(Step::Bytes(count)) => count.min(length),
            Some(Step::Fin) | None => length,
            Some(Step::Fails(kind)) => return Err(kind.into()),
            Some(Step::Waits) => return Err(ErrorKind::WouldBlock.into()),
        };
        self.taken += taken as u64;
        Ok(taken)
    }

    fn byte(&mut self) -> u8 {
        self.sent_to_us = self.sent_to_us.wrapping_add(1);
        self.sent_to_us
    }
}

impl Read for Script {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.next_read(buf.len())?;
        buf[..count].iter_mut().for_each(|byte| *byte = self.byte());
        Ok(count)
    }
}

impl Write for Script {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.next_write(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.next_write(0).map(drop)
    }
}

/// A runtime expects `Pending` instead of `WouldBlock`.
fn polled<T>(result: io::Result<T>) -> Poll<io::Result<T>> {
    match result {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Poll::Pending,
        result => Poll::Ready(result),
    }
}

impl AsyncRead for Script {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let result = self.next_read(buf.remaining());
        polled(result.map(|count| (0..count).for_each(|_| buf.put_slice(&[self.byte()]))))
    }
}

impl AsyncWrite for Script {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        polled(self.next_write(buf.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        polled(self.next_write(0).map(drop))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
