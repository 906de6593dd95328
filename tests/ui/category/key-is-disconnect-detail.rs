//! The key belongs to the detail, which is no category.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_detail")]
enum ClosePhase {
    Draining,
}

fn main() {}
