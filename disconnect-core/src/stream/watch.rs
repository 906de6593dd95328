//! `Watch`: what a watched stream observed, independent of its I/O traits.

use std::io::{self, ErrorKind};
use std::time::Duration;

use crate::guard::{DisconnectHandle, Sight};
use crate::record::{SharedTraffic, Traffic};

/// Observes every read and write. It is dropped before the stream, which marks that this side closes.
pub(super) struct Watch {
    traffic: SharedTraffic,
    handle: Option<DisconnectHandle>,
    /// The observation that an end of file stands for.
    at_end: Sight<'static>,
    is_closing: bool,
    /// A read returned the end of file or an error.
    is_read_over: bool,
    has_failed: bool,
    hold: Hold,
}

/// Whether a write error is delayed until all incoming bytes are read.
enum Hold {
    Never,
    OnceGone,
    Held(io::Error),
}

impl Hold {
    /// The reset that a write took. A read would have returned it, and finds no bytes instead, as after a FIN.
    fn take_reset(&mut self) -> Option<io::Error> {
        match std::mem::replace(self, Self::Never) {
            Self::Held(error) if is_reset(&error) => Some(error),
            other => {
                *self = other;
                None
            }
        }
    }
}

impl Default for Watch {
    fn default() -> Self {
        Self::new(Traffic::of_stream(None), None)
    }
}

impl Watch {
    pub(super) fn of(handle: DisconnectHandle) -> Self {
        Self::new(handle.new_traffic(), Some(handle))
    }

    fn new(traffic: SharedTraffic, handle: Option<DisconnectHandle>) -> Self {
        Self {
            traffic,
            handle,
            at_end: Sight::Fin,
            is_closing: false,
            is_read_over: false,
            has_failed: false,
            hold: Hold::Never,
        }
    }

    pub(super) fn move_above_tls(&mut self) {
        self.at_end = Sight::CloseNotify;
    }

    pub(super) fn count_elsewhere(&self) {
        self.traffic.count_elsewhere();
    }

    pub(super) fn silent_after(&self, timeout: Duration) {
        self.traffic.wait_at_most(timeout);
    }

    pub(super) fn hold_write_errors(&mut self) {
        self.hold = Hold::OnceGone;
    }

    pub(super) fn handle(&self) -> Option<&DisconnectHandle> {
        self.handle.as_ref()
    }

    pub(super) fn bytes_in(&self) -> u64 {
        self.traffic.bytes_in()
    }

    pub(super) fn bytes_out(&self) -> u64 {
        self.traffic.bytes_out()
    }

    /// Observes the result of a read, and returns what the caller gets. Zero bytes are an end of file only if the buffer had
    /// room.
    #[inline]
    pub(super) fn after_read(&mut self, result: io::Result<usize>, had_room: bool) -> io::Result<usize> {
        match result {
            Ok(0) if had_room => self.fin(),
            Ok(0) => Ok(0),
            Ok(count) => {
                self.traffic.received(count);
                if self.is_closing {
                    self.reopen();
                }
                Ok(count)
            }
            Err(error) => Err(self.read_failed(error)),
        }
    }

    /// Observes that a read has to wait.
    #[inline]
    pub(super) fn read_waits(&self) {
        self.traffic.read_waits(true);
    }

    /// Returns the result of a write that must not reach the stream, because a write error is delayed.
    #[inline]
    pub(super) fn instead_of_write(&mut self, length: usize) -> Option<io::Result<usize>> {
        if self.is_holding() { Some(self.pretend(length)) } else { None }
    }

    /// Observes the result of a write, and returns the result for the caller.
    #[inline]
    pub(super) fn after_write(&mut self, result: io::Result<usize>, length: usize) -> io::Result<usize> {
        match result {
            Ok(count) => {
                self.traffic.sent(count);
                Ok(count)
            }
            Err(error) => self.write_failed(error).map(|()| length),
        }
    }

    /// Observes the result of a flush, and returns the result for the caller.
    #[inline]
    pub(super) fn after_flush(&mut self, result: io::Result<()>) -> io::Result<()> {
        match result {
            Err(error) if !self.is_holding() => self.write_failed(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Returns the result of a shutdown for the caller.
    #[cfg(any(feature = "tokio", feature = "futures-io"))]
    pub(super) fn after_shutdown(&self, result: io::Result<()>) -> io::Result<()> {
        if self.is_holding() { Ok(()) } else { result }
    }

    /// Marks that this side closes, at least in its own direction.
    pub(super) fn closing(&mut self) {
        self.is_closing = true;
        self.traffic.close();
    }

    /// Stops observing. The stream may go on.
    pub(super) fn release(mut self) {
        // So that the drop does not mark a close.
        self.traffic.end();
        self.is_closing = true;
    }

    #[cold]
    fn reopen(&mut self) {
        self.is_closing = false;
        self.traffic.reopen();
    }

    #[cold]
    fn fin(&mut self) -> io::Result<usize> {
        self.traffic.read_waits(false);
        let is_first = !std::mem::replace(&mut self.is_read_over, true);
        if let Some(error) = self.hold.take_reset() {
            return Err(error);
        }
        if is_first {
            self.report(self.at_end);
        }
        Ok(0)
    }

    #[cold]
    fn read_failed(&mut self, error: io::Error) -> io::Error {
        match error.kind() {
            ErrorKind::Interrupted => {}
            ErrorKind::WouldBlock => self.read_waits(),
            _ => {
                self.traffic.read_waits(false);
                self.is_read_over = true;
                self.failed(&error);
            }
        }
        error
    }

    /// Returns `Ok` if the error is delayed.
    #[cold]
    fn write_failed(&mut self, error: io::Error) -> io::Result<()> {
        if !matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) {
            self.failed(&error);
            if matches!(self.hold, Hold::OnceGone) && !self.is_read_over && !self.is_closing && is_gone(&error) {
                self.hold = Hold::Held(error);
                return Ok(());
            }
        }
        Err(error)
    }

    #[cold]
    fn pretend(&mut self, length: usize) -> io::Result<usize> {
        if !self.is_read_over {
            return Ok(length);
        }
        match std::mem::replace(&mut self.hold, Hold::Never) {
            Hold::Held(error) => Err(error),
            Hold::Never | Hold::OnceGone => Ok(length),
        }
    }

    #[inline]
    fn is_holding(&self) -> bool {
        matches!(self.hold, Hold::Held(_))
    }

    fn failed(&mut self, error: &io::Error) {
        if !std::mem::replace(&mut self.has_failed, true) {
            self.report(Sight::Failed(error));
        }
    }

    fn report(&self, sight: Sight<'_>) {
        let is_first = self.traffic.end();
        match &self.handle {
            Some(handle) if is_first => handle.saw(sight),
            Some(handle) => handle.saw_after_close(sight),
            None => {}
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.is_closing {
            self.closing();
        }
    }
}

/// Whether the operating system reports this error only once, to the first read or write. A broken pipe is not such an error:
/// the peer's FIN came before it, and can still be read.
fn is_reset(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted)
}

/// Whether the operating system will also end reads after this error, so that no reader waits forever.
fn is_gone(error: &io::Error) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected)
}
