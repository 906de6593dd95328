//! `level =` was meant as an option: it is no field of the site's own.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(level = DEBUG, reason = DisconnectReason::Graceful, "session closed");
}
