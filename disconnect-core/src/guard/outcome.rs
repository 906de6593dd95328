//! `SetOutcome`: what a guard did with a record.

use crate::record::Disconnect;

/// What a guard did with a record. [`DisconnectGuard::set`](crate::DisconnectGuard::set) returns it.
///
/// You may ignore it: the guard writes one line in any case.
///
/// ```
/// use disconnect_core::{DisconnectGuard, Endpoint, SetOutcome};
///
/// const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;
///
/// let guard = DisconnectGuard::new(END, |_| ());
/// let ended = guard.handle();
/// assert_eq!(guard.set(END.closed_by_peer()), SetOutcome::Kept);
/// assert_eq!(guard.set(END.eof()), SetOutcome::Ignored);
/// drop(guard);
/// assert_eq!(ended.set(END.eof()), SetOutcome::TooLate(END.eof()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetOutcome {
    /// The guard keeps the record unless a stronger one follows, or has added it to the current record.
    Kept,
    /// The guard keeps the current record.
    Ignored,
    /// The line was written before. Contains the rejected record.
    ///
    /// If it would have replaced the logged one, the guard emits a `DEBUG` event, and [`late_ends`](crate::late_ends)
    /// counts it.
    TooLate(Disconnect),
}
