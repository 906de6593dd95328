//! A field of the site's own has no value.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(reason = DisconnectReason::Graceful, session_id = , "session closed");
}
