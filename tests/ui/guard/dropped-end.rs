//! An end is made and dropped, and no line is logged.
#![deny(unused_must_use)]

use disconnect_core::Endpoint;

fn main() {
    Endpoint::AGENT_FACING_SERVER.closed_by_peer();
}
