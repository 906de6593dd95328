//! The detail is an error, which is text only through its `Display`.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    let error = std::fmt::Error;
    disconnected!(reason = DisconnectReason::Graceful, detail = error, "session closed");
}
