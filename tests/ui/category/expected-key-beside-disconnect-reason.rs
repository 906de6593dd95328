//! The key of a reason's expected flag is always `disconnect_expected`.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_reason", expected = "close_ok")]
enum ClosePhase {
    Draining,
}

fn main() {}
