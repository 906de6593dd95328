//! One connection through the proxy: two legs, and a thread for each direction that passes bytes on.

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

/// How long a flow lets others in while the peer does not read.
const PAUSE: Duration = Duration::from_millis(1);

#[derive(Debug)]
pub(crate) struct Link {
    /// By [`Side`].
    legs: [Leg; 2],
    /// By the [`Side`] that the bytes go to.
    flows: [Flow; 2],
    running: AtomicUsize,
    limit: Duration,
}

/// The bytes to one side.
#[derive(Debug)]
struct Flow {
    /// Whoever holds it is the only one who writes to that side.
    passing: Mutex<Passing>,
    changed: Condvar,
    /// Drops all from now on: the other side is finished. Apart from the lock, so that it holds before the FIN leaves.
    is_deaf: AtomicBool,
}

#[derive(Debug)]
struct Passing {
    /// Nothing is written any more.
    end: Option<End>,
    rules: Rules,
}

/// How the bytes to one side ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The FIN of the other side was passed on.
    PassedFin,
    Fin,
    Reset,
}

/// What a command does at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// A FIN, and what the side sends is dropped.
    Fin,
    /// A FIN, and what the side sends is passed on.
    HalfClose,
    Reset,
}

impl Order {
    /// An RST after our own FIN is one more command; after that of the peer it comes too late.
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

    /// The client's own address.
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

    /// Whether one of the sides can still get this.
    pub(crate) fn can(&self, sides: &[Side], order: Order) -> bool {
        sides.iter().any(|&side| order.may_follow(self.flow(side).lock().end))
    }

    /// Does this to each of the sides, and returns once it arrived there.
    pub(crate) fn order(&self, sides: &[Side], order: Order) -> Result<(), Error> {
        // First nothing is passed on any more, so that neither side sees a consequence instead. Then each gets its own.
        let claimed: Vec<_> = sides.iter().map(|&side| self.claim(side, order)).collect();
        let sent: Vec<_> =
            sides.iter().zip(claimed).map(|(&side, claimed)| claimed.and_then(|()| self.send(side, order))).collect();
        let arrived: Vec<_> =
            sides.iter().zip(sent).map(|(&side, sent)| sent.and_then(|()| self.arrived(side, order))).collect();
        arrived.into_iter().collect()
    }

    /// Puts a rule in place, for what arrives from now on.
    pub(crate) fn arm(&self, side: Side, rule: Rule, effect: &Arc<Effect>) -> Result<(), Error> {
        let mut passing = self.flow(side).lock();
        if let Some(end) = passing.end {
            return Err(already(side, end));
        }
        passing.rules.set(rule, effect);
        drop(passing);
        match rule {
            Rule::Silence => self.drained(side),
            // A cut may be due at once.
            Rule::Truncate(..) => {
                self.forward(side, &[]);
                Ok(())
            }
            Rule::Delay(_) | Rule::Corrupt(_) => Ok(()),
        }
    }

    /// Ends both legs and their threads.
    pub(crate) fn stop(&self) {
        for flow in &self.flows {
            flow.lock().end = Some(End::Reset);
            flow.changed.notify_all();
        }
        self.legs.iter().for_each(Leg::close);
    }

    /// Passes on what comes for this side, until there is no more.
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
            // Nothing comes any more. A side that has not been told stays open, until the proxy is dropped.
            for side in [Side::Client, Side::Server].into_iter().filter(|&side| !self.is_open(side)) {
                self.leg(side).close();
            }
        }
    }

    /// Writes these bytes to the side, as the rules want it.
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

    /// Ends the bytes to this side, behind those that it has got.
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

    /// The peer of this leg reset it.
    fn lost(&self, side: Side) {
        self.flow(side).lock().end.get_or_insert(End::Reset);
        self.pass(side.other(), End::Reset);
    }

    /// Passes on how the other side ended.
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
        // Where the side has gone meanwhile, there is nobody to tell.
        let _ = match end {
            End::PassedFin | End::Fin => self.leg(to).finish(),
            End::Reset => self.leg(to).reset(),
        };
    }

    /// Makes sure that nothing is written to this side any more, and that the end is ours.
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

    /// Puts it on the wire.
    fn send(&self, side: Side, order: Order) -> Result<(), Error> {
        let leg = self.leg(side);
        let sent = match order {
            Order::Fin | Order::HalfClose => leg.finish(),
            Order::Reset => leg.reset(),
        };
        let packet = order.packet();
        sent.map_err(|error| Error::system(&format!("no {packet} to the {side}: its connection is over"), error))
    }

    /// Waits until it has arrived.
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

    /// Waits until the side has got all that was written.
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

    /// Lets others in for a while.
    fn pause<'a>(&self, passing: MutexGuard<'a, Passing>, time: Duration) -> MutexGuard<'a, Passing> {
        self.changed.wait_timeout(passing, time).unwrap_or_else(PoisonError::into_inner).0
    }

    /// Locks it once the delay is over.
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

    /// Whether something for this side is dropped.
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
