//! `resaon` was meant as `reason`: one error.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    disconnected!(resaon = DisconnectReason::Graceful, "session closed");
}
