//! An own field is spelt almost like a key of the event, in each form, and not in the quoted one.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    let (disconnect_node, peer) = (7, Some("peer"));
    disconnected!(reason = DisconnectReason::Graceful, disconnect_node, "session closed");
    disconnected!(reason = DisconnectReason::Graceful, group(peer => connect_typ = len()), "session closed");
    disconnected!(reason = DisconnectReason::Graceful, "disconnect_node" = disconnect_node, "session closed");
}
