//! `FaultProxy` and `Connection`: the commands, and the connections that they apply to.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::door::{Door, Refusal};
use crate::error::Error;
use crate::fault::{Effect, Fault};
use crate::link::{Link, Order};
use crate::rules::{Cut, Rule};
use crate::side::Toward;

/// A proxy on loopback between a client and a server, for tests. It forwards bytes, FIN and RST until a command tells
/// it otherwise.
///
/// A command applies to every connection. [`fin`](Self::fin), [`half_close`](Self::half_close),
/// [`reset`](Self::reset) and [`inject`](Self::inject) apply to all open connections, and fail if there is none. The commands
/// that return a [`Fault`] also apply to later connections. To address a single connection, use
/// [`connection`](Self::connection) or [`connection_of`](Self::connection_of).
///
/// Dropping the proxy closes all sockets and ends all threads.
///
/// ```
/// use std::io::{Read, Write};
/// use std::net::{TcpListener, TcpStream};
/// use disconnect_faults::FaultProxy;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let proxy = FaultProxy::start(listener.local_addr()?)?;
/// let mut client = TcpStream::connect(proxy.address())?;
/// let (mut server, _) = listener.accept()?;
///
/// client.write_all(b"ping")?;
/// let mut got = [0; 4];
/// server.read_exact(&mut got)?;
/// assert_eq!(&got, b"ping");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct FaultProxy {
    door: Arc<Door>,
    accepting: Option<JoinHandle<()>>,
}

impl FaultProxy {
    /// Starts a proxy in front of this server. It listens on loopback, on a port that the system chooses.
    ///
    /// # Errors
    ///
    /// Returns an error if the address does not resolve, or if no socket or thread is available.
    pub fn start(server: impl ToSocketAddrs) -> io::Result<Self> {
        let server = server.to_socket_addrs()?.next().ok_or(io::ErrorKind::AddrNotAvailable)?;
        let (door, accepting) = Door::open(server)?;
        Ok(Self { door, accepting: Some(accepting) })
    }

    /// Sets how long a command waits for its effect before it fails. The default is 5 seconds. Set it before a client
    /// connects.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # use std::time::Duration;
    /// # use disconnect_faults::{FaultProxy, Toward};
    /// let proxy = FaultProxy::start(server.local_addr()?)?.with_limit(Duration::from_millis(10));
    /// assert!(proxy.fin(Toward::Both).is_err()); // nobody connected
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_limit(self, limit: Duration) -> Self {
        self.door.lock().limit = limit;
        self
    }

    /// Returns the address that the client has to connect to.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # let server = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # use disconnect_faults::FaultProxy;
    /// let proxy = FaultProxy::start(server.local_addr()?)?;
    /// assert!(proxy.address().ip().is_loopback());
    /// # Ok(())
    /// # }
    /// ```
    pub fn address(&self) -> SocketAddr {
        self.door.address
    }
    /// Returns the connection with this number, and waits for it. The first client has the number 0.
    ///
    /// # Errors
    ///
    /// Returns an error if no such connection arrives within the [limit](Self::with_limit).
    pub fn connection(&self, index: usize) -> Result<Connection, Error> {
        let link = self.door.find(|links| links.get(index).cloned(), &format!("connection {index}"))?;
        Ok(Connection { link })
    }

    /// Returns the connection of the client with this `local_addr`, and waits for it.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use std::io::Read;
    /// # use std::net::{TcpListener, TcpStream};
    /// # use disconnect_faults::{FaultProxy, Toward};
    /// # let listener = TcpListener::bind("127.0.0.1:0")?;
    /// # let proxy = FaultProxy::start(listener.local_addr()?)?;
    /// let mut client = TcpStream::connect(proxy.address())?;
    /// let other = TcpStream::connect(proxy.address())?;
    /// proxy.connection_of(client.local_addr()?)?.fin(Toward::Client)?;
    /// assert_eq!(client.read(&mut [0])?, 0);
    /// other.set_nonblocking(true)?;
    /// assert!((&other).read(&mut [0]).is_err()); // still open
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if no such connection arrives within the [limit](Self::with_limit).
    pub fn connection_of(&self, client: SocketAddr) -> Result<Connection, Error> {
        let find = |links: &[Arc<Link>]| links.iter().rev().find(|link| link.client() == client).cloned();
        Ok(Connection { link: self.door.find(find, &format!("connection of {client}"))? })
    }

