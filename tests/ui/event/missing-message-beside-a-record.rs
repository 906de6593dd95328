//! There is a record, and no message.

use disconnect_core::{Disconnect, DisconnectReason, disconnected};

fn main() {
    let end = Disconnect::new(DisconnectReason::Graceful);
    disconnected!(end);
}
