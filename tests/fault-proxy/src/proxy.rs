//! The proxy: its commands, and the connections that they go to.

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

/// A proxy on loopback between a client and a server, for tests: it passes bytes, FIN and RST on, until it is told to do
/// something else.
///
/// Its commands go to every connection: those that end one ([`fin`](Self::fin), [`half_close`](Self::half_close),
/// [`reset`](Self::reset)) to all that are open, and fail where there is none; those that wait for traffic also to the ones
/// that are still to come. [`connection`](Self::connection) is one of them alone.
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
    /// Starts one in front of this server. It listens on loopback, on a port that the system chooses.
    ///
    /// # Errors
    ///
    /// Where the address is none, or there is no socket or thread left.
    pub fn start(server: impl ToSocketAddrs) -> io::Result<Self> {
        let server = server.to_socket_addrs()?.next().ok_or(io::ErrorKind::AddrNotAvailable)?;
        let (door, accepting) = Door::open(server)?;
        Ok(Self { door, accepting: Some(accepting) })
    }

    /// How long a command waits for its effect before it fails: 5 seconds unless set. Set it before a client connects.
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

    /// Where the client connects to.
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
    /// The connection with this number, in the order in which the clients connected; the first is 0. Waits for it.
    ///
    /// # Errors
    ///
    /// Where it has not come within the [limit](Self::with_limit).
    pub fn connection(&self, index: usize) -> Result<Connection, Error> {
        let link = self.door.find(|links| links.get(index).cloned(), &format!("connection {index}"))?;
        Ok(Connection { link })
    }

    /// The connection of the client with this address: its `local_addr`. Waits for it.
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
    /// Where it has not come within the [limit](Self::with_limit).
    pub fn connection_of(&self, client: SocketAddr) -> Result<Connection, Error> {
        let find = |links: &[Arc<Link>]| links.iter().rev().find(|link| link.client() == client).cloned();
        Ok(Connection { link: self.door.find(find, &format!("connection of {client}"))? })
    }

    /// Ends all open connections by a FIN, and returns once it has arrived.
    ///
    /// The peer reads an end of file behind the bytes that were passed on before. What it sends from now on is dropped,
    /// and no RST follows. Where only one side gets the FIN, the other one gets nothing more, and its connection stays
    /// open.
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
    /// Where no connection is open, where the side has got a FIN or an RST before, and where the FIN has not arrived within
    /// the limit, because the peer does not read the bytes in front of it.
    pub fn fin(&self, toward: Toward) -> Result<(), Error> {
        self.order(toward, Order::Fin)
    }

    /// Sends a FIN on all open connections, and returns once it has arrived; what the peer sends is still passed on.
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
    /// As [`fin`](Self::fin).
    pub fn half_close(&self, toward: Toward) -> Result<(), Error> {
        self.order(toward, Order::HalfClose)
    }

    /// Ends all open connections by an RST, and returns once it has arrived. No FIN goes before it.
    ///
    /// What the proxy has not delivered is dropped. What the peer has received but not read is still there on Linux; other
    /// systems may drop it. Where only one side gets the RST, the other one gets nothing more, and its connection stays
    /// open.
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
    /// Where no connection is open, and where the side has got an RST or the FIN of the other peer before: it would read
    /// an end of file. After [`fin`](Self::fin) or [`half_close`](Self::half_close) it may follow.
    pub fn reset(&self, toward: Toward) -> Result<(), Error> {
        self.order(toward, Order::Reset)
    }

    /// Drops all that arrives for this side from now on, also a FIN and an RST, and keeps the connections open. This also
    /// goes for connections to come.
    ///
    /// When it returns, the side has received all that was passed on before, and nothing follows. The proxy still
    /// acknowledges what it drops, so that the sender sees no error of TCP.
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
    /// Where the side does not read what was passed on before, within the limit.
    pub fn silence(&self, toward: Toward) -> Result<Fault, Error> {
        self.arm(toward, Rule::Silence)
    }

    /// Passes on so many more bytes, and not one more; then it ends the connection by a FIN or an RST, as
    /// [`fin`](Self::fin) and [`reset`](Self::reset) do. On connections to come it counts from their first byte.
    ///
    /// Before an RST it waits until the bytes have been received. [`Cut`] has an example.
    ///
    /// # Errors
    ///
    /// None today; [`Fault::wait`] has those of the cut.
    pub fn truncate(&self, toward: Toward, bytes: u64, cut: Cut) -> Result<Fault, Error> {
        self.arm(toward, Rule::Truncate(bytes, cut))
    }

    /// Skips so many bytes, flips every bit of the next one, and passes on the rest as it is. On connections to come it
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
    /// None today.
    pub fn corrupt(&self, toward: Toward, skip: u64) -> Result<Fault, Error> {
        self.arm(toward, Rule::Corrupt(skip))
    }

    /// Passes on each piece only when it has been here for so long, a FIN and an RST as well. This also goes for
    /// connections to come.
    ///
    /// A piece is what one read finds; the next one is read after it, so that a busy connection also becomes slower.
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
    /// None today.
    pub fn delay(&self, toward: Toward, by: Duration) -> Result<Fault, Error> {
        self.arm(toward, Rule::Delay(by))
    }

    /// Refuses new connections from now on; those that are open stay. [`Refusal`] has an example.
    ///
    /// Where the server itself is not there, the proxy answers each client with an RST, without being told to.
    ///
    /// # Errors
    ///
    /// Where the port is closed already, or cannot be closed.
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
        self.door.knock()?;
        let sides = toward.sides();
        let open = |links: &[Arc<Link>]| {
            let open: Vec<_> = links.iter().filter(|link| link.can(sides, order)).cloned().collect();
            (!open.is_empty()).then_some(open)
        };
        let done: Vec<_> =
            self.door.find(open, "open connection")?.iter().map(|link| link.order(sides, order)).collect();
        done.into_iter().collect()
    }

    fn arm(&self, toward: Toward, rule: Rule) -> Result<Fault, Error> {
        let effect = Effect::new(format!("{rule} toward {toward:?}"));
        let sides = toward.sides();
        for link in self.door.arm(sides, rule, &effect) {
            for &side in sides.iter().filter(|side| link.is_open(**side)) {
                // Without a `Fault` nobody could lift it from the connections to come.
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

/// One connection through the proxy, for faults that are to hit this one alone.
///
/// Each method does what that of the [`FaultProxy`] does, and fails where the side has got a FIN or an RST before.
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
    /// As [`FaultProxy::fin`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn fin(&self, toward: Toward) -> Result<(), Error> {
        self.link.order(toward.sides(), Order::Fin)
    }

    /// As [`FaultProxy::half_close`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn half_close(&self, toward: Toward) -> Result<(), Error> {
        self.link.order(toward.sides(), Order::HalfClose)
    }

    /// As [`FaultProxy::reset`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn reset(&self, toward: Toward) -> Result<(), Error> {
        self.link.order(toward.sides(), Order::Reset)
    }

    /// As [`FaultProxy::silence`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn silence(&self, toward: Toward) -> Result<Fault, Error> {
        self.arm(toward, Rule::Silence)
    }

    /// As [`FaultProxy::truncate`].
    ///
    /// # Errors
    ///
    /// Where the side has got a FIN or an RST before.
    pub fn truncate(&self, toward: Toward, bytes: u64, cut: Cut) -> Result<Fault, Error> {
        self.arm(toward, Rule::Truncate(bytes, cut))
    }

    /// As [`FaultProxy::corrupt`].
    ///
    /// # Errors
    ///
    /// Where the side has got a FIN or an RST before.
    pub fn corrupt(&self, toward: Toward, skip: u64) -> Result<Fault, Error> {
        self.arm(toward, Rule::Corrupt(skip))
    }

    /// As [`FaultProxy::delay`].
    ///
    /// # Errors
    ///
    /// Where the side has got a FIN or an RST before.
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
