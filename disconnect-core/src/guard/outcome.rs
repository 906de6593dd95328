//! `SetOutcome`: what a guard did with a record.

use crate::record::Disconnect;

/// What a guard did with a record. [`DisconnectGuard::set`](crate::DisconnectGuard::set) returns it.
///
/// You may ignore it: the guard writes one line in any case.
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
