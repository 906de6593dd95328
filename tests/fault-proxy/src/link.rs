//! `Link`: one connection through the proxy, with two legs and a forwarding thread for each direction.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::fault::Effect;
use crate::leg::{Incoming, Leg};
use crate::rules::{Cut, Piece, Rule, Rules};
use crate::side::Side;
use crate::wire::until;

const BUFFER: usize = 64 * 1024;

/// How long a flow releases its lock while the peer does not read.
const PAUSE: Duration = Duration::from_millis(1);

#[derive(Debug)]
pub(crate) struct Link {
    /// Indexed by [`Side`].
    legs: [Leg; 2],
    /// Indexed by the [`Side`] that the bytes go to.
    flows: [Flow; 2],
    running: AtomicUsize,
    limit: Duration,
}

#[derive(Debug)]
struct Flow {
    /// A thread writes to this side only while it holds the lock.
    passing: Mutex<Passing>,
    changed: Condvar,
    /// Drops all further bytes, because the other side got a FIN. An atomic outside the lock, so that it is set before
    /// the FIN is sent.
    is_deaf: AtomicBool,
}

#[derive(Debug)]
struct Passing {
    /// If set, nothing is written any more.
    end: Option<End>,
    rules: Rules,
}

/// How the flow to one side ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The FIN of the other side was forwarded.
    PassedFin,
    Fin,
    Reset,
}

/// A command that takes effect at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Send a FIN, and drop the bytes of the side.
    Fin,
    /// Send a FIN, and forward the bytes of the side.
    HalfClose,
    Reset,
}

impl Order {
    /// An RST may follow a FIN of the proxy. It may not follow a FIN of the peer, after which the side has read an end
    /// of file.
    fn may_follow(self, end: Option<End>) -> bool {
        match end {
            None => true,
            Some(End::Fin) => self == Self::Reset,
            Some(End::PassedFin | End::Reset) => false,
        }
    }

    fn packet(self) -> &'static str {
        match self {
            Self::Fin | Self::HalfClose => "FIN",
            Self::Reset => "RST",
        }
    }
}

impl Link {
    pub(crate) fn start(
        legs: [Leg; 2],
        rules: [Rules; 2],
        limit: Duration,
    ) -> io::Result<(Arc<Self>, [JoinHandle<()>; 2])> {
        let link = Arc::new(Self { legs, flows: rules.map(Flow::new), running: AtomicUsize::new(2), limit });
        let to_client = link.spawn(Side::Client)?;
        match link.spawn(Side::Server) {
            Ok(to_server) => Ok((link, [to_client, to_server])),
            Err(error) => {
                link.stop();
                Err(error)
            }
        }
    }

    fn spawn(self: &Arc<Self>, to: Side) -> io::Result<JoinHandle<()>> {
        let link = Arc::clone(self);
        thread::Builder::new().name(format!("to-{to}")).spawn(move || link.pump(to))
    }

    pub(crate) fn client(&self) -> SocketAddr {
        self.leg(Side::Client).wire.peer
    }

    pub(crate) fn limit(&self) -> Duration {
        self.limit
    }

    /// Whether bytes still go to this side.
    pub(crate) fn is_open(&self, side: Side) -> bool {
        self.flow(side).lock().end.is_none()
    }

    /// Whether the command can still apply to at least one of the sides.
    pub(crate) fn can(&self, sides: &[Side], order: Order) -> bool {
        sides.iter().any(|&side| order.may_follow(self.flow(side).lock().end))
    }

    /// Applies the command to each side, and returns after it has arrived.
    pub(crate) fn order(&self, sides: &[Side], order: Order) -> Result<(), Error> {
        // First, forwarding stops on all sides, so that no side observes a consequence instead. Then each side gets the
        // command.
        let claimed: Vec<_> = sides.iter().map(|&side| self.claim(side, order)).collect();
        let sent: Vec<_> =
            sides.iter().zip(claimed).map(|(&side, claimed)| claimed.and_then(|()| self.send(side, order))).collect();
        let arrived: Vec<_> =
            sides.iter().zip(sent).map(|(&side, sent)| sent.and_then(|()| self.arrived(side, order))).collect();
        arrived.into_iter().collect()
    }

