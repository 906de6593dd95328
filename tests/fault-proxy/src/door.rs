//! `Door`: the listener with its thread, and the accepted connections.

use std::io;
use std::mem;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use socket2::{Domain, SockRef, Socket, Type};

use crate::error::Error;
use crate::fault::Effect;
use crate::leg::Leg;
use crate::link::Link;
use crate::rules::{Rule, Rules};
use crate::side::Side;

/// The length of the accept queue.
const BACKLOG: i32 = 128;

/// How long the proxy may take to connect to itself.
const OWN: Duration = Duration::from_secs(5);

/// The pause after a failed `accept`, for example without free file handles, or a failed `bind`.
const PAUSE: Duration = Duration::from_millis(10);

/// How the proxy refuses new connections. See [`FaultProxy::refuse`](crate::FaultProxy::refuse).
///
/// ```
/// use std::io::ErrorKind;
/// use std::net::{TcpListener, TcpStream};
/// use disconnect_faults::{FaultProxy, Refusal};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let proxy = FaultProxy::start(listener.local_addr()?)?;
/// let refusal = proxy.refuse(Refusal::Closed)?;
/// let error = TcpStream::connect(proxy.address()).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
/// refusal.lift()?;
/// TcpStream::connect(proxy.address())?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The port is closed: `connect` fails with `ConnectionRefused`. Takes effect at once, the others when a client
    /// connects.
    Closed,
    /// `connect` succeeds, and an RST follows.
    Reset,
    /// `connect` succeeds, and no byte follows, as from a server that does not accept. The connection stays open until
    /// the proxy is dropped.
    Silent,
}

#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) address: SocketAddr,
    server: SocketAddr,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) links: Vec<Arc<Link>>,
    pub(crate) limit: Duration,
    threads: Vec<JoinHandle<()>>,
    /// The rules of later connections, indexed by [`Side`].
    rules: [Rules; 2],
    refusal: Option<(Refusal, Arc<Effect>)>,
    kept: Vec<TcpStream>,
    /// The addresses of `knock`: a connection from one of them only shows that all earlier clients were accepted.
    knocks: Vec<SocketAddr>,
    is_stopping: bool,
    /// Why the proxy could not connect the last client to the server.
    problem: Option<String>,
}

impl Door {
    pub(crate) fn open(server: SocketAddr) -> io::Result<(Arc<Self>, JoinHandle<()>)> {
        let loopback = if server.is_ipv4() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { IpAddr::V6(Ipv6Addr::LOCALHOST) };
        let listener = listen(bound((loopback, 0).into())?)?;
        let state = State {
            links: Vec::new(),
            limit: Duration::from_secs(5),
            threads: Vec::new(),
            rules: Default::default(),
            refusal: None,
            kept: Vec::new(),
            knocks: Vec::new(),
            is_stopping: false,
            problem: None,
        };
        let address = listener.local_addr()?;
        let door = Arc::new(Self { address, server, state: Mutex::new(state), changed: Condvar::new() });
        let accepting = Arc::clone(&door);
        let accept = move || {
            // If the port cannot be opened again, the fault that closed it reports the error.
            let _ = accepting.accept(listener);
            accepting.answer_knocks();
        };
        Ok((door, thread::Builder::new().name("accept".into()).spawn(accept)?))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a matching connection, at most for the limit.
    pub(crate) fn find<T>(&self, find: impl Fn(&[Arc<Link>]) -> Option<T>, what: &str) -> Result<T, Error> {
        let state = self.lock();
        let limit = state.limit;
        let waited = self.changed.wait_timeout_while(state, limit, |state| find(&state.links).is_none());
        let state = waited.unwrap_or_else(PoisonError::into_inner).0;
        find(&state.links).ok_or_else(|| match &state.problem {
            Some(problem) => {
                Error::new(format!("no {what} within {limit:?}: the proxy cannot connect to the server: {problem}"))
            }
            None => Error::new(format!("no {what} within {limit:?}: connect the client to `proxy.address()` first")),
        })
    }

    /// Sets a rule for later connections, and returns the present ones.
    pub(crate) fn arm(&self, sides: &[Side], rule: Rule, effect: &Arc<Effect>) -> Vec<Arc<Link>> {
        let mut state = self.lock();
        for &side in sides {
            state.rules[side as usize].set(rule, effect);
        }
        state.links.clone()
    }

    /// Refuses clients from now on. Clients that have already connected are accepted first.
    pub(crate) fn refuse(&self, refusal: Refusal, effect: &Arc<Effect>) -> Result<(), Error> {
        if self.closed().is_some() {
            return Err(Error::new("the port is closed already: lift that fault first"));
        }
        self.knock()?;
        self.lock().refusal = Some((refusal, Arc::clone(effect)));
        if refusal != Refusal::Closed {
            return Ok(());
        }
        self.knock()?;
        let limit = self.lock().limit;
        effect.wait_until_met(limit)?;
        match TcpStream::connect(self.address) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
            Err(error) => Err(Error::system("the closed port answers with another error", error)),
            Ok(_) => Err(Error::new("the closed port still accepts")),
        }
    }