    /// Ends all open connections with a FIN, and returns after it has arrived.
    ///
    /// The side reads an end of file after the bytes that were forwarded before. The proxy drops what the side sends
    /// from now on, and no RST follows. If only one side gets the FIN, the other one gets nothing more, and its
    /// connection stays open.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use std::io::{Read, Write};
    /// # use std::net::{TcpListener, TcpStream};
    /// # use disconnect_faults::{FaultProxy, Toward};
    /// # let listener = TcpListener::bind("127.0.0.1:0")?;
    /// # let proxy = FaultProxy::start(listener.local_addr()?)?;
    /// let mut client = TcpStream::connect(proxy.address())?;
    /// proxy.fin(Toward::Client)?;
    /// assert_eq!(client.read(&mut [0])?, 0);
    /// client.write_all(b"dropped")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if no connection is open, if the side already got a FIN or an RST, or if the FIN does not
    /// arrive within the limit because the peer does not read the bytes before it.
    pub fn fin(&self, toward: Toward) -> Result<(), Error> {
        self.order(toward, Order::Fin)
    }

    /// Sends a FIN on all open connections, and returns after it has arrived. Bytes from the side that got the FIN are
    /// still forwarded.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use std::io::{Read, Write};
    /// # use std::net::{TcpListener, TcpStream};
    /// # use disconnect_faults::{FaultProxy, Toward};
    /// # let listener = TcpListener::bind("127.0.0.1:0")?;
    /// # let proxy = FaultProxy::start(listener.local_addr()?)?;
    /// # let mut client = TcpStream::connect(proxy.address())?;
    /// let (mut server, _) = listener.accept()?;
    /// proxy.half_close(Toward::Client)?;
    /// assert_eq!(client.read(&mut [0])?, 0);
    /// client.write_all(b"last words")?;
    /// let mut got = [0; 10];
    /// server.read_exact(&mut got)?;
    /// assert_eq!(&got, b"last words");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`fin`](Self::fin).
    pub fn half_close(&self, toward: Toward) -> Result<(), Error> {
        self.order(toward, Order::HalfClose)
    }

    /// Ends all open connections with an RST, and returns after it has arrived. No FIN precedes it.
    ///
    /// The proxy drops the bytes that it has not delivered. Bytes that the peer has received but not read stay readable
    /// on Linux. Other systems may drop them. If only one side gets the RST, the other one gets nothing more, and its
    /// connection stays open.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use std::io::{ErrorKind, Read};
    /// # use std::net::{TcpListener, TcpStream};
    /// # use disconnect_faults::{FaultProxy, Toward};
    /// # let listener = TcpListener::bind("127.0.0.1:0")?;
    /// # let proxy = FaultProxy::start(listener.local_addr()?)?;
    /// let mut client = TcpStream::connect(proxy.address())?;
    /// proxy.reset(Toward::Client)?;
    /// assert_eq!(client.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if no connection is open, or if the side already got an RST or the FIN of the other peer, after
    /// which it would read an end of file. It may follow [`fin`](Self::fin) and [`half_close`](Self::half_close).
    pub fn reset(&self, toward: Toward) -> Result<(), Error> {
        self.order(toward, Order::Reset)
    }

    /// Inserts bytes into what the other peer sends, on all open connections, and returns after they have arrived. Use it for
    /// garbage, for half a message before a FIN, or for a message that the other peer's library would not send.
    ///
    /// Other faults do not apply to these bytes. They follow the bytes that the proxy has forwarded so far, which may end inside
    /// a message.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use std::io::Read;
    /// # use std::net::{TcpListener, TcpStream};
    /// # use disconnect_faults::{FaultProxy, Toward};
    /// # let listener = TcpListener::bind("127.0.0.1:0")?;
    /// # let proxy = FaultProxy::start(listener.local_addr()?)?;
    /// let mut client = TcpStream::connect(proxy.address())?;
    /// proxy.inject(Toward::Client, b"garb")?;
    /// proxy.fin(Toward::Client)?;
    /// let mut got = String::new();
    /// client.read_to_string(&mut got)?;
    /// assert_eq!(got, "garb");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Fails if no connection is open, if the side has already received a FIN or an RST, or if the bytes have not arrived within
    /// the limit, because the peer does not read.
    pub fn inject(&self, toward: Toward, bytes: &[u8]) -> Result<(), Error> {
        let sides = toward.sides();
        let is_open = |link: &Link| sides.iter().any(|&side| link.is_open(side));
        let done: Vec<_> = self.open_links(is_open)?.iter().map(|link| link.inject(sides, bytes)).collect();
        done.into_iter().collect()
    }

