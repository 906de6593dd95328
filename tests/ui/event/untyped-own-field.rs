//! An own field has a type that tracing does not take.

use disconnect_core::{DisconnectReason, disconnected};

struct Peer;

fn main() {
    let peer = Peer;
    disconnected!(reason = DisconnectReason::Graceful, peer, "session closed");
}
