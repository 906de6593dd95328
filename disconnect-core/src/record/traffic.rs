//! Byte counts, duration and silence of a connection, shared by a watched stream, its guard and the record of the end.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

/// The counters of one stream, or the sums of a connection. One stream writes them through exclusive access; any thread
/// may read them.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    /// Nanoseconds of the first write that no read has answered, or of the start of an operation with a deadline; 0 for none.
    /// Used only if `patience` is set.
    unanswered_since: AtomicU64,
    /// The start of the connection in nanoseconds, or its duration in sums; 0 if not measured.
    time: AtomicU64,
    /// The milliseconds without an answer that count as silence, or that the operation may take; 0 if not requested.
    patience: AtomicU32,
    stage: AtomicU8,
    read_waits: AtomicBool,
    /// Whether the bytes of this stream count for the connection.
    is_counted: AtomicBool,
    /// The other streams of the connection.
    others: Option<SharedTraffic>,
}

/// `std`'s `Arc` also in the loom model: the counters take no part in it.
pub(crate) type SharedTraffic = Arc<Traffic>;

const OPEN: u8 = 0;
/// The peer's FIN or an error came before this side closed.
const ENDED: u8 = 1;
/// This side closed first.
const CLOSED: u8 = 2;
/// This side closed first, after the peer had been silent for too long.
const CLOSED_AFTER_SILENCE: u8 = 3;
/// An operation with a deadline, not a stream.
const AWAITED: u8 = 4;

impl Traffic {
    /// The counters of a further stream of the connection.
    pub(crate) fn of_stream(others: Option<SharedTraffic>) -> SharedTraffic {
        Arc::new(Self { is_counted: true.into(), others, ..Self::default() })
    }

    /// Starts the duration of a connection.
    pub(crate) fn timed(others: Option<SharedTraffic>) -> SharedTraffic {
        Arc::new(Self { time: now().into(), others, ..Self::default() })
    }

    /// An operation that the peer waits for at most this long, from now on.
    pub(crate) fn awaited(others: Option<SharedTraffic>, timeout: Duration) -> SharedTraffic {
        let patience = millis(timeout).into();
        Arc::new(Self { unanswered_since: now().into(), patience, stage: AWAITED.into(), others, ..Self::default() })
    }

    /// A copy of the current sums.
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

    /// For sums: the duration of the connection, if measured.
    pub(crate) fn duration(&self) -> Option<Duration> {
        let time = self.time.load(Relaxed);
        (time != 0).then(|| Duration::from_nanos(time))
    }

    /// For sums: the number of bytes read, if a stream is watched.
    pub(crate) fn sum_in(&self) -> Option<u64> {
        self.is_counted.load(Relaxed).then(|| self.bytes_in())
    }

    /// For sums: the number of bytes written, if a stream is watched.
    pub(crate) fn sum_out(&self) -> Option<u64> {
        self.is_counted.load(Relaxed).then(|| self.bytes_out())
    }

    /// Whether the peer was silent for too long on a stream that is open or that this side closed first.
    pub(crate) fn is_silent(&self) -> bool {
        self.parts().any(|part| match part.stage.load(Relaxed) {
            OPEN => part.is_overdue(),
            stage => stage == CLOSED_AFTER_SILENCE,
        })
    }

    /// Whether the peer no longer waits for the operation.
    pub(crate) fn is_past_deadline(&self) -> bool {
        self.parts().any(|part| part.stage.load(Relaxed) == AWAITED && part.has_waited())
    }

    /// `Some` if this side closed every stream first, with whether a read was waiting then.
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

    /// Stops counting: a stream above this one counts the same bytes.
    pub(crate) fn count_elsewhere(&self) {
        self.is_counted.store(false, Relaxed);
    }

    pub(crate) fn wait_at_most(&self, patience: Duration) {
        self.patience.store(millis(patience).max(1), Relaxed);
    }

    /// Counts bytes read. They answer all earlier writes.
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

    /// Records the peer's FIN or an error. Returns whether it came before this side closed.
    pub(crate) fn end(&self) -> bool {
        let is_first = matches!(self.stage.load(Relaxed), OPEN | ENDED);
        if is_first {
            self.stage.store(ENDED, Relaxed);
        }
        is_first
    }

    /// Records that this side closed.
    pub(crate) fn close(&self) {
        if self.stage.load(Relaxed) == OPEN {
            self.stage.store(if self.is_overdue() { CLOSED_AFTER_SILENCE } else { CLOSED }, Relaxed);
        }
    }

    /// Records bytes after this side's close: only the write direction was closed.
    pub(crate) fn reopen(&self) {
        if matches!(self.stage.load(Relaxed), CLOSED | CLOSED_AFTER_SILENCE) {
            self.stage.store(OPEN, Relaxed);
        }
    }

    /// Whether a read waits and a write has been unanswered for longer than `patience`.
    fn is_overdue(&self) -> bool {
        let is_asked = self.patience.load(Relaxed) != 0 && self.unanswered_since.load(Relaxed) != 0;
        is_asked && self.read_waits.load(Relaxed) && self.has_waited()
    }

    /// Whether the time has passed. Allows an eighth less, because the other clock started earlier: a library starts its timer
    /// when it queues a ping, before the ping is written, and a peer starts its own before it sends the request.
    fn has_waited(&self) -> bool {
        let patience = u64::from(self.patience.load(Relaxed)) * 1_000_000;
        now().saturating_sub(self.unanswered_since.load(Relaxed)) >= patience - patience / 8
    }

    fn parts(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |part| part.others.as_deref())
    }
}

/// Adds without a locked instruction: there is only one writer.
#[inline]
fn add(counter: &AtomicU64, count: u64) {
    counter.store(counter.load(Relaxed).wrapping_add(count), Relaxed);
}

/// The time in milliseconds, at most `u32::MAX`, which is 49 days.
fn millis(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

/// Nanoseconds since the first call, at least 1.
fn now() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(START.elapsed().as_nanos()).unwrap_or(u64::MAX).saturating_add(1)
}
