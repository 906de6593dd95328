//! A fault that waits for traffic, and whether it met any.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::error::Error;

/// A fault that is in place and waits for traffic. A test whose traffic never met it fails: the drop panics.
///
/// Its drop does not take the fault away; [`lift`](Self::lift) does.
///
/// ```
/// use std::io::Write;
/// use std::net::{TcpListener, TcpStream};
/// use disconnect_faults::{FaultProxy, Toward};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let proxy = FaultProxy::start(listener.local_addr()?)?;
/// let mut client = TcpStream::connect(proxy.address())?;
///
/// let silence = proxy.silence(Toward::Server)?;
/// assert!(!silence.took_effect());
/// client.write_all(b"ping")?;
/// silence.wait()?; // until the proxy dropped a byte
/// assert!(silence.took_effect());
/// # Ok(())
/// # }
/// ```
///
/// # Panics
///
/// When it is dropped and takes no effect within the [limit](crate::FaultProxy::with_limit) of the proxy, unless the thread
/// panics already.
#[derive(Debug)]
#[must_use = "keep it until the traffic met it: its drop panics where nothing did"]
pub struct Fault {
    effect: Arc<Effect>,
    limit: Duration,
}

impl Fault {
    pub(crate) fn new(effect: Arc<Effect>, limit: Duration) -> Self {
        Self { effect, limit }
    }

    /// Whether it met traffic so far: a byte, a FIN, or for [`refuse`](crate::FaultProxy::refuse) a client. The peer may
    /// know a moment before; [`wait`](Self::wait) does not miss it.
    pub fn took_effect(&self) -> bool {
        self.effect.lock().is_met
    }

    /// Waits until it met traffic. It blocks the thread: in a runtime with one thread the traffic has to be there before.
    ///
    /// # Errors
    ///
    /// Where nothing met it within the [limit](crate::FaultProxy::with_limit) of the proxy.
    pub fn wait(&self) -> Result<(), Error> {
        self.effect.wait_until_met(self.limit)
    }

    /// Takes the fault away again. What it dropped is lost; a connection that it ended stays ended.
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// use std::net::{TcpListener, TcpStream};
    /// use disconnect_faults::{FaultProxy, Toward};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let proxy = FaultProxy::start(listener.local_addr()?)?;
    /// let mut client = TcpStream::connect(proxy.address())?;
    /// let (mut server, _) = listener.accept()?;
    ///
    /// let silence = proxy.silence(Toward::Server)?;
    /// client.write_all(b"lost")?;
    /// silence.wait()?;
    /// silence.lift()?;
    /// client.write_all(b"kept")?;
    /// let mut got = [0; 4];
    /// server.read_exact(&mut got)?;
    /// assert_eq!(&got, b"kept");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Where it takes no effect within the limit.
    pub fn lift(self) -> Result<(), Error> {
        let judged = self.wait();
        self.effect.lift();
        drop(self.effect.wait(self.limit, |seen| seen.is_undone));
        // The result says it; the drop is to be quiet.
        self.effect.change(|seen| (seen.is_met, seen.problem) = (true, None));
        judged
    }
}

impl Drop for Fault {
    fn drop(&mut self) {
        if thread::panicking() {
            return;
        }
        if let Err(error) = self.wait() {
            fail(&error);
        }
    }
}

/// The one place of the crate that panics: it fails the test.
#[expect(clippy::panic, reason = "a test fails by panicking")]
fn fail(error: &Error) -> ! {
    panic!("{error}")
}

/// What the threads of the proxy tell a [`Fault`], and it them.
#[derive(Debug)]
pub(crate) struct Effect {
    what: String,
    seen: Mutex<Seen>,
    changed: Condvar,
}

#[derive(Debug)]
struct Seen {
    is_met: bool,
    is_lifted: bool,
    /// Nothing of a lifted fault is left.
    is_undone: bool,
    problem: Option<String>,
}

impl Effect {
    /// Of a fault that is gone once it is lifted.
    pub(crate) fn new(what: impl fmt::Display) -> Arc<Self> {
        Self::with(what, true)
    }

    /// Of a fault that is gone once somebody says [`undone`](Self::undone).
    pub(crate) fn until_undone(what: impl fmt::Display) -> Arc<Self> {
        Self::with(what, false)
    }

    fn with(what: impl fmt::Display, is_undone: bool) -> Arc<Self> {
        let seen = Seen { is_met: false, is_lifted: false, is_undone, problem: None };
        Arc::new(Self { what: what.to_string(), seen: Mutex::new(seen), changed: Condvar::new() })
    }

    pub(crate) fn met(&self) {
        self.change(|seen| seen.is_met = true);
    }

    pub(crate) fn failed(&self, problem: &Error) {
        self.change(|seen| seen.problem = Some(problem.to_string()));
    }

    pub(crate) fn lift(&self) {
        self.change(|seen| seen.is_lifted = true);
    }

    pub(crate) fn undone(&self) {
        self.change(|seen| seen.is_undone = true);
    }

    pub(crate) fn is_lifted(&self) -> bool {
        self.lock().is_lifted
    }

    pub(crate) fn wait_until_met(&self, limit: Duration) -> Result<(), Error> {
        self.judge(&self.wait(limit, |seen| seen.is_met || seen.problem.is_some()))
    }

    pub(crate) fn wait_until_lifted(&self) {
        drop(self.wait(Duration::MAX, |seen| seen.is_lifted));
    }

    /// Waits for this, at most so long.
    fn wait(&self, limit: Duration, holds: impl Fn(&Seen) -> bool) -> MutexGuard<'_, Seen> {
        let waited = self.changed.wait_timeout_while(self.lock(), limit, |seen| !holds(seen));
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn judge(&self, seen: &Seen) -> Result<(), Error> {
        match &seen.problem {
            Some(problem) => Err(Error::new(format!("{}: {problem}", self.what))),
            None if seen.is_met => Ok(()),
            None => Err(Error::new(format!("{} took no effect: no traffic met it", self.what))),
        }
    }

    fn change(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
