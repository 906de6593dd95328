//! Without its type parameter, a guard is a boxed one.

use disconnect_core::{BoxedGuard, Disconnect, DisconnectGuard, Endpoint};

struct Session {
    guard: DisconnectGuard,
}

fn main() {
    let guard = BoxedGuard::boxed(Endpoint::AGENT_FACING_CLIENT, |_: &Disconnect| {});
    drop(Session { guard }.guard);
}
