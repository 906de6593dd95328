//! The derive is on a union.

use disconnect_core::DisconnectField;

#[derive(DisconnectField)]
#[field("close_phase")]
union ClosePhase {
    draining: u8,
}

fn main() {}