    /// Sets a rule for the bytes that arrive from now on.
    pub(crate) fn arm(&self, side: Side, rule: Rule, effect: &Arc<Effect>) -> Result<(), Error> {
        let mut passing = self.flow(side).lock();
        if let Some(end) = passing.end {
            return Err(already(side, end));
        }
        passing.rules.set(rule, effect);
        drop(passing);
        match rule {
            Rule::Silence => self.drained(side),
            // The cut may be due at once.
            Rule::Truncate(..) => {
                self.forward(side, &[]);
                Ok(())
            }
            Rule::Delay(_) | Rule::Corrupt(_) => Ok(()),
        }
    }

    /// Writes these bytes to each of the sides without applying a rule, and returns after they have arrived.
    pub(crate) fn inject(&self, sides: &[Side], bytes: &[u8]) -> Result<(), Error> {
        let done: Vec<_> =
            sides.iter().map(|&side| self.write_all(side, bytes).and_then(|()| self.drained(side))).collect();
        done.into_iter().collect()
    }

    fn write_all(&self, side: Side, mut bytes: &[u8]) -> Result<(), Error> {
        let (flow, start) = (self.flow(side), Instant::now());
        let mut passing = flow.lock();
        while !bytes.is_empty() {
            if let Some(end) = passing.end {
                return Err(already(side, end));
            }
            let written = self.leg(side).write(bytes);
            match written
                .map_err(|error| Error::system(&format!("no bytes to the {side}: its connection has ended"), error))?
            {
                0 if start.elapsed() >= self.limit => {
                    return Err(Error::new(format!("{} bytes do not fit: let the {side} read", bytes.len())));
                }
                0 => passing = flow.pause(passing, PAUSE),
                count => bytes = &bytes[count..],
            }
        }
        Ok(())
    }

    pub(crate) fn stop(&self) {
        for flow in &self.flows {
            flow.lock().end = Some(End::Reset);
            flow.changed.notify_all();
        }
        self.legs.iter().for_each(Leg::close);
    }

    /// Forwards everything that arrives for this side, until the end.
    fn pump(&self, to: Side) {
        self.forward(to, &[]);
        let mut buffer = vec![0; BUFFER];
        loop {
            match self.leg(to.other()).read(&mut buffer) {
                Incoming::Bytes(count) => self.forward(to, &buffer[..count]),
                Incoming::Fin => break self.pass(to, End::PassedFin),
                Incoming::Reset => break self.lost(to.other()),
                Incoming::Closed => break,
            }
        }
        if self.running.fetch_sub(1, SeqCst) == 1 {
            // Nothing arrives any more. A side that got no FIN and no RST stays open until the proxy is dropped.
            for side in [Side::Client, Side::Server].into_iter().filter(|&side| !self.is_open(side)) {
                self.leg(side).close();
            }
        }
    }

    /// Writes the bytes to the side, by the rules.
    fn forward(&self, to: Side, mut bytes: &[u8]) {
        let flow = self.flow(to);
        let mut passing = if bytes.is_empty() { flow.lock() } else { flow.held_back() };
        loop {
            if flow.drops(&mut passing, !bytes.is_empty()) {
                return;
            }
            if let Some((cut, effect)) = passing.rules.take_due_cut() {
                drop(passing);
                return self.cut(to, cut, &effect);
            }
            if bytes.is_empty() {
                return;
            }
            let piece = passing.rules.next(bytes.len());
            let written = match piece {
                Piece::Plain(length) => self.leg(to).write(&bytes[..length]),
                Piece::Flipped => self.leg(to).write(&[!bytes[0]]),
            };
            match written {
                Ok(0) => passing = flow.pause(passing, PAUSE),
                Ok(count) => {
                    passing.rules.passed(&piece, count);
                    bytes = &bytes[count..];
                }
                Err(_) => {
                    drop(passing);
                    return self.lost(to);
                }
            }
        }
    }

    /// Ends the flow to this side after the bytes that were written.
    fn cut(&self, to: Side, cut: Cut, effect: &Effect) {
        let order = match cut {
            Cut::Fin => Order::Fin,
            Cut::Reset => Order::Reset,
        };
        let done = self
            .claim(to, order)
            .and_then(|()| self.drained(to))
            .and_then(|()| self.send(to, order))
            .and_then(|()| self.arrived(to, order));
        match done {
            Ok(()) => effect.met(),
            Err(error) => effect.failed(&error),
        }
    }

    /// Handles a reset by the peer of this leg.
    fn lost(&self, side: Side) {
        self.flow(side).lock().end.get_or_insert(End::Reset);
        self.pass(side.other(), End::Reset);
    }

