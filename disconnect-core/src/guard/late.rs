//! `late_ends`: counts records that were set after the line was written.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::record::Disconnect;

static LATE: AtomicU64 = AtomicU64::new(0);

/// Returns how many records of this process were set after the line was written, although they would have replaced the
/// logged one.
///
/// The guard also emits a `DEBUG` event named `disconnect_late` for each of them. A count above zero means that guards
/// are dropped before their tasks have recorded the end. Let the tasks finish first. Each connection counts at most
/// once.
///
/// ```
/// use disconnect_core::{DisconnectGuard, Endpoint, late_ends};
///
/// const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;
///
/// let guard = DisconnectGuard::new(END, |_| ());
/// let ended = guard.handle();
/// drop(guard); // logs `unknown`, `dropped`
/// let before = late_ends();
/// ended.set(END.closed_by_peer());
/// assert!(late_ends() > before);
/// ```
pub fn late_ends() -> u64 {
    LATE.load(Ordering::Relaxed)
}

pub(super) fn report(end: &Disconnect) {
    LATE.fetch_add(1, Ordering::Relaxed);
    #[cfg(feature = "tracing")]
    crate::event::late(end);
    #[cfg(not(feature = "tracing"))]
    let _ = end;
}
