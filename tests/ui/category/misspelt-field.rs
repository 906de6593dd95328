//! `#[feild]` was meant as `#[field]`: one error.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[feild("close_phase")]
enum ClosePhase {
    Draining,
}

fn main() {}
