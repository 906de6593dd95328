//! A refused call is told once, although nothing says the types of its values.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(resaon = DisconnectReason::Graceful, code = None, count = "1".parse().unwrap(), "session closed");
}
