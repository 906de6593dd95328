//! Channels of tokio and std: the end of a task that only finds its channel closed.
//!
//! That task does not know the reason. The task at the other end of the channel does.

use std::error::Error;

use disconnect_core::evidence::{Rank, Side, Verdict};
use disconnect_core::{Disconnect, DisconnectHandle, DisconnectReason, Endpoint};

/// The end of a task whose channel is closed, or whose `recv()` in a `select!` returned `None`.
///
/// The task that sees the connection end records it on its handle before it drops its side of the channel. So this end
/// is weaker than any recorded one. Without a recorded end, this side gave up.
pub fn closed(end: Endpoint, ended: &DisconnectHandle) -> Disconnect {
    ended.set(end.resolve(Verdict::new(DisconnectReason::Unknown, Side::Local).with_rank(Rank::FollowOn)));
    ended.so_far()
}

/// The same if the error has more information, for example that this task lags behind.
pub fn closed_with(error: &impl Error, end: Endpoint, ended: &DisconnectHandle) -> Disconnect {
    closed(end, ended).with_detail(error.to_string())
}
