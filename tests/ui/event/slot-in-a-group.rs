//! A slot is in a group, where it is a field of the value.

use disconnect_core::{DisconnectReason, disconnected};

fn main() {
    let code = Some("code");
    disconnected!(reason = DisconnectReason::Graceful, group(code => code = len()), "session closed");
}
