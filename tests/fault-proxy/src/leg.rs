//! `Leg`: one socket of the proxy, which sends bytes, a FIN or an RST.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use socket2::SockRef;

use crate::wire::Wire;

/// How long one write waits for a peer that does not read, before the flow checks for commands.
const TICK: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(crate) struct Leg {
    /// A thread that uses the socket holds the read lock. A thread that closes it holds the write lock, so that it has
    /// the last reference: the kernel sends the RST with the last use of a socket, not with the first `close`.
    socket: RwLock<Option<TcpStream>>,
    is_closing: AtomicBool,
    has_sent_fin: AtomicBool,
    pub(crate) wire: Wire,
}

#[derive(Debug)]
pub(crate) enum Incoming {
    Bytes(usize),
    Fin,
    /// An RST, or another error that ends the connection.
    Reset,
    Closed,
}

impl Leg {
    pub(crate) fn new(socket: TcpStream, peer: SocketAddr) -> Self {
        // All of these may fail if the connection has already ended. The first read reports that.
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

    pub(crate) fn read(&self, buffer: &mut [u8]) -> Incoming {
        loop {
            let read = self.with(|mut socket| {
                let read = socket.read(buffer);
                // If a write has taken the error of an RST, a read returns zero bytes, as for a FIN. But then the
                // socket has no peer. The same holds for a FIN after this side's FIN.
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

    /// Writes some of the bytes. Returns 0 if the peer does not read.
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

    /// Sends a FIN after the written bytes. The peer's bytes are still read, so that no RST follows.
    pub(crate) fn finish(&self) -> io::Result<()> {
        self.has_sent_fin.store(true, SeqCst);
        self.with(|socket| socket.shutdown(Shutdown::Write))
    }

    /// Sends an RST and drops the queued bytes.
    pub(crate) fn reset(&self) -> io::Result<()> {
        let socket = self.take().ok_or(ErrorKind::NotConnected)?;
        // A socket without a peer has no connection, so it would send no RST.
        socket.peer_addr()?;
        SockRef::from(&socket).set_linger(Some(Duration::ZERO))
    }

    pub(crate) fn close(&self) {
        drop(self.take());
    }

    fn take(&self) -> Option<TcpStream> {
        // Only one thread may close it. Otherwise a thread that ends would send a FIN while another one is about to
        // send an RST.
        if self.is_closing.swap(true, SeqCst) {
            return None;
        }
        // Wakes a read, and sends nothing. It fails only if the connection has ended, and then no read waits.
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

    /// The kernel reports an RST once. If a write has taken the error, a read returns zero bytes, as for a FIN.
    #[test]
    #[cfg_attr(not(target_os = "linux"), ignore = "how an RST looks afterwards differs")]
    fn reset_is_reported_after_a_write_took_its_error() -> io::Result<()> {
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