    /// Forwards how the other side ended.
    fn pass(&self, to: Side, end: End) {
        let flow = self.flow(to);
        let mut passing = flow.held_back();
        let is_news = match passing.end {
            None => !flow.drops(&mut passing, true),
            Some(End::PassedFin | End::Fin) => end == End::Reset && !flow.is_deaf.load(SeqCst),
            Some(End::Reset) => false,
        };
        if !is_news {
            return;
        }
        passing.end = Some(end);
        drop(passing);
        // An error means that the side is gone, so there is nothing to forward.
        let _ = match end {
            End::PassedFin | End::Fin => self.leg(to).finish(),
            End::Reset => self.leg(to).reset(),
        };
    }

    /// Stops all writes to this side, and marks the end as that of the proxy.
    fn claim(&self, side: Side, order: Order) -> Result<(), Error> {
        let flow = self.flow(side);
        let mut passing = flow.lock();
        if let Some(end) = passing.end.filter(|_| !order.may_follow(passing.end)) {
            return Err(already(side, end));
        }
        let end = match order {
            Order::Fin | Order::HalfClose => End::Fin,
            Order::Reset => End::Reset,
        };
        passing.end = Some(end);
        flow.changed.notify_all();
        if order != Order::HalfClose {
            self.flow(side.other()).is_deaf.store(true, SeqCst);
        }
        Ok(())
    }

    fn send(&self, side: Side, order: Order) -> Result<(), Error> {
        let leg = self.leg(side);
        let sent = match order {
            Order::Fin | Order::HalfClose => leg.finish(),
            Order::Reset => leg.reset(),
        };
        let packet = order.packet();
        sent.map_err(|error| Error::system(&format!("no {packet} to the {side}: its connection is over"), error))
    }

    /// Waits until the FIN or the RST has arrived.
    fn arrived(&self, side: Side, order: Order) -> Result<(), Error> {
        let wire = self.leg(side).wire;
        let has_arrived = until(self.limit, || match order {
            Order::Fin | Order::HalfClose => !wire.fin_is_pending(),
            Order::Reset => !wire.peer_is_listed(),
        });
        if has_arrived {
            return Ok(());
        }
        let packet = order.packet();
        Err(Error::new(format!("the {packet} has not arrived at the {side} within {:?}: let it read", self.limit)))
    }

    /// Waits until the side has received all written bytes.
    fn drained(&self, side: Side) -> Result<(), Error> {
        let wire = self.leg(side).wire;
        if until(self.limit, || wire.unacknowledged() == 0) {
            return Ok(());
        }
        let left = wire.unacknowledged();
        Err(Error::new(format!("{left} earlier bytes are still on their way to the {side}: let it read them first")))
    }

    fn leg(&self, side: Side) -> &Leg {
        &self.legs[side as usize]
    }

    fn flow(&self, to: Side) -> &Flow {
        &self.flows[to as usize]
    }
}

impl Flow {
    fn new(rules: Rules) -> Self {
        let passing = Mutex::new(Passing { end: None, rules });
        Self { passing, changed: Condvar::new(), is_deaf: AtomicBool::new(false) }
    }

    fn lock(&self) -> MutexGuard<'_, Passing> {
        self.passing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Releases the lock for this time.
    fn pause<'a>(&self, passing: MutexGuard<'a, Passing>, time: Duration) -> MutexGuard<'a, Passing> {
        self.changed.wait_timeout(passing, time).unwrap_or_else(PoisonError::into_inner).0
    }

    /// Locks the flow after the delay.
    fn held_back(&self) -> MutexGuard<'_, Passing> {
        let mut passing = self.lock();
        let Some((delay, effect)) = passing.rules.delay() else { return passing };
        let start = Instant::now();
        while let Some(rest) = delay.checked_sub(start.elapsed()) {
            if passing.end.is_some() {
                return passing;
            }
            passing = self.pause(passing, rest);
        }
        effect.met();
        passing
    }

    /// Whether bytes for this side are dropped.
    fn drops(&self, passing: &mut Passing, has_traffic: bool) -> bool {
        if passing.end.is_some() || self.is_deaf.load(SeqCst) {
            return true;
        }
        let Some(silence) = passing.rules.silence() else { return false };
        if has_traffic {
            silence.met();
        }
        true
    }
}

fn already(side: Side, end: End) -> Error {
    Error::new(match end {
        End::PassedFin => format!("the other peer's own FIN has reached the {side} before"),
        End::Fin => format!("a FIN was sent to the {side} before"),
        End::Reset => format!("the connection to the {side} was reset before"),
    })
}
