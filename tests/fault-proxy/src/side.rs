//! `Toward` and `Side`: the two sides of a connection.

use std::fmt;

/// The side of the connection that observes a fault.
///
/// ```
/// use std::io::{ErrorKind, Read};
/// use std::net::{TcpListener, TcpStream};
/// use disconnect_faults::{FaultProxy, Toward};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let proxy = FaultProxy::start(listener.local_addr()?)?;
/// let mut client = TcpStream::connect(proxy.address())?;
/// let (mut server, _) = listener.accept()?;
///
/// proxy.reset(Toward::Both)?;
/// assert_eq!(client.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
/// assert_eq!(server.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Toward {
    /// The client observes it: the fault applies to the bytes from the server.
    Client,
    /// The server observes it: the fault applies to the bytes from the client.
    Server,
    /// Both sides observe it.
    Both,
}

impl Toward {
    pub(crate) const fn sides(self) -> &'static [Side] {
        match self {
            Self::Client => &[Side::Client],
            Self::Server => &[Side::Server],
            Self::Both => &[Side::Client, Side::Server],
        }
    }
}

/// One side. Also the index of its leg and of the flow toward it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

impl Side {
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Server => "server",
        })
    }
}
