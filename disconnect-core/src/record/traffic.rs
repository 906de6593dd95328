//! What a connection carried and how long it lasted: shared by a watched stream, its guard and the record of the end.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

/// The counts of one stream, or the sums of a whole connection. One stream writes them, by exclusive access; anybody reads.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    /// When the first write was sent that nothing has answered since; 0 for none. Only where somebody asked for silence. Of an
    /// operation with a deadline, when it began.
    unanswered_since: AtomicU64,
    /// When the connection was up, or for how long it was, once that is over; 0 where nobody asked.
    time: AtomicU64,
    /// How many milliseconds without an answer are silence, or how many the operation may take; 0 where nobody asked.
    patience: AtomicU32,
    stage: AtomicU8,
    read_waits: AtomicBool,
    /// Whether its bytes are those of the connection.
    is_counted: AtomicBool,
    /// The other streams of the same connection.
    others: Option<SharedTraffic>,
}

/// Counted without a lock, so this is no pointer of the model check.
pub(crate) type SharedTraffic = Arc<Traffic>;

const OPEN: u8 = 0;
/// The peer's FIN or an error came before this side closed.
const ENDED: u8 = 1;
/// This side closed first.
const CLOSED: u8 = 2;
/// The same, after the peer had been silent for too long.
const CLOSED_AFTER_SILENCE: u8 = 3;
/// No stream, but a deadline.
const AWAITED: u8 = 4;

impl Traffic {
    /// A stream of the connection that these other ones belong to.
    pub(crate) fn of_stream(others: Option<SharedTraffic>) -> SharedTraffic {
        Arc::new(Self { is_counted: true.into(), others, ..Self::default() })
    }

    /// A connection that is up as of now.
    pub(crate) fn timed(others: Option<SharedTraffic>) -> SharedTraffic {
        Arc::new(Self { time: now().into(), others, ..Self::default() })
    }

    /// An operation that the peer awaits for at most this long from now on.
    pub(crate) fn awaited(others: Option<SharedTraffic>, timeout: Duration) -> SharedTraffic {
        let patience = millis(timeout).into();
        Arc::new(Self { unanswered_since: now().into(), patience, stage: AWAITED.into(), others, ..Self::default() })
    }

    /// The sums so far, which change no more.
    pub(crate) fn sums(&self) -> SharedTraffic {
        let sums = Self::default();
        for part in self.parts() {
            let time = part.time.load(Relaxed);
            if time != 0 {
                sums.time.store(now().saturating_sub(time).max(1), Relaxed);
            }
            if part.is_counted.load(Relaxed) {
                sums.is_counted.store(true, Relaxed);
                add(&sums.bytes_in, part.bytes_in.load(Relaxed));
                add(&sums.bytes_out, part.bytes_out.load(Relaxed));
            }
        }
        Arc::new(sums)
    }

    /// Of sums: how long the connection lasted.
    pub(crate) fn duration(&self) -> Option<Duration> {
        let time = self.time.load(Relaxed);
        (time != 0).then(|| Duration::from_nanos(time))
    }

    /// Of sums: how many bytes were read, where a stream was watched.
    pub(crate) fn sum_in(&self) -> Option<u64> {
        self.is_counted.load(Relaxed).then(|| self.bytes_in())
    }

    /// Of sums: how many bytes were written, where a stream was watched.
    pub(crate) fn sum_out(&self) -> Option<u64> {
        self.is_counted.load(Relaxed).then(|| self.bytes_out())
    }

    /// Whether this side closed a stream of the connection first, or has it open still, while the peer was silent for
    /// longer than the site waits.
    pub(crate) fn is_silent(&self) -> bool {
        self.parts().any(|part| match part.stage.load(Relaxed) {
            OPEN => part.is_overdue(),
            stage => stage == CLOSED_AFTER_SILENCE,
        })
    }

    /// Whether the peer awaits the operation no more.
    pub(crate) fn is_past_deadline(&self) -> bool {
        self.parts().any(|part| part.stage.load(Relaxed) == AWAITED && part.has_waited())
    }

