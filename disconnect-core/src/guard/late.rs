//! Ends that came after the line: they leave a trace.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::record::Disconnect;

static LATE: AtomicU64 = AtomicU64::new(0);

/// How many ends of this process came after their line was written, although they would have explained it better.
///
/// Each also gives one `DEBUG` event named `disconnect_late`. A number above zero says that a guard is dropped before its
/// tasks have said why: let them finish first.
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

/// Counts it and tells it.
pub(super) fn tell(end: &Disconnect) {
    LATE.fetch_add(1, Ordering::Relaxed);
    #[cfg(feature = "tracing")]
    crate::event::late(end);
    #[cfg(not(feature = "tracing"))]
    let _ = end;
}
