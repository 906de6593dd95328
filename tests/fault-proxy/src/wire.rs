//! `Wire`: what the kernel knows about a connection: whether the peer acknowledged the bytes and the FIN, and whether
//! an RST arrived.
//!
//! Linux lists its sockets in `/proc/net/tcp`. Reading the list takes longer if the machine has more sockets. Other
//! systems have no such list, so there the result of the system call counts.

#[cfg(target_os = "linux")]
use std::fs::File;
#[cfg(target_os = "linux")]
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

/// The two addresses of a socket of this process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wire {
    pub(crate) local: SocketAddr,
    pub(crate) peer: SocketAddr,
}

impl Wire {
    /// The number of written bytes that the peer has not acknowledged.
    pub(crate) fn unacknowledged(self) -> u64 {
        entry(self.local, self.peer).map_or(0, |entry| entry.unacknowledged)
    }

    /// Whether the FIN is not acknowledged yet, because the peer does not read the bytes before it.
    pub(crate) fn fin_is_pending(self) -> bool {
        const ESTABLISHED: u8 = 0x01;
        const FIN_WAIT_1: u8 = 0x04;
        const CLOSE_WAIT: u8 = 0x08;
        const LAST_ACK: u8 = 0x09;
        const CLOSING: u8 = 0x0b;
        entry(self.local, self.peer)
            .is_some_and(|entry| matches!(entry.state, ESTABLISHED | FIN_WAIT_1 | CLOSE_WAIT | LAST_ACK | CLOSING))
    }

    /// Whether the peer's socket is still in the table of this machine. An RST removes it.
    pub(crate) fn peer_is_listed(self) -> bool {
        const TIME_WAIT: u8 = 0x06;
        entry(self.peer, self.local).is_some_and(|entry| entry.state != TIME_WAIT)
    }
}

/// Waits until the condition holds, at most for the limit. It polls, because the kernel has no event for a TCP state.
/// On loopback the first check suffices in most cases.
pub(crate) fn until(limit: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    loop {
        if holds() {
            return true;
        }
        if start.elapsed() >= limit {
            return false;
        }
        thread::park_timeout(Duration::from_millis(1));
    }
}

/// A row of the table of sockets.
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "there is no table"))]
struct Entry {
    state: u8,
    unacknowledged: u64,
}

#[cfg(not(target_os = "linux"))]
fn entry(_: SocketAddr, _: SocketAddr) -> Option<Entry> {
    None
}

#[cfg(target_os = "linux")]
fn entry(local: SocketAddr, peer: SocketAddr) -> Option<Entry> {
    let table = if local.is_ipv4() { "/proc/net/tcp" } else { "/proc/net/tcp6" };
    let table = BufReader::new(File::open(table).ok()?);
    let (local, peer) = (listed(local), listed(peer));
    table.lines().map_while(Result::ok).find_map(|line| {
        let mut columns = line.split_ascii_whitespace().skip(1);
        if columns.next()? != local || columns.next()? != peer {
            return None;
        }
        let state = u8::from_str_radix(columns.next()?, 16).ok()?;
        let (written, _) = columns.next()?.split_once(':')?;
        Some(Entry { state, unacknowledged: u64::from_str_radix(written, 16).ok()? })
    })
}

/// An address as the table prints it: words in the byte order of the machine.
#[cfg(target_os = "linux")]
fn listed(address: SocketAddr) -> String {
    let octets = match address {
        SocketAddr::V4(address) => address.ip().octets().to_vec(),
        SocketAddr::V6(address) => address.ip().octets().to_vec(),
    };
    let words = octets.chunks_exact(4).map(|word| u32::from_ne_bytes([word[0], word[1], word[2], word[3]]));
    words.map(|word| format!("{word:08X}")).collect::<Vec<_>>().concat() + &format!(":{:04X}", address.port())
}
