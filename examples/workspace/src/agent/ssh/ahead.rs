//! The bytes that a client has sent and its target has not yet accepted.

use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::time::Duration;

use disconnect_core::evidence::Side;
use disconnect_core::{Disconnect, DisconnectCause, DisconnectReason};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::ends::AGENT_FACING_CLIENT;

/// Bytes on their way to a target that may be slow.
///
/// russh opens a channel's window again before the bytes are read. So the only way to slow a client down is to leave
/// the channel's messages unread. That blocks the whole connection in both directions, including keep-alives and the
/// message that the client has left. So do it only for a short time, and never while the target waits for its own
/// output to be sent, hence [`Returning`].
pub(super) struct Ahead {
    bytes: VecDeque<u8>,
    target: Option<Box<dyn AsyncWrite + Send + Unpin>>,
    /// Whether the target has accepted nothing for [`LONG`].
    is_stalled: bool,
    is_over: bool,
}

/// Above this number of bytes, the client has to wait.
const PLENTY: usize = 4 * 1024 * 1024;
/// The maximum time for which a target may accept nothing.
const LONG: Duration = Duration::from_secs(5);

impl Ahead {
    pub(super) fn of(target: impl AsyncWrite + Send + Unpin + 'static) -> Self {
        Self { bytes: VecDeque::new(), target: Some(Box::new(target)), is_stalled: false, is_over: false }
    }

    pub(super) fn is_plenty(&self) -> bool {
        self.bytes.len() > PLENTY && !self.is_stalled
    }

    /// Stores bytes, or drops them if the target is closed. More than `most` bytes wait only if the client continues
    /// to send and its target does not read.
    ///
    /// # Errors
    ///
    /// Too many bytes are waiting. Returns the end of the channel.
    pub(super) fn push(&mut self, bytes: &[u8], most: usize) -> Result<(), Disconnect> {
        if self.bytes.len() > most {
            let limit = AGENT_FACING_CLIENT.ended(DisconnectReason::Unknown, Side::Local);
            return Err(limit.with_cause(DisconnectCause::Limit).with_detail("nothing reads what this side sends"));
        }
        if self.target.is_some() {
            self.bytes.extend(bytes);
        }
        Ok(())
    }

    /// Marks the end of the input.
    pub(super) fn end(&mut self) {
        self.is_over = true;
    }

    /// The target accepts no more bytes.
    pub(super) fn close(&mut self) {
        self.target = None;
        self.bytes.clear();
    }

    /// Writes some of the bytes when the target accepts them, and finally the end of file. Cancel safe.
    ///
    /// # Errors
    ///
    /// The write to the target failed.
    pub(super) async fn pass_on(&mut self) -> io::Result<()> {
        let (next, _) = self.bytes.as_slices();
        match &mut self.target {
            Some(target) if !next.is_empty() => {
                let written = timeout(LONG, target.write(next)).await;
                self.is_stalled = written.is_err();
                match written {
                    Ok(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                    Ok(length) => drop(self.bytes.drain(..length?)),
                    Err(_) => {}
                }
            }
            Some(target) if self.is_over => {
                target.shutdown().await?;
                self.target = None;
            }
            _ => pending().await,
        }
        Ok(())
    }

    /// Whether the target has accepted everything, including the end of file.
    pub(super) fn is_done(&self) -> bool {
        self.is_over && self.target.is_none()
    }
}

/// Output of the target: whether some of it waits for the connection.
pub(super) struct Returning(watch::Sender<usize>);

impl Returning {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    /// Sends some output, which counts as waiting until it is sent.
    pub(super) async fn send<T>(&self, sending: impl Future<Output = T>) -> T {
        self.0.send_modify(|waiting| *waiting += 1);
        let sent = sending.await;
        self.0.send_modify(|waiting| *waiting -= 1);
        sent
    }

    pub(super) fn is_waiting(&self) -> bool {
        *self.0.borrow() > 0
    }

    /// Waits until some output is waiting.
    pub(super) async fn waits(&self) {
        let _ = self.0.subscribe().wait_for(|waiting| *waiting > 0).await;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use tokio::io::{AsyncReadExt, duplex};

    use super::*;

    #[tokio::test]
    async fn all_arrives_and_then_the_end() {
        let (near, mut far) = duplex(4);
        let mut ahead = Ahead::of(near);
        ahead.push(b"more than fits", PLENTY).unwrap();
        ahead.end();
        let reading = tokio::spawn(async move {
            let mut read = Vec::new();
            far.read_to_end(&mut read).await.map(|_| read)
        });
        while !ahead.is_done() {
            ahead.pass_on().await.unwrap();
        }
        assert_eq!(reading.await.unwrap().unwrap(), b"more than fits");
    }

    #[tokio::test(start_paused = true)]
    async fn a_target_that_takes_nothing_does_not_hold_up_the_connection() {
        let (near, mut far) = duplex(1);
        let mut ahead = Ahead::of(near);
        ahead.push(&vec![0; PLENTY + 2], usize::MAX).unwrap();
        ahead.pass_on().await.unwrap();
        assert!(ahead.is_plenty());
        ahead.pass_on().await.unwrap();
        assert!(!ahead.is_plenty(), "it stalled");
        far.read_u8().await.unwrap();
        ahead.push(&[0; 2], usize::MAX).unwrap();
        ahead.pass_on().await.unwrap();
        assert!(ahead.is_plenty(), "it goes on");
    }
}
