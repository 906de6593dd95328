//! `expected` is given twice.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase", expected = "close_ok", expected = "close_fine")]
enum ClosePhase {
    Draining,
}

fn main() {}
