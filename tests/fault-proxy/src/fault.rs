//! `Fault`: a fault that waits for traffic, and the check that it met some.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::error::Error;

/// A fault that is active and waits for traffic.
///
/// Keep it until the traffic has met it, or call [`wait`](Self::wait). Dropping it does not remove the fault:
/// [`lift`](Self::lift) does.
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
/// Panics when it is dropped, if no traffic met it within the [limit](crate::FaultProxy::with_limit) of the proxy. It
/// does not panic if the thread is already panicking.
#[derive(Debug)]
#[must_use = "keep it until traffic has met it: dropping it panics if none has"]
pub struct Fault {
    effect: Arc<Effect>,
    limit: Duration,
}

impl Fault {
    pub(crate) fn new(effect: Arc<Effect>, limit: Duration) -> Self {
        Self { effect, limit }
    }

    /// Returns whether traffic has met the fault: a byte, a FIN or, for [`refuse`](crate::FaultProxy::refuse), a
    /// client.
    ///
    /// The peer may observe the fault a moment before this returns `true`. To be sure, use [`wait`](Self::wait).
    pub fn took_effect(&self) -> bool {
        self.effect.lock().is_met
    }

    /// Blocks the thread until traffic has met the fault. In a runtime with one thread, send the traffic before.
    ///
    /// # Errors
    ///
    /// Returns an error if no traffic met the fault within the [limit](crate::FaultProxy::with_limit) of the proxy.
    pub fn wait(&self) -> Result<(), Error> {
        self.effect.wait_until_met(self.limit)
    }

    /// Removes the fault. Bytes that it dropped stay lost, and a connection that it ended stays ended.
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
    /// Returns an error if no traffic met the fault within the limit.
    pub fn lift(self) -> Result<(), Error> {
        let judged = self.wait();
        self.effect.lift();
        drop(self.effect.wait(self.limit, |seen| seen.is_undone));
        // The result reports the error, so the drop must not panic.
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

/// Fails the test. The only function of this crate that panics.
#[expect(clippy::panic, reason = "a test fails by panicking")]
fn fail(error: &Error) -> ! {
    panic!("{error}")
}

/// The state that a [`Fault`] shares with the threads of the proxy.
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
    /// The lifted fault has no effect any more.
    is_undone: bool,
    problem: Option<String>,
}

impl Effect {
    /// Creates the effect of a fault that ends when it is lifted.
    pub(crate) fn new(what: impl fmt::Display) -> Arc<Self> {
        Self::with(what, true)
    }

    /// Creates the effect of a fault that ends when [`undone`](Self::undone) is called.
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

    /// Waits until the condition holds, at most for `limit`.
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
