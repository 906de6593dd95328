//! The value of a group is always there.

use disconnect_core::{DisconnectReason, disconnected};

struct Build {
    id: u64,
}

fn main() {
    let build = Build { id: 7 };
    disconnected!(reason = DisconnectReason::Graceful, group(build => id), "session closed");
}
