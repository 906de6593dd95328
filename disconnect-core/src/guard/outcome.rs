//! What setting an end gives back.

use crate::record::Disconnect;

/// What became of an end that was set.
///
/// It may be dropped without a warning: whatever it says, there will be one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetOutcome {
    /// It is the end of this connection, unless stronger evidence comes; or it has become part of the end that was there.
    Kept,
    /// An end that was set before stays.
    Ignored,
    /// The line was written before. Here is the end back. Where it would have won, there is a `DEBUG` event, and
    /// [`late_ends`](crate::late_ends) counts it.
    TooLate(Disconnect),
}
