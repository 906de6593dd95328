//! `cdoe` was meant as `code`.

use disconnect_core::{Code, DisconnectReason, disconnected};

fn main() {
    disconnected!(reason = DisconnectReason::Graceful, cdoe = Code::exit(1), "session closed");
}