    /// Whether this side closed first; and if it did, whether a read waited then.
    pub(crate) fn is_closed_locally(&self) -> Option<bool> {
        let closed = |part: &Self| matches!(part.stage.load(Relaxed), CLOSED | CLOSED_AFTER_SILENCE);
        let mut streams = self.parts().filter(|part| part.is_counted.load(Relaxed)).peekable();
        streams.peek()?;
        streams.try_fold(false, |waits, part| closed(part).then(|| waits || part.read_waits.load(Relaxed)))
    }

    pub(crate) fn bytes_in(&self) -> u64 {
        self.bytes_in.load(Relaxed)
    }

    pub(crate) fn bytes_out(&self) -> u64 {
        self.bytes_out.load(Relaxed)
    }

    /// Its bytes are those of another stream above it.
    pub(crate) fn count_elsewhere(&self) {
        self.is_counted.store(false, Relaxed);
    }

    pub(crate) fn wait_at_most(&self, patience: Duration) {
        self.patience.store(millis(patience).max(1), Relaxed);
    }

    /// Bytes were read. They answer whatever was written before.
    #[inline]
    pub(crate) fn received(&self, count: usize) {
        add(&self.bytes_in, count as u64);
        self.unanswered_since.store(0, Relaxed);
        self.read_waits.store(false, Relaxed);
    }

    #[inline]
    pub(crate) fn sent(&self, count: usize) {
        add(&self.bytes_out, count as u64);
        if self.patience.load(Relaxed) != 0 && count != 0 {
            self.wants_an_answer();
        }
    }

    #[inline(never)]
    fn wants_an_answer(&self) {
        if self.unanswered_since.load(Relaxed) == 0 {
            self.unanswered_since.store(now(), Relaxed);
        }
    }

    #[inline]
    pub(crate) fn read_waits(&self, waits: bool) {
        self.read_waits.store(waits, Relaxed);
    }

    /// The peer's FIN, or an error. Says whether it came before this side closed.
    pub(crate) fn end(&self) -> bool {
        let is_first = matches!(self.stage.load(Relaxed), OPEN | ENDED);
        if is_first {
            self.stage.store(ENDED, Relaxed);
        }
        is_first
    }

    /// This side closes.
    pub(crate) fn close(&self) {
        if self.stage.load(Relaxed) == OPEN {
            self.stage.store(if self.is_overdue() { CLOSED_AFTER_SILENCE } else { CLOSED }, Relaxed);
        }
    }

    /// Bytes came after this side closed: it had closed its own direction only.
    pub(crate) fn reopen(&self) {
        if matches!(self.stage.load(Relaxed), CLOSED | CLOSED_AFTER_SILENCE) {
            self.stage.store(OPEN, Relaxed);
        }
    }

    /// Whether a read waits, and a write has been unanswered for longer than the site waits.
    fn is_overdue(&self) -> bool {
        let is_asked = self.patience.load(Relaxed) != 0 && self.unanswered_since.load(Relaxed) != 0;
        is_asked && self.read_waits.load(Relaxed) && self.has_waited()
    }

    /// Whether the time is over. The clock that ends it has started a moment before: a library queues a ping and writes it
    /// later, and a peer has sent its request.
    fn has_waited(&self) -> bool {
        let patience = u64::from(self.patience.load(Relaxed)) * 1_000_000;
        now().saturating_sub(self.unanswered_since.load(Relaxed)) >= patience - patience / 8
    }

    fn parts(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |part| part.others.as_deref())
    }
}

/// Without a locked instruction: nobody else writes.
#[inline]
fn add(counter: &AtomicU64, count: u64) {
    counter.store(counter.load(Relaxed).wrapping_add(count), Relaxed);
}

/// As many as there is room for: 49 days.
fn millis(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

/// Nanoseconds since the first call, and never 0.
fn now() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(START.elapsed().as_nanos()).unwrap_or(u64::MAX).saturating_add(1)
}
