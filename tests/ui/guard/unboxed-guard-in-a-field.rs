//! A guard is a field of a struct, and its closure is not boxed.

use disconnect_core::{DisconnectGuard, Endpoint};

struct Session {
    guard: DisconnectGuard,
}

fn main() {
    let session = Session { guard: DisconnectGuard::new(Endpoint::AGENT_FACING_CLIENT, |_| {}) };
    drop(session.guard);
}