    /// Waits until all clients that have already connected are accepted. It connects once more itself, because the
    /// system returns clients in the order in which they connected.
    pub(crate) fn knock(&self) -> Result<(), Error> {
        use io::ErrorKind::{ConnectionRefused, ConnectionReset};

        let failed = |error| Error::system("the proxy cannot reach itself", error);
        let (socket, own) = bound_to(self.address.ip()).map_err(failed)?;
        self.lock().knocks.push(own);
        match socket.connect(&self.address.into()) {
            Ok(()) => (),
            // The port is closed, or closed while this connected, so no client is waiting.
            Err(error) if matches!(error.kind(), ConnectionRefused | ConnectionReset) => {
                self.lock().knocks.retain(|knock| *knock != own);
                return Ok(());
            }
            Err(error) => return Err(failed(error)),
        }
        let state = self.lock();
        // The accepting thread may still be connecting another client to the server.
        let limit = state.limit + OWN;
        let waited = self.changed.wait_timeout_while(state, limit, |state| state.knocks.contains(&own));
        if waited.unwrap_or_else(PoisonError::into_inner).1.timed_out() {
            return Err(Error::new(format!(
                "the proxy accepted no connection within {limit:?}: check that the server accepts"
            )));
        }
        Ok(())
    }

    pub(crate) fn stop(&self, accepting: JoinHandle<()>) {
        let refusal = {
            let mut state = self.lock();
            state.is_stopping = true;
            state.refusal.take()
        };
        if let Some((_, effect)) = refusal {
            effect.lift();
        }
        // The thread waits for a client. If no socket is available to wake it, it is left behind, because a join would
        // never return.
        if self.knock().is_ok() {
            let _ = accepting.join();
        }
        let (links, threads) = {
            let mut state = self.lock();
            state.kept.clear();
            (mem::take(&mut state.links), mem::take(&mut state.threads))
        };
        for link in links {
            link.stop();
        }
        for thread in threads {
            let _ = thread.join();
        }
    }

    fn accept(&self, mut listener: TcpListener) -> io::Result<()> {
        loop {
            if let Some(effect) = self.closed() {
                listener = self.close_until_lifted(listener, &effect)?;
            }
            if self.lock().is_stopping {
                return Ok(());
            }
            match listener.accept() {
                Ok((client, address)) => {
                    if let Err(error) = self.take(client, address) {
                        self.lock().problem = Some(error.to_string());
                    }
                }
                Err(_) => drop(self.changed.wait_timeout(self.lock(), PAUSE)),
            }
        }
    }

    /// Keeps the port bound without listening, so that the system answers a SYN with an RST.
    fn close_until_lifted(&self, listener: TcpListener, effect: &Effect) -> io::Result<TcpListener> {
        drop(listener);
        let opened = self.bound_again().and_then(|socket| {
            self.answer_knocks();
            effect.met();
            effect.wait_until_lifted();
            listen(socket)
        });
        if let Err(error) = &opened {
            effect.failed(&Error::new(format!("the port cannot be taken again: {error}")));
        }
        effect.undone();
        opened
    }

    /// Binds the port of the listener that has just been closed. A process that another thread starts at this moment has
    /// a copy of the listener, until it runs its program.
    fn bound_again(&self) -> io::Result<Socket> {
        let limit = self.lock().limit;
        let start = Instant::now();
        loop {
            match bound(self.address) {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && start.elapsed() < limit => {
                    drop(self.changed.wait_timeout(self.lock(), PAUSE));
                }
                bound => return bound,
            }
        }
    }

    /// The listener is closed, so no client is waiting.
    fn answer_knocks(&self) {
        self.lock().knocks.clear();
        self.changed.notify_all();
    }

    /// Connects a client to the server, or refuses it.
    fn take(&self, client: TcpStream, address: SocketAddr) -> io::Result<()> {
        let mut state = self.lock();
        if let Some(index) = state.knocks.iter().position(|knock| *knock == address) {
            state.knocks.swap_remove(index);
            self.changed.notify_all();
            return Ok(());
        }
        match &state.refusal {
            Some((refusal, effect)) if !effect.is_lifted() => {
                let effect = Arc::clone(effect);
                match refusal {
                    Refusal::Reset => reset(client)?,
                    Refusal::Silent => state.kept.push(client),
                    // The client connected before the port was closed.
                    Refusal::Closed => return Ok(()),
                }
                effect.met();
                return Ok(());
            }
            Some(_) | None => (),
        }
        let limit = state.limit;
        drop(state);
        match TcpStream::connect_timeout(&self.server, limit) {
            Ok(server) => self.register([Leg::new(client, address), Leg::new(server, self.server)]),
            // If the server refuses, the proxy resets its client.
            Err(error) => reset(client).and(Err(error)),
        }
    }

    fn register(&self, legs: [Leg; 2]) -> io::Result<()> {
        let mut state = self.lock();
        // Under the lock: a new rule is either copied here, or set after the connection is in the list.
        let (link, threads) = Link::start(legs, state.rules.clone(), state.limit)?;
        state.threads.retain(|thread| !thread.is_finished());
        state.threads.extend(threads);
        state.links.push(link);
        self.changed.notify_all();
        Ok(())
    }

    fn closed(&self) -> Option<Arc<Effect>> {
        match &self.lock().refusal {
            Some((Refusal::Closed, effect)) if !effect.is_lifted() => Some(Arc::clone(effect)),
            Some(_) | None => None,
        }
    }
}

/// Binds a socket to this address without listening.
fn bound(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // Connections in TIME_WAIT do not block the port. On Windows this option would let other processes share it.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// Binds a socket to a free port of this host, and returns its address.
fn bound_to(ip: IpAddr) -> io::Result<(Socket, SocketAddr)> {
    let socket = bound((ip, 0).into())?;
    let address = socket.local_addr()?.as_socket().ok_or(io::ErrorKind::Unsupported)?;
    Ok((socket, address))
}

fn listen(socket: Socket) -> io::Result<TcpListener> {
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

#[expect(clippy::needless_pass_by_value, reason = "the drop at its end sends the RST")]
fn reset(client: TcpStream) -> io::Result<()> {
    SockRef::from(&client).set_linger(Some(Duration::ZERO))
}
