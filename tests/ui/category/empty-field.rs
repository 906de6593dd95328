//! `#[field()]` has no key.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field()]
enum ClosePhase {
    Draining,
}

fn main() {}
