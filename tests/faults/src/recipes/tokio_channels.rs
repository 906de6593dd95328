//! Channels of tokio and std: which end a task reports that only finds its channel closed.
//!
//! It does not know why. The task at the other side does.

use std::error::Error;

use disconnect_core::evidence::{Rank, Side, Verdict};
use disconnect_core::{Disconnect, DisconnectHandle, DisconnectReason, Endpoint};

/// The end of a task whose channel is closed, or of a `select!` whose `recv()` gave `None`.
///
/// Whoever meets the end of the connection tells its handle before it lets go of its side of a channel. So this is weaker than
/// anything that was said, and else it was this side that gave up.
pub fn closed(end: Endpoint, ended: &DisconnectHandle) -> Disconnect {
    ended.set(end.resolve(Verdict::new(DisconnectReason::Unknown, Side::Local).with_rank(Rank::FollowOn)));
    ended.so_far()
}

/// The same where the error says more, such as that this task lags behind.
pub fn closed_with(error: &impl Error, end: Endpoint, ended: &DisconnectHandle) -> Disconnect {
    closed(end, ended).with_detail(error.to_string())
}