    /// Drops everything that arrives for this side from now on, including a FIN and an RST, and keeps the connections
    /// open. Also applies to later connections.
    ///
    /// When it returns, the side has received everything that was forwarded before, and nothing follows. The proxy
    /// acknowledges the bytes that it drops, so the sender gets no TCP error.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use std::io::{ErrorKind, Read, Write};
    /// # use std::net::{TcpListener, TcpStream};
    /// # use std::time::Duration;
    /// # use disconnect_faults::{FaultProxy, Toward};
    /// # let listener = TcpListener::bind("127.0.0.1:0")?;
    /// # let proxy = FaultProxy::start(listener.local_addr()?)?;
    /// let mut client = TcpStream::connect(proxy.address())?;
    /// let (mut server, _) = listener.accept()?;
    /// let silence = proxy.silence(Toward::Server)?;
    /// client.write_all(b"ping")?;
    /// silence.wait()?;
    /// server.set_nonblocking(true)?;
    /// assert_eq!(server.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the side does not read the bytes that were forwarded before, within the limit.
    pub fn silence(&self, toward: Toward) -> Result<Fault, Error> {
        self.arm(toward, Rule::Silence)
    }

    /// Forwards exactly this many more bytes, then ends the connection with a FIN or an RST, like [`fin`](Self::fin)
    /// and [`reset`](Self::reset). On later connections it counts from their first byte.
    ///
    /// Before an RST it waits until the bytes have been received. See [`Cut`] for an example.
    ///
    /// # Errors
    ///
    /// Returns no error at present. [`Fault::wait`] returns the errors of the FIN or the RST.
    pub fn truncate(&self, toward: Toward, bytes: u64, cut: Cut) -> Result<Fault, Error> {
        self.arm(toward, Rule::Truncate(bytes, cut))
    }

    /// Skips this many bytes, flips all bits of the next one, and forwards the rest unchanged. On later connections it
    /// counts from their first byte.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use std::io::{Read, Write};
    /// # use std::net::{TcpListener, TcpStream};
    /// # use disconnect_faults::{FaultProxy, Toward};
    /// # let listener = TcpListener::bind("127.0.0.1:0")?;
    /// # let proxy = FaultProxy::start(listener.local_addr()?)?;
    /// let mut client = TcpStream::connect(proxy.address())?;
    /// let (mut server, _) = listener.accept()?;
    /// let fault = proxy.corrupt(Toward::Server, 2)?;
    /// client.write_all(&[0, 1, 2, 3])?;
    /// let mut got = [0; 4];
    /// server.read_exact(&mut got)?;
    /// assert_eq!(got, [0, 1, !2, 3]);
    /// fault.wait()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns no error at present.
    pub fn corrupt(&self, toward: Toward, skip: u64) -> Result<Fault, Error> {
        self.arm(toward, Rule::Corrupt(skip))
    }

    /// Delays each piece of data by this time, including a FIN and an RST. Also applies to later connections.
    ///
    /// A piece is what one read returns. The next read starts after the delay, so a busy connection also gets slower.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use std::io::{Read, Write};
    /// # use std::net::{TcpListener, TcpStream};
    /// # use std::time::{Duration, Instant};
    /// # use disconnect_faults::{FaultProxy, Toward};
    /// # let listener = TcpListener::bind("127.0.0.1:0")?;
    /// # let proxy = FaultProxy::start(listener.local_addr()?)?;
    /// let mut client = TcpStream::connect(proxy.address())?;
    /// let (mut server, _) = listener.accept()?;
    /// let delay = proxy.delay(Toward::Server, Duration::from_millis(30))?;
    /// let start = Instant::now();
    /// client.write_all(b"late")?;
    /// server.read_exact(&mut [0; 4])?;
    /// assert!(start.elapsed() >= Duration::from_millis(30));
    /// delay.wait()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns no error at present.
    pub fn delay(&self, toward: Toward, by: Duration) -> Result<Fault, Error> {
        self.arm(toward, Rule::Delay(by))
    }

    /// Refuses new connections from now on. Open connections stay open. See [`Refusal`] for an example.
    ///
    /// If the server itself is not reachable, the proxy answers each client with an RST, without this command.
    ///
    /// # Errors
    ///
    /// Returns an error if the port is already closed by a fault, or cannot be closed.
    pub fn refuse(&self, refusal: Refusal) -> Result<Fault, Error> {
        let what = format!("refuse by {refusal:?}");
        let effect = match refusal {
            Refusal::Closed => Effect::until_undone(what),
            Refusal::Reset | Refusal::Silent => Effect::new(what),
        };
        self.door.refuse(refusal, &effect)?;
        Ok(Fault::new(effect, self.limit()))
    }

    fn order(&self, toward: Toward, order: Order) -> Result<(), Error> {
        let sides = toward.sides();
        let links = self.open_links(|link| link.can(sides, order))?;
        let done: Vec<_> = links.iter().map(|link| link.order(sides, order)).collect();
        done.into_iter().collect()
    }

    /// The connections so far for which this holds. Waits for one.
    fn open_links(&self, is_open: impl Fn(&Link) -> bool) -> Result<Vec<Arc<Link>>, Error> {
        self.door.knock()?;
        let open = |links: &[Arc<Link>]| {
            let open: Vec<_> = links.iter().filter(|link| is_open(link)).cloned().collect();
            (!open.is_empty()).then_some(open)
        };
        self.door.find(open, "open connection")
    }

