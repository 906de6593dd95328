//! One socket of the proxy: bytes in and out, a FIN, and an RST that is one.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use socket2::SockRef;

use crate::wire::Wire;

/// How long one write may wait for a peer that does not read, before the flow looks for commands.
const TICK: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(crate) struct Leg {
    /// Whoever is inside a call on the socket holds it for reading. Whoever holds it for writing is alone, and closes
    /// the socket at once: the kernel sends the RST with the last use of a socket, not with the first `close`.
    socket: RwLock<Option<TcpStream>>,
    is_closing: AtomicBool,
    has_sent_fin: AtomicBool,
    pub(crate) wire: Wire,
}

/// What a read found.
#[derive(Debug)]
pub(crate) enum Incoming {
    Bytes(usize),
    Fin,
    /// An RST, or another error that ends the connection.
    Reset,
    /// This side closed the leg.
    Closed,
}

impl Leg {
    pub(crate) fn new(socket: TcpStream, peer: SocketAddr) -> Self {
        // A connection that is over already may refuse all of these; the first read then finds its end.
        let _ = socket.set_nodelay(true);
        let _ = socket.set_write_timeout(Some(TICK));
        let wire = Wire { local: socket.local_addr().unwrap_or(peer), peer };
        Self {
            socket: RwLock::new(Some(socket)),
            is_closing: AtomicBool::new(false),
            has_sent_fin: AtomicBool::new(false),
            wire,
        }
    }

    /// Waits for bytes, or for the end.
    pub(crate) fn read(&self, buffer: &mut [u8]) -> Incoming {
        loop {
            let read = self.with(|mut socket| {
                let read = socket.read(buffer);
                // An RST whose error a write has taken looks like a FIN, but leaves no peer. So does a FIN after ours.
                match read {
                    Ok(0) if !self.has_sent_fin.load(SeqCst) && socket.peer_addr().is_err() => {
                        Err(ErrorKind::ConnectionReset.into())
                    }
                    read => read,
                }
            });
            if self.is_closing.load(SeqCst) {
                return Incoming::Closed;
            }
            match read {
                Ok(0) => return Incoming::Fin,
                Ok(count) => return Incoming::Bytes(count),
                Err(error) if error.kind() == ErrorKind::Interrupted => (),
                Err(_) => return Incoming::Reset,
            }
        }
    }

    /// Writes some of the bytes: none, if the peer does not read.
    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self.with(|mut socket| socket.write(bytes)) {
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) =>
            {
                Ok(0)
            }
            written => written,
        }
    }

    /// Sends a FIN behind what was written. What the peer sends is still read, so that no RST follows.
    pub(crate) fn finish(&self) -> io::Result<()> {
        self.has_sent_fin.store(true, SeqCst);
        self.with(|socket| socket.shutdown(Shutdown::Write))
    }

    /// Sends an RST, and drops what is still queued.
    pub(crate) fn reset(&self) -> io::Result<()> {
        let socket = self.take().ok_or(ErrorKind::NotConnected)?;
        // Without a peer the connection is over, and nobody would get an RST.
        socket.peer_addr()?;
        SockRef::from(&socket).set_linger(Some(Duration::ZERO))
    }

    /// Closes the socket.
    pub(crate) fn close(&self) {
        drop(self.take());
    }

    fn take(&self) -> Option<TcpStream> {
        // One alone may close it: a thread that ends would else send a FIN where another is about to send an RST.
        if self.is_closing.swap(true, SeqCst) {
            return None;
        }
        // Wakes a read, and puts nothing on the wire. It fails only where the connection is over, and then no read waits.
        let _ = self.with(|socket| socket.shutdown(Shutdown::Read));
        self.socket.write().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn with<T>(&self, call: impl FnOnce(&TcpStream) -> io::Result<T>) -> io::Result<T> {
        let socket = self.socket.read().unwrap_or_else(PoisonError::into_inner);
        call(socket.as_ref().ok_or(ErrorKind::NotConnected)?)
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// The error of an RST comes once. Where a write has taken it, a read finds zero bytes, as for a FIN.
    #[test]
    #[cfg_attr(not(target_os = "linux"), ignore = "how an RST looks afterwards differs")]
    fn a_reset_stays_one_after_its_error_was_taken() -> io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let peer = TcpStream::connect(listener.local_addr()?)?;
        let (socket, address) = listener.accept()?;
        let mut other = socket.try_clone()?;
        let leg = Leg::new(socket, address);
        SockRef::from(&peer).set_linger(Some(Duration::ZERO))?;
        drop(peer);
        assert!(other.read(&mut [0]).is_err());
        assert_eq!(other.read(&mut [0])?, 0);
        assert!(matches!(leg.read(&mut [0]), Incoming::Reset));
        Ok(())
    }
}
