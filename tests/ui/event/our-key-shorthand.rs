//! A field by its local's name has a key of the event.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    let disconnect_cause = "reset";
    disconnected!(reason = DisconnectReason::Graceful, disconnect_cause, "session closed");
}
