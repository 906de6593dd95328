//! A category whose key is a slot's is given as a field.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(
        reason = DisconnectReason::Graceful,
        field(DisconnectReason = DisconnectReason::Graceful),
        "session closed"
    );
}
