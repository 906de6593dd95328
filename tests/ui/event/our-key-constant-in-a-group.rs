//! A field of a group has a key of the event, by a constant.

use disconnect_core::{DisconnectReason, disconnected};

const KEY: &str = "disconnect_code";

fn main() {
    let build = Some("build");
    disconnected!(reason = DisconnectReason::Graceful, group(build => { KEY } = len()), "session closed");
}