    fn arm(&self, toward: Toward, rule: Rule) -> Result<Fault, Error> {
        let effect = Effect::new(format!("{rule} toward {toward:?}"));
        let sides = toward.sides();
        for link in self.door.arm(sides, rule, &effect) {
            for &side in sides.iter().filter(|side| link.is_open(**side)) {
                // Without a `Fault`, nobody could lift the rule for later connections.
                link.arm(side, rule, &effect).inspect_err(|_| effect.lift())?;
            }
        }
        Ok(Fault::new(effect, self.limit()))
    }

    fn limit(&self) -> Duration {
        self.door.lock().limit
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        if let Some(accepting) = self.accepting.take() {
            self.door.stop(accepting);
        }
    }
}

/// One connection through the proxy, to inject a fault into this connection alone.
///
/// [`FaultProxy::connection`] returns it. Each method does the same as that of [`FaultProxy`], and fails if the side
/// already got a FIN or an RST.
///
/// ```
/// use std::io::{ErrorKind, Read};
/// use std::net::{TcpListener, TcpStream};
/// use disconnect_faults::{FaultProxy, Toward};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let proxy = FaultProxy::start(listener.local_addr()?)?;
/// let mut first = TcpStream::connect(proxy.address())?;
/// let mut second = TcpStream::connect(proxy.address())?;
///
/// proxy.connection(1)?.reset(Toward::Both)?;
/// assert_eq!(second.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
/// proxy.connection(0)?.fin(Toward::Both)?;
/// assert_eq!(first.read(&mut [0])?, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Connection {
    link: Arc<Link>,
}

impl Connection {
    /// Ends the connection with a FIN. See [`FaultProxy::fin`].
    ///
    /// # Errors
    ///
    /// The errors of [`FaultProxy::fin`].
    pub fn fin(&self, toward: Toward) -> Result<(), Error> {
        self.link.order(toward.sides(), Order::Fin)
    }

    /// Sends a FIN. See [`FaultProxy::half_close`].
    ///
    /// # Errors
    ///
    /// The errors of [`FaultProxy::half_close`].
    pub fn half_close(&self, toward: Toward) -> Result<(), Error> {
        self.link.order(toward.sides(), Order::HalfClose)
    }

    /// Ends the connection with an RST. See [`FaultProxy::reset`].
    ///
    /// # Errors
    ///
    /// The errors of [`FaultProxy::reset`].
    pub fn reset(&self, toward: Toward) -> Result<(), Error> {
        self.link.order(toward.sides(), Order::Reset)
    }

    /// Inserts bytes into what the other peer sends. See [`FaultProxy::inject`].
    ///
    /// # Errors
    ///
    /// See [`FaultProxy::inject`].
    pub fn inject(&self, toward: Toward, bytes: &[u8]) -> Result<(), Error> {
        self.link.inject(toward.sides(), bytes)
    }

    /// Drops everything that arrives for this side. See [`FaultProxy::silence`].
    ///
    /// # Errors
    ///
    /// The errors of [`FaultProxy::silence`], and an error if the side already got a FIN or an RST.
    pub fn silence(&self, toward: Toward) -> Result<Fault, Error> {
        self.arm(toward, Rule::Silence)
    }

    /// Ends the connection after this many more bytes. See [`FaultProxy::truncate`].
    ///
    /// # Errors
    ///
    /// Returns an error if the side already got a FIN or an RST.
    pub fn truncate(&self, toward: Toward, bytes: u64, cut: Cut) -> Result<Fault, Error> {
        self.arm(toward, Rule::Truncate(bytes, cut))
    }

    /// Flips all bits of one byte. See [`FaultProxy::corrupt`].
    ///
    /// # Errors
    ///
    /// Returns an error if the side already got a FIN or an RST.
    pub fn corrupt(&self, toward: Toward, skip: u64) -> Result<Fault, Error> {
        self.arm(toward, Rule::Corrupt(skip))
    }

    /// Delays each piece of data. See [`FaultProxy::delay`].
    ///
    /// # Errors
    ///
    /// Returns an error if the side already got a FIN or an RST.
    pub fn delay(&self, toward: Toward, by: Duration) -> Result<Fault, Error> {
        self.arm(toward, Rule::Delay(by))
    }

    fn arm(&self, toward: Toward, rule: Rule) -> Result<Fault, Error> {
        let effect = Effect::new(format!("{rule} toward {toward:?}"));
        for &side in toward.sides() {
            self.link.arm(side, rule, &effect).inspect_err(|_| effect.lift())?;
        }
        Ok(Fault::new(effect, self.link.limit()))
    }
}
