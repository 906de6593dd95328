//! A rejected call is reported once, although the types of its values are not known.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(resaon = DisconnectReason::Graceful, code = None, count = "1".parse().unwrap(), "session closed");
}
