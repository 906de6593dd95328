//! The first item is a local called `reason`, which is taken for a record.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    let reason = DisconnectReason::Graceful;
    disconnected!(reason, "session closed");
}
